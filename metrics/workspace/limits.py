"""Dividers and exclusions: what people decide about the limits of a metric."""

from typing import TYPE_CHECKING

from metrics.history import Decisions

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace


class Limits:
    """Declares and ends dividers and exclusions, each with a cause, an author and a date."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house

    @property
    def version(self) -> str:
        """Changes with every divider and exclusion declared or ended."""
        journal = self._house.journal
        newest = [f.number for kind in ("divider", "exclusion") for f in journal.facts(kind=kind, last=1)]
        return str(max(newest, default=0))

    def decisions(self) -> dict[str, Decisions]:
        """Dividers and excluded points by metric, as they stand."""
        return {}
