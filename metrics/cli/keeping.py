"""Commands that keep a workspace safe: looking, backup and restore, going back, erasing a person."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from metrics.cli.shared import (
    By,
    Folder,
    Form,
    Format,
    Reason,
    a_day,
    app,
    found,
    journal_address,
    opened,
    print_json,
    somebody,
)
from metrics.engines import EngineStore
from metrics.errors import MetricsError
from metrics.store import Store, WayBack
from metrics.text import counted
from metrics.workspace import backup as files
from metrics.workspace import doctor as looking


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
        typer.echo(files.elsewhere(told), nl=bool(told["engine"]))


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
    journal = journal_address()
    told = files.restore(file, folder, datetime.now().astimezone(), journal=journal, replace=replace)
    if form is Form.json:
        print_json(told)
        return
    aside = f" What was there is in {told['aside']}." if told["aside"] else ""
    typer.echo(f"{folder} is as it was on {told['made_at']}.{aside} Hold it against its chain: wbr audit")
    typer.echo(files.elsewhere(told), nl=bool(files.elsewhere(told)))


@app.command()
def doctor(workspace: Folder = None, form: Format = Form.text) -> None:
    """Say what is wrong and what to do; nothing is changed. Ends with 1 if anything is wrong."""
    folder = found(workspace)
    told = looking.troubles(folder, datetime.now().astimezone(), journal=journal_address())
    wrong = sum(each.level == "wrong" for each in told)
    if form is Form.json:
        print_json({"workspace": str(folder), "wrong": wrong, "troubles": [asdict(each) for each in told]})
    else:
        for each in told:
            typer.echo(f"{each.level}: {each.what}\n       {each.do}")
        notes = counted(len(told) - wrong, "note")
        typer.echo(f"{folder}: {f'{wrong} wrong' if wrong else 'nothing is wrong'}, {notes}.")
    if wrong:
        raise typer.Exit(1)


@app.command()
def compact(
    since: Annotated[
        str, typer.Option("--since", help="A day: values that stood no more then are forgotten.")
    ],
    workspace: Folder = None,
    by: By = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    form: Format = Form.text,
) -> None:
    """Forget values that were corrected long ago, and give their room on the disk back."""
    chosen = opened(workspace)
    chosen.rooms.able(by or somebody())
    day = a_day(since)
    if day is None:
        raise typer.BadParameter("Name a day: --since 2026-01-01")
    chosen.rooms.start(day)
    if not yes:
        typer.confirm(
            f"What was known before {day} can be shown no more, and loads from before cannot be undone. "
            "Published decks stay as they are. Forget it?",
            abort=True,
            err=True,
        )
    before = chosen.rooms.taken()
    gone = chosen.rooms.compact(day, by=by or somebody())
    after = chosen.rooms.taken()
    sizes = [told.parts["numbers"] for told in (before, after)]
    if form is Form.json:
        print_json({"forgotten": gone, "bytes_before": sizes[0], "bytes": sizes[1]})
        return
    if not gone:
        typer.echo(f"Nothing to forget: every value that was ever told stood on {day} or later.")
        return
    typer.echo(
        f"{counted(gone, 'value')} forgotten; the numbers take {sizes[1] / 1e6:.1f} MB, "
        f"before {sizes[0] / 1e6:.1f}."
    )


def _store(folder: Path) -> Store | EngineStore:
    """The store of a workspace, also where its definitions have mistakes: then that of the folder."""
    try:
        return opened(folder).store
    except MetricsError:
        return Store(folder / files.STORE)


def _ahead(way: WayBack) -> str:
    """What will be there after going back, and what it takes back."""
    held = "It holds no load."
    if way.newest is not None:
        number, at, by = way.newest
        held = f"The newest load in it is {number}, of {at:%Y-%m-%d %H:%M} UTC{f', by {by}' if by else ''}."
    lost = "Nothing is set aside and no load is lost."
    if way.lost:
        after = f" after load {way.newest[0]}" if way.newest is not None else ""
        lost = (
            f"Set aside: {', '.join(_written(way.lost, way.written))}. What was loaded or undone there"
            f"{after} is lost; loading again brings back what the sources still tell."
        )
    return f"{way.copied} will be the store again. {held} {lost}"


def _written(names: Sequence[str], at: Sequence[float]) -> list[str]:
    return [
        f"{name} (written {datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M})"
        for name, seconds in zip(names, at, strict=True)
    ]


@app.command("step-back")
def step_back(
    workspace: Folder = None,
    by: By = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    form: Format = Form.text,
) -> None:
    """Go back to the newest generation of the store that is whole, where the current one is damaged."""
    store = _store(found(workspace))
    if not yes and isinstance(store, Store):  # An engine's refuses at once.
        typer.confirm(f"{_ahead(store.way_back())} Go back?", abort=True, err=True)
    told = store.step_back(by=by or somebody())
    loads = store.loads()
    newest = loads.iloc[0] if len(loads) else None
    if form is Form.json:
        print_json({"version": told.version, "copied": told.copied, "aside": list(told.aside)})
        return
    last = (
        f"The newest load in it is {newest['load']}, of {newest['loaded_at']:%Y-%m-%d %H:%M} UTC."
        if (newest is not None)
        else "It holds no load."
    )
    lost = _written(told.aside, told.written)
    aside = f" Set aside: {', '.join(lost)}; loads up to then are lost." if lost else ""
    typer.echo(
        f"{told.copied} is the store again, as {told.version}. {last}{aside} "
        "Load again, all that the sources still tell comes back: wbr load"
    )


@app.command()
def erase(
    person: Annotated[str, typer.Argument(help="Handle of the person.")],
    also: Annotated[
        list[str] | None, typer.Option(help="What else they are called; may be repeated.")
    ] = None,
    workspace: Folder = None,
    by: By = None,
    because: Reason = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    form: Format = Form.text,
) -> None:
    """Take a person out of the journal, the published decks and the list of loads, for good."""
    house = opened(workspace)
    if not yes:
        typer.confirm(
            f"The name of {person} becomes a token in {house.folder}, what they wrote is gone, and nothing "
            "but a backup brings it back. Erase?",
            abort=True,
            err=True,
        )
    told = house.erasing.erase(person, by=by or somebody(), because=because, also=also or ())
    if form is Form.json:
        print_json(asdict(told))
        return
    typer.echo(
        f"{person} is {told.token} now, in {counted(told.facts, 'fact')}, "
        f"{counted(told.editions, 'published deck')} and {counted(told.loads, 'load')}."
    )
    for place in told.left:
        typer.echo(f"- named still in {place}")
    if any(not place.startswith("journal.sqlite") for place in told.left):
        typer.echo(
            "Those files are yours: change them by hand, then run this again for what is shown from them."
        )
    if any(place.startswith("journal.sqlite") for place in told.left):
        typer.echo(
            "The journal holds the name as part of another word, or written in another way: never change it "
            "by hand. Run this again with --also and the word, if it is theirs."
        )
    typer.echo(
        "Backups taken before, journals kept beside this one, and files people downloaded or were sent hold "
        "the name still: replace or remove them. Hold the journal against its chain: wbr audit"
    )
