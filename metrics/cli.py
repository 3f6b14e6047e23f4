"""`wbr`: the weekly business review from a terminal.

A command only translates: it asks the workspace and prints what it says.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from shutil import copyfile, copytree
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from metrics import ingest, open_workspace, registry
from metrics.errors import DefinitionError, MetricsError, SourceError
from metrics.ingest import draft, wbr_app
from metrics.shipped import shipped
from metrics.store import LoadReport
from metrics.text import counted
from metrics.workspace import Workspace

app = typer.Typer(
    help="The weekly business review in your terminal.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Folder = Annotated[
    Path | None,
    typer.Option(
        "--workspace", "-w", help="The workspace; else the current folder if it is one, else $WBR_WORKSPACE."
    ),
]
Port = Annotated[int, typer.Option(help="Port of the dashboard.", min=1, max=65535)]


class Form(StrEnum):
    """How a command answers."""

    text = "text"
    json = "json"


class DeckForm(StrEnum):
    """The forms of a deck."""

    json = "json"
    html = "html"


Format = Annotated[Form, typer.Option("--format", help="json: one document on stdout and nothing else.")]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command, then exit: 0 if it worked, 1 with the reason on stderr if it did not."""
    try:
        app(arguments)
    except BrokenPipeError:  # `wbr … | head` closed its end.
        sys.stderr.close()
        raise SystemExit(1) from None
    except (MetricsError, OSError) as error:
        typer.echo(error, err=True)
        raise SystemExit(1) from error


# --- what commands share ---------------------------------------------------------------------


def found(folder: Path | None) -> Path:
    """The folder of the workspace that a command works on."""
    if folder is not None:
        return folder
    here = Path.cwd()
    if any(here.glob("*.yaml")) or any(here.glob("*.yml")):
        return here
    if named := os.environ.get("WBR_WORKSPACE"):
        return Path(named)
    raise DefinitionError(
        f"{here} is not a workspace: it has no YAML file. Go into one, name it with --workspace, "
        "or make one with `wbr init DIR`."
    )


def opened(folder: Path | None) -> Workspace:
    """The workspace that a command works on."""
    return open_workspace(found(folder), journal=os.environ.get("WBR_JOURNAL", ""))


@contextmanager
def shown_progress(title: str) -> Iterator[Callable[[str, float], None]]:
    """A progress bar on stderr; nothing where stderr is not a terminal."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%")
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda step, share: bar.update(task, description=f"{title}: {step}", completed=share)


def a_week(word: str, workspace: Workspace) -> date:
    """The week a person named: `latest`, or the date it ends on."""
    if word == "latest":
        return workspace.default_week()
    try:
        return workspace.calendar.week(date.fromisoformat(word)).last
    except ValueError as error:
        raise typer.BadParameter(f"{word!r} is not a date. Write it as 2026-05-09, or `latest`.") from error


def a_moment(word: str | None, workspace: Workspace) -> datetime | None:
    """The moment a person named; without a zone it is the company's, without a time the day's end."""
    if word is None:
        return None
    try:
        moment = datetime.fromisoformat(word)
    except ValueError as error:
        raise typer.BadParameter(f"{word!r} is not a time. Write it as 2026-05-09T18:00.") from error
    if len(word) == len("2026-05-09"):
        moment = moment.replace(hour=23, minute=59, second=59, microsecond=999_999)
    zone = ZoneInfo(workspace.definitions.company.time_zone)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def print_json(document: Any) -> None:
    """One JSON document on stdout."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False))


