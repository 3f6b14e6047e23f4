"""Commands that import what people keep in files: targets, plans, annotations."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from metrics.cli.shared import By, Folder, Form, Format, Reason, app, opened, print_json, somebody
from metrics.text import counted

Dry = Annotated[bool, typer.Option("--dry-run", help="Only say what would come of it.")]
File = Annotated[
    Path, typer.Argument(help="CSV or workbook (its first sheet), columns named in the first row.")
]


@app.command("import-targets")
def import_targets(
    file: File,
    because: Reason = "",
    dry_run: Dry = False,
    by: By = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Import targets by week, or a plan by month, which is spread over the days as the year before went.

    Columns: metric, value, and week_ending or month (2026-05). The same file twice changes nothing.
    """
    told = opened(workspace).importing.targets(file, by=by or somebody(), because=because, dry=dry_run)
    if form is Form.json:
        print_json({"dry_run": dry_run, "metrics": [asdict(one) for one in told]})
        return
    for one in told:
        rows = counted(one.rows, one.grain)
        typer.echo(f"{one.metric}: {rows}, {one.added} new, {one.changed} changed.")
        for note in one.notes:
            typer.echo(f"- {note}")
    changed = any(one.added or one.changed for one in told)
    done = "Written to targets/ and loaded." if changed else "Nothing changed."
    typer.echo("Nothing was written." if dry_run else done)


@app.command("import-annotations")
def import_annotations(
    file: File,
    dry_run: Dry = False,
    by: By = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Import annotations; one that stands already is left as it is. Columns: metric, date, text."""
    told = opened(workspace).importing.annotations(file, by=by or somebody(), dry=dry_run)
    if form is Form.json:
        print_json({"dry_run": dry_run, **asdict(told)})
        return
    would = "would be added" if dry_run else "added"
    typer.echo(f"{counted(told.added, 'annotation')} {would}, {told.known} known already.")
