"""How much room a workspace takes on the disk, and forgetting what nobody asks for any more."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from metrics import text
from metrics.errors import StoreError

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

PARTS = {
    "published": "published decks",
    "prepared": "made ahead, and made again if it is deleted",
    "journal.sqlite": "what people decided",
}


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes on the disk.

    Attributes:
        parts: What it is, in words, to bytes; in the order told.
        since: Since when the store knows what was known; None if since ever.
    """

    parts: dict[str, int]
    since: datetime | None

    @property
    def total(self) -> int:
        """All of them together."""
        return sum(self.parts.values())


class Rooms:
    """Disk use and compaction of one workspace."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house

    def taken(self) -> Room:
        """How much room everything but the user's own files takes."""
        sizes = list(self._house.store.sizes().values())
        parts = {"numbers": sizes[-1]} if sizes else {}  # Not every engine tells it.
        if sizes[:-1]:
            before = text.counted(len(sizes) - 1, "generation")
            parts[f"{before} before, to fall back on"] = sum(sizes[:-1])
        for name, words in PARTS.items():
            parts[words] = _bytes(self._house.folder / name)
        return Room(parts, self._house.store.horizon())

    def compact(self, since: date, *, by: str = "") -> int:
        """Forget values that stood no more when a day began where the company is; give the room back.

        What is known now and what was known since then stay as they are. Published decks keep their own
        values. Loads from before cannot be undone, and an earlier time can be asked for no more.

        Args:
            since: The day; not after today.
            by: Who does it; of `people`, somebody who may undo loads.

        Returns:
            How many values were forgotten.

        Raises:
            StoreError: The store's engine cannot forget, the day is ahead, nothing was loaded yet, or the
                store cannot be written.
            NotAllowedError: Somebody of `people` does it who has no right to.
        """
        self.able(by)
        return self._house.store.compact(self.start(since), self._house.now().astimezone(UTC), by=by)

    def able(self, by: str = "") -> None:
        """Refuse what no day would make possible.

        Raises:
            StoreError: The store's engine cannot forget.
            NotAllowedError: Somebody of `people` does it who has no right to.
        """
        self._house.may(by, "undo_load")
        if why := self._house.store.cannot_forget:
            raise StoreError(why)

    def start(self, since: date) -> datetime:
        """When a day began where the company is.

        Raises:
            StoreError: The day is ahead.
        """
        now = self._house.now()
        start = datetime.combine(since, time(), ZoneInfo(self._house.definitions.company.time_zone))
        if start > now:
            raise StoreError(f"{since} is ahead. Name a day up to {now.date()}: what stood then is kept.")
        return start


def _bytes(path: Path) -> int:
    if path.is_dir():
        return sum(_bytes(each) for each in path.iterdir())
    with suppress(OSError):  # Gone meanwhile, or never made.
        return path.stat().st_size
    return 0
