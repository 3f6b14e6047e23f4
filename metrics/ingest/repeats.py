"""Order of the observations, and keys told more than once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metrics.ingest.cells import Floats, Mask
from metrics.ingest.tables import Ints

ROOM = 1 << 62  # Keys smaller than this fit into one whole number.


def keys(parts: Sequence[npt.NDArray[np.signedinteger]]) -> Ints:
    """One whole number for each tuple of parts, in the order of the tuples.

    Args:
        parts: Arrays of equal length, the most significant first.
    """
    key = np.zeros(len(parts[0]), dtype=np.int64)
    size = 1
    for part in parts:
        if not len(part):
            return key
        low, high = int(part.min()), int(part.max())
        if high - low + 1 >= ROOM // size:
            key, size = _ranks(key)
            part, high = _ranks(part)
            low = 0
        span = high - low + 1
        key *= span
        key += part
        key -= low
        size *= span
    return key


def _ranks(numbers: npt.NDArray[np.signedinteger]) -> tuple[Ints, int]:
    """The place of each number among the different ones, and how many these are."""
    different, places = np.unique(numbers, return_inverse=True)
    return places.astype(np.int64), len(different)


def ordered(key: Ints, value: Floats | None = None) -> Ints | None:
    """The places of the observations in order of keys, then of values if given, else as they came.

    None if they are in order already, no key twice.
    """
    if len(key) < 2 or bool((key[1:] > key[:-1]).all()):
        return None
    return np.argsort(key, kind="stable") if value is None else np.lexsort((value, key))


@dataclass(frozen=True, slots=True)
class Repeats:
    """Observations whose key is told more than once.

    Attributes:
        members: Their places, those of one key together.
        starts: Where each key starts in `members`.
        refused: Which members are refused: all if their values differ, all but the first if they agree.
    """

    members: Ints
    starts: Ints
    refused: Mask

    def groups(self, most: int) -> Iterator[tuple[list[int], list[bool]]]:
        """The members of each key and which are refused, until `most` are."""
        ends = np.append(self.starts[1:], len(self.members))
        for start, end in zip(self.starts.tolist(), ends.tolist(), strict=True):
            if most <= 0:
                return
            refused = self.refused[start:end].tolist()
            yield self.members[start:end].tolist(), refused
            most -= sum(refused)


def repeats(key: Ints, value: Floats, order: Ints) -> Repeats | None:
    """The keys told more than once; None if there is none.

    Args:
        key: Of each observation.
        value: Of each observation.
        order: As `ordered` gives it.
    """
    in_order = key[order]
    same = in_order[1:] == in_order[:-1]
    if not same.any():
        return None
    follows = np.concatenate([[False], same])  # It has the key of the one before.
    leads = np.concatenate([same, [False]])
    member = follows | leads
    members = order[member]
    starts = np.flatnonzero(~follows[member])
    told = value[members]
    agrees = np.minimum.reduceat(told, starts) == np.maximum.reduceat(told, starts)
    sizes = np.diff(np.append(starts, len(members)))
    refused = ~np.repeat(agrees, sizes)
    refused |= follows[member]
    return Repeats(members, starts, refused)
