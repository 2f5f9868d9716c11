"""The media types to which Wireshark 4.4 gives a protocol, where the protocols' own files do not name them."""

from __future__ import annotations


def media_types(table: str) -> tuple[str, ...]:
    """The types of a table, one top-level type a paragraph: `application: json xml`."""
    found, top = [], ""
    for word in table.split():
        if word.endswith(":"):
            top = word[:-1]
        else:
            found.append(f"{top}/{word}")
    return tuple(found)


XML_TYPES = media_types("""
    application: 3gpp-ims+xml atom+xml auth-policy+xml ccmp+xml conference-info+xml cpim-pidf+xml cpl+xml
        dds-web+xml im-iscomposing+xml load-control+xml mathml+xml media_control+xml
        mediaservercontrol+xml note+xml pidf+xml pidf-diff+xml poc-settings+xml rdf+xml reginfo+xml
        resource-lists+xml rlmi+xml rls-services+xml rs-metadata+xml rss+xml simple-filter+xml
        simple-message-summary+xml simservs+xml smil soap+xml upp-directory+xml vnc.3gpp.iut-config+xml
        vnd.3gpp-prose+xml vnd.3gpp-prose-pc3ch+xml vnd.3gpp.access-transfer-events+xml vnd.3gpp.bsf+xml
        vnd.3gpp.comm-div-info+xml vnd.3gpp.cw+xml vnd.3gpp.iut+xml
        vnd.3gpp.mcdata-affiliation-command+xml vnd.3gpp.mcdata-info+xml vnd.3gpp.mcdata-location-info+xml
        vnd.3gpp.mcdata-mbms-usage-info+xml vnd.3gpp.mcdata-regroup+xml vnd.3gpp.mcdata-service-config+xml
        vnd.3gpp.mcdata-ue-config+xml vnd.3gpp.mcdata-user-profile+xml
        vnd.3gpp.mcptt-affiliation-command+xml vnd.3gpp.mcptt-floor-request+xml vnd.3gpp.mcptt-info+xml
        vnd.3gpp.mcptt-location-info+xml vnd.3gpp.mcptt-mbms-usage-info+xml vnd.3gpp.mcptt-regroup+xml
        vnd.3gpp.mcptt-service-config+xml vnd.3gpp.mcptt-signed+xml vnd.3gpp.mcptt-ue-config+xml
        vnd.3gpp.mcptt-ue-init-config+xml vnd.3gpp.mcptt-user-profile+xml
        vnd.3gpp.mcvideo-affiliation-command+xml vnd.3gpp.mcvideo-info+xml
        vnd.3gpp.mcvideo-location-info+xml vnd.3gpp.mcvideo-mbms-usage-info+xml
        vnd.3gpp.mcvideo-service-config+xml vnd.3gpp.mcvideo-ue-config+xml
        vnd.3gpp.mcvideo-user-profile+xml vnd.3gpp.mid-call+xml vnd.3gpp.replication+xml vnd.3gpp.sms+xml
        vnd.3gpp.srvcc-ext+xml vnd.3gpp.srvcc-info+xml vnd.3gpp.state-and-event-info+xml
        vnd.3gpp.transmission-request+xml vnd.3gpp.ussd+xml vnd.3gpp2.bcmcsinfo+xml vnd.etsi.aoc+xml
        vnd.etsi.cug+xml vnd.etsi.iptvcommand+xml vnd.etsi.iptvdiscovery+xml vnd.etsi.iptvprofile+xml
        vnd.etsi.iptvsad-bc+xml vnd.etsi.iptvsad-cod+xml vnd.etsi.iptvsad-npvr+xml
        vnd.etsi.iptvservice+xml vnd.etsi.iptvsync+xml vnd.etsi.iptvueprofile+xml vnd.etsi.mcid+xml
        vnd.etsi.overload-control-policy-dataset+xml vnd.etsi.pstn+xml vnd.etsi.sci+xml
        vnd.etsi.simservs+xml vnd.etsi.tsl+xml vnd.oma.access-permissions-list+xml
        vnd.oma.alias-principals-list+xml vnd.oma.bcast.associated-procedure-parameter+xml
        vnd.oma.bcast.drm-trigger+xml vnd.oma.bcast.imd+xml vnd.oma.bcast.notification+xml
        vnd.oma.bcast.sgdd+xml vnd.oma.bcast.smartcard-trigger+xml vnd.oma.bcast.sprov+xml
        vnd.oma.cab-address-book+xml vnd.oma.cab-feature-handler+xml vnd.oma.cab-pcc+xml
        vnd.oma.cab-subs-invite+xml vnd.oma.cab-user-prefs+xml vnd.oma.dd2+xml vnd.oma.drm.risd+xml
        vnd.oma.fnl+xml vnd.oma.group-usage-list+xml vnd.oma.pal+xml
        vnd.oma.poc.detailed-progress-report+xml vnd.oma.poc.final-report+xml vnd.oma.poc.groups+xml
        vnd.oma.poc.invocation-descriptor+xml vnd.oma.poc.optimized-progress-report+xml
        vnd.oma.scidm.messages+xml vnd.oma.suppnot+xml vnd.oma.xcap-directory+xml vnd.oma.xdcp+xml
        vnd.oma.xdm-apd+xml vnd.oma.xdm-hi+xml vnd.oma.xdm-prefs+xml vnd.oma.xdm-rhi+xml
        vnd.omads-email+xml vnd.omads-file+xml vnd.omads-folder+xml vnd.wv.csp+xml vnd.wv.csp.xml
        watcherinfo+xml x-crd+xml x-wms-logconnectstats x-wms-logplaystats x-wms-sendevent xcap-att+xml
        xcap-caps+xml xcap-diff+xml xcap-el+xml xcap-error+xml xcap-ns+xml xml xml-dtd xpidf+xml xslt+xml
    image: svg+xml
    message: imdn+xml
    text: vnd.wap.co vnd.wap.emn vnd.wap.si vnd.wap.sl vnd.wap.wml xml
    x-bt: ctn-eventreport ctn-listing img-capabilities img-listing img-properties map-event-report
        map-msg-listing vcard-listing
    x-obex: bt-soap folder-listing
""")

