"""Verdicts kept on disk, so that a second process need not judge again.

A file holds what one judging said. Its name is a hash of all the answer depends on, so it never has to be
changed, only forgotten; what cannot be read is judged anew. Nothing in a file is executed when it is read.

Source: DESIGN.md section 6, "Caching".
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, Final, get_args
from uuid import uuid4
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

import metrics
from metrics.definitions import Metric
from metrics.history import History, Verdicts
from metrics.periods import Period
from metrics.rollup import Rollup, Window
from metrics.signals import Direction, Judged, Reason, Tier
from metrics.signals import values as told_by_engine
from metrics.signals.values import STATES, RuleName

FOLDER: Final = "prepared"
PATTERN: Final = "signals-*.npz"
KEPT: Final = 60  # Files: a year of weeks and some moments in the past.
MOST_BYTES: Final = 256_000_000
HOUR: Final = 3600.0  # Seconds.
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
    """The files of one workspace.

    A folder that cannot be written to costs time and nothing else.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

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
        """Keep verdicts under a key; the oldest files beyond what is kept are forgotten."""
        held = BytesIO()
        np.savez(held, allow_pickle=False, **packed(verdicts, key))
        with suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            path = self._path(key)
            part = path.with_suffix(f".{uuid4().hex}.part")
            try:
                part.write_bytes(held.getbuffer())
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
            self._forget(path.stat().st_mtime)

    def has(self, key: str) -> bool:
        """Whether something is kept under a key."""
        return self._path(key).is_file()

    def _path(self, key: str) -> Path:
        return self._folder / f"signals-{sha256(key.encode()).hexdigest()}.npz"

    def _forget(self, now: float) -> None:
        for part in self._folder.glob("signals-*.part"):
            if part.stat().st_mtime < now - HOUR:  # Its writer was killed.
                part.unlink(missing_ok=True)
        told = [(path, path.stat()) for path in self._folder.glob(PATTERN)]
        room = MOST_BYTES
        for place, (path, about) in enumerate(sorted(told, key=lambda each: -each[1].st_mtime_ns)):
            room -= about.st_size
            if place and (place >= KEPT or room < 0):
                path.unlink(missing_ok=True)


@cache
def engine() -> str:
    """Changes with the code that judges."""
    home = Path(metrics.__file__).parent
    found = sha256(np.__version__.encode())
    for path in sorted(path for pattern in ENGINE for path in home.glob(pattern)):
        found.update(path.read_bytes())
    return found.hexdigest()


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
            rest[name] = [_plain(column) for column in columns]
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


def _plain(value: Any) -> Any:
    """A value of the engine as JSON can hold it."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case date():
            return {"day": value.isoformat()}
        case tuple():
            return [_plain(each) for each in value]
        case _ if type(value).__name__ in VALUES:
            held = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
            return {"of": type(value).__name__, **held}
    raise TypeError(f"{type(value).__name__} cannot be kept; teach `prepared` to write it.")


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
        columns[name] = [tuple(words[code] for code in row) for row in arrays[name].tolist()]
    rest = {name: [_meant(value) for value in column] for name, column in about["rest"].items()}
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


def _meant(value: Any) -> Any:
    match value:
        case {"day": str() as day}:
            return date.fromisoformat(day)
        case {"of": str() as kind, **held}:
            return VALUES[kind](**{str(name): _meant(part) for name, part in held.items()})
        case list():
            return tuple(_meant(each) for each in value)
        case _:
            return value
