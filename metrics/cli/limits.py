"""Commands that decide about limits: dividers and excluded points."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from metrics.cli.shared import (
    By,
    Folder,
    Form,
    Format,
    a_week,
    app,
    opened,
    print_json,
    somebody,
)
from metrics.workspace import Workspace

LimitsWeek = Annotated[
    str | None, typer.Argument(help="Last day of the week; left out, all that was decided is listed.")
]


@app.command()
def divider(
    metric: Annotated[str, typer.Argument(help="Id of the metric.")],
    week: LimitsWeek = None,
    because: Annotated[str, typer.Option("--because", help="The cause, or why it ends.")] = "",
    end: Annotated[bool, typer.Option("--end", help="End the divider of that week.")] = False,
    by: By = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Declare that a new level of a metric begins with a week, or end a divider; without a week list them."""
    chosen, who = opened(workspace), by or somebody()
    if week is not None:
        act = chosen.limits.end_divider if end else chosen.limits.declare_divider
        act(metric, a_week(week, chosen), because, who)
    limits_told(chosen, metric, "divider", form)


@app.command()
def exclude(
    metric: Annotated[str, typer.Argument(help="Id of the metric.")],
    week: LimitsWeek = None,
    because: Annotated[str, typer.Option("--because", help="The cause, or why it is readmitted.")] = "",
    end: Annotated[bool, typer.Option("--end", help="Take that week back into the limits.")] = False,
    by: By = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Take a week with a known cause out of a metric's limits, or readmit it; without a week list them."""
    chosen, who = opened(workspace), by or somebody()
    if week is not None:
        act = chosen.limits.readmit if end else chosen.limits.exclude
        act(metric, a_week(week, chosen), because, who)
    limits_told(chosen, metric, "exclusion", form)


def limits_told(workspace: Workspace, metric: str, act: str, form: Form) -> None:
    """Print every divider, or every week left out, of a metric; those that were ended too."""
    told = [one for one in workspace.limits.standing(metric) if one.act == act]
    if form is Form.json:
        rows = [{**asdict(one), "stands": one.stands} for one in told]
        print_json({"metric": metric, "rows": json.loads(json.dumps(rows, default=lambda d: d.isoformat()))})
        return
    for one in told:
        ended = (
            f"; ended by {one.ended.by} on {one.ended.at:%Y-%m-%d}: {one.ended.because}" if one.ended else ""
        )
        typer.echo(f"{one.week_ending}  {one.because} ({one.by}, {one.at:%Y-%m-%d}){ended}")
    if not told:
        typer.echo(f"{metric} has no {act}.")
