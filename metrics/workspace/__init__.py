"""A workspace: the one place where the rooms are put together.

`house` holds definitions, numbers and decks; each further part is a file of its own, reached from
the workspace by name.
"""

from metrics.workspace.house import Clock, Progress, Workspace, fingerprint

__all__ = ["Clock", "Progress", "Workspace", "fingerprint"]
