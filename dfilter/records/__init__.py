"""Filters over records: mappings and objects with fields of an embedder's own, no packets."""
