"""What the deck of a wbr-app configuration shows, in the words of a workspace but still by its own names."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from metrics.definitions import Unit
from metrics.errors import hint
from metrics.ingest.naming import currency, is_money, slug, unique_ids
from metrics.ingest.wbr_app import written as wbr
from metrics.ingest.wbr_app.sources import Source, operands_of
from metrics.ingest.wbr_app.written import Folded, Heading, shown

LONGEST_NAME = 60  # Characters of an event's name; its whole text is kept as the reason.
_SCALING = re.compile(r"(?P<sign>[$€£]?)#*(?:\.\d)?(?P<unit>BB|MM|KK|%|bps)?", re.IGNORECASE)


@dataclass(frozen=True)
class Panel:
    """A 6-12 chart: names of metrics, and of the metric whose target is drawn."""

    title: str | None
    axis: str | None
    primary: str
    secondary: str | None
    target: str | None


@dataclass(frozen=True)
class Cells:
    """A row of a table."""

    header: str
    metric: str | None = None
    target_of: str | None = None
    show: Literal["value", "yoy", "mom", "wow"] = "value"


@dataclass(frozen=True)
class Grid:
    """A weeks or months table."""

    kind: str
    title: str | None
    axis: str | None
    rows: tuple[Cells, ...]


@dataclass(frozen=True)
class Workspace:
    """All that is written, by the names of the configuration.

    Attributes:
        setup: Of the configuration.
        metrics: Everything read or computed.
        sources: Where it comes from.
        blocks: The deck.
        targets: Metric to the metric that holds its targets.
        target_of: The reverse: the first metric such a metric is the target of.
        growths: `PageViewsYOY` to `PageViews`, where a chart draws it.
        own: Metrics written as such; a metric that only holds targets is not.
        ids: Name to id.
        names: Name to display name.
        units: Name to unit.
        series: (source id, column) to series id.
        currency: ISO code that some amount states; None if none does.
    """

    setup: wbr.Setup
    metrics: Mapping[str, wbr.Metric]
    sources: tuple[Source, ...]
    blocks: tuple["Panel | Grid | Heading", ...]
    targets: Mapping[str, str]
    target_of: Mapping[str, str]
    growths: Mapping[str, str]
    own: tuple[str, ...]
    ids: Mapping[str, str]
    names: Mapping[str, str]
    units: Mapping[str, Unit]
    series: Mapping[tuple[str, str], str]
    currency: str | None

    def operand(self, name: str) -> str:
        """A metric as an operand of another: its id, or the target it stands for."""
        base = self.target_of.get(name)
        return self.ids[name] if base is None else f"{{target_of: {self.ids[base]}}}"


def workspace_of(
    config: wbr.Config, metrics: dict[str, wbr.Metric], sources: tuple[Source, ...], told: wbr.Told
) -> Workspace:
    """The configuration in the words of a workspace; what has no place there goes to `told`."""
    targets = _targets(config.blocks, metrics)
    target_of: dict[str, str] = {}
    for base, target in targets.items():
        target_of.setdefault(target, base)
    blocks: list[Panel | Grid | Heading] = []
    for block in config.blocks:
        if isinstance(block, wbr.Chart):
            blocks.extend(_panels(block, metrics, targets, target_of, told))
        elif isinstance(block, wbr.Table):
            blocks.extend(_grid(block, metrics, target_of, told))
        else:
            blocks.append(block)
    lines = [n for b in blocks if isinstance(b, Panel) for n in (b.primary, b.secondary) if n is not None]
    cells = [row.metric for b in blocks if isinstance(b, Grid) for row in b.rows if row.metric is not None]
    growths = {name: name.removesuffix("YOY") for name in lines if name not in metrics}
    shown_as_such = {*lines, *cells, *growths.values()}
    columns = [
        (m.measure.source, m.measure.column) for m in metrics.values() if isinstance(m.measure, Folded)
    ]
    # A column's name is its id; with several sources, the source's name stands in front.
    ids = unique_ids(column if len(sources) == 1 else f"{of}.{column}" for of, column in columns)
    series = {(of, column): ids[column if len(sources) == 1 else f"{of}.{column}"] for of, column in columns}
    return Workspace(
        setup=config.setup,
        metrics=metrics,
        sources=sources,
        blocks=tuple(blocks),
        targets=targets,
        target_of=target_of,
        growths=growths,
        own=tuple(name for name in metrics if name not in target_of or name in shown_as_such),
        ids=unique_ids([*metrics, *growths]),
        names=_names(config.blocks, [*metrics, *growths]),
        units=_units(config.blocks, metrics, told),
        series=series,
        currency=currency([*metrics, *(column for _, column in columns), *_scalings(config.blocks)]),
    )


def _targets(blocks: Sequence[wbr.Block], metrics: Mapping[str, wbr.Metric]) -> dict[str, str]:
    """Metric to the metric that holds its targets.

    A chart that draws one as the target of the other says so best; then names (`PageViews Target`)
    and columns (`PageViews__Target`) do. A target is folded as its metric is, so both must be
    columns with one way of folding and no filter.
    """
    by_name = {slug(name): name for name in metrics}
    targets: dict[str, str] = {}

    def pair(base: str | None, target: str) -> None:
        a, b = metrics.get(base or ""), metrics.get(target)
        if base is None or a is None or b is None or base == target or base in targets:
            return
        if base in targets.values() or target in targets:
            return
        x, y = a.measure, b.measure
        if isinstance(x, Folded) and isinstance(y, Folded) and x.how == y.how and not x.where and not y.where:
            targets[base] = target

    for block in blocks:
        if isinstance(block, wbr.Chart):
            primary = next((d.name for d in block.drawn if d.style != "target"), None)
            for drawn in block.drawn:
                if drawn.style == "target":
                    pair(primary, drawn.name)
    for name, metric in metrics.items():
        column = metric.measure.column if isinstance(metric.measure, Folded) else ""
        if wbr.TARGET.search(name):
            pair(by_name.get(slug(wbr.TARGET.sub("", name))), name)
        if wbr.TARGET.search(column) and (wbr.TARGET.search(name) or "__" in column):
            wanted = wbr.TARGET.sub("", column)
            for base, other in metrics.items():
                if isinstance(other.measure, Folded) and other.measure.column == wanted:
                    pair(base, name)
    return targets


def comparison(name: str, metrics: Mapping[str, wbr.Metric]) -> tuple[str, str] | None:
    """(metric, suffix) if `name` is one of the comparisons wbr-app makes by itself."""
    return next(
        (
            (name.removesuffix(s), s)
            for s in wbr.COMPARISONS
            if name.endswith(s) and name.removesuffix(s) in metrics
        ),
        None,
    )


def _panels(
    chart: wbr.Chart,
    metrics: Mapping[str, wbr.Metric],
    targets: Mapping[str, str],
    target_of: Mapping[str, str],
    told: wbr.Told,
) -> Iterator[Panel]:
    """The chart, with further charts for lines beyond the second; none if nothing of it is left."""
    place = f"deck chart {shown(chart.title or '')}"
    known = [d for d in chart.drawn if _drawable(d, place, metrics, told)]
    # The first line that is not expressly secondary leads; the secondary one follows it, then the rest.
    lines = [d for d in known if d.style != "target"]
    leading = next((d for d in lines if d.style == "primary"), None)
    lines.sort(key=lambda d: 0 if d is leading else 1 if d.style == "secondary" else 2)
    marks = [d for d in known if d.style == "target"]
    primary = lines[0].name if lines else None
    target: str | None = None
    for mark in marks:
        base = primary if primary and targets.get(primary) == mark.name else target_of.get(mark.name)
        if not lines or base is None:
            lines.append(mark)
            if len(lines) > 1:
                told.tell(
                    mark.line, place,
                    f"{shown(mark.name)} is drawn as a line, not as a target: a target is a column without "
                    f"filter, folded as its metric is, and this one is not so for {shown(primary)}.",
                )  # fmt: skip
        elif target is None:
            target = base
        else:
            told.tell(
                mark.line, place, f"the second target {shown(mark.name)} was left out: a chart has one."
            )
    if not lines:
        told.tell(chart.line, place, "was left out, because none of its metrics could be carried over.")
    if len(lines) > 2:
        told.tell(
            chart.line, place,
            f"has {len(lines)} lines; a chart holds two and a target. The others follow in charts of their "
            "own, so the numbers of later blocks move.",
        )  # fmt: skip
    for first in range(0, len(lines), 2):
        pair = [d.name for d in lines[first : first + 2]]
        title = chart.title and (chart.title if first == 0 else f"{chart.title} ({first // 2 + 1})")
        yield Panel(title, chart.axis, pair[0], pair[1] if pair[1:] else None, target if first == 0 else None)


def _near(name: str, known: Iterable[str]) -> str:
    """The likely meaning of a misspelt name, as a further sentence; the long list of all would not help."""
    said = hint(name, known)
    return f" {said}" if said.startswith("Did you mean") else ""


def _drawable(drawn: wbr.Drawn, place: str, metrics: Mapping[str, wbr.Metric], told: wbr.Told) -> bool:
    if drawn.name in metrics:
        return True
    compared = comparison(drawn.name, metrics)
    if compared is None:
        told.tell(
            drawn.line, place,
            f"{shown(drawn.name)} was left out: it is not among the metrics carried over."
            f"{_near(drawn.name, metrics)}",
        )  # fmt: skip
        return False
    base, suffix = compared
    if suffix == "YOY" and not metrics[base].in_bps:
        return True
    why = "in basis points is" if suffix == "YOY" else "on the week or month before is"
    told.tell(
        drawn.line, place,
        f"{shown(drawn.name)} was left out: a change {why} not a line; the box score under "
        f"{shown(base)} tells it.",
    )  # fmt: skip
    return False


def _grid(
    table: wbr.Table, metrics: Mapping[str, wbr.Metric], target_of: Mapping[str, str], told: wbr.Told
) -> Iterator[Grid]:
    place = f"deck table {shown(table.title or '')}"
    allowed = ("YOY", "WOW") if table.kind == "weeks_table" else ("YOY", "MOM")
    rows: list[Cells] = []
    for row in table.rows:
        if row.metric is None:
            rows.append(Cells(row.header))
        elif row.metric in target_of:
            rows.append(Cells(row.header, target_of=target_of[row.metric]))
        elif row.metric in metrics:
            rows.append(Cells(row.header, row.metric))
        elif (compared := comparison(row.metric, metrics)) and compared[1] in allowed:
            show: Literal["yoy", "wow", "mom"] = (
                "yoy" if compared[1] == "YOY" else "wow" if compared[1] == "WOW" else "mom"
            )
            rows.append(Cells(row.header, compared[0], show=show))
        else:
            why = (
                f"{compared[1]} does not belong to the columns of this table." if compared
                else f"it is not among the metrics carried over.{_near(row.metric, metrics)}"
            )  # fmt: skip
            told.tell(row.line, place, f"the row {shown(row.metric)} was left out: {why}")
    if rows:
        yield Grid(table.kind, table.title, table.axis, tuple(rows))
    else:
        told.tell(table.line, place, "was left out, because it has no rows.")


def _names(blocks: Sequence[wbr.Block], names: Sequence[str]) -> dict[str, str]:
    """The legend is the display name where all charts agree on it and no other metric has it."""
    legends: dict[str, set[str]] = defaultdict(set)
    for block in blocks:
        for drawn in block.drawn if isinstance(block, wbr.Chart) else ():
            if drawn.legend and drawn.name in names:
                legends[drawn.name].add(drawn.legend)
    agreed = {name: next(iter(said)) for name, said in legends.items() if len(said) == 1}
    times = Counter([*agreed.values(), *(name for name in names if name not in agreed)])
    return {name: agreed[name] if name in agreed and times[agreed[name]] == 1 else name for name in names}


def _units(blocks: Sequence[wbr.Block], metrics: Mapping[str, wbr.Metric], told: wbr.Told) -> dict[str, Unit]:
    """What a value counts, as y_scaling, the comparison and the name tell it; never a change of the value."""
    hints: dict[str, set[Unit | None]] = defaultdict(set)
    for block in blocks:
        for scaling, line, name in _scaled(block):
            if name in metrics and scaling is not None:
                match = _SCALING.fullmatch(scaling)
                if match is None:
                    told.tell(line, "y_scaling", f"{shown(scaling)} is unknown and was left out.")
                    continue
                share = (match["unit"] or "").lower() in ("%", "bps")
                hints[name].add("fraction" if share else "currency" if match["sign"] else None)
    units: dict[str, Unit] = {}
    waiting = list(metrics)
    while waiting:  # Operands first. Circles were refused before, so every round finds some.
        ready = [n for n in waiting if all(operand in units for operand in operands_of(metrics[n]))]
        for name in ready:
            units[name] = _unit(metrics[name], hints[name], units, told)
        waiting = [name for name in waiting if name not in units]
    return units


def _unit(metric: wbr.Metric, hinted: set[Unit | None], units: Mapping[str, Unit], told: wbr.Told) -> Unit:
    if metric.in_bps:
        return "fraction"
    if "fraction" in hinted and len(hinted) > 1:
        told.tell(
            metric.line, f"metrics.{metric.name}",
            "is shown both in % and otherwise; its unit was set to number. Choose the right one in "
            "metrics.yaml.",
        )  # fmt: skip
        return "number"
    if said := hinted - {None}:
        return next(unit for unit in said if unit is not None)
    if isinstance(metric.measure, Folded):
        if is_money(metric.name) or is_money(metric.measure.column):
            return "currency"
        return "count" if metric.measure.how in ("total", "first", "latest") else "number"
    shared = {units[operand] for operand in metric.measure.of}
    return shared.pop() if metric.measure.how in ("sum", "difference") and len(shared) == 1 else "number"


def _scalings(blocks: Sequence[wbr.Block]) -> Iterator[str]:
    for block in blocks:
        yield from (scaling for scaling, _, _ in _scaled(block) if scaling is not None)


def _scaled(block: wbr.Block) -> Iterator[tuple[str | None, int, str]]:
    if isinstance(block, wbr.Chart):
        yield from ((block.scaling, block.line, drawn.name) for drawn in block.drawn)
    elif isinstance(block, wbr.Table):
        yield from ((row.scaling, row.line, row.metric) for row in block.rows if row.metric is not None)


# --- annotations -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """A remark on the metrics of `scope` (ids); `name` is its start, `because` all of it."""

    name: str
    days: tuple[date, ...]
    scope: tuple[str, ...]
    because: str


def events_of(
    config: wbr.Config,
    workspace: Workspace,
    files: Mapping[str, Sequence[Mapping[str, str]]],
    told: wbr.Told,
) -> tuple[Event, ...]:
    """The annotations as events, the same remark on several metrics as one; by day."""
    remarks = list(config.annotations)
    for line, path in config.annotation_files:
        if path not in files:
            told.tell(
                line, "annotations",
                f"{shown(path)} was not at hand and was left out. Write its rows as `events` in "
                "workspace.yaml.",
            )  # fmt: skip
        for row in files.get(path, ()):
            if remark := wbr.annotation(line, row):
                remarks.append(remark)
            else:
                told.tell(
                    line, f"annotations {shown(path)}", "has a row without date, metric or text; left out."
                )
    scopes: dict[tuple[date, str], list[str]] = defaultdict(list)
    for remark in remarks:
        day = wbr.day_of(remark.day)
        name = remark.metric if remark.metric in workspace.metrics else None
        if name is None and (compared := comparison(remark.metric, workspace.metrics)):
            name = compared[0]
        if day is None or name is None:
            why = (
                f"{shown(remark.day)} is not a day; write it like 2021-09-25" if day is None
                else f"{shown(remark.metric)} is not among the metrics carried over"
            )  # fmt: skip
            told.tell(remark.line, "annotations", f"{shown(remark.text)} was left out: {why}.")
            continue
        metric = workspace.ids[name if name in workspace.own else workspace.target_of[name]]
        if metric not in scopes[day, remark.text]:
            scopes[day, remark.text].append(metric)
    days: dict[tuple[str, tuple[str, ...]], list[date]] = defaultdict(list)
    for (day, text), scope in sorted(scopes.items()):
        days[text, tuple(scope)].append(day)
    names = _unique_names(text for text, _ in days)
    return tuple(
        Event(name, tuple(fell), scope, text[:2000])
        for name, ((text, scope), fell) in zip(names, days.items(), strict=True)
    )


def _unique_names(texts: Iterable[str]) -> list[str]:
    """Each text cut to the length of a name; a second of the same name is numbered."""
    names: list[str] = []
    for text in texts:
        first = chosen = text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1].rstrip()}…"
        while chosen in names:
            chosen = f"{first} ({sum(name.startswith(first) for name in names) + 1})"
        names.append(chosen)
    return names
