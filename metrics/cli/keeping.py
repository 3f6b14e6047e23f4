"""Commands that keep a workspace safe: backup and restore."""

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from metrics.cli.shared import Folder, Form, Format, app, found, opened, print_json
from metrics.text import counted
from metrics.workspace import backup as files


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The new file.")],
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Write series, journal, published decks and definitions into one file."""
    told = files.backup(opened(workspace), file)
    if form is Form.json:
        print_json(told)
    else:
        size = file.stat().st_size / 1e6
        typer.echo(f"{file}: {counted(len(told['files']), 'file')}, {size:.1f} MB. Back: wbr restore {file}")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `wbr backup` wrote.")],
    workspace: Annotated[
        Path | None,
        typer.Option("--workspace", "-w", help="The folder to restore into; by default the workspace."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Move the store and the journal that are there aside first.")
    ] = False,
    form: Format = Form.text,
) -> None:
    """Put a backup into a new folder, or in place of a damaged store and journal."""
    folder = workspace if workspace is not None else found(None)
    journal = os.environ.get("WBR_JOURNAL", "")
    told = files.restore(file, folder, datetime.now().astimezone(), journal=journal, replace=replace)
    if form is Form.json:
        print_json(told)
        return
    aside = f" What was there is in {told['aside']}." if told["aside"] else ""
    typer.echo(f"{folder} is as it was on {told['made_at']}.{aside} Hold it against its chain: wbr audit")
