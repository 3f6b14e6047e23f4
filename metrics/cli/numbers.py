"""Commands that load numbers and take loads back."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from metrics.cli.shared import Folder, Form, Format, app, opened, print_json, shown_progress, somebody
from metrics.errors import SourceError
from metrics.store import LoadReport
from metrics.text import listed
from metrics.workspace import Workspace

NAMED = 6  # Sources in a question.


@app.command()
def load(
    sources: Annotated[
        list[str] | None, typer.Argument(help="Declared sources, or files by path; by default all sources.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="The source that files given by path belong to.")
    ] = None,
    keep_good: Annotated[
        bool, typer.Option("--keep-good", help="Load the good rows and keep the refused cells.")
    ] = False,
    whole: Annotated[
        bool,
        typer.Option("--whole", help="Ask queries for all days again, not only for those that may change."),
    ] = False,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Load sources; loading twice keeps nothing new. Prints kept, unchanged, restated, refused."""
    chosen = opened(workspace)
    names, files = parted(sources or [], source, chosen)
    with shown_progress("Loading") as progress:
        report = chosen.load(
            names, files=files, keep_good=keep_good, whole=whole, by=somebody(), progress=progress
        )
    if form is Form.json:
        print_json(load_form(report))
    else:
        typer.echo(load_words(report))


def load_form(report: LoadReport) -> dict[str, Any]:
    """What a load did, for other programs."""
    return {
        "load": report.load,
        "undoes": report.undoes,
        "version": report.version,
        "sources": [
            {
                "source": s.source,
                "kept": s.kept,
                "unchanged": s.unchanged,
                "restated": s.restated,
                "refused": s.refused,
                "rows": s.rows,
                "files": s.files,
                "series": s.series,
                "first_day": s.first_day.isoformat() if s.first_day else None,
                "last_day": s.last_day.isoformat() if s.last_day else None,
            }
            for s in report.sources
        ],
        "notices": list(report.notices),
    }


def load_words(report: LoadReport) -> str:
    """What a load did, as a table a person reads."""
    titles = ("source", "kept", "unchanged", "restated", "refused", "rows", "last day")
    rows = [
        (
            s.source,
            *(f"{n:,}" for n in (s.kept, s.unchanged, s.restated, s.refused, s.rows)),
            s.last_day.isoformat() if s.last_day else "—",
        )
        for s in report.sources
    ]
    widths = [max(len(row[i]) for row in [titles, *rows]) for i in range(len(titles))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in [titles, *rows]
    ]
    lines += [f"Note: {notice}" for notice in report.notices]
    if report.undoes is not None:
        lines.append(f"Load {report.undoes} is undone; this is load {report.load}.")
    elif report.load is None:
        lines.append("Nothing changed.")
    else:
        lines.append(f"This is load {report.load}. To take it back: wbr undo {report.load}")
    return "\n".join(line.rstrip() for line in lines)


def parted(
    words: Sequence[str], source: str | None, workspace: Workspace
) -> tuple[list[str], dict[str, list[Path]]]:
    """Sources by name apart from files by path; a file belongs to the source that declares it."""
    names = [w for w in words if w in workspace.all_sources]
    files: dict[str, list[Path]] = {}
    for word in words:
        if word in names:
            continue
        path = Path(word)
        if not path.is_file():
            if path.suffix:
                raise SourceError(f"{word} is not there. Name a file that exists, or a declared source.")
            workspace.source(word)  # Neither a source nor a file: the hint names the sources.
        files.setdefault(source or workspace.source_of(path), []).append(path)
    return names, files


@app.command()
def undo(
    load: Annotated[int, typer.Argument(help="Number of the load, as `wbr load` printed it.")],
    workspace: Folder = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, as where nobody can answer.")] = False,
    form: Format = Form.text,
) -> None:
    """Take a load back: its values stay in history, the current ones are those before it."""
    chosen = opened(workspace)
    if not yes and sys.stdin.isatty():  # A script cannot answer, and named the load.
        _ask(chosen, load)
    report = chosen.undo(load, by=somebody())
    if form is Form.json:
        print_json(load_form(report))
    else:
        typer.echo(load_words(report))


def _ask(workspace: Workspace, load: int) -> None:
    """Say what a load brought, and ask whether to take it back; one that cannot be is refused later."""
    told = workspace.loads()
    found = told[(told["load"] == load) & (told["what"] == "load") & told["undone_at"].isna()]
    for row in found.to_dict("records"):
        by = f" by {row['by']}" if row["by"] else ""
        told_of = row["sources"].split(", ")
        if len(told_of) > NAMED:
            told_of = [*told_of[:NAMED], f"{len(told_of) - NAMED} more"]
        typer.confirm(
            f"Load {load} of {row['loaded_at']:%Y-%m-%d %H:%M} UTC{by} told {listed(told_of)}: "
            f"{row['kept']:,} values kept, {row['restated']:,} restated. What stood before it stands again, "
            "save where a later load told another value. To have it back, load again. Take it back?",
            abort=True,
            err=True,
        )
