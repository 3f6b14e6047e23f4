"""Commands about whether inputs move outputs."""

from typing import Annotated

import typer

from metrics.cli.shared import Folder, Form, Format, a_week, app, opened, print_json


@app.command()
def correlations(
    output: Annotated[str | None, typer.Option("--output", help="Only what may drive this metric.")] = None,
    until: Annotated[str, typer.Option(help="Last day of the newest week used, or `latest`.")] = "latest",
    every: Annotated[
        bool, typer.Option("--all", help="Print also the pairs of which nothing can be said.")
    ] = False,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Print which metrics move before which, over all pairs and lags, clearest first."""
    from metrics.workspace import evidence

    chosen = opened(workspace)
    found = chosen.evidence.correlations(output, a_week(until, chosen))
    if form is Form.json:
        print_json(evidence.correlations_form(found))
    else:
        typer.echo(evidence.correlations_words(found, chosen.definitions, every=every))


@app.command()
def links(
    until: Annotated[str, typer.Option(help="Last day of the newest week used, or `latest`.")] = "latest",
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Print the stated links, and whether the data agree with each."""
    from metrics.workspace import evidence

    chosen = opened(workspace)
    week = a_week(until, chosen)
    tests = chosen.evidence.links(week, chosen.beliefs.standing())
    if form is Form.json:
        told = [evidence.link_form(test) for test in tests]
        print_json({"schema": "sixtwelve.links/1", "until": week.isoformat(), "rows": told})
    else:
        typer.echo(evidence.links_words(tests, chosen.definitions))
