"""The scan of all pairs kept on disk, so that the first visitor of the week need not wait for it.

A file's name is a hash of all that the scan depends on, as with verdicts; what cannot be read is scanned
anew. Nothing in a file is executed when it is read.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final, get_args
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from metrics.correlation import Correlations, Effect, Excluded, LeftOut, Row, Strengths, Units
from metrics.correlation.values import Verdict
from metrics.workspace.prepared import engine
from metrics.workspace.shelf import Shelf, code

KEPT: Final = 12  # Files: of 500 metrics one has 90 MB.
MOST_BYTES: Final = 512_000_000
VERDICTS: Final[tuple[Any, ...]] = get_args(Verdict)
NUMBERS: Final = ("r", "r_before_factors", "r_raw", "p", "q", "detectable_r")
COUNTS: Final = ("lag_weeks", "n")
PLAIN: Final = ("weeks", "tests", "threshold_p", "factors_removed", "calendar_used", "rate")
CODE: Final = ("correlation/*.py", "workspace/evidence.py", "workspace/kept_scan.py")
Arrays = dict[str, NDArray[Any]]


class KeptScans:
    """The scans of one workspace."""

    def __init__(self, folder: Path) -> None:
        self._shelf = Shelf(folder, "scan", kept=KEPT, most_bytes=MOST_BYTES)

    def read(self, key: str) -> Correlations | None:
        """The scan kept under a key; None if there is none, or it cannot be read."""
        try:
            with np.load(self._shelf.path(key, ".npz"), allow_pickle=False) as file:
                return unpacked({name: file[name] for name in file.files}, key)
        except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError, BadZipFile):
            return None  # Absent, cut off, or of another make.

    def write(self, key: str, found: Correlations) -> None:
        """Keep a scan under a key."""
        held = BytesIO()
        np.savez(held, allow_pickle=False, **packed(found, key))
        self._shelf.put(self._shelf.path(key, ".npz"), held.getbuffer())


@cache
def scanner() -> str:
    """Changes with the code that scans."""
    return code(engine().encode(), CODE)


def packed(found: Correlations, key: str) -> Arrays:
    """A scan as arrays, one entry a row; what is no column goes into `about`, as JSON in bytes."""
    names = list(dict.fromkeys(name for row in found.rows for name in (row.driver, row.driven)))
    place = {name: number for number, name in enumerate(names)}
    rows, strengths = found.rows, found.strengths
    arrays: Arrays = {
        "pair": np.array([(place[r.driver], place[r.driven]) for r in rows], dtype=np.int32).reshape(-1, 2),
        "verdict": np.array([VERDICTS.index(r.verdict) for r in rows], dtype=np.uint8),
        "strength_r": strengths.r,
        "strength_p": strengths.p,
        "allowed": strengths.allowed,
    }
    for name in NUMBERS:
        values = (getattr(r, name) for r in rows)
        arrays[name] = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    for name in COUNTS:
        arrays[name] = np.array([getattr(r, name) for r in rows], dtype=np.int32)
    about = {
        "key": key,
        "names": names,
        "until": found.until.isoformat() if found.until else None,
        **{name: getattr(found, name) for name in PLAIN},
        "effects": {n: _effect_form(r.effect) for n, r in enumerate(rows) if r.effect is not None},
        "common_with": {n: r.common_with for n, r in enumerate(rows) if r.common_with},
        "shared_series": {n: r.shared_series for n, r in enumerate(rows) if r.shared_series},
        "left_out": [
            [e.metric, e.reason, e.weeks, e.missing, e.since.isoformat() if e.since else None]
            for e in found.left_out
        ],
        "excluded": [[e.driver, e.driven, e.reason, e.through] for e in found.excluded],
        "axes": [strengths.drivers, strengths.driven, strengths.lags],
    }
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    return arrays


def _effect_form(effect: Effect) -> list[Any]:
    units = [getattr(effect.units, field.name) for field in fields(Units)]
    return [effect.amount, effect.low, effect.high, units, effect.lags, effect.weeks]


def _effect(told: list[Any]) -> Effect:
    amount, low, high, units, lags, weeks = told
    return Effect(amount, low, high, Units(*units), (lags[0], lags[1]), weeks)


def _cells(columns: Mapping[str, list[Any]], place: int) -> dict[str, Any]:
    """The numbers of one row, by field; None where nothing was known."""
    return {name: None if (v := column[place]) != v else v for name, column in columns.items()}


def unpacked(arrays: Arrays, key: str) -> Correlations:
    """What `packed` packed.

    Raises:
        KeyError, ValueError, TypeError, IndexError: The arrays are not what this version writes under `key`.
    """
    about = json.loads(arrays["about"].tobytes())
    if about["key"] != key:
        raise ValueError("This file was kept for another question.")
    names: list[str] = about["names"]
    columns = {name: arrays[name].tolist() for name in (*NUMBERS, *COUNTS)}
    effects = {int(n): _effect(told) for n, told in about["effects"].items()}
    common = {int(n): tuple(told) for n, told in about["common_with"].items()}
    shared = {int(n): tuple(told) for n, told in about["shared_series"].items()}
    rows = tuple(
        Row(
            driver=names[driver],
            driven=names[driven],
            verdict=VERDICTS[code],
            effect=effects.get(n),
            common_with=common.get(n, ()),
            shared_series=shared.get(n, ()),
            **_cells(columns, n),
        )
        for n, ((driver, driven), code) in enumerate(
            zip(arrays["pair"].tolist(), arrays["verdict"].tolist(), strict=True)
        )
    )
    drivers, driven_ids, lags = about["axes"]
    return Correlations(
        until=date.fromisoformat(about["until"]) if about["until"] else None,
        rows=rows,
        left_out=tuple(
            LeftOut(metric, reason, weeks, missing, date.fromisoformat(since) if since else None)
            for metric, reason, weeks, missing, since in about["left_out"]
        ),
        excluded=tuple(Excluded(*told) for told in about["excluded"]),
        strengths=Strengths(
            tuple(drivers),
            tuple(driven_ids),
            tuple(lags),
            arrays["strength_r"],
            arrays["strength_p"],
            arrays["allowed"],
        ),
        **{name: about[name] for name in PLAIN},
    )
