"""The paces of many goals, in several processes if there are several.

Each pace depends on its own standing alone and is computed on one thread, so the answers are the same
whatever the number of processes.
"""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from metrics.pacing.forecast import pace
from metrics.pacing.values import Pace, Standing

Progress = Callable[[str, float], None]

WORTH_A_PROCESS = 8  # Goals below which a process takes longer to start than to forecast.
AT_ONCE = 4  # Goals handed over together: few enough that progress moves and no process idles at the end.


def paces(
    standings: Sequence[Standing], *, processes: int = 1, progress: Progress | None = None
) -> tuple[Pace, ...]:
    """Return one pace per standing, in their order.

    Processes are spawned, so that the caller may hold threads and open files. Where they cannot be, or die
    (a sandbox, a script without `if __name__ == "__main__"`, a process that is itself a daemon), this
    process computes what is left.

    Args:
        standings: One per goal.
        processes: How many to use at most.
        progress: Told after each few goals what is done, as a share of 1.
    """
    done: list[Pace] = []
    wanted = min(processes, len(standings) // WORTH_A_PROCESS)
    if wanted > 1 and not multiprocessing.current_process().daemon:
        try:
            for found in _spawned(standings, wanted):
                done.append(found)
                _tell(progress, len(done), len(standings))
        except (BrokenProcessPool, OSError, ImportError):
            pass  # No process can be had here; those that answered before are kept.
    for standing in standings[len(done) :]:
        done.append(pace(standing))
        _tell(progress, len(done), len(standings))
    return tuple(done)


def _spawned(standings: Sequence[Standing], processes: int) -> Iterator[Pace]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        yield from pool.map(pace, standings, chunksize=AT_ONCE)


def _tell(progress: Progress | None, done: int, of: int) -> None:
    if progress is not None:
        progress("forecasting", done / of)
