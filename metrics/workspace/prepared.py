"""Verdicts kept on disk, so that a second process need not judge again.

A file holds what one judging said. Its name is a hash of all the answer depends on, so it never has to be
changed, only forgotten; what cannot be read is judged anew. Nothing in a file is executed when it is read.

Source: DESIGN.md section 6, "Caching".
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final, get_args
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from metrics.definitions import Metric
from metrics.history import History, Verdicts
from metrics.periods import Period
from metrics.rollup import Rollup, Window
from metrics.signals import Direction, Judged, Reason, Tier
from metrics.signals import values as told_by_engine
from metrics.signals.values import STATES, RuleName
from metrics.workspace.shelf import Shelf, code

KEPT: Final = 60  # Files: a year of weeks and some moments in the past.
MOST_BYTES: Final = 256_000_000
ENGINE: Final = (
    "signals/*.py",
    "rollup/*.py",
    "sql/*.sql",
    "history.py",
    "periods.py",
    "workspace/prepared.py",
)
VALUES: Final = {
    kind.__name__: kind
    for kind in vars(told_by_engine).values()
    if isinstance(kind, type) and is_dataclass(kind)
}
WORDS: Final[dict[str, tuple[str, ...]]] = {"tier": get_args(Tier), "state": STATES}
RULES: Final[tuple[RuleName, ...]] = get_args(RuleName)
SIDES: Final[tuple[Direction, ...]] = get_args(Direction)
VERDICTS: Final = (None, False, True)
TABLES: Final = ("amount", "state", "present", "expected", "incomplete", "target")
Arrays = dict[str, NDArray[Any]]


class Prepared:
    """The verdicts of one workspace."""

    def __init__(self, folder: Path) -> None:
        self._shelf = Shelf(folder, "signals", kept=KEPT, most_bytes=MOST_BYTES)

    def read(self, key: str, known: Mapping[str, Metric]) -> Verdicts | None:
        """The verdicts kept under a key; None if there are none, or they cannot be read.

        Args:
            key: As they were written.
            known: The metrics as declared now, by id.
        """
        try:
            with np.load(self._path(key), allow_pickle=False) as file:
                return unpacked({name: file[name] for name in file.files}, key, known)
        except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError, BadZipFile):
            return None  # Absent, cut off, or of another make.

    def write(self, key: str, verdicts: Verdicts) -> None:
        """Keep verdicts under a key."""
        held = BytesIO()
        np.savez(held, allow_pickle=False, **packed(verdicts, key))
        self._shelf.put(self._path(key), held.getbuffer())

    def has(self, key: str) -> bool:
        """Whether something is kept under a key."""
        return self._path(key).is_file()

    def _path(self, key: str) -> Path:
        return self._shelf.path(key, ".npz")


@cache
def engine() -> str:
    """Changes with the code that judges."""
    return code(np.__version__.encode(), ENGINE)


# --- to arrays ---------------------------------------------------------------------------------


def packed(verdicts: Verdicts, key: str) -> Arrays:
    """Verdicts as arrays, rows are metrics; what is no column goes into `about`, as JSON in bytes.

    Raises:
        TypeError: The engine answered with a kind of value that this cannot write.
    """
    told, judged = verdicts.told, tuple(verdicts.judged.values())
    arrays: Arrays = {f"rolled_{name}": getattr(told.rolled, name) for name in TABLES}
    arrays["windows"] = np.array(
        [
            (w.period.first.toordinal(), w.period.last.toordinal(), _place(w.year_earlier), w.future)
            for w in told.rolled.windows
        ],
        dtype=np.int32,
    ).reshape(-1, 4)
    rest: dict[str, list[Any]] = {}
    shelves = _Shelves()
    for name in (field.name for field in fields(Judged)):
        columns = [getattr(each, name) for each in judged]
        if name == "week_endings":
            if any(column != told.weeks for column in columns):
                raise TypeError("Metrics judged over other weeks than their history cannot be kept together.")
        elif name == "reasons":
            arrays["reasons"] = _reasons(columns)
        elif name == "favourable":
            arrays[name] = _coded(columns, VERDICTS)
        elif name in WORDS:
            arrays[name] = _coded(columns, WORDS[name])
        elif columns and all(isinstance(column, np.ndarray) for column in columns):
            arrays[name] = np.stack(columns)
        else:
            rest[name] = shelves.column(columns)
    about = {
        "key": key,
        "first": told.weeks[0].toordinal() if told.weeks else 0,
        "weeks": len(told.weeks),
        "metrics": list(told.metrics),
        "judged": list(verdicts.judged),
        "row": dict(told.rolled.row),
        "unknown": list(told.rolled.unknown),
        "coarse": dict(told.rolled.coarse),
        "rest": rest,
        "tables": shelves.tables(),
    }
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    return arrays


def _place(number: int | None) -> int:
    return -1 if number is None else number


def _coded(columns: Sequence[Sequence[Any]], words: Sequence[Any]) -> NDArray[np.uint8]:
    codes = {word: code for code, word in enumerate(words)}
    return np.array([[codes[word] for word in column] for column in columns], dtype=np.uint8)


def _reasons(columns: Sequence[Sequence[tuple[Reason, ...]]]) -> NDArray[np.int32]:
    """One row a reason: metric, week, rule, side, day since."""
    rows = [
        (metric, week, RULES.index(reason.rule), SIDES.index(reason.direction), reason.since.toordinal())
        for metric, column in enumerate(columns)
        for week, told in enumerate(column)
        for reason in told
    ]
    return np.array(rows, dtype=np.int32).reshape(-1, 5)


class _Shelves:
    """Values of the engine by kind, each kind a table of columns: smaller and faster than one by one.

    A column is `[how, values]`. `how` is "" for what JSON holds as it is, "day" for dates, and the name of a
    kind for values of it, told by their places in its table; "*" before it: each entry is a tuple of such.
    """

    def __init__(self) -> None:
        self.rows: dict[str, list[Any]] = {}

    def column(self, values: Sequence[Any]) -> list[Any]:
        """Values as a column; what they are made of goes to the tables."""
        known = [value for value in values if value is not None]
        if known and all(isinstance(value, tuple) for value in known):
            flat = [each for value in known for each in value]
            how, entries = self._told(flat)
            ends = iter(entries)
            held = [None if value is None else [next(ends) for _ in value] for value in values]
            return [f"*{how}", held]
        how, entries = self._told(known)
        rest = iter(entries)
        return [how, [None if value is None else next(rest) for value in values]]

    def _told(self, values: Sequence[Any]) -> tuple[str, list[Any]]:
        kinds = {type(value).__name__ for value in values}
        if kinds == {"date"}:
            return "day", [value.toordinal() for value in values]
        if len(kinds) == 1 and (kind := next(iter(kinds))) in VALUES:
            shelf = self.rows.setdefault(kind, [])
            first = len(shelf)
            shelf.extend(values)
            return kind, list(range(first, first + len(values)))
        if kinds <= {"str", "int", "float", "bool"}:
            return "", list(values)
        raise TypeError(
            f"{', '.join(sorted(kinds))} cannot be kept together; teach `prepared` to write them."
        )

    def tables(self) -> dict[str, dict[str, list[Any]]]:
        """All tables. One that grew, because another kind holds its values too, is written again."""
        made: dict[str, dict[str, list[Any]]] = {}
        written: dict[str, int] = {}
        while waiting := [kind for kind, held in self.rows.items() if written.get(kind) != len(held)]:
            kind = waiting[0]
            held, written[kind] = list(self.rows[kind]), len(self.rows[kind])
            names = [field.name for field in fields(VALUES[kind])]
            made[kind] = {name: self.column([getattr(value, name) for value in held]) for name in names}
        return made


# --- and back ----------------------------------------------------------------------------------


def unpacked(arrays: Arrays, key: str, known: Mapping[str, Metric]) -> Verdicts:
    """What `packed` packed.

    Raises:
        KeyError, ValueError, TypeError, IndexError: The arrays are not what this version writes under `key`.
    """
    about = json.loads(arrays["about"].tobytes())
    if about["key"] != key:
        raise ValueError("This file was kept for another question.")
    first, names = about["first"], about["judged"]
    weeks = tuple(date.fromordinal(first + 7 * n) for n in range(about["weeks"]))
    windows = tuple(
        Window(
            Period(date.fromordinal(start), date.fromordinal(end)),
            None if earlier < 0 else earlier,
            bool(future),
        )
        for start, end, earlier, future in arrays["windows"].tolist()
    )
    rolled = Rollup(
        row=about["row"],
        windows=windows,
        **{name: arrays[f"rolled_{name}"] for name in TABLES},
        unknown=tuple(about["unknown"]),
        coarse=about["coarse"],
    )
    reasons: list[list[tuple[Reason, ...]]] = [[()] * len(weeks) for _ in names]
    for metric, week, rule, side, since in arrays["reasons"].tolist():
        reasons[metric][week] += (Reason(RULES[rule], SIDES[side], date.fromordinal(since)),)
    columns: dict[str, list[Any]] = {"reasons": [tuple(column) for column in reasons]}
    for name, words in {**WORDS, "favourable": VERDICTS}.items():
        columns[name] = [tuple(row) for row in np.array(words, dtype=object)[arrays[name]].tolist()]
    made = _shelves(about["tables"])
    rest = {name: _meant(column, made) for name, column in about["rest"].items()}
    judged = []
    for place, _ in enumerate(names):
        parts: dict[str, Any] = {"week_endings": weeks}
        for field in fields(Judged):
            if field.name in columns:
                parts[field.name] = columns[field.name][place]
            elif field.name in rest:
                parts[field.name] = rest[field.name][place]
            elif field.name != "week_endings":
                parts[field.name] = arrays[field.name][place]
        judged.append(Judged(**parts))
    return Verdicts(History(weeks, {name: known[name] for name in about["metrics"]}, rolled), judged)


def _shelves(tables: Mapping[str, Mapping[str, list[Any]]]) -> dict[str, list[Any]]:
    """The values of every kind; a kind is made after those that it holds."""
    made: dict[str, list[Any]] = {}
    waiting = dict(tables)
    while waiting:
        ready = [
            k for k, columns in waiting.items() if all(_needs(c[0]) not in waiting for c in columns.values())
        ]
        if not ready:
            raise ValueError("Values that hold each other cannot be read.")
        for kind in ready:
            columns = {name: _meant(column, made) for name, column in waiting.pop(kind).items()}
            names = list(columns)
            made[kind] = [
                VALUES[kind](**dict(zip(names, row, strict=True)))
                for row in zip(*columns.values(), strict=True)
            ]
    return made


def _needs(how: str) -> str:
    return how.removeprefix("*")


def _meant(column: list[Any], made: Mapping[str, list[Any]]) -> list[Any]:
    how, entries = column
    one = _needs(how)
    if one == "day":
        meant: Callable[[Any], Any] = date.fromordinal
    elif one:
        meant = made[one].__getitem__
    elif how:
        return [None if entry is None else tuple(entry) for entry in entries]
    else:
        return list(entries)
    if how != one:
        return [None if entry is None else tuple(map(meant, entry)) for entry in entries]
    return [None if entry is None else meant(entry) for entry in entries]
