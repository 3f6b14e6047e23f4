"""One week's deck, from the definitions and what the store knew.

Source: wbr-method.md sections 2, 3 and 7; analytics.md section 1.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from metrics.deck import Block, BlockKind, Deck, Row, Section, Table
from metrics.definitions import (
    Block as Outline,
)
from metrics.definitions import (
    ChartBlock,
    DeckOutline,
    Definitions,
    ExceptionsBlock,
    Growth,
    Metric,
    MonthsAxis,
    MonthsTableBlock,
    StoryBlock,
    TableBlock,
    TableRow,
    WeeksTableBlock,
    metrics_in,
    operands,
    target_operands,
)
from metrics.errors import UnknownNameError, hint
from metrics.history import Verdicts
from metrics.registry import Registry
from metrics.rollup import Readable, rollup
from metrics.six_twelve import Change, Charts, Remark, SixTwelve, change, frame
from metrics.week.marks import marked, told_once
from metrics.week.page_zero import Restated, answers, counted_customers, notices


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table kept as it is in a file: one row of words per line."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What a deck is built from besides the definitions.

    Attributes:
        connection: The reading of a store, or a DuckDB connection, as known at `as_of`.
        version: Of the store they came from.
        as_of: The moment asked about; None means all that is known.
        sheets: The plain tables by their path in the workspace.
        target_tables: Metric id to the stored series of its dated targets.
        restated: Numbers that changed since they were first told.
        verdicts: What the signal engine said; None builds a deck without marks.
        remarks: Annotations that people made, beside the declared events.
    """

    connection: Readable
    version: str = ""
    as_of: datetime | None = None
    sheets: Mapping[str, Sheet] = field(default_factory=dict)
    target_tables: Mapping[str, str] = field(default_factory=dict)
    restated: Sequence[Restated] = ()
    verdicts: Verdicts | None = None
    remarks: Sequence[Remark] = ()


def build(
    registry: Registry,
    known: Known,
    week_ending: date,
    deck: str | None = None,
    *,
    whole: Registry | None = None,
) -> Deck:
    """The deck of the week that ends on `week_ending`.

    Args:
        registry: The checked definitions.
        known: The numbers, as known at some time.
        week_ending: Last day of a week; else CalendarError.
        deck: Id of the outline; by default the first declared.
        whole: The definitions with what the deck's reader may not see, to compute with; by default the same.

    Returns:
        The same values for the same arguments, always.

    Raises:
        CalendarError: `week_ending` ends no week.
        UnknownNameError: No such deck.
    """
    definitions = registry.definitions
    name, outline = _outline(definitions, deck)
    registry.calendar.week(week_ending)
    wanted = metrics_of(whole or registry, outline)
    default = definitions.calendar.months_axis
    kinds = {default} | {b.months_axis for s in outline.sections for b in s.blocks if b.months_axis}
    windows = frame(
        registry.calendar,
        week_ending,
        kinds,
        growth=any(isinstance(m.measure, Growth) for m in wanted),
    )
    rolled = rollup(
        known.connection,
        wanted,
        windows.windows,
        registry.calendar,
        newest=week_ending,
        missing_days=definitions.missing_days,
        target_tables=known.target_tables,
    )
    charts = Charts(windows, rolled, {m.id: m for m in wanted}, (*remarks(registry), *known.remarks))
    maker = _Maker(definitions, charts, known.sheets, default)
    sections = tuple(maker.sections(outline))
    if known.verdicts is not None:
        sections = marked(sections, known.verdicts, registry, week_ending)
    groups, by_chance = told_once(sections, known.verdicts, registry, week_ending)
    return Deck(
        company=definitions.company.name,
        currency=definitions.company.currency,
        time_zone=definitions.company.time_zone,
        name=name,
        title=outline.title,
        week_ending=week_ending,
        week_label=registry.calendar.week_label(week_ending),
        as_of=known.as_of,
        version=known.version,
        answers=answers(definitions, outline, charts, sections),
        notices=notices(definitions, outline, charts, sections, known.restated),
        sections=sections,
        groups=groups,
        by_chance=by_chance,
    )


