"""What drove a change, summing exactly."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace


class Drivers:
    """What drove a change, summing exactly."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house
