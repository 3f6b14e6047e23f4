"""The demo company: the truth that was planted, and the daily files that are built from it."""
