"""What a program pushed, read as a file is: the same refusals, by place in the list and field."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from math import isfinite

import pyarrow as pa

from metrics.definitions import PushSource
from metrics.errors import SourceError, hint
from metrics.ingest.cells import YEARS
from metrics.ingest.gather import LONGEST_SEGMENT
from metrics.ingest.readings import SCHEMA, SHOWN, FileRead, Readings
from metrics.periods import Calendar


@dataclass(frozen=True, slots=True)
class Pushed:
    """One value that was pushed.

    Attributes:
        series: Id of the series.
        day: The day; of a weekly or monthly source any day of the week or month.
        value: The number, in the series' own unit.
        segments: Name to value.
        observed_at: When it was known, aware; None means now.
    """

    series: str
    day: date
    value: float
    segments: Mapping[str, str]
    observed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A field to mend.

    Attributes:
        index: Place of the value in the list, from 0.
        field: Its field.
        reason: What is wrong, and the remedy.
    """

    index: int
    field: str
    reason: str


Key = tuple[str, str, date, datetime | None]


def refusals(
    source: PushSource, values: Sequence[Pushed], calendar: Calendar, named: Collection[str]
) -> tuple[Refusal, ...]:
    """Everything wrong with what was pushed, in the order of the list; nothing if it can be loaded.

    A series, day and vintage told twice is refused whether the values agree or not, as in a file.

    Args:
        source: As the workspace declares it.
        values: What is told.
        calendar: The company's weeks and months.
        named: The series that may be named to whoever pushes; others are taken, and never proposed.
    """
    found: list[Refusal] = []
    first: dict[Key, int] = {}
    for index, each in enumerate(values):
        if each.series not in source.series:
            told = f"{each.series!r} is not among the series of this source."
            if named:
                told = f"{told} {hint(each.series, named)}"
            found.append(Refusal(index, "series", told))
        if each.day.year not in YEARS:
            found.append(Refusal(index, "day", f"is a day of the year {each.day.year}. Correct the year."))
            continue
        if not isfinite(each.value):
            found.append(
                Refusal(index, "value", "is not a finite number. Leave the day out if it is unknown.")
            )
        if each.observed_at is not None and each.observed_at.year not in YEARS:
            told = f"is in the year {each.observed_at.year}. Correct the year."
            found.append(Refusal(index, "observed_at", told))
            continue
        found += [Refusal(index, f"segments.{name}", why) for name, why in _segment_faults(source, each)]
        key = _key(source, each, calendar)
        if (before := first.setdefault(key, index)) != index:
            told = (
                f"repeats {each.series} of {key[2]}, which value {before} tells already. Keep one of the two."
            )
            found.append(Refusal(index, "day", told))
    return tuple(found)


def _segment_faults(source: PushSource, each: Pushed) -> list[tuple[str, str]]:
    faults = []
    for name in source.segments:
        if name not in each.segments:
            faults.append((name, "is missing. Every value of this source carries it."))
    for name, value in each.segments.items():
        if name not in source.segments:
            faults.append((name, f"is no segment of this source. {hint(name, source.segments)}"))
        elif len(value) > LONGEST_SEGMENT:
            faults.append((name, f"is longer than {LONGEST_SEGMENT} characters. Shorten the segment's name."))
        elif not value.isprintable():
            faults.append((name, "has line breaks or control characters. Remove them."))
    return faults


def _key(source: PushSource, each: Pushed, calendar: Calendar) -> Key:
    """What a value is of: two of one key in one push are one too many."""
    day = each.day
    if source.grain != "day":
        day = (calendar.week_of if source.grain == "week" else calendar.month_of)(day).last
    segments = json.dumps(dict(sorted(each.segments.items())), ensure_ascii=False)
    seen = None if each.observed_at is None else each.observed_at.astimezone(UTC).replace(tzinfo=None)
    return each.series, segments, day, seen


def pushed(
    name: str,
    source: PushSource,
    values: Sequence[Pushed],
    calendar: Calendar,
    *,
    called: str,
    named: Collection[str],
) -> Readings:
    """What a program pushed, as observations.

    Args:
        name: Name of the source.
        source: As the workspace declares it.
        values: The values.
        calendar: The company's weeks and months.
        called: What the push is called where a file's name would stand.
        named: The series that may be named to whoever pushes.

    Raises:
        SourceError: A value is refused; nothing is loaded. `refusals` says it by place and field.
    """
    if wrong := refusals(source, values, calendar, named):
        told = "".join(f"\n- value {r.index}, {r.field}: {r.reason}" for r in wrong[:SHOWN])
        raise SourceError(f"{name}: {len(wrong):,} fields are refused:{told}\nMend them and push again.")
    rows = sorted(
        ((*_key(source, each, calendar), each.value + 0.0) for each in values),
        key=lambda row: (row[:3], row[3] or datetime.min),
    )
    table = pa.table(
        {
            "series": [row[0] for row in rows],
            "segments": [row[1] for row in rows],
            "day": [row[2] for row in rows],
            "value": [row[4] for row in rows],
            "observed_at": [row[3] for row in rows],
            "file": [called] * len(rows),
        },
        schema=pa.schema(
            [(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in SCHEMA]
        ),
    ).cast(SCHEMA)
    told = json.dumps([[str(part) for part in row] for row in rows], ensure_ascii=False)
    return Readings(
        source=name,
        grain=source.grain,
        kind="values",
        table=table,
        rows=len(rows),
        refused=0,
        rejects=(),
        files=(FileRead(called, sha256(told.encode("utf-8", "surrogatepass")).hexdigest(), len(rows)),),
    )
