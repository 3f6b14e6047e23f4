"""The week as people work through it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace


class Loop:
    """The week as people work through it."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house
