"""What can be built and should still be questioned: the method's rules that a file can break and stay legal.

Source: wbr-method.md, sections 3, 8, 9 and 10.
"""

from collections import defaultdict
from collections.abc import Iterator

from metrics.definitions import (
    RIGHTS,
    RIGHTS_BY_DEFAULT,
    BandTarget,
    CeilingTarget,
    Definitions,
    Difference,
    FloorTarget,
    Growth,
    LinearTarget,
    LongSource,
    Metric,
    MonthsTableBlock,
    PushSource,
    SampleSource,
    StepTarget,
    Sum,
    Total,
    WeeksTableBlock,
    operands,
    series_of,
)
from metrics.errors import hint
from metrics.registry.checks import series_read, shown, small_files
from metrics.registry.mistakes import Finding, Place
from metrics.registry.reading import Registry
from metrics.registry.tree import Path

ACTS = frozenset(act for acts in RIGHTS.values() for act in acts) | RIGHTS_BY_DEFAULT.keys()
MANY_SECTIONS = 3  # Somebody who speaks in more of a deck's sections cannot know each of them well.
LARGEST_SHARE = 1.5  # A share above is a percentage written without its point: 95 for 0.95.
EARLY = ("proposed", "defined")  # States in which a metric is not yet in a deck.

CANNOT = (
    "cannot forget: `wbr compact` is refused, every value that was ever told is kept",
    "is not in `wbr backup`: back the database up with its own tools",
    "has no generations: there is nothing for `wbr step-back` to step back to",
)  # What a store on another engine cannot do.

SPARK_CANNOT = (
    "cannot lock: of two loads at the same time one is refused, and both if they began in the same moment",
    "cannot change a row: `wbr erase` leaves a name in its list of loads, and says so",
    "does not tell how much room it takes",
)

Question = tuple[str, Path, str]  # Code, path, sentence.


def lint(registry: Registry) -> tuple[Finding, ...]:
    """Return what somebody who knows the method would question, in the order of the files.

    Nothing here keeps a deck from being built. Codes: `no_owner`, `no_guardrail`, `no_action`, `no_meaning`,
    `no_deck`, `too_early`, `output_before_input`, `total_of_fraction`, `percent_as_fraction`, `unit_differs`,
    `many_sections`, `year_without_event`, `unread_series`, `series_twice`, `node_without_metrics`,
    `link_without_date`, `goal_on_context`, `no_target_to_vary_from`, `unknown_act`, `worked_out`,
    `nobody_to_hide_from`, `no_file`, `engine_cannot`.
    """
    definitions = registry.definitions
    questions: list[Question] = []
    for metric in definitions.metrics.values():
        if not metric.retired:
            questions += _of_a_metric(metric, definitions)
    questions += _decks(definitions)
    questions += _order(definitions)
    questions += _people(definitions)
    questions += _events(definitions)
    questions += _series(definitions)
    questions += _flywheel(definitions)
    questions += _rights(definitions)
    questions += _confidential(definitions)
    questions += _files(registry)
    questions += _engine(definitions)
    findings = (Finding(code, *_place(registry, path), message) for code, path, message in questions)
    return tuple(sorted(findings, key=lambda found: (found.file, found.line, found.place, found.code)))


def _place(registry: Registry, path: Path) -> tuple[str, int, str]:
    """File, line and name of the deepest part of `path` that the files hold."""
    for length in range(len(path), 0, -1):
        name = ".".join(map(str, path[:length]))
        if found := registry.places.get(name):
            return *found, name
    first = min(registry.places.values(), default=Place("", 1))
    return first.file, 1, ""


def _of_a_metric(metric: Metric, definitions: Definitions) -> Iterator[Question]:
    here: Path = ("metrics", metric.id)
    if metric.owner is None:
        remedy = "It stays out of the deck until one is named" if definitions.require_owner else "Name one"
        yield "no_owner", (*here, "owner"), f"{metric.name} has no owner to explain it. {remedy}."
    if metric.kind == "input":
        if not metric.guardrails:
            told = "an input needs a guardrail, a metric that would suffer if this one were gamed. Name one."
            yield "no_guardrail", here, told
        if metric.controllable is None:
            told = "an input needs `controllable`: what action moves it, who orders it, within how many days."
            yield "no_action", here, told
        if metric.meaning is None:
            yield "no_meaning", here, "an input needs `meaning`: one sentence that says what is counted."
    if metric.unit == "fraction" and isinstance(metric.measure, Total):
        told = "fractions of days do not add up to the week's. Use `ratio`, total ÷ total."
        yield "total_of_fraction", (*here, "measure", "how"), told
    if metric.unit == "fraction" and not isinstance(metric.measure, Growth):
        for path, value in _promised(metric, definitions):
            if abs(value) > LARGEST_SHARE:
                told = f"a fraction is kept as 0.95, not 95, and this is {value:g}. Divide it by 100."
                yield "percent_as_fraction", path, told
    if isinstance(metric.measure, Sum | Difference):
        units = {definitions.metrics[name].unit for name in operands(metric.measure)}
        if units and units != {metric.unit}:
            parts = ", ".join(sorted(units))
            told = f"{metric.unit} is made of {parts}. A {metric.measure.how} keeps the unit of its parts."
            yield "unit_differs", (*here, "unit"), told


