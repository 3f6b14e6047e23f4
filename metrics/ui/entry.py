"""The script of every session: the only way to a page."""

from metrics.ui import main

main()