# --- workspaces ------------------------------------------------------------------------------


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to put the demo company.")] = Path("wrenfield"),
    port: Port = 8501,
    serve: Annotated[bool, typer.Option(help="Open the dashboard when it is loaded.")] = True,
) -> None:
    """Write the demo company Wrenfield, load it, and serve its dashboard."""
    from metrics.demo import wrenfield  # Here: no other command needs the simulator.

    model = shipped("data") / "wrenfield"
    if folder.resolve() != model.resolve():
        if folder.is_dir() and any(folder.iterdir()) and not (folder / "company.yaml").exists():
            raise DefinitionError(f"{folder} holds other files. Name an empty folder for the demo company.")
        copytree(model, folder, dirs_exist_ok=True)
    with shown_progress("Wrenfield") as progress:
        wrenfield.build(
            folder, progress=lambda step, done, of: progress(f"building {step}", done / max(of, 1) * 0.7)
        )
        workspace = open_workspace(folder)
        report = workspace.load(by="demo", progress=lambda step, share: progress(step, 0.7 + share * 0.3))
    typer.echo(
        f"{workspace.definitions.company.name} is loaded in {folder}: "
        f"{len(workspace.definitions.metrics)} metrics, {sum(s.rows for s in report.sources):,} rows."
    )
    if serve:
        serve_dashboard(folder, port)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The new workspace; made if it is not there.")],
    source: Annotated[
        Path | None, typer.Option("--from", help="A CSV, Excel or Parquet file to draft definitions for.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Name of the company on the deck.")] = None,
) -> None:
    """Make a new workspace; with a file, draft definitions for its numbers and load it."""
    refuse_full(folder)
    if source is None:
        write(folder, draft.starter(title or folder.resolve().name))
        typer.echo(
            f"{folder} is a workspace now. Declare sources and metrics in workspace.yaml, "
            "then `wbr check` and `wbr load`."
        )
        return
    if not source.is_file():
        raise SourceError(f"{source} is not there. Name a CSV, Excel or Parquet file that exists.")
    profile = ingest.profile(source)
    name = title or source.stem.replace("_", " ").replace("-", " ").strip().capitalize()
    texts = draft.draft(profile, source.name, name, datetime.now(UTC).date())
    write(folder, texts)
    copyfile(source, folder / source.name)
    report_first_load(folder, profile.notes)


@app.command("import-wbr-app")
def import_wbr_app(
    config: Annotated[Path, typer.Argument(help="A wbr-app YAML file.")],
    csv: Annotated[Path | None, typer.Argument(help="Its CSV file.")] = None,
    into: Annotated[Path, typer.Option(help="The new workspace.")] = Path("wbr"),
) -> None:
    """Turn a wbr-app configuration (and its CSV) into a workspace, and say what could not be carried over."""
    refuse_full(into)
    text = wbr_app.configuration(config)
    header, rows = wbr_app.table(csv) if csv else (None, iter(()))
    remarks = wbr_app.annotations(wbr_app.annotation_files(text), config.parent)
    converted = wbr_app.convert(text, header, csv.name if csv else None, rows=rows, annotations=remarks)
    write(into, converted.files)
    if csv and converted.csv_name:
        copyfile(csv, into / converted.csv_name)
    report_first_load(into, converted.not_carried, loads=csv is not None)


