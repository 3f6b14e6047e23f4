"""The workspace as YAML that a person would have written: what stands where, and why."""

from collections.abc import Sequence
from typing import get_args

from metrics.definitions import Weekday
from metrics.ingest.naming import better, comment, scalar
from metrics.ingest.wbr_app import written as wbr
from metrics.ingest.wbr_app.outline import Event, Grid, Panel, Workspace
from metrics.ingest.wbr_app.sources import Origin, Source
from metrics.ingest.wbr_app.written import Folded, Heading


def workspace_yaml(workspace: Workspace, origin: Origin, events: Sequence[Event], told: wbr.Told) -> str:
    """workspace.yaml: the company, its calendar, events and sources."""
    setup = workspace.setup
    weekday = get_args(Weekday)[setup.week_ending.weekday()]
    amounts = [name for name in workspace.own if workspace.units[name] == "currency"]
    if amounts and workspace.currency is None:
        told.tell(
            1, "config",
            f"wbr-app knows no currency; USD is assumed for {', '.join(map(comment, amounts[:5]))}"
            f"{', …' if amounts[5:] else ''}. Change company.currency in workspace.yaml if that is wrong.",
        )  # fmt: skip
    lines = [
        "# Made from a wbr-app configuration. All *.yaml here are read; `wbr check` finds mistakes.",
        f"# The configuration showed the week ending {setup.week_ending}:",
        f"#   wbr deck --week {setup.week_ending}",
        "",
        "company:",
        "  # wbr-app knows no company; this is the deck's title.",
        f"  name: {scalar(setup.title)}",
        f"  currency: {workspace.currency or 'USD'}",
        "  # Decides when a week is over; for example America/New_York.",
        "  time_zone: UTC",
        "",
        "calendar:",
        f"  week_ends_on: {weekday}",
        f"  fiscal_year_ends: {setup.year_ends}",
        "  pattern: calendar",
    ]
    if setup.week_number is not None:
        lines.append(f"  week_number: {{week_ending: {setup.week_ending}, number: {setup.week_number}}}")
    lines += [
        f"  months_axis: {setup.axis}",
        "",
        "# true: a metric without an owner leaves the deck and is listed on page 0.",
        "require_owner: false",
        "# strict: a week or month with a missing day shows nothing, instead of too little; or lenient.",
        "missing_days: strict",
        "",
    ]
    if events:
        lines.append("# The annotations. Recurring events (Easter, Black Friday) belong here too.\nevents:")
    for event in events:
        lines.append(
            f"  - {{name: {scalar(event.name)}, kind: one_off, dates: [{', '.join(map(str, event.days))}], "
            f"scope: [{', '.join(event.scope)}], because: {scalar(event.because)}}}"
        )
    if events:
        lines.append("")
    if origin.connections:
        lines.append("connections:")
        lines += [f"  {name}: {{url_env: {variable}}}" for name, variable in origin.connections.items()]
        lines.append("")
    lines.append("sources:")
    for source in workspace.sources:
        lines += _source_lines(workspace, source)
    return "\n".join(lines) + "\n"


def _source_lines(workspace: Workspace, source: Source) -> list[str]:
    series = {name: column for (of, column), name in workspace.series.items() if of == source.id}
    if not series:
        return [f"  # {source.id}: no metric reads it, so it is not declared."]
    form = f", format: {scalar(source.day_format)}" if source.day_format else ""
    lines = [
        f"  {source.id}:",
        f"    {source.place}",
        f"    date: {{column: {scalar(source.day)}{form}}}",
        '    thousands: ","',
    ]
    if source.segments:
        lines.append(
            f"    segments: [{', '.join(map(scalar, source.segments))}]   # tell the rows of one day apart"
        )
    lines.append("    series:   # series id: column")
    lines += [f"      {name}: {scalar(column)}" for name, column in series.items()]
    used = {source.day, *source.segments, *series.values()}
    if unused := [comment(c) for c in source.header or () if c not in used and c.strip()]:
        lines.append(f"      # no metric uses: {', '.join(dict.fromkeys(unused))}")
    return lines


