"""`python -m dfilter`: the command."""

from dfilter.cli.main import main

main()
