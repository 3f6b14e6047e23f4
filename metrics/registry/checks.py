"""What must hold between definitions: names that exist, sums that make sense, formulas that end.

Every check yields the path at fault and what to do about it. A definition that is wrong in itself is left
out before these run, and its name still counts as declared, so that one mistake is told once.

Source: wbr-method.md, sections 2, 3, 8 and 9.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from graphlib import CycleError, TopologicalSorter
from pathlib import Path as Folder
from typing import get_args
from zoneinfo import ZoneInfo, available_timezones

from metrics.definitions import (
    BandTarget,
    CalendarRules,
    CeilingTarget,
    ChartBlock,
    Definitions,
    Difference,
    ExceptionsBlock,
    FloorTarget,
    Growth,
    LinearTarget,
    LongSource,
    Measure,
    Metric,
    Month,
    MonthsTableBlock,
    Percentile,
    PlanTarget,
    PushSource,
    SampleSource,
    SeriesTarget,
    StepTarget,
    Sum,
    TableBlock,
    TableRow,
    Weekday,
    WeeksTableBlock,
    operands,
    series_of,
    target_operands,
)
from metrics.errors import CalendarError, hint
from metrics.periods import Calendar
from metrics.registry.files import misplaced
from metrics.registry.tree import Path

OTHER_ROLES = frozenset({"executive", "customer_service", "listener"})  # They read; no act needs a right.
YEARS = range(1900, 2201)  # Catches a year typed with two digits, or one digit too many.

Fault = tuple[Path, str]


@dataclass(frozen=True, slots=True)
class Names:
    """What the files declare, well-formed or not.

    Attributes:
        declared: By section (`"metrics"`, `"people"`, …), the names in it. A section is left out if what
            it declares cannot be told; then no name is refused.
        whole: Sections of which every definition is well-formed.
    """

    declared: Mapping[str, frozenset[str]]
    whole: frozenset[str]

    def refusal(self, name: str, among: str) -> str | None:
        """Say that `name` is not declared; None if it is."""
        names = self.declared.get(among)
        if names is None or name in names:
            return None
        return f"{name!r} is not among {among}. {hint(name, names)}"


def faults(definitions: Definitions, names: Names, folder: Folder | None) -> Iterator[Fault]:
    """Return everything that is wrong between definitions.

    Args:
        definitions: Those that are well-formed in themselves.
        names: Those that the files declare.
        folder: Where the files named by definitions must be; None asks only for paths that stay inside.
    """
    for path, among, name in references(definitions):
        if reason := names.refusal(name, among):
            yield path, reason
    yield from _company(definitions)
    yield from _days(definitions)
    yield from _owners(definitions)
    yield from _selves(definitions)
    yield from _series(definitions, names)
    yield from _targets(definitions, names)
    yield from _units(definitions)
    yield from _cycles(definitions)
    yield from _nodes(definitions)
    yield from _blocks(definitions)
    yield from _files(definitions, folder)


# --- names ---------------------------------------------------------------------------------


def references(definitions: Definitions) -> Iterator[tuple[Path, str, str]]:
    """Return every name that stands for another definition: its path, the section meant, the name."""
    for handle, person in definitions.people.items():
        for place, role in enumerate(person.roles):
            yield ("people", handle, "roles", place), "roles", role
        if person.node:
            yield ("people", handle, "node"), "nodes", person.node
    for number, event in enumerate(definitions.events):
        for place, name in enumerate(event.scope):
            yield ("events", number, "scope", place), "metrics", name
    for name, source in definitions.sources.items():
        if not isinstance(source, PushSource) and source.connection:
            yield ("sources", name, "connection"), "connections", source.connection
    for metric in definitions.metrics.values():
        yield from _metric_references(metric, definitions.people)
    for name, table in definitions.targets.items():
        yield ("targets", name), "metrics", name
        yield ("targets", name, "set_by"), "people", table.set_by
    for number, identity in enumerate(definitions.definitions):
        yield ("definitions", number, "metric"), "metrics", identity.metric
        for operation, many in identity.equals.items():
            for place, name in enumerate(many):
                yield ("definitions", number, "equals", operation, place), "metrics", name
    for number, node in enumerate(definitions.nodes):
        for place, name in enumerate(node.metrics):
            yield ("nodes", number, "metrics", place), "metrics", name
    for number, edge in enumerate(definitions.edges):
        yield ("edges", number, "from"), "nodes", edge.start
        yield ("edges", number, "to"), "nodes", edge.end
    for number, link in enumerate(definitions.links):
        yield ("links", number, "driver"), "metrics", link.driver
        yield ("links", number, "driven"), "metrics", link.driven
        if link.by:
            yield ("links", number, "by"), "people", link.by
    for number, goal in enumerate(definitions.goals):
        yield ("goals", number, "metric"), "metrics", goal.metric
        yield ("goals", number, "owner"), "people", goal.owner
    for group, given in (definitions.login.groups if definitions.login else {}).items():
        for place, role in enumerate(given):
            yield ("login", "groups", group, place), "roles", role
    for deck, outline in definitions.decks.items():
        for place, reader in enumerate(outline.readers):
            if reader not in definitions.people:
                yield ("decks", deck, "readers", place), "roles", reader
        for name, hook in (outline.send.webhooks if outline.send else {}).items():
            if hook.reader is not None:
                yield ("decks", deck, "send", "webhooks", name, "reader"), "people", hook.reader
        for number, section in enumerate(outline.sections):
            if section.node:
                yield ("decks", deck, "sections", number, "node"), "nodes", section.node
    for _, path, name in shown(definitions):
        yield path, "metrics", name


def _metric_references(metric: Metric, people: Container[str]) -> Iterator[tuple[Path, str, str]]:
    here: Path = ("metrics", metric.id)
    if metric.owner:
        yield (*here, "owner"), "people", metric.owner
    for place, reader in enumerate(metric.confidential if isinstance(metric.confidential, tuple) else ()):
        if reader not in people:
            yield (*here, "confidential", place), "roles", reader
    for place, name in enumerate(metric.guardrails):
        yield (*here, "guardrails", place), "metrics", name
    if metric.supersedes:
        yield (*here, "supersedes", "metric"), "metrics", metric.supersedes.metric
    if metric.kind == "input" and metric.controllable:
        yield (*here, "controllable", "by"), "people", metric.controllable.by
    for path, measure in measures(metric):
        for at, name in _operand_paths(measure):
            yield (*path, *at), "metrics", name


def measures(metric: Metric) -> Iterator[tuple[Path, Measure]]:
    """The ways in which a metric is measured: its own and the second one."""
    yield ("metrics", metric.id, "measure"), metric.measure
    if metric.second_measure:
        yield ("metrics", metric.id, "second_measure", "measure"), metric.second_measure.measure


def _operand_paths(measure: Measure) -> Iterator[tuple[Path, str]]:
    if isinstance(measure, Growth):
        yield ("of",), measure.of
    elif many := getattr(measure, "of", ()):
        for place, operand in enumerate(many):
            if isinstance(operand, str):
                yield ("of", place), operand
            else:
                yield ("of", place, "target_of"), operand.target_of


def shown(definitions: Definitions) -> Iterator[tuple[str, Path, str]]:
    """Return every metric that a deck shows, in the deck's order: the deck, the path, the metric."""
    for deck, outline in definitions.decks.items():
        for number, section in enumerate(outline.sections):
            for place, block in enumerate(section.blocks):
                here: Path = ("decks", deck, "sections", number, "blocks", place)
                match block:
                    case ChartBlock(chart=lines):
                        for role in ("primary", "secondary", "target"):
                            if name := getattr(lines, role):
                                yield deck, (*here, "chart", role), name
                    case WeeksTableBlock(weeks_table=rows):
                        yield from _shown_rows(deck, (*here, "weeks_table"), rows)
                    case MonthsTableBlock(months_table=rows):
                        yield from _shown_rows(deck, (*here, "months_table"), rows)
                    case TableBlock(metric=str() as name) | ExceptionsBlock(metric=str() as name):
                        yield deck, (*here, "metric"), name