JSON_TYPES = media_types("""
    application: 3gpphal+json dds-web+json json json-patch+json json-rpc jsonrequest merge-patch+json
        problem+json senml+json sensml+json vnd.oma.lwm2m+json x-ndjson
""")

UNDISSECTED = frozenset(media_types("""
    application: cbor cbor-seq cose cose-key cose-key-set dns-message femtointerfacemsg grpc grpc+json
        grpc+proto grpc-web grpc-web+proto grpc-web-text grpc-web-text+proto ipp isup mikey ms-tnef
        ocsp-request ocsp-response oma-supl-ilp oma-supl-ulp pkcs10 pkcs7-mime pkcs7-signature pkix-cert
        pkix-crl pkixcmp pkixcmp-poll qsig sdp senml+cbor sensml+cbor timestamp-query timestamp-reply
        vnd.3gpp.5gnas vnd.3gpp.ngap vnd.3gpp.pfcp vnd.3gpp.sms vnd.3gpp2.femtointerfacemsg vnd.3gpp2.sms
        vnd.apache.thrift.binary vnd.de-dke-k461-ic1+xml vnd.fdo.journal vnd.ms-sync vnd.ms-sync.wbxml
        vnd.nokia.syncset+wbxml vnd.oma.drm.rights+wbxml vnd.oma.lwm2m+tlv vnd.omaloc-supl-init
        vnd.phonecom.mmc-wbxml vnd.syncml+wbxml vnd.syncml.dm+wbxml vnd.uplanet.alert-wbxml
        vnd.uplanet.bearer-choice-wbxml vnd.uplanet.cacheop-wbxml vnd.uplanet.channel-wbxml
        vnd.uplanet.list-wbxml vnd.uplanet.listcmd-wbxml vnd.wap.coc vnd.wap.connectivity-wbxml
        vnd.wap.locc+wbxml vnd.wap.mms-message vnd.wap.sia vnd.wap.sic vnd.wap.slc vnd.wap.wbxml
        vnd.wap.wmlc vnd.wap.wta-eventc vnd.wv.csp.wbxml x-amf x-coredump x-dmap-tagged x-executable x-fcs
        x-git-upload-pack-advertisement x-git-upload-pack-request x-git-upload-pack-result x-its
        x-its-request x-its-response x-jxta-msg x-msn-messenger x-object x-pkixcmp x-pkixcmp-poll
        x-protobuf x-prov.syncset+wbxml x-sharedlib x-thrift x-wap-prov.browser-bookmarks
        x-wap-prov.browser-settings
    audio: mp3 mp4 mpeg
    image: tiff
    message: http rfc822 sip sipfrag x-aasp-signalling
    video: mp2t mp4
"""))
"""Types with a protocol that dfilter does not dissect: their bodies are shown as nothing, not as `media`."""
