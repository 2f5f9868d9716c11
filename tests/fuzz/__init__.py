"""Mutated captures: run `python -m tests.fuzz --seconds 600` for long, `test_fuzz.py` for a short while."""
