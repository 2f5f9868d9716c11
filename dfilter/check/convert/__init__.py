"""Literals to values, one file a family of types."""