def refuse_full(folder: Path) -> None:
    """Refuse to write a workspace where something else is."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DefinitionError(f"{folder} is not an empty folder. Name a new one; nothing was written.")


def write(folder: Path, texts: dict[str, str]) -> None:
    """Write the text files of a workspace."""
    for path, text in texts.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def report_first_load(folder: Path, notes: Sequence[str], *, loads: bool = True) -> None:
    """Load a workspace just written and say what it holds and what to do next."""
    for note in notes:
        typer.echo(f"- {note}")
    workspace = open_workspace(folder)
    if loads:
        with shown_progress("Loading") as progress:
            workspace.load(by="init", progress=progress)
    typer.echo(
        f"{folder}: {counted(len(workspace.definitions.metrics), 'metric')}, "
        f"week ending {workspace.default_week()}. Open it: wbr serve --workspace {folder}"
    )


@app.command()
def check(
    workspace: Folder = None,
    form: Format = Form.text,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of a workspace, for editors.")
    ] = False,
) -> None:
    """Check the definitions: all mistakes of all files at once, with their lines, then advice."""
    if schema:
        print_json(registry.schema())
        return
    folder = found(workspace)
    checked = open_workspace(folder)
    definitions, findings = checked.definitions, checked.findings()
    if form is Form.json:
        print_json(
            {
                "workspace": str(folder),
                "metrics": len(definitions.metrics),
                "sources": len(definitions.sources),
                "links": len(definitions.links),
                "mistakes": [],
                "advice": [
                    {"code": f.code, "file": f.file, "line": f.line, "place": f.place, "message": f.message}
                    for f in findings
                ],
            }
        )
        return
    for finding in findings:
        typer.echo(f"{finding.file}, line {finding.line}, {finding.place}: {finding.message}")
    kinds = [
        counted(sum(m.kind == kind for m in definitions.metrics.values()), kind)
        for kind in ("input", "output", "context")
    ]
    typer.echo(
        f"{folder}: {counted(len(definitions.metrics), 'metric')} ({', '.join(kinds)}), "
        f"{counted(len(definitions.sources), 'source')}, {counted(len(definitions.links), 'link')}; "
        f"no mistakes, {counted(len(findings), 'piece')} of advice."
    )


# --- numbers ---------------------------------------------------------------------------------


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
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Load sources; loading twice keeps nothing new. Prints kept, unchanged, restated, refused."""
    chosen = opened(workspace)
    names, files = parted(sources or [], source, chosen)
    with shown_progress("Loading") as progress:
        report = chosen.load(names, files=files, keep_good=keep_good, by=somebody(), progress=progress)
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
            workspace.source(word)  # Neither a source nor a file: the hint names the sources.
        files.setdefault(source or workspace.source_of(path), []).append(path)
    return names, files


@app.command()
def undo(
    load: Annotated[int, typer.Argument(help="Number of the load, as `wbr load` printed it.")],
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Take a load back: its values stay in history, the current ones are those before it."""
    report = opened(workspace).undo(load, by=somebody())
    if form is Form.json:
        print_json(load_form(report))
    else:
        typer.echo(load_words(report))


def somebody() -> str:
    """Who runs the command, as the system names them."""
    return os.environ.get("USER") or os.environ.get("USERNAME") or "command line"


@app.command()
def deck(
    week: Annotated[str, typer.Option(help="Last day of the week, or `latest`.")] = "latest",
    as_of: Annotated[str | None, typer.Option("--as-of", help="Only what was known at this time.")] = None,
    name: Annotated[str | None, typer.Option("--deck", help="Id of the deck; by default the first.")] = None,
    form: Annotated[DeckForm, typer.Option("--format")] = DeckForm.json,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to a file instead of stdout.")
    ] = None,
    workspace: Folder = None,
) -> None:
    """Print one week's deck, or write it to a file."""
    from metrics.export import html
    from metrics.export import json as json_form

    chosen = opened(workspace)
    made = chosen.deck(a_week(week, chosen), a_moment(as_of, chosen), name)
    if form is DeckForm.json:
        text = json.dumps(json_form.as_json(made), ensure_ascii=False, indent=1, allow_nan=False)
    else:
        text = html.document(made)
    if output is None:
        typer.echo(text)
    else:
        output.write_text(text, encoding="utf-8")
        typer.echo(f"{made.title}, week ending {made.week_ending}: {output}", err=True)


@app.command()
def serve(
    workspace: Folder = None,
    port: Port = 8501,
) -> None:
    """Serve the dashboard on this machine."""
    serve_dashboard(found(workspace), port)


def serve_dashboard(folder: Path, port: int) -> None:
    """Start the dashboard and say where it is."""
    from metrics import ui  # Here: Streamlit takes a second to import, and no other command needs it.

    ui.serve(folder, port=port)


if __name__ == "__main__":
    main()