def _shown_rows(deck: str, path: Path, rows: Iterable[TableRow]) -> Iterator[tuple[str, Path, str]]:
    for place, row in enumerate(rows):
        for field in ("metric", "target_of"):
            if name := getattr(row, field):
                yield deck, (*path, place, field), name


# --- the company, its calendar and its people ------------------------------------------------


def calendar(rules: CalendarRules, events: Iterable[tuple[str, tuple[date, ...]]] = ()) -> Calendar:
    """The calendar that the rules describe, with the events whose weeks are compared with each other.

    Raises:
        CalendarError: The numbered week ends on another weekday.
    """
    number = rules.week_number
    return Calendar(
        week_ends_on=get_args(Weekday).index(rules.week_ends_on),
        fiscal_year_ends=get_args(Month).index(rules.fiscal_year_ends) + 1,
        pattern=rules.pattern,
        year_end=rules.year_end,
        week_number=(number.week_ending, number.number) if number else None,
        paired=tuple(events),
    )


def _company(definitions: Definitions) -> Iterator[Fault]:
    zone = definitions.company.time_zone
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # Unknown, malformed, a folder of the database.
        near = hint(zone, available_timezones())
        guess = near if near.startswith("Did you mean") else "Use an IANA name, such as 'America/New_York'."
        yield ("company", "time_zone"), f"{zone!r} is not a time zone. {guess}"


