"""Databases that are too heavy for every run of the tests: `make engines`. A missing one fails, none is skipped."""
