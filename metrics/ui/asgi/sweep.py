"""The garbage that every run of a script leaves."""

import gc
import time
from collections.abc import Callable


class Sweep:
    """Lets the full collections of garbage that Streamlit forces after every run see new objects only.

    Streamlit collects after every click of every visitor, while all others wait. Definitions and
    decks of 500 charts are 300,000 objects that stay: 0.2 s each time, 0.01 s without them. What a
    collection leaves is therefore set aside; once in `every` seconds all of it is looked at again, because a
    page that was closed leaves its session, a megabyte or two, in a ring of references.

    Put it into `gc.callbacks`. Source: streamlit/runtime/scriptrunner/script_runner.py, `gc.collect(2)`.
    """

    def __init__(self, every: float = 20.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._every = every
        self._clock = clock
        self._last = clock()

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        """Before and after each collection."""
        if info["generation"] < 2:
            return
        if phase == "stop":
            gc.freeze()
        elif self._clock() - self._last >= self._every:
            self._last = self._clock()
            gc.unfreeze()