def _days(definitions: Definitions) -> Iterator[Fault]:
    """Days that end no week though they must, and years that nobody can mean."""
    weeks = calendar(definitions.calendar.model_copy(update={"week_number": None}))
    for path, ending in _week_endings(definitions):
        try:
            weeks.week(ending)
        except CalendarError as error:
            yield path, str(error)
    for path, year in _years(definitions):
        if year not in YEARS:
            yield path, f"the year {year} is too far away. Write a year with four digits."


def _week_endings(definitions: Definitions) -> Iterator[tuple[Path, date]]:
    if number := definitions.calendar.week_number:
        yield ("calendar", "week_number", "week_ending"), number.week_ending
    for place, event in enumerate(definitions.events):
        for at, ending in enumerate(event.week_endings):
            yield ("events", place, "week_endings", at), ending
    for place, goal in enumerate(definitions.goals):
        if goal.period.week_ending:
            yield ("goals", place, "period", "week_ending"), goal.period.week_ending


def _years(definitions: Definitions) -> Iterator[tuple[Path, int]]:
    for place, event in enumerate(definitions.events):
        for at, day in enumerate(event.dates):
            yield ("events", place, "dates", at), day.year
    for place, goal in enumerate(definitions.goals):
        if goal.period.year is not None:
            yield ("goals", place, "period", "year"), goal.period.year
    for name, metric in definitions.metrics.items():
        here: Path = ("metrics", name, "target")
        match metric.target:
            case PlanTarget(year=year):
                yield (*here, "year"), year
            case LinearTarget(start=start, end=end):
                yield (*here, "from", "date"), start.date.year
                yield (*here, "to", "date"), end.date.year
            case StepTarget() | FloorTarget() | CeilingTarget() | BandTarget() as target if target.start:
                yield (*here, "from"), target.start.year


def _owners(definitions: Definitions) -> Iterator[Fault]:
    for name, metric in definitions.metrics.items():
        person = definitions.people.get(metric.owner or "")
        if person and "analyst" in person.roles:
            yield (
                ("metrics", name, "owner"),
                f"{metric.owner} is an analyst, and an analyst prepares a metric and never owns it. "
                "Name the person of the business who explains it.",
            )


# --- metrics ---------------------------------------------------------------------------------


