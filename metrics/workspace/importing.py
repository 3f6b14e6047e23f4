"""Targets and annotations from a file somebody keeps: checked whole, then written, the same file twice once.

Targets become tables of the workspace, so that what was promised can be read and reviewed:

    targets/orders.csv          a row a week, or a row a day with the plan it comes from
    targets-imported.yaml       which metrics have such a table, who set it and why

Annotations become facts of the journal.

Source: wbr-method.md section 2, "Target"; METHOD.md, "A plan by month".
"""

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import Decimal
from functools import partial
from io import StringIO
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Final

from metrics import ingest, text
from metrics.definitions import DateColumn, Metric, TargetTable
from metrics.errors import CalendarError, DecisionError, MetricsError, SourceError, hint
from metrics.reviews import topics
from metrics.reviews.duties import checked
from metrics.rollup.spreading import spread, usable
from metrics.rollup.targets import adds_up

if TYPE_CHECKING:
    from metrics.ingest import Worded, WordedRow
    from metrics.workspace.house import Workspace

FILE: Final = "targets-imported.yaml"
HEAD: Final = (
    "# Written by `wbr import-targets`: metrics whose targets were imported, who set them and why.\n"
    "# The values are in the files named. To keep one by hand, move its line into another file.\n"
)
TOLD: Final = 20  # Mistakes told at once.
SHAPED: Final = "shape of the year before"
PLANNED: Final = ("month_plan", "spread")  # Where the value of a day comes from.


@dataclass(frozen=True, slots=True)
class ImportedMetric:
    """What came of one metric's targets.

    Attributes:
        metric: Its id.
        grain: What a row is the target of.
        rows: Rows the file holds for it, after a plan was spread.
        added: Of them, those that were not there.
        changed: Those that had another value.
        notes: How a plan was spread where it was not by the year before, in sentences.
    """

    metric: str
    grain: str
    rows: int
    added: int
    changed: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportedAnnotations:
    """What came of a file of annotations: how many are new, and how many stood already."""

    added: int
    known: int