def _promised(metric: Metric, definitions: Definitions) -> Iterator[tuple[Path, float]]:
    """The values of a metric's targets and goals that stand in the files."""
    here: Path = ("metrics", metric.id, "target")
    match metric.target:
        case LinearTarget(start=start, end=end):
            yield (*here, "from", "value"), start.value
            yield (*here, "to", "value"), end.value
        case StepTarget(value=value) | FloorTarget(value=value) | CeilingTarget(value=value):
            yield (*here, "value"), value
        case BandTarget() as band:
            for field in ("low", "high", "value"):
                if (value := getattr(band, field)) is not None:
                    yield (*here, field), value
    for number, goal in enumerate(definitions.goals):
        if goal.metric == metric.id:
            yield ("goals", number, "value"), goal.value


def _decks(definitions: Definitions) -> Iterator[Question]:
    """Metrics in no deck, metrics in one too early, and variances from targets that nobody set."""
    metrics = definitions.metrics
    seen: dict[str, Path] = {}
    for _, path, name in shown(definitions):
        seen.setdefault(name, path)
    if metrics and not definitions.decks:
        yield "no_deck", ("metrics",), "no deck shows these metrics. Declare one under `decks`."
    for name, metric in metrics.items():
        if name in seen and metric.state in EARLY:
            told = f"{name} is {metric.state}, and a deck shows a metric once it is measured. Take it out."
            yield "too_early", seen[name], told
        elif definitions.decks and name not in seen and not metric.retired and metric.state not in EARLY:
            yield "no_deck", ("metrics", name), f"{metric.name} is in no deck. Place it, or retire it."
    for deck, outline in definitions.decks.items():
        for number, section in enumerate(outline.sections):
            for place, block in enumerate(section.blocks):
                here: Path = ("decks", deck, "sections", number, "blocks", place)
                match block:
                    case WeeksTableBlock(weeks_table=rows):
                        field = "weeks_table"
                    case MonthsTableBlock(months_table=rows):
                        field = "months_table"
                    case _:
                        continue
                for at, row in enumerate(rows):
                    varies = row.metric and row.show in ("variance", "variance_percent")
                    if varies and not _has_target(row.metric or "", definitions):
                        told = f"{row.metric} has no target to vary from, so this row stays empty. Set one."
                        yield "no_target_to_vary_from", (*here, field, at, "show"), told


def _has_target(name: str, definitions: Definitions) -> bool:
    return definitions.metrics[name].target is not None or name in definitions.targets


def _order(definitions: Definitions) -> Iterator[Question]:
    """Outputs that stand before an input that moves them: the room would discuss them without their cause."""
    metrics = definitions.metrics
    pairs = [(link.driver, link.driven) for link in definitions.links]
    for identity in definitions.definitions:
        pairs += [(name, identity.metric) for many in identity.equals.values() for name in many]
    order: dict[str, dict[str, tuple[int, Path]]] = defaultdict(dict)
    for rank, (deck, path, name) in enumerate(shown(definitions)):
        order[deck].setdefault(name, (rank, path))
    for places in order.values():
        for driver, driven in dict.fromkeys(pairs):
            if metrics[driver].kind != "input" or metrics[driven].kind != "output":
                continue
            if driver in places and driven in places and places[driven][0] < places[driver][0]:
                told = f"{driven} comes before {driver}, which moves it. Put the input first."
                yield "output_before_input", places[driven][1], told


def _people(definitions: Definitions) -> Iterator[Question]:
    sections: dict[str, dict[tuple[str, int], None]] = defaultdict(dict)
    for deck, path, name in shown(definitions):
        if owner := definitions.metrics[name].owner:
            sections[owner][deck, int(path[3])] = None
    for owner, held in sections.items():
        for deck in definitions.decks:
            count = sum(1 for of, _ in held if of == deck)
            if count > MANY_SECTIONS:
                told = f"{owner} owns metrics in {count} sections of {deck}. Share them among more people."
                yield "many_sections", ("people", owner), told