def _selves(definitions: Definitions) -> Iterator[Fault]:
    """Metrics that point at themselves where another one is meant."""
    for name, metric in definitions.metrics.items():
        for place, guardrail in enumerate(metric.guardrails):
            if guardrail == name:
                yield ("metrics", name, "guardrails", place), "a metric cannot guard itself. Name another."
    for number, link in enumerate(definitions.links):
        if link.driver == link.driven:
            yield ("links", number, "driven"), f"{link.driver!r} cannot drive itself. Name another metric."


def series_read(definitions: Definitions) -> Iterator[tuple[Path, str, bool]]:
    """Return every stored series that a definition reads: path, series, and whether it means samples."""
    for name, metric in definitions.metrics.items():
        for path, measure in measures(metric):
            match measure:
                case Percentile(samples=samples):
                    yield (*path, "samples"), samples, True
                case _ if len(read := series_of(measure)) == 2:
                    yield (*path, "numerator"), read[0], False
                    yield (*path, "denominator"), read[1], False
                case _:
                    for series in series_of(measure):
                        yield (*path, "series"), series, False
        if metric.customers:
            yield ("metrics", name, "customers", "series"), metric.customers.series, False
        if isinstance(metric.target, SeriesTarget):
            yield ("metrics", name, "target", "series"), metric.target.series, False


def _series(definitions: Definitions, names: Names) -> Iterator[Fault]:
    """Series and segments that no source can hold. A long file names its series only in its rows."""
    sources = definitions.sources.values()
    if not sources or "sources" not in names.whole:
        return
    samples = {series for source in sources if isinstance(source, SampleSource) for series in source.samples}
    values = {
        series for source in sources if not isinstance(source, SampleSource | LongSource)
        for series in source.series
    }  # fmt: skip
    all_known = not any(isinstance(source, LongSource) for source in sources)
    for path, series, of_samples in series_read(definitions):
        if of_samples and series not in samples:
            yield path, f"{series!r} is not among the `samples` of any source. {hint(series, samples)}"
        elif not of_samples and series in samples and series not in values:
            yield path, f"{series!r} holds samples, which only a percentile reads. Use `how: percentile`."
        elif not of_samples and all_known and series not in values:
            yield path, f"no source has a series {series!r}. {hint(series, values)}"
    segments = {segment for source in sources for segment in source.segments}
    for metric in definitions.metrics.values():
        for path, measure in measures(metric):
            for segment in getattr(measure, "where", {}):
                if segment not in segments:
                    told = f"no source has a segment {segment!r}. {hint(segment, segments)}"
                    yield (*path, "where", segment), told


def _targets(definitions: Definitions, names: Names) -> Iterator[Fault]:
    """Metrics with two targets, and targets asked for that nobody set."""
    metrics = definitions.metrics
    for name in definitions.targets:
        if name in metrics and metrics[name].target is not None:
            told = f"{name!r} has a target of its own already (metrics.{name}.target). Keep one of the two."
            yield ("targets", name), told
    if "targets" not in names.whole:
        return
    for path, name in _targets_asked(definitions):
        if name in metrics and metrics[name].target is None and name not in definitions.targets:
            yield path, f"{name!r} has no target. Give it one, under the metric or under `targets`."


def _targets_asked(definitions: Definitions) -> Iterator[tuple[Path, str]]:
    for metric in definitions.metrics.values():
        for path, measure in measures(metric):
            for at, name in _operand_paths(measure):
                if at[-1] == "target_of":
                    yield (*path, *at), name
    for _, path, name in shown(definitions):
        if path[-1] in ("target", "target_of"):
            yield path, name


def _units(definitions: Definitions) -> Iterator[Fault]:
    """Sums and differences of unlike things: a composite score hides what moved and why."""
    metrics = definitions.metrics
    for metric in metrics.values():
        for path, measure in measures(metric):
            if not isinstance(measure, Sum | Difference):
                continue
            parts = [name for name in (*operands(measure), *target_operands(measure)) if name in metrics]
            units = {metrics[name].unit: name for name in reversed(parts)}
            if len(units) > 1:
                told = ", ".join(f"{name} in {unit}" for unit, name in reversed(units.items()))
                yield (
                    (*path, "of"),
                    f"a {measure.how} of unlike units ({told}). Adding them makes a composite score, whose "
                    "weights are argued about and whose trend means nothing. Show the metrics side by side.",
                )


