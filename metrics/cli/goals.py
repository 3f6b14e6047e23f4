"""Commands about goals, and what drove a change."""

from enum import StrEnum
from typing import Annotated

import typer

from metrics.cli.shared import (
    Folder,
    Form,
    Format,
    Where,
    a_day,
    a_week,
    app,
    opened,
    print_json,
    shown_progress,
    sliced,
)
from metrics.workspace.drivers import change_form
from metrics.workspace.goals import goal_form


class PeriodOf(StrEnum):
    """The periods that are compared."""

    week = "week"
    month = "month"
    quarter = "quarter"
    year = "year"


@app.command()
def goals(
    week: Annotated[str, typer.Option(help="Last day of the week, or `latest`.")] = "latest",
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Print where each goal stands and lands, the status proposed, and the one finance set."""
    from metrics.workspace import goal_words

    chosen = opened(workspace)
    with shown_progress("Goals") as progress:
        tracks = chosen.goals.tracks(a_week(week, chosen), progress=progress)
    if form is Form.json:
        print_json({"rows": [goal_form(track) for track in tracks]})
        return
    currency = chosen.definitions.company.currency
    for track in tracks:
        status = track.status or track.proposed
        told = f"{status}{'' if track.status else ' proposed'}" if status else "no forecast"
        period = goal_words.period(track.period, chosen.calendar)
        typer.echo(f"{track.goal.name} ({period}): {told}")
        said = goal_words.landing(track, currency), goal_words.against_plan(track, currency)
        typer.echo(f"  {' '.join(filter(None, said))}")
    typer.echo(" ".join((goal_words.summary(tracks), goal_words.bar(tracks))))


@app.command()
def drivers(
    metric: Annotated[str, typer.Argument(help="The metric.")],
    start: Annotated[str, typer.Option("--from", help="A day of the earlier period: 2026-05-02.")],
    end: Annotated[str, typer.Option("--to", help="A day of the later one.")],
    span: Annotated[PeriodOf, typer.Option(help="What to compare.")] = PeriodOf.week,
    by: Annotated[
        list[str] | None,
        typer.Option(
            help="A dimension, or `factors`; by default all, ranked. Several are split by each combination."
        ),
    ] = None,
    top: Annotated[
        int, typer.Option(min=1, max=1000, help="Parts told of a combination; the others are one row.")
    ] = 10,
    where: Where = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Print what made up the change of a metric between two weeks, months, quarters or years."""
    from metrics.workspace import driver_words
    from metrics.workspace.drivers import CROSSED, parts_of

    chosen = sliced(opened(workspace), where)
    room = chosen.drivers
    before, after = (room.period(a_day(word) or chosen.default_week(), span.value) for word in (start, end))
    change = room.change(metric, before, after, CROSSED.join(dict.fromkeys(by)) if by else None)
    if form is Form.json:
        print_json(change_form(change))
        return
    currency = chosen.definitions.company.currency
    typer.echo(driver_words.headline(change, currency))
    if change.why_not and change.why_not not in driver_words.TOLD:
        typer.echo(driver_words.why_not(change))
    for split in change.splits:
        typer.echo(f"{driver_words.dimension(split.by)}: {driver_words.story(change, split, currency)}")
        if CROSSED in split.by:
            for part in parts_of(split, top):
                moved = driver_words.moved(part.total, change.metric.unit, currency)
                typer.echo(f"  {driver_words.marked(part.segment, split)}: {moved}")