def _events(definitions: Definitions) -> Iterator[Question]:
    """Recurring events that miss a year, or that have no year earlier to be compared with."""
    for number, event in enumerate(definitions.events):
        if event.kind != "recurring":
            continue
        same = [other for other in definitions.events if other.name == event.name]
        if same[0] is not event:
            continue
        years = {day.year for other in same for day in (*other.dates, *other.week_endings)}
        gaps = sorted(set(range(min(years), max(years))) - years)
        if gaps:
            told = f"{event.name} has no date in {', '.join(map(str, gaps))}. Add it, or comparisons miss it."
            yield "year_without_event", ("events", number), told
        elif event.pair_weeks and len(years) == 1:
            told = f"{event.name} has one year only, so its week has no week to meet. Add the year before."
            yield "year_without_event", ("events", number), told


def _series(definitions: Definitions) -> Iterator[Question]:
    """Series that nobody reads, and series that two sources fill."""
    read = {series for _, series, _ in series_read(definitions)}
    holders: dict[str, str] = {}
    for name, source in definitions.sources.items():
        if isinstance(source, LongSource):
            continue
        field, declared = (
            ("samples", source.samples) if isinstance(source, SampleSource) else ("series", source.series)
        )
        for place, series in enumerate(declared):
            path: Path = ("sources", name, field, place if isinstance(source, PushSource) else series)
            if series not in read:
                told = f"no metric reads the series {series!r}. Measure it, or leave it out."
                yield "unread_series", path, told
            if (other := holders.setdefault(series, name)) != name:
                told = f"{other!r} fills {series!r} too, and each load undoes the other's. Rename one."
                yield "series_twice", path, told


def _flywheel(definitions: Definitions) -> Iterator[Question]:
    for number, node in enumerate(definitions.nodes):
        if not node.metrics:
            told = f"no metric hangs on {node.name}, so its state cannot be shown. Name at least one."
            yield "node_without_metrics", ("nodes", number), told
    for number, link in enumerate(definitions.links):
        if link.stated is None:
            told = "a belief is tested on what came after it was stated. Add `stated:` with the day."
            yield "link_without_date", ("links", number), told
    for number, goal in enumerate(definitions.goals):
        if definitions.metrics[goal.metric].kind == "context":
            told = f"{goal.metric} is context, and nobody answers for its level. Choose another metric."
            yield "goal_on_context", ("goals", number, "metric"), told


def _rights(definitions: Definitions) -> Iterator[Question]:
    for role, acts in definitions.rights.items():
        for place, act in enumerate(acts):
            if act not in ACTS:
                told = f"{act!r} is no act that needs a right, so this gives none. {hint(act, ACTS)}"
                yield "unknown_act", ("rights", role, place), told


def _confidential(definitions: Definitions) -> Iterator[Question]:
    """Confidential metrics whose numbers others tell."""
    secret = {m.id for m in definitions.metrics.values() if m.confidential}
    open_ones = [m for m in definitions.metrics.values() if not m.confidential and not m.retired]
    for name in secret:
        metric, place = definitions.metrics[name], ("metrics", name, "confidential")
        if not definitions.people:
            told = "no people are declared, so there is nobody to keep it from. Declare `people`."
            yield "nobody_to_hide_from", place, told
        own = set(series_of(metric.measure))
        same = [m.id for m in open_ones if own.intersection(series_of(m.measure))]
        parts = set(operands(metric.measure))
        if parts and not parts & secret:
            same += sorted(parts)
        same += [
            m.id
            for m in open_ones
            if secret.intersection(operands(m.measure)) == {name} and not isinstance(m.measure, Growth)
        ]
        if same:
            others = ", ".join(dict.fromkeys(same))
            told = f"somebody may work it out from {others}. Keep that back as well, or know it."
            yield "worked_out", place, told


def _engine(definitions: Definitions) -> Iterator[Question]:
    engine = definitions.store.engine
    if engine != "duckdb":
        for what in CANNOT:
            yield "engine_cannot", ("store", "engine"), f"A store on {engine} {what}."
    if engine == "clickhouse":
        what = "is open in one process at a time: run one dashboard, and stop it for `wbr load`"
        yield "engine_cannot", ("store", "engine"), f"A store on {engine} {what}."
    if engine == "spark":
        for what in SPARK_CANNOT:
            yield "engine_cannot", ("store", "engine"), f"A store on {engine} {what}."


def _files(registry: Registry) -> Iterator[Question]:
    """Tables that are named and not there yet; a deck shows them empty."""
    for place, path in small_files(registry.definitions):
        if registry.folder.is_absolute() and not (registry.folder / path).is_file():
            told = f"there is no file {path!r} in the workspace. Put it there, or mend the path."
            yield "no_file", place, told
