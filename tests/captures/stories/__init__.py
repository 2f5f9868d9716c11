"""The five stories of the tutorial, one module a capture."""