def _outline(definitions: Definitions, deck: str | None) -> tuple[str, DeckOutline]:
    if not definitions.decks:
        raise UnknownNameError("No deck is declared. Add `decks:` to a YAML file of the workspace.")
    name = deck or next(iter(definitions.decks))
    if name not in definitions.decks:
        raise UnknownNameError(f"{name!r} is not among decks. {hint(name, definitions.decks)}")
    return name, definitions.decks[name]


def metrics_of(registry: Registry, outline: DeckOutline) -> list[Metric]:
    """The metrics a deck shows and all they are computed from, operands first.

    Where a rate is told in customers, the count of them comes along as a metric of its own.
    """
    metrics = registry.definitions.metrics
    wanted: set[str] = set()
    asked = [m for s in outline.sections for b in s.blocks for m in metrics_in(b)]
    while asked:
        name = asked.pop()
        if name not in wanted:
            wanted.add(name)
            measure = metrics[name].measure
            asked += [*operands(measure), *target_operands(measure)]
    chosen = [metrics[name] for name in registry.order if name in wanted]
    return chosen + [counted for m in chosen if (counted := counted_customers(m))]


def remarks(registry: Registry) -> tuple[Remark, ...]:
    """The declared events that a chart annotates: what happened once, and changes of definition."""
    return tuple(
        Remark(day, f"{event.name}: {event.because}" if event.because else event.name, event.scope)
        for event in registry.definitions.events
        if event.kind != "recurring"
        for day in (*event.dates, *event.week_endings)
    )


