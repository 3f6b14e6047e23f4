"""Whether inputs move outputs."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace


class Evidence:
    """Whether inputs move outputs."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house
