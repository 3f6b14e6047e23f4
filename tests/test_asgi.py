"""What stands around the dashboard: the garbage that every run of a script leaves."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from metrics.ui.asgi.sweep import Sweep


class Ring:
    """Garbage that only a collection finds."""

    def __init__(self) -> None:
        self.itself = self


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The clock of a sweep at work; afterwards everything is collected as before."""
    clock = Clock()
    sweep = Sweep(every=60, clock=clock)
    gc.callbacks.append(sweep)
    yield clock
    gc.callbacks.remove(sweep)
    gc.unfreeze()


def test_a_collection_sets_aside_what_stays(clock):
    stays = Ring()
    gc.collect()
    assert gc.get_freeze_count() > 0
    assert not any(one is stays for one in gc.get_objects())


def test_new_garbage_is_found_at_once(clock):
    gc.collect()
    garbage = weakref.ref(Ring())
    gc.collect()
    assert garbage() is None


def test_old_garbage_is_found_after_a_minute(clock):
    old = Ring()
    seen = weakref.ref(old)
    gc.collect()
    del old
    clock.now = 59
    gc.collect()
    assert seen() is not None
    clock.now = 60
    gc.collect()
    assert seen() is None