@dataclass(frozen=True, slots=True)
class _Told:
    """One cell of the file: a week's target, or a month's plan."""

    metric: str
    day: date
    value: Decimal
    monthly: bool


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a table of targets."""

    value: str
    plan: str = ""
    spread: str = ""


class Importing:
    """Imports into one workspace."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house

    # --- targets -----------------------------------------------------------------------------

    def targets(
        self, path: Path, *, by: str, because: str = "", dry: bool = False
    ) -> tuple[ImportedMetric, ...]:
        """Import targets by week, or plans by month; then load them.

        Args:
            path: CSV or workbook with the columns `metric`, `value`, and `week_ending` or `month`.
            by: Handle of who sets them.
            because: Why; needed where a metric had no imported targets before.
            dry: Only say what would come of it.

        Raises:
            SourceError: A cell is wrong; all of them are told by file, line and column, nothing is written.
            NotAllowedError: The author may not set a target.
            DecisionError: No reason is given for the targets of a metric that had none.
        """
        checked(self._house.definitions, by, "set_target")
        told = self._read(path)
        many: dict[str, list[_Told]] = {}
        for one in told:
            many.setdefault(one.metric, []).append(one)
        new = [m for m in many if m not in self._house.definitions.targets]
        if new and not because.strip():
            raise DecisionError(f"{text.listed(new)}: why is this the target? Say it: --because TEXT.")
        made = [self._table(metric, rows) for metric, rows in many.items()]
        if not dry and any(one.added or one.changed for one, _ in made):
            self._write(made, new, by, because.strip())
        return tuple(one for one, _ in made)

    def _read(self, path: Path) -> list[_Told]:
        """Every row of the file, or all its mistakes at once."""
        file = ingest.worded(path, ("metric", "value"))
        by = [c for c in ("week_ending", "month") if c in file.header]
        if len(by) != 1:
            raise SourceError(
                f"{file.name} needs one column that says when: `week_ending` (targets by week) or `month` "
                f"(a plan by month). It has: {text.listed(file.header)}."
            )
        [column] = by
        found, mistakes = [], []
        seen: dict[tuple[str, date], int] = {}
        for row in file.rows:
            one, wrong = self._told(file, row, column)
            if one is not None and (one.metric, one.day) in seen:
                first = seen[one.metric, one.day]
                wrong = [f"{file.place(row, column)} was told on {file.line_word} {first} already."]
            mistakes += wrong
            if one is not None and not wrong:
                seen[one.metric, one.day] = row.line
                found.append(one)
        if mistakes:
            raise _refused(file, mistakes)
        return found

    def _told(self, file: "Worded", row: "WordedRow", column: str) -> tuple[_Told | None, list[str]]:
        """One row, and what is wrong with it."""
        wrong = []
        metric, why = self._metric(row.cells.get("metric", ""))
        if why:
            wrong.append(f"{file.place(row, 'metric')} {why}")
        elif metric is not None and metric.target is not None:
            wrong.append(
                f"{file.place(row, 'metric')} has a target of its own already (metrics.{metric.id}.target). "
                "Take it out first."
            )
        monthly = column == "month"
        day = ingest.a_day(row.cells.get(column, ""), "month" if monthly else "day")
        if not isinstance(day, date):
            wrong.append(f"{file.place(row, column)} {day}.")
        elif monthly:
            day = day.replace(day=15)
        else:
            try:
                self._house.calendar.week(day)
            except CalendarError as error:
                wrong.append(f"{file.place(row, column)}: {error}")
        value = ingest.a_number(row.cells.get("value", ""))
        if not isinstance(value, Decimal):
            wrong.append(f"{file.place(row, 'value')} {value}.")
        if wrong or metric is None or not isinstance(day, date) or not isinstance(value, Decimal):
            return None, wrong
        return _Told(metric.id, day, value, monthly), []

    def _metric(self, name: str) -> tuple[Metric | None, str]:
        known = self._house.definitions.metrics
        if name not in known:
            return None, f"is no metric. {hint(name, known)}"
        if known[name].retired:
            return None, "is retired: nothing is promised for it any more."
        return known[name], ""

    def _table(self, metric: str, told: Sequence[_Told]) -> tuple[ImportedMetric, dict[date, _Row]]:
        """What a metric's table is to hold, and how that differs from what it holds."""
        grain = "day" if told[0].monthly else "week"
        table = self._house.definitions.targets.get(metric)
        if table is not None and table.grain != grain:
            raise SourceError(
                f"{metric} has targets by {table.grain} in {table.csv}, and this file has them by "
                f"{'month' if told[0].monthly else 'week'}. Import the same, or take that table out of "
                "`targets` first."
            )
        new: dict[date, _Row] = {}
        notes: list[str] = []
        for one in told:
            if one.monthly:
                rows, note = self._spread(one)
                new |= rows
                notes += [note] if note else []
            else:
                new[one.day] = _Row(format(one.value, "f"))
        known = self._known(metric, table)
        added = sum(day not in known for day in new)
        changed = sum(
            day in known and Decimal(known[day].value) != Decimal(r.value) for day, r in new.items()
        )
        result = ImportedMetric(metric, grain, len(new), added, changed, tuple(notes))
        return result, dict(sorted({**known, **new}.items()))

    # --- a plan by month ---------------------------------------------------------------------

    def _spread(self, told: _Told) -> tuple[dict[date, _Row], str]:
        """A month's plan as days; and a sentence where they are not in the shape of the year before."""
        definitions = self._house.definitions
        metric, month = definitions.metrics[told.metric], self._house.calendar.month_of(told.day)
        days = [month.first + timedelta(days=n) for n in range(month.days)]
        plan = format(told.value, "f")
        if not adds_up(metric, definitions.metrics):
            return {d: _Row(plan, plan, "level: not spread") for d in days}, ""
        decimals = max(0 if metric.unit == "count" else 2, -int(told.value.as_tuple().exponent))
        shape = self._shape(told.metric, days)
        note, how = "", SHAPED
        if not usable(shape):
            shape, how = [1.0] * len(days), "even"
            when = text.month(month.last, self._house.calendar.month_label(month))
            note = f"{metric.name}, {when}: spread evenly; the days of the year before are not all known."
        values = spread(told.value, shape, decimals)
        rows = {d: _Row(format(v, "f"), plan, how) for d, v in zip(days, values, strict=True)}
        return rows, note

    def _shape(self, metric: str, days: Sequence[date]) -> list[float]:
        """The values of the days' twins of the year before; NaN where one is not known."""
        calendar = self._house.calendar
        told = self._days(metric)
        shape = []
        for day in days:
            week = calendar.week_of(day)
            twin = calendar.week_year_earlier(week).period
            shape.append(told.get(twin.first + (day - week.first), float("nan")))
        return shape

    def _days(self, metric: str) -> Mapping[date, float]:
        """Every day's value of a metric, up to the last day known."""
        last = self._house.last_day()
        if last is None:
            return {}
        table = self._house.history(metric, "day", self._house.calendar.week_of(last).last)
        return {d.date(): float(v) for d, v in zip(table["day"], table["value"], strict=True)}

    # --- files -------------------------------------------------------------------------------

    def _known(self, metric: str, table: TargetTable | None) -> dict[date, _Row]:
        """The rows that a metric's table holds now."""
        path = self._house.folder / (table.csv if table is not None else f"targets/{metric}.csv")
        if table is None:
            if path.exists():
                raise SourceError(f"{path} is there already, and no metric declares it. Move it away first.")
            return {}
        file = ingest.worded(path, (table.date.column, table.value_column))
        own = {table.date.column, table.value_column, *PLANNED}
        if table.date.format or set(file.header) - own:
            raise SourceError(
                f"{table.csv} holds more than the targets of {metric}, or dates of a format of its own. "
                "Nothing is written into it: add the rows by hand."
            )
        found = {}
        for row in file.rows:
            day = ingest.a_day(row.cells[table.date.column])
            value = ingest.a_number(row.cells[table.value_column])
            if not isinstance(day, date) or not isinstance(value, Decimal):
                raise SourceError(
                    f"{file.place(row, table.date.column)}: the table cannot be added to. Mend it by hand."
                )
            found[day] = _Row(format(value, "f"), *(row.cells.get(column, "") for column in PLANNED))
        return found

    def _write(
        self,
        made: Iterable[tuple[ImportedMetric, dict[date, _Row]]],
        new: Sequence[str],
        by: str,
        because: str,
    ) -> None:
        """Write the tables and their declarations, then load them; put all back if they cannot be loaded."""
        house = self._house.whole
        tables = {
            one.metric: house.definitions.targets.get(one.metric)
            or TargetTable(
                csv=f"targets/{one.metric}.csv",
                date=DateColumn(column="day" if one.grain == "day" else "week_ending"),
                value_column="value",
                grain="day" if one.grain == "day" else "week",
                set_by=by,
                because=because,
            )
            for one, _ in made
        }
        files = {house.folder / tables[one.metric].csv: _csv(tables[one.metric], rows) for one, rows in made}
        if new:
            files[house.folder / FILE] = self._declarations({m: tables[m] for m in new})
        before = {path: path.read_bytes() if path.is_file() else None for path in files}
        try:
            for path, content in files.items():
                _replace(path, content)
            fresh = house.reopened()  # Whoever may set a target may load it, and no other source.
            readings = [fresh.read(f"targets:{one.metric}") for one, _ in made]
            fresh.store.add(readings, fresh.now().astimezone(UTC), by=by)
        except MetricsError:
            for path, old in before.items():
                if old is None:
                    path.unlink(missing_ok=True)
                else:
                    _replace(path, old)
            raise

    def _declarations(self, new: Mapping[str, TargetTable]) -> bytes:
        """The YAML of all imported tables, with the new ones."""
        path = self._house.folder / FILE
        lines = (
            path.read_text(encoding="utf-8").splitlines()
            if path.is_file()
            else [*HEAD.splitlines(), "targets:"]
        )
        for metric, table in new.items():
            form = table.model_dump(mode="json", exclude_none=True)
            lines.append(f"  {metric}: {dumps(form, ensure_ascii=False)}")  # JSON is YAML.
        return ("\n".join(lines) + "\n").encode()

    # --- annotations -------------------------------------------------------------------------

    def annotations(self, path: Path, *, by: str, dry: bool = False) -> ImportedAnnotations:
        """Import annotations; one that stands already is left as it is.

        Args:
            path: CSV or workbook with the columns `metric`, `date` and `text`.
            by: Handle of who adds them.
            dry: Only say what would come of it.

        Raises:
            SourceError: A cell is wrong; all of them are told by file, line and column, nothing is written.
            NotAllowedError: The author may not annotate.
        """
        definitions, loop = self._house.definitions, self._house.loop
        checked(definitions, by, "add_annotation", "define")
        file = ingest.worded(path, ("metric", "date", "text"))
        standing = {(r.metric, r.day, r.text) for r in loop.saying.annotations()}
        told, mistakes, known = [], [], 0
        for row in file.rows:
            metric, why = row.cells["metric"], self._metric(row.cells["metric"])[1]
            day = ingest.a_day(row.cells["date"])
            if why:
                mistakes.append(f"{file.place(row, 'metric')} {why}")
            if not isinstance(day, date):
                mistakes.append(f"{file.place(row, 'date')} {day}.")
            if why or not isinstance(day, date):
                continue
            words = row.cells["text"]
            key = (metric, day, words)
            if key in standing:
                known += 1
                continue
            name = loop.chronicle.name("annotation", *key, by)
            make = partial(topics.annotated, definitions, name, metric, day, words, by=by, today=loop.today)
            try:
                told.append(make())
                standing.add(key)
            except DecisionError as error:
                column = "date" if day > loop.today else "text"
                mistakes.append(f"{file.place(row, column)}: {error}")
        if mistakes:
            raise _refused(file, mistakes)
        if told and not dry:
            loop.chronicle.say(*told, by=by)
        return ImportedAnnotations(len(told), known)


def _refused(file: "Worded", mistakes: Sequence[str]) -> SourceError:
    """All mistakes of a file in one error."""
    more = f"\nand {len(mistakes) - TOLD} more." if len(mistakes) > TOLD else ""
    count = text.counted(len(mistakes), "cell")
    return SourceError(
        "\n".join(mistakes[:TOLD]) + f"{more}\n{count} of {file.name} to mend; nothing was imported."
    )


def _csv(table: TargetTable, rows: Mapping[date, _Row]) -> bytes:
    """A table of targets as a file; the same rows give the same bytes."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    daily = table.grain == "day"
    more = PLANNED if daily else ()
    writer.writerow([table.date.column, table.value_column, *more])
    for day, row in rows.items():
        writer.writerow([day.isoformat(), row.value, *((row.plan, row.spread) if daily else ())])
    return out.getvalue().encode()


def _replace(path: Path, content: bytes) -> None:
    """Write a file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part-{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink()
