"""Where the files lie that come with the package: the dashboard, its pages, the ready-made workspaces.

In a checkout they stand beside the package, as anybody would look for them; in an installed wheel,
inside it.
"""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The path of `dashboard.py`, `pages`, `data` or another file of the distribution's top level."""
    beside = PACKAGE.parent / name
    inside = PACKAGE / "_shipped" / name
    return inside if inside.exists() else beside
