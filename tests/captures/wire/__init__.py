"""Builders of real wire bytes for the captures of the tests; nothing here is imported by dfilter."""
