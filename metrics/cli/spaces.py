"""Commands that make and check a workspace."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from shlex import quote
from shutil import copyfile, copytree, ignore_patterns
from typing import Annotated

import typer

from metrics import ingest, open_workspace, registry
from metrics.cli.shared import (
    Folder,
    Form,
    Format,
    Port,
    app,
    found,
    print_json,
    serve_dashboard,
    shown_progress,
)
from metrics.errors import DefinitionError, SourceError
from metrics.ingest import dbt, draft, wbr_app
from metrics.shipped import shipped
from metrics.text import counted

MADE_BY_PEOPLE = ("store", "journal.sqlite*", "published", "prepared")  # Not copied with the demo's text.


class Template(StrEnum):
    """The workspaces that come ready to open."""

    wrenfield = "wrenfield"
    recruiting = "recruiting"
    bikes = "bikes"


@app.command()
def demo(
    folder: Annotated[
        Path | None, typer.Argument(help="Where to put it; by default a folder named after the template.")
    ] = None,
    template: Annotated[
        Template,
        typer.Option(help="A company with people at work, a recruiting funnel, or real bicycle hires."),
    ] = Template.wrenfield,
    port: Port = 8501,
    serve: Annotated[bool, typer.Option(help="Open the dashboard when it is loaded.")] = True,
) -> None:
    """Write the demo company Wrenfield or another template, load it, and serve its dashboard."""
    into = folder or Path(template.value)
    model = shipped("data") / template.value
    if into.resolve() != model.resolve():
        own = next(model.glob("*.yaml")).name if template is not Template.wrenfield else "company.yaml"
        if into.is_dir() and any(into.iterdir()) and not (into / own).exists():
            raise DefinitionError(f"{into} holds other files. Name an empty folder for the demo company.")
        copytree(model, into, dirs_exist_ok=True, ignore=ignore_patterns(*MADE_BY_PEOPLE))
    if template is Template.wrenfield:
        _build_wrenfield(into)
    else:
        report_first_load(into, ())
    if serve:
        serve_dashboard(into, port)


def _build_wrenfield(folder: Path) -> None:
    """Simulate the demo company's numbers, load them, and let its people work."""
    from metrics.demo import living, wrenfield  # Here: no other command needs the simulator.

    with shown_progress("Wrenfield") as progress:
        wrenfield.build(
            folder, progress=lambda step, done, of: progress(f"building {step}", done / max(of, 1) * 0.5)
        )
        workspace = open_workspace(folder)
        if not workspace.version:
            plans = [name for name in workspace.all_sources if name.startswith("targets:")]
            told = [ingest.read(n, workspace.source(n), folder, calendar=workspace.calendar) for n in plans]
            workspace.store.add(told, living.PLANNED, by=living.PLANNER)
        report = workspace.load(by="demo", progress=lambda step, share: progress(step, 0.5 + share * 0.25))
        if not workspace.journal.version:
            living.live(folder, progress=lambda step, share: progress(step, 0.75 + share * 0.25))
    typer.echo(
        f"{workspace.definitions.company.name} is loaded in {folder}: "
        f"{counted(len(workspace.definitions.metrics), 'metric')}, "
        f"{counted(sum(s.rows for s in report.sources), 'row')}."
    )


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The new workspace; made if it is not there.")],
    source: Annotated[
        Path | None, typer.Option("--from", help="A CSV, Excel or Parquet file to draft definitions for.")
    ] = None,
    from_dbt: Annotated[
        Path | None,
        typer.Option("--from-dbt", help="The target folder of a dbt project, to draft its metrics."),
    ] = None,
    template: Annotated[
        Template | None, typer.Option(help="Start from a ready-made workspace and its example numbers.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Name of the company on the deck.")] = None,
    date_format: Annotated[
        str | None, typer.Option("--date-format", help="How its days are written, such as %d/%m/%Y.")
    ] = None,
) -> None:
    """Make a new workspace; with a file, draft definitions for its numbers and load it."""
    refuse_full(folder)
    if template is not None:
        if source is not None or from_dbt is not None:
            raise DefinitionError(
                "A template has its own numbers. Give either --template, or where to draft from."
            )
        copytree(
            shipped("data") / template.value,
            folder,
            dirs_exist_ok=True,
            ignore=ignore_patterns(*MADE_BY_PEOPLE),
        )
        if template is Template.wrenfield:
            _build_wrenfield(folder)
        else:
            report_first_load(folder, ())
        return
    if from_dbt is not None:
        _init_from_dbt(folder, from_dbt, title or "")
        return
    if source is None:
        write(folder, draft.starter(title or folder.resolve().name))
        typer.echo(
            f"{folder} is a workspace now. Declare sources and metrics in workspace.yaml, "
            "then `wbr check` and `wbr load`."
        )
        return
    if not source.is_file():
        raise SourceError(f"{source} is not there. Name a CSV, Excel or Parquet file that exists.")
    profile = ingest.profile(source, date_format=date_format)
    name = title or source.stem.replace("_", " ").replace("-", " ").strip().capitalize()
    texts = draft.draft(profile, source.name, name, datetime.now(UTC).date())
    write(folder, texts)
    copyfile(source, folder / source.name)
    report_first_load(folder, profile.notes)


def _init_from_dbt(folder: Path, target: Path, title: str) -> None:
    """Write a workspace for a dbt project, and say what of it could not be carried over."""
    made = dbt.drafted(dbt.project(target), title, datetime.now(UTC).date())
    write(folder, dict(made.files))
    made_of = open_workspace(folder)  # So that a draft with a mistake is told here and not later.
    count = len(made_of.definitions.metrics)
    metrics = counted(count, "metric")
    typer.echo(f"{folder} is a workspace now, with {metrics} from dbt.")
    if made.not_carried:
        typer.echo(f"{len(made.not_carried)} could not be carried over:")
        for sentence in made.not_carried:
            typer.echo(f"- {sentence}")
    where = quote(str(folder))
    typer.echo(f"Set $WAREHOUSE_URL to the address of the warehouse, then: wbr load --workspace {where}")


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
    where = quote(str(folder))
    if loads:
        try:
            with shown_progress("Loading") as progress:
                workspace.load(by="init", progress=progress)
        except SourceError as error:
            raise SourceError(
                f"{error}\n{folder} is written with a copy of the file, and nothing is loaded yet: "
                f"wbr load --workspace {where}"
            ) from error
    typer.echo(
        f"{folder}: {counted(len(workspace.definitions.metrics), 'metric')}, "
        f"week ending {workspace.default_week()}. Open it: wbr serve --workspace {where}"
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
