"""Goals, their pace and the status finance set."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace


class Goals:
    """Goals, their pace and the status finance set."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house
