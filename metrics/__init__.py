"""Sixtwelve: a weekly business review from a company's own metric series.

`open_workspace("data/wrenfield").deck()` is the deck of the newest week.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metrics.workspace import Workspace

__all__ = ["open_workspace"]


def open_workspace(
    folder: Path | str, *, journal: str = "", environment: Mapping[str, str] | None = None
) -> "Workspace":
    """Open the workspace in `folder`.

    Args:
        folder: Holds the YAML files.
        journal: Address of the journal's database; by default a file in the folder.
        environment: Holds the addresses of the databases that `sql` sources ask.

    Raises:
        DefinitionError: Its YAML files have mistakes; the message lists all of them with their lines.
    """
    from metrics.workspace import Workspace  # Here, so that `import metrics.errors` opens no database.

    return Workspace(Path(folder), clock=lambda: datetime.now(UTC), journal=journal, environment=environment)
