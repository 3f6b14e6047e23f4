"""How often a token may ask: a bucket of questions that fills again as time passes."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

KEPT = 10_000  # Buckets remembered; a full one says no more than none.


@dataclass(frozen=True, slots=True)
class Pace:
    """What one token may ask.

    Attributes:
        burst: Questions at once.
        per_second: Questions more for each second that passes.
    """

    burst: int = 120
    per_second: float = 4.0


class Buckets:
    """The buckets of one process. A second process has buckets of its own."""

    def __init__(self, pace: Pace, clock: Callable[[], float] = time.monotonic) -> None:
        self._pace = pace
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, name: str) -> float:
        """Take one question from a bucket: 0 if there was one, else the seconds until there is."""
        with self._lock:
            now = self._clock()
            left, seen = self._left.get(name, (float(self._pace.burst), now))
            left = min(float(self._pace.burst), left + (now - seen) * self._pace.per_second)
            waits = 0.0 if left >= 1 else (1 - left) / self._pace.per_second
            self._left[name] = (left - 1 if left >= 1 else left), now
            self._left.move_to_end(name)
            while len(self._left) > KEPT:
                self._left.popitem(last=False)
            return waits
