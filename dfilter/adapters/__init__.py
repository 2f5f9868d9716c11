"""Schemas of the records that other tools write, for `dfilter.compile(…, schema=…)`."""