def _needs(definitions: Definitions) -> dict[str, tuple[str, ...]]:
    """For each metric, the metrics that must be known before it."""
    metrics = definitions.metrics
    return {
        name: tuple(
            operand for _, measure in measures(metric) for operand in operands(measure) if operand in metrics
        )
        for name, metric in metrics.items()
    }


def evaluation_order(definitions: Definitions) -> tuple[str, ...]:
    """Metric ids, every metric after those it is computed from; else as declared.

    Raises:
        CycleError: Of graphlib, if a metric is computed from itself.
    """
    return tuple(TopologicalSorter(_needs(definitions)).static_order())


def _cycles(definitions: Definitions) -> Iterator[Fault]:
    """Formulas, and replacements of metrics, that come back to where they started."""
    for cycle in _circles(_needs(definitions)):
        told = f"computed from itself: {' -> '.join(cycle)}. Compute one of these from stored series."
        yield ("metrics", cycle[0], "measure", "of"), told
    replaced = {
        name: (metric.supersedes.metric,) for name, metric in definitions.metrics.items() if metric.supersedes
    }
    for cycle in _circles(replaced):
        told = f"replaces itself: {' -> '.join(cycle)}. The older metric supersedes nothing newer."
        yield ("metrics", cycle[0], "supersedes", "metric"), told


def _circles(needs: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Circles of names, each starting with the one declared first; those that share a name are told once."""
    left = dict(needs)
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            backwards: list[str] = error.args[1]
            circle = backwards[:0:-1]
            first = circle.index(next(name for name in needs if name in circle))
            yield *circle[first:], *circle[:first], circle[first]
            for name in circle:
                del left[name]
        else:
            return


# --- flywheel, decks and files ---------------------------------------------------------------


def _nodes(definitions: Definitions) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for number, node in enumerate(definitions.nodes):
        if first.setdefault(node.id, number) != number:
            told = f"the node {node.id!r} is already declared as nodes.{first[node.id]}. Keep one of the two."
            yield ("nodes", number, "id"), told


def _blocks(definitions: Definitions) -> Iterator[Fault]:
    """Numbers that two blocks of one deck claim. A block keeps its number for the life of the deck."""
    for deck, outline in definitions.decks.items():
        holders: dict[int, list[Path]] = defaultdict(list)
        for number, section in enumerate(outline.sections):
            for place, block in enumerate(section.blocks):
                here: Path = ("decks", deck, "sections", number, "blocks", place)
                if block.number is not None:
                    holders[block.number].append((*here, "number"))
        for number, (first, *others) in holders.items():
            for path in others:
                held = ".".join(map(str, first[:-1]))
                yield path, f"{held} has the number {number} already. Give this block a free one."


def _files(definitions: Definitions, folder: Folder | None) -> Iterator[Fault]:
    for name, source in definitions.sources.items():
        if not isinstance(source, PushSource) and (reason := misplaced(source.path, folder)):
            yield ("sources", name, source.form), reason
    for place, path in small_files(definitions):
        if reason := misplaced(path, folder):
            yield place, reason


def small_files(definitions: Definitions) -> Iterator[tuple[Path, str]]:
    """The tables of targets and the plain tables of decks: where each is named, and its path."""
    for name, target in definitions.targets.items():
        yield ("targets", name, "csv"), target.csv
    for deck, outline in definitions.decks.items():
        for number, section in enumerate(outline.sections):
            for at, block in enumerate(section.blocks):
                here: Path = ("decks", deck, "sections", number, "blocks", at)
                match block:
                    case TableBlock(table=file):
                        yield (*here, "table", "csv"), file.csv
                    case ExceptionsBlock(exceptions=report):
                        yield (*here, "exceptions", "csv"), report.csv
                    case _:
                        continue
