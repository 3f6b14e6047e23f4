"""One thing made once, however many ask for it at the same time."""

from collections.abc import Callable, Hashable, Iterator, MutableMapping
from contextlib import contextmanager
from threading import Lock, RLock
from typing import Any, TypeVar

Key = TypeVar("Key", bound=Hashable)
Made = TypeVar("Made")


class Once:
    """Lets the first who asks make a thing, and all others wait for it, each thing by itself."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._making: dict[Hashable, tuple[Any, int]] = {}

    def made(self, known: MutableMapping[Key, Made], key: Key, make: Callable[[], Made]) -> Made:
        """What is known under a key, made and put there if nothing is.

        If making it fails, whoever waited makes it anew, and is told as the first one was.
        """
        found = known.get(key)
        if found is not None:
            return found
        with self._alone(key):
            found = known.get(key)
            if found is None:
                found = known[key] = make()
            return found

    @contextmanager
    def _alone(self, key: Hashable) -> Iterator[None]:
        with self._lock:
            lock, waiting = self._making.get(key, (RLock(), 0))
            self._making[key] = lock, waiting + 1
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, waiting = self._making[key]
                if waiting > 1:
                    self._making[key] = lock, waiting - 1
                else:
                    del self._making[key]
