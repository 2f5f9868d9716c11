"""Bit fields that SMB and SMB2 messages share or repeat: names and masks (MS-SMB2 section 2.2, MS-CIFS section 2.2).

In: nothing.  Out: rows (field name, mask) for `Cursor.flags`.  What always holds: the names are those of Wireshark 4.4.
"""

from __future__ import annotations

from dfilter.packets.protocols.cursor import mask_table

ACCESS_MASK = mask_table("""
    smb.access.read 0x1
    smb.access.write 0x2
    smb.access.append 0x4
    smb.access.read_ea 0x8
    smb.access.write_ea 0x10
    smb.access.execute 0x20
    smb.access.delete_child 0x40
    smb.access.read_attributes 0x80
    smb.access.write_attributes 0x100
    smb.access.delete 0x10000
    smb.access.read_control 0x20000
    smb.access.write_dac 0x40000
    smb.access.write_owner 0x80000
    smb.access.synchronize 0x100000
    smb.access.system_security 0x1000000
    smb.access.maximum_allowed 0x2000000
    smb.access.generic_all 0x10000000
    smb.access.generic_execute 0x20000000
    smb.access.generic_write 0x40000000
    smb.access.generic_read 0x80000000
""")
CREATE_OPTIONS = mask_table("""
    smb.nt.create_options.directory 0x1
    smb.nt.create_options.write_through 0x2
    smb.nt.create_options.sequential_only 0x4
    smb.nt.create_options.intermediate_buffering 0x8
    smb.nt.create_options.sync_io_alert 0x10
    smb.nt.create_options.sync_io_nonalert 0x20
    smb.nt.create_options.non_directory 0x40
    smb.nt.create_options.create_tree_connection 0x80
    smb.nt.create_options.complete_if_oplocked 0x100
    smb.nt.create_options.no_ea_knowledge 0x200
    smb.nt.create_options.eight_dot_three_only 0x400
    smb.nt.create_options.random_access 0x800
    smb.nt.create_options.delete_on_close 0x1000
    smb.nt.create_options.open_by_fileid 0x2000
    smb.nt.create_options.backup_intent 0x4000
    smb.nt.create_options.no_compression 0x8000
    smb.nt.create_options.reserve_opfilter 0x100000
    smb.nt.create_options.open_reparse_point 0x200000
    smb.nt.create_options.open_no_recall 0x400000
    smb.nt.create_options.open_for_free_space_query 0x800000
""")
SHARE_ACCESS = mask_table("""
    smb.share.access.read 0x1
    smb.share.access.write 0x2
    smb.share.access.delete 0x4
""")
NOTIFY_FILTER = mask_table("""
    smb.nt.notify.file_name 0x1
    smb.nt.notify.dir_name 0x2
    smb.nt.notify.attributes 0x4
    smb.nt.notify.size 0x8
    smb.nt.notify.last_write 0x10
    smb.nt.notify.last_access 0x20
    smb.nt.notify.creation 0x40
    smb.nt.notify.ea 0x80
    smb.nt.notify.security 0x100
    smb.nt.notify.stream_name 0x200
    smb.nt.notify.stream_size 0x400
    smb.nt.notify.stream_write 0x800
""")
FS_ATTRIBUTES = mask_table("""
    smb.fs_attr.css 0x1
    smb.fs_attr.cpn 0x2
    smb.fs_attr.uod 0x4
    smb.fs_attr.pacls 0x8
    smb.fs_attr.fc 0x10
    smb.fs_attr.vq 0x20
    smb.fs_attr.ssf 0x40
    smb.fs_attr.srp 0x80
    smb.fs_attr.srs 0x100
    smb.fs_attr.sla 0x4000
    smb.fs_attr.vis 0x8000
    smb.fs_attr.soids 0x10000
    smb.fs_attr.se 0x20000
    smb.fs_attr.ns 0x40000
    smb.fs_attr.rov 0x80000
    smb.fs_attr.swo 0x100000
    smb.fs_attr.st 0x200000
    smb.fs_attr.shl 0x400000
    smb.fs_attr.sis 0x4000000
    smb.fs_attr.sbr 0x8000000
    smb.fs_attr.ssv 0x10000000
""")
DEVICE_FLAGS = mask_table("""
    smb.device.removable 0x1
    smb.device.read_only 0x2
    smb.device.floppy 0x4
    smb.device.write_once 0x8
    smb.device.remote 0x10
    smb.device.mounted 0x20
    smb.device.virtual 0x40
    smb.device.secure_open 0x100
    smb.device.ts 0x1000
    smb.device.webdav 0x2000
    smb.device.portable 0x4000
    smb.device.aat 0x20000
""")
FILE_ATTRIBUTES = mask_table("""
    smb2.file_attribute.read_only 0x1
    smb2.file_attribute.hidden 0x2
    smb2.file_attribute.system 0x4
    smb2.file_attribute.directory 0x10
    smb2.file_attribute.archive 0x20
    smb2.file_attribute.normal 0x80
    smb2.file_attribute.temporary 0x100
    smb2.file_attribute.sparse 0x200
    smb2.file_attribute.reparse 0x400
    smb2.file_attribute.compressed 0x800
    smb2.file_attribute.offline 0x1000
    smb2.file_attribute.not_content_indexed 0x2000
    smb2.file_attribute.encrypted 0x4000
    smb2.file_attribute.integrity_stream 0x8000
    smb2.file_attribute.no_scrub_data 0x20000
""")
CAPABILITIES = mask_table("""
    smb2.capabilities.dfs 0x1
    smb2.capabilities.leasing 0x2
    smb2.capabilities.large_mtu 0x4
    smb2.capabilities.multi_channel 0x8
    smb2.capabilities.persistent_handles 0x10
    smb2.capabilities.directory_leasing 0x20
    smb2.capabilities.encryption 0x40
    smb2.capabilities.notifications 0x80
""")
SECURITY_MODE = mask_table("""
    smb2.sec_mode.sign_enabled 0x1
    smb2.sec_mode.sign_required 0x2
""")
SHARE_FLAGS = mask_table("""
    smb2.share_flags.dfs 0x1
    smb2.share_flags.dfs_root 0x2
    smb2.share_flags.restrict_exclusive_opens 0x100
    smb2.share_flags.force_shared_delete 0x200
    smb2.share_flags.allow_namespace_caching 0x400
    smb2.share_flags.access_based_dir_enum 0x800
    smb2.share_flags.force_levelii_oplock 0x1000
    smb2.share_flags.enable_hash_v1 0x2000
    smb2.share_flags.enable_hash_v2 0x4000
    smb2.share_flags.encrypt_data 0x8000
    smb2.share_flags.identity_remoting 0x40000
    smb2.share_flags.compress_data 0x100000
    smb2.share_flags.isolated_transport 0x200000
""")
SHARE_CAPABILITIES = mask_table("""
    smb2.share_caps.dfs 0x8
    smb2.share_caps.continuous_availability 0x10
    smb2.share_caps.scaleout 0x20
    smb2.share_caps.cluster 0x40
    smb2.share_caps.asymmetric 0x80
    smb2.share_caps.redirect_to_owner 0x100
""")
LEASE_STATE = mask_table("""
    smb2.lease.lease_state.read_caching 0x1
    smb2.lease.lease_state.handle_caching 0x2
    smb2.lease.lease_state.write_caching 0x4
""")
LEASE_FLAGS = mask_table("""
    smb2.lease.lease_state.break_ack_required 0x1
    smb2.lease.lease_state.break_in_progress 0x2
    smb2.lease.lease_state.parent_lease_key_set 0x4
""")