class _Maker:
    """Fills the outline of one deck."""

    def __init__(
        self, definitions: Definitions, charts: Charts, sheets: Mapping[str, Sheet], axis: MonthsAxis
    ) -> None:
        self._definitions = definitions
        self._metrics = definitions.metrics
        self._charts = charts
        self._sheets = sheets
        self._axis = axis

    def sections(self, outline: DeckOutline) -> Iterator[Section]:
        """The sections that have something to show.

        A block whose metric is retired, or has no owner in a workspace that requires one, is left out
        but keeps its number, so that the others keep theirs.
        """
        taken = {b.number for s in outline.sections for b in s.blocks if b.number}
        number = outline.first_number - 1
        for section in outline.sections:
            shown: list[Block] = []
            for block in section.blocks:
                if block.number:
                    own = block.number
                else:
                    number += 1
                    while number in taken:
                        number += 1
                    own = number
                subject = next(metrics_in(block), None)
                if subject and not self._placed(subject):
                    continue
                if made := self._block(block, own, section.node):
                    shown.append(made)
            if shown:
                yield Section(section.title, tuple(shown), section.node)

    def _placed(self, metric: str) -> bool:
        definition = self._metrics[metric]
        owned = definition.owner is not None or not self._definitions.require_owner
        return owned and not definition.retired

    def _block(self, block: Outline, number: int, node: str | None) -> Block | None:
        axis = block.months_axis or self._axis
        match block:
            case ChartBlock(chart=lines):
                chart = self._charts.chart(
                    lines.primary,
                    lines.secondary,
                    lines.target,
                    months_axis=axis,
                    daily_average=block.daily_average,
                )
                title = block.title or self._metrics[lines.primary].name
                return self._about(number, "six_twelve", title, lines.primary, node, chart=chart)
            case WeeksTableBlock(weeks_table=rows):
                places, before = self._charts.frame.weeks, self._charts.frame.week_before
                columns = self._charts.frame.axis(axis).weeks
                return self._periods(block, number, node, "weeks_table", rows, columns, (before, *places))
            case MonthsTableBlock(months_table=rows):
                places, before = self._charts.frame.months[axis], self._charts.frame.month_before[axis]
                columns = self._charts.frame.axis(axis).months
                return self._periods(block, number, node, "months_table", rows, columns, (before, *places))
            case TableBlock(table=file, metric=metric):
                sheet = self._sheets.get(file.csv, Sheet((), ()))
                return self._plain(block, number, node, "table", metric, sheet)
            case ExceptionsBlock(exceptions=report, metric=metric):
                sheet = self._sheets.get(report.csv, Sheet((), ()))
                week = self._charts.frame.ending.isoformat()
                sheet = _of_week(sheet, report.week_column, week, report.top)
                return self._plain(block, number, node, "exceptions", metric, sheet)
            case StoryBlock():
                return (
                    None  # Stories are told by people, week by week; there is none to show without a journal.
                )

    def _about(
        self,
        number: int,
        kind: BlockKind,
        title: str,
        metric: str | None,
        node: str | None,
        *,
        chart: SixTwelve | None = None,
        table: Table | None = None,
    ) -> Block:
        definition = self._metrics[metric] if metric else None
        owner = definition.owner if definition else None
        person = self._definitions.people.get(owner) if owner else None
        return Block(
            number=number,
            kind=kind,
            title=title,
            metric=metric,
            code=definition.code if definition else None,
            metric_kind=definition.kind if definition else None,
            owner=person.name if person else owner,
            meaning=definition.meaning if definition else None,
            chart=chart,
            table=table,
            node=node,
        )

    def _periods(
        self,
        block: Outline,
        number: int,
        node: str | None,
        kind: BlockKind,
        rows: Sequence[TableRow],
        columns: tuple[str, ...],
        places: tuple[int, ...],
    ) -> Block:
        table = Table(columns, tuple(self._row(row, places) for row in rows))
        subject = next((r.metric or r.target_of for r in rows if r.metric or r.target_of), None)
        title = block.title or (self._metrics[subject].name if subject else "Table")
        return self._about(number, kind, title, subject, node, table=table)

    def _row(self, row: TableRow, places: tuple[int, ...]) -> Row:
        """A row over the periods; `places` starts with the period before the first one shown."""
        charts, shown = self._charts, places[1:]
        subject = row.metric or row.target_of
        if subject is None:
            return Row(row.header, None, None, (None,) * len(shown))
        definition = self._metrics[subject]
        if row.target_of:
            return Row(row.header, subject, definition.unit, tuple(charts.target(subject, i) for i in shown))
        if row.show == "value":
            return Row(
                row.header,
                subject,
                definition.unit,
                tuple(charts.amount(subject, i) for i in shown),
                tuple(charts.state(subject, i) for i in shown),
            )
        if row.show == "variance":
            apart = tuple(self._variance(subject, i).difference for i in shown)
            return Row(row.header, subject, definition.unit, apart)
        changes: list[Change] = []
        for before, now in zip(places, shown, strict=False):
            match row.show:
                case "wow" | "mom":
                    changes.append(charts.change(subject, now, before))
                case "yoy":
                    changes.append(charts.change(subject, now, charts.year_earlier(now)))
                case _:
                    changes.append(self._variance(subject, now))
        amounts = tuple(c.amount for c in changes)
        return Row(row.header, subject, definition.change_unit, amounts, good=tuple(c.good for c in changes))

    def _variance(self, metric: str, place: int) -> Change:
        charts = self._charts
        return change(charts.value(metric, place), charts.target(metric, place), self._metrics[metric])

    def _plain(
        self, block: Outline, number: int, node: str | None, kind: BlockKind, metric: str | None, sheet: Sheet
    ) -> Block:
        rows = tuple(Row(r[0] if r else "", None, "text", tuple(r[1:])) for r in sheet.rows)
        table = Table(sheet.columns[1:], rows, sheet.columns[0] if sheet.columns else "")
        title = block.title or (self._metrics[metric].name if metric else "Table")
        return self._about(number, kind, title, metric, node, table=table)


def _of_week(sheet: Sheet, column: str, week: str, top: int) -> Sheet:
    """The first rows of one week, without the column that names it."""
    if column not in sheet.columns:
        return sheet
    at = sheet.columns.index(column)
    kept = [row for row in sheet.rows if row[at].strip() == week][:top]
    return Sheet(
        tuple(c for i, c in enumerate(sheet.columns) if i != at),
        tuple(tuple(v for i, v in enumerate(row) if i != at) for row in kept),
    )