def metrics_yaml(workspace: Workspace) -> str:
    """metrics.yaml: every metric, those the deck computes by itself (growth) last."""
    lines = [
        "# What is watched, and how the days of a period become one value.",
        "#",
        "# kind    input: a team can act on it this week; output: it follows; context: it only explains.",
        "#         wbr-app does not tell them apart, so all are outputs; the inputs are worth finding first.",
        "# owner   the one person who explains it in the room, declared under `people`; null until then.",
        "# better  up, down, band or none; guessed from the name, and decides words and colour only.",
        "# unit    count, currency, fraction (0.05 is 5%), number, …; taken from y_scaling and the name.",
        "",
        "metrics:",
    ]
    for name in workspace.own:
        lines += [*_metric_lines(workspace, name), ""]
    for name, base in workspace.growths.items():
        lines += [
            f"  {workspace.ids[name]}:",
            f"    name: {scalar(workspace.names[name])}",
            "    kind: output",
            "    owner: null",
            "    unit: fraction",
            f"    better: {better(base)}",
            f"    measure: {{how: growth, of: {workspace.ids[base]}}}",
            "",
        ]
    return "\n".join(lines)


def _metric_lines(workspace: Workspace, name: str) -> list[str]:
    metric, unit = workspace.metrics[name], workspace.units[name]
    measure = metric.measure
    lines = [
        f"  {workspace.ids[name]}:",
        f"    name: {scalar(workspace.names[name])}",
        "    kind: output",
        "    owner: null",
        f"    unit: {unit}",
        f"    better: {better(name)}",
    ]
    if isinstance(measure, Folded):
        series = workspace.series[measure.source, measure.column]
        pairs = ", ".join(f"{scalar(column)}: {scalar(value)}" for column, value in measure.where)
        where = f", where: {{{pairs}}}" if pairs else ""
        lines.append(f"    measure: {{how: {measure.how}, series: {series}{where}}}")
    else:
        of = ", ".join(map(workspace.operand, measure.of))
        lines.append(f"    measure: {{how: {measure.how}, of: [{of}]}}")
    if metric.in_bps:
        lines.append("    compare: bps")
    elif unit == "fraction":
        lines.append(
            "    compare: percent   # as in wbr-app; without this line a fraction is compared in bps"
        )
    if name in workspace.targets:
        planned = workspace.metrics[workspace.targets[name]].measure
        if isinstance(planned, Folded):
            series = workspace.series[planned.source, planned.column]
            lines.append(f"    target: {{style: series, series: {series}}}")
    return lines


def deck_yaml(workspace: Workspace) -> str:
    """deck.yaml: sections and blocks in reading order."""
    setup = workspace.setup
    lines = [
        "# What the deck shows, in reading order. A bare metric id is its 6-12 chart.",
        "",
        "decks:",
        "  company:",
        f"    title: {scalar(setup.title)}",
    ]
    if setup.first_number != 1:
        lines.append(f"    first_number: {setup.first_number}")
    lines.append("    sections:")
    blocks = workspace.blocks
    if not blocks or not isinstance(blocks[0], Heading):
        blocks = (Heading(setup.title), *blocks)
    for block, following in zip(blocks, (*blocks[1:], None), strict=True):
        if isinstance(block, Heading):
            empty = following is None or isinstance(following, Heading)
            lines += [f"      - title: {scalar(block.title)}", f"        blocks:{' []' if empty else ''}"]
        else:
            lines += (
                _panel_lines(workspace, block) if isinstance(block, Panel) else _grid_lines(workspace, block)
            )
    return "\n".join(lines) + "\n"


def _panel_lines(workspace: Workspace, panel: Panel) -> list[str]:
    ids = workspace.ids
    axis = panel.axis if panel.axis != workspace.setup.axis else None
    title = panel.title if panel.title != workspace.names[panel.primary] or panel.secondary else None
    parts = [f"primary: {ids[panel.primary]}"]
    if panel.secondary is not None:
        parts.append(f"secondary: {ids[panel.secondary]}")
    if panel.target is not None:
        parts.append(f"target: {ids[panel.target]}")
    if len(parts) == 1 and title is None and axis is None:
        return [f"          - {ids[panel.primary]}"]
    more = (f", title: {scalar(title)}" if title else "") + (f", months_axis: {axis}" if axis else "")
    return [f"          - {{chart: {{{', '.join(parts)}}}{more}}}"]


def _grid_lines(workspace: Workspace, grid: Grid) -> list[str]:
    lines = [f"          - {grid.kind}:"]
    for row in grid.rows:
        parts = [f"header: {scalar(row.header)}"]
        if row.metric is not None:
            parts.append(f"metric: {workspace.ids[row.metric]}")
        if row.target_of is not None:
            parts.append(f"target_of: {workspace.ids[row.target_of]}")
        if row.show != "value":
            parts.append(f"show: {row.show}")
        lines.append(f"              - {{{', '.join(parts)}}}")
    if grid.title:
        lines.append(f"            title: {scalar(grid.title)}")
    if grid.axis and grid.axis != workspace.setup.axis:
        lines.append(f"            months_axis: {grid.axis}")
    return lines
