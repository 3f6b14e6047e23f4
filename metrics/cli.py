"""`wbr`: the weekly business review from a terminal.

A command only translates: it asks the workspace and prints what it says.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from shlex import quote
from shutil import copyfile, copytree, ignore_patterns
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from metrics import ingest, open_workspace, registry
from metrics.deck import Marked
from metrics.errors import DefinitionError, MetricsError, NotifyError, SourceError
from metrics.ingest import draft, wbr_app
from metrics.reviews.editions import Edition
from metrics.reviews.week_states import Owed
from metrics.shipped import shipped
from metrics.store import LoadReport
from metrics.text import chance, chance_of_watches, counted
from metrics.workspace import Workspace
from metrics.workspace.drivers import Change
from metrics.workspace.goals import Track

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
MADE_BY_PEOPLE = ("store", "journal.sqlite*", "published", "prepared")  # Not copied with the demo's text.
WEEKS_PREPARED = 6  # The weeks of a chart: what people go back to.
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
    """Write the demo company Wrenfield, load it, let its people work, and serve its dashboard."""
    from metrics.demo import living, wrenfield  # Here: no other command needs the simulator.

    model = shipped("data") / "wrenfield"
    if folder.resolve() != model.resolve():
        if folder.is_dir() and any(folder.iterdir()) and not (folder / "company.yaml").exists():
            raise DefinitionError(f"{folder} holds other files. Name an empty folder for the demo company.")
        copytree(model, folder, dirs_exist_ok=True, ignore=ignore_patterns(*MADE_BY_PEOPLE))
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
    date_format: Annotated[
        str | None, typer.Option("--date-format", help="How its days are written, such as %d/%m/%Y.")
    ] = None,
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
    profile = ingest.profile(source, date_format=date_format)
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
            if path.suffix:
                raise SourceError(f"{word} is not there. Name a file that exists, or a declared source.")
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
def signals(
    week: Annotated[str, typer.Option(help="Last day of the week, or `latest`.")] = "latest",
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Print what is signal and what is noise: one row per metric, and how many chance alone would bring."""
    from metrics.export import json as json_form

    chosen = opened(workspace)
    judged = chosen.judging.week(a_week(week, chosen))
    if form is Form.json:
        print_json({**json_form.signals_json(judged.rows, judged.by_chance), "version": chosen.version})
        return
    by_tier: dict[str, list[Marked]] = {"exception": [], "watch": [], "cannot_judge": [], "none": []}
    for row in sorted(judged.rows, key=lambda each: -each.signal.urgency):
        by_tier[row.signal.tier].append(row)
    exceptions, watches = by_tier["exception"], by_tier["watch"]
    typer.echo(f"Week ending {judged.week_ending}")
    blocks = (
        (chance(len(exceptions), judged.by_chance[0]), exceptions),
        (chance_of_watches(len(watches), judged.by_chance[1]), watches),
        (f"{counted(len(by_tier['cannot_judge']), 'metric')} not judged", by_tier["cannot_judge"]),
    )
    for title, rows in blocks:
        typer.echo(f"\n{title}")
        for row in rows:
            good = {True: " (favourable)", None: "", False: ""}[row.signal.favourable]
            typer.echo(f"- {row.name}: {row.told}{good}")
    typer.echo(f"\n{counted(len(by_tier['none']), 'metric')} as expected.")


@app.command()
def prepare(
    week: Annotated[str, typer.Option(help="Last day of the newest week, or `latest`.")] = "latest",
    weeks: Annotated[int, typer.Option(help="How many weeks up to it.", min=1, max=60)] = WEEKS_PREPARED,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Judge the week's metrics and forecast the goals ahead of the people who will look at them.

    Run it after the nightly load; run again it finds all done.
    """
    chosen = opened(workspace)
    newest = a_week(week, chosen)
    wanted = [known for known in reversed(chosen.weeks()) if known <= newest][:weeks]
    with shown_progress("Preparing") as progress:
        made = chosen.judging.prepare(wanted, lambda step, share: progress(step, share * 0.6))
        forecasts = chosen.goals.prepare(lambda step, share: progress(step, 0.6 + share * 0.4))
    if form is Form.json:
        days = [day.isoformat() for day in wanted]
        print_json({"weeks": days, "judged": made, "forecasts": forecasts, "version": chosen.version})
        return
    anew = f"{made} judged anew, {counted(forecasts, 'goal')} forecast anew"
    typer.echo(f"{counted(len(wanted), 'week')} prepared: {anew}.")


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


# --- the loop --------------------------------------------------------------------------------

By = Annotated[str | None, typer.Option("--by", help="Handle of who decides; by default the system's user.")]
Week = Annotated[str, typer.Option(help="Last day of the week, or `latest`.")]
DeckName = Annotated[str | None, typer.Option("--deck", help="Id of the deck; by default the first.")]
Reason = Annotated[str, typer.Option("--because", help="Why.")]
Despite = Annotated[str, typer.Option(help="Why it goes on though something is missing.")]


def a_day(word: str | None) -> date | None:
    """The day a person named."""
    try:
        return date.fromisoformat(word) if word else None
    except ValueError as error:
        raise typer.BadParameter(f"{word!r} is not a date. Write it as 2026-05-09.") from error


@app.command()
def owners(
    person: Annotated[str | None, typer.Option(help="Only what this person speaks for.")] = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Who answers for what: one row per metric, then what is not in order."""
    chosen = opened(workspace)
    definitions, day = chosen.definitions, chosen.loop.today
    told = chosen.loop.owning.owners()
    rows = [o for o in told.all(day) if person is None or person in (o.owner, o.deputy, o.left)]
    if form is Form.json:
        print_json(
            {
                "day": day.isoformat(),
                "rows": [
                    {
                        "metric": o.metric,
                        "name": definitions.metrics[o.metric].name,
                        "owner": o.owner,
                        "standing": o.standing,
                        "since": o.since.isoformat() if o.since else None,
                        "deputy": o.deputy,
                        "deputy_until": o.deputy_until.isoformat() if o.deputy_until else None,
                        "proposed": o.proposed,
                        "coming": {"owner": o.coming[0], "from": o.coming[1].isoformat()}
                        if o.coming
                        else None,
                        "left": o.left,
                    }
                    for o in rows
                ],
                "without_owner": list(told.without(day)),
                "differ_from_definitions": [o.metric for o in told.differences(day)],
                "unrelated_sections": {s.person: [list(g) for g in s.groups] for s in told.unrelated(day)},
                "coverage": [
                    {"node": c.node, "metrics": len(c.metrics), "without_owner": list(c.without)}
                    for c in told.coverage(day)
                ],
            }
        )
        return
    width = max((len(o.metric) for o in rows), default=0)
    for o in rows:
        deputy = f"; deputy {o.deputy} until {o.deputy_until}" if o.deputy else ""
        coming = f"; {o.coming[0]} from {o.coming[1]}" if o.coming else ""
        gone = f"; {o.left} left" if o.left else ""
        owner = f"{o.owner} ({o.standing}{f' since {o.since}' if o.since else ''})" if o.owner else "nobody"
        typer.echo(f"{o.metric:<{width}}  {owner}{deputy}{coming}{gone}")
    if person is None:
        for o in told.differences(day):
            typer.echo(f"{o.metric}: the definitions propose {o.proposed or 'nobody'}, it is {o.owner}.")
        for spread in told.unrelated(day):
            groups = "; ".join(", ".join(g) for g in spread.groups)
            typer.echo(f"{spread.person} owns metrics of sections that have little in common: {groups}.")


@app.command()
def assign(
    metric: Annotated[str, typer.Argument(help="Id of the metric, or `section:TITLE` for a whole section.")],
    person: Annotated[str, typer.Argument(help="Handle of the new owner or deputy.")],
    because: Reason = "",
    start: Annotated[str | None, typer.Option("--from", help="First day; by default today.")] = None,
    deputy: Annotated[bool, typer.Option("--deputy", help="Name a deputy instead of an owner.")] = False,
    until: Annotated[str | None, typer.Option(help="Last day of a deputy.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only say what would change.")] = False,
    by: By = None,
    workspace: Folder = None,
) -> None:
    """Give a metric to its one owner, or name a deputy."""
    chosen, who = opened(workspace), by or somebody()
    owning, first = chosen.loop.owning, a_day(start)
    if deputy:
        owning.deputise(metric, person, by=who, until=a_day(until), start=first, because=because)
        typer.echo(f"{person} is deputy for {metric} from {first or chosen.loop.today} until {until}.")
        return
    several = metric.startswith("section:")
    metrics = owning.of_section(metric.removeprefix("section:")) if several else (metric,)
    if preview:
        for each in owning.preview(metrics, person, by=who, start=first):
            typer.echo(f"{each.metric}: {each.refused or f'{each.before or chr(8212)} -> {each.after}'}")
        return
    if several:
        told = owning.assign_many(metrics, person, because, by=who, start=first)
    else:
        told = (owning.assign(metric, person, because, by=who, start=first),)
    for fact in told:
        typer.echo(f"{fact.subject}: {person} from {fact.body['from']}.")


@app.command()
def answer(
    metric: Annotated[str, typer.Argument(help="Id of the metric.")],
    kind: Annotated[str, typer.Argument(help="routine, explained, still_analysing or known_cause.")],
    text: Annotated[str, typer.Argument(help="What stands on the chart: at most 200 characters.")],
    due: Annotated[str | None, typer.Option(help="When still analysing: the day of the answer.")] = None,
    decided_by: Annotated[str | None, typer.Option(help="Of a known cause: who decided.")] = None,
    inputs: Annotated[
        list[str] | None, typer.Option("--input", help="Of an output: an input it follows.")
    ] = None,
    week: Week = "latest",
    by: By = None,
    workspace: Folder = None,
) -> None:
    """Answer an exception with one of the four legal answers."""
    chosen = opened(workspace)
    chosen.loop.saying.answer(
        metric,
        kind,
        text,
        by=by or somebody(),
        week_ending=a_week(week, chosen),
        due=a_day(due),
        decided_by=decided_by,
        inputs=inputs or (),
    )
    typer.echo(f"{metric} is answered for the week ending {a_week(week, chosen)}.")


@app.command()
def certify(
    metrics: Annotated[
        list[str] | None, typer.Argument(help="Ids; by default all that the deck shows.")
    ] = None,
    but: Annotated[list[str] | None, typer.Option("--but", help="A metric left out.")] = None,
    dispute: Annotated[
        bool, typer.Option("--dispute", help="Dispute the metrics named, with a reason.")
    ] = False,
    withhold: Annotated[
        bool, typer.Option("--withhold", help="Leave them uncertified on purpose, with a reason.")
    ] = False,
    because: Reason = "",
    week: Week = "latest",
    name: DeckName = None,
    by: By = None,
    workspace: Folder = None,
) -> None:
    """Certify, dispute or withhold the values of a week."""
    chosen, who = opened(workspace), by or somebody()
    certifying, ending = chosen.loop.certifying, a_week(week, chosen)
    if dispute or withhold:
        if not metrics:
            raise typer.BadParameter("Name the metrics to dispute or to withhold.")
        act = certifying.dispute if dispute else certifying.withhold
        for metric in metrics:
            act(metric, because, by=who, week_ending=ending)
            typer.echo(f"{metric} is {'disputed' if dispute else 'left uncertified'}.")
        return
    if metrics:
        certifying.certify(metrics, by=who, week_ending=ending, because=because)
        typer.echo(f"{counted(len(metrics), 'value')} certified for the week ending {ending}.")
        return
    shown = chosen.loop.metrics_of(name)
    told, left = certifying.certify_all(shown, by=who, week_ending=ending, but=but or (), because=because)
    for metric, why in left.items():
        typer.echo(f"{metric}: {why}")
    typer.echo(f"{counted(len(told), 'value')} certified for the week ending {ending}.")


@app.command("week")
def the_week(
    to: Annotated[str | None, typer.Option(help="Move it to this state.")] = None,
    despite: Despite = "",
    week: Week = "latest",
    name: DeckName = None,
    by: By = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Say where a week stands, what is missing and who owes it; or move it on."""
    chosen = opened(workspace)
    loop, ending = chosen.loop, a_week(week, chosen)
    if to is not None:
        loop.move(to, by=by or somebody(), week_ending=ending, deck=name, despite=despite)
    stands, missing = loop.progress(ending, name), loop.missing(ending, name)
    if form is Form.json:
        print_json(
            {
                "deck": stands.deck,
                "week_ending": ending.isoformat(),
                "state": stands.state,
                "since": stands.since.isoformat() if stands.since else None,
                "next": stands.next,
                "due": loop.clock(stands.next, ending).isoformat() if stands.next else None,
                "missing": [owed_form(o) for o in missing],
            }
        )
        return
    typer.echo(loop.state_in_words(ending, name))
    if stands.next:
        due = loop.clock(stands.next, ending)
        typer.echo(f"Next: {stands.next.replace('_', ' ')}, due {due:%a %d %b %H:%M}.")
    for owed in missing:
        typer.echo(f"- {loop.in_words(owed)}")


def owed_form(owed: Owed) -> dict[str, Any]:
    """One thing owed, for other programs."""
    return {
        "what": owed.what,
        "kind": owed.kind,
        "who": list(owed.who),
        "role": owed.role,
        "metric": owed.metric,
        "due": owed.due.isoformat() if owed.due else None,
    }


@app.command()
def publish(
    week: Week = "latest",
    name: DeckName = None,
    because: Annotated[str, typer.Option("--because", help="Why there is another edition.")] = "",
    despite: Despite = "",
    by: By = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Freeze a week's deck; what is published never changes."""
    chosen = opened(workspace)
    made = chosen.loop.publish(
        by=by or somebody(), week_ending=a_week(week, chosen), deck=name, because=because, despite=despite
    )
    if form is Form.json:
        print_json(edition_form(made))
        return
    typer.echo(
        f"{made.deck}, week ending {made.week_ending}, edition {made.number} is published: "
        f"{chosen.loop.publishing.folder / made.folder}"
    )


@app.command()
def published(
    week: Annotated[str | None, typer.Option(help="Last day of the week; by default all are listed.")] = None,
    name: DeckName = None,
    edition: Annotated[int | None, typer.Option(help="Number of the edition; by default the newest.")] = None,
    changes: Annotated[bool, typer.Option("--changes", help="Say what changed since, cell by cell.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the frozen HTML here.")] = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """List what was published, write a frozen deck to a file, or say what changed since."""
    chosen = opened(workspace)
    publishing = chosen.loop.publishing
    if week is None:
        told = publishing.editions(deck=name)
        if form is Form.json:
            print_json({"editions": [edition_form(e) for e in told]})
            return
        if not told:
            typer.echo("Nothing is published yet.")
        for e in told:
            why = f": {e.because}" if e.because else ""
            typer.echo(
                f"{e.deck} {e.week_ending} edition {e.number}, by {e.by} on {e.at:%Y-%m-%d %H:%M}{why}"
            )
        return
    ending = a_week(week, chosen)
    chosen_edition = publishing.edition(ending, name, edition)
    if output is not None:
        output.write_bytes(publishing.document(chosen_edition))
        typer.echo(f"Edition {chosen_edition.number} of {ending}: {output}", err=True)
    if changes:
        cells = chosen.loop.changes(ending, name, edition)
        if form is Form.json:
            print_json({"edition": edition_form(chosen_edition), "changes": [asdict(c) for c in cells]})
            return
        for c in cells:
            typer.echo(f"{c.number} {c.title}, {c.label}: {c.old} -> {c.new} ({c.why})")
        typer.echo(f"{counted(len(cells), 'cell')} changed since edition {chosen_edition.number}.")
        return
    if output is None:
        publishing.verify(chosen_edition)
        if form is Form.json:
            print_json(edition_form(chosen_edition))
        else:
            number = chosen_edition.number
            typer.echo(f"{chosen_edition.deck} {ending} edition {number} is as it was published.")


def edition_form(edition: Edition) -> dict[str, Any]:
    """One edition, for other programs."""
    return {
        "deck": edition.deck,
        "week_ending": edition.week_ending.isoformat(),
        "edition": edition.number,
        "by": edition.by,
        "at": edition.at.isoformat(),
        "because": edition.because,
        "folder": edition.folder,
        "files": dict(edition.files),
        "store": edition.store,
        "journal": edition.journal,
        "missing": list(edition.missing),
    }


@app.command()
def audit(
    noted: Annotated[str, typer.Option(help="A version of the journal noted on an earlier day.")] = "",
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Hold the journal against its chain, and every published deck against its hashes."""
    told, broken = opened(workspace).loop.audit(noted)
    if form is Form.json:
        print_json({"ok": told.ok and not broken, **asdict(told), "editions": list(broken)})
    else:
        typer.echo("\n".join([told.sentence, *broken]))
        if told.version:
            typer.echo(f"Version: {told.version}")
    if not told.ok or broken:
        raise SystemExit(1)


@app.command()
def remind(
    week: Week = "latest",
    name: DeckName = None,
    send: Annotated[
        bool, typer.Option("--send", help="Send mail and post to the webhook; without it nothing leaves.")
    ] = False,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """List who owes what; with --send tell them by mail ($WBR_SMTP) and webhook ($WBR_WEBHOOK)."""
    chosen = opened(workspace)
    told = chosen.loop.reminders(a_week(week, chosen), name)
    people = chosen.definitions.people
    sent = reminded(chosen, told) if send else []
    if form is Form.json:
        print_json(
            {
                "week_ending": a_week(week, chosen).isoformat(),
                "sent": sent,
                "people": [
                    {
                        "person": person or None,
                        "email": people[person].email if person in people else None,
                        "owes": [owed_form(o) for o in owed],
                    }
                    for person, owed in told.items()
                ],
            }
        )
        return
    for person, owed in told.items():
        typer.echo(f"{people[person].name if person in people else person or 'Nobody in particular'}:")
        for each in owed:
            typer.echo(f"- {each.what}")
    if not told:
        typer.echo("Nobody owes anything.")
    elif not send:
        typer.echo("Nothing was sent. To tell them: wbr remind --send")
    for line in sent:
        typer.echo(line)


def reminded(workspace: Workspace, told: Mapping[str, Sequence[Owed]]) -> list[str]:
    """Tell people what they owe, on every way that is set up; a line for each.

    Raises:
        NotifyError: No way is set up, or one did not work.
    """
    from metrics import notify  # Here: no other command speaks to a server.

    definitions = workspace.definitions
    rules = definitions.notify
    messages = []
    for person, owed in told.items():
        known = definitions.people.get(person)
        lines = "\n".join(f"- {each.what}" for each in owed)
        subject = f"{definitions.company.name}: {counted(len(owed), 'thing')} before the review"
        name = known.name if known else "Nobody in particular"
        messages.append(
            notify.Message(known.email or "" if known else "", name, f"{subject} ({name})", lines)
        )
    mail, hook = os.environ.get(rules.smtp_env, ""), os.environ.get(rules.webhook_env, "")
    if not mail and not hook:
        raise NotifyError(
            f"No way to tell anybody is set up. Set ${rules.smtp_env} (smtps://user:password@host) or "
            f"${rules.webhook_env} (https://host/path), and name the host in notify.allowed_hosts."
        )
    done = []
    if mail:
        took = notify.mailed(messages, mail, rules.sender, rules.allowed_hosts)
        done.append(f"Mailed to {', '.join(took) or 'nobody: no address is known'}.")
    if hook:
        count = notify.posted(messages, hook, rules.allowed_hosts)
        done.append(f"Posted {counted(count, 'message')} to the webhook.")
    return done


# --- limits ----------------------------------------------------------------------------------

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


# --- goals and drivers -----------------------------------------------------------------------


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


def goal_form(track: Track) -> dict[str, Any]:
    """One goal, for other programs; null is unknown and never stands for zero."""
    pace, set_ = track.pace, track.kept.status(track.week_ending)
    return {
        "goal": track.goal.name,
        "metric": track.metric.id,
        "owner": track.goal.owner,
        "first_day": track.period.first.isoformat(),
        "last_day": track.period.last.isoformat(),
        "week_ending": track.week_ending.isoformat(),
        "unit": track.metric.unit,
        "value": track.value,
        "way": pace.way if pace else None,
        "to_date": track.to_date,
        "latest": track.latest,
        "plan_to_date": track.plan_to_date,
        "required_per_week": pace.required_per_week if pace else None,
        "total": pace.total if pace else None,
        "low80": pace.low80 if pace else None,
        "high80": pace.high80 if pace else None,
        "p_hit": pace.p_hit if pace else None,
        "state": pace.state if pace else "not_forecast",
        "reason": track.why or (pace.reason if pace else None),
        "proposed": track.proposed,
        "status": set_.status if set_ else None,
        "because": set_.because if set_ else None,
        "set_by": set_.by if set_ else None,
    }


@app.command()
def drivers(
    metric: Annotated[str, typer.Argument(help="The metric.")],
    start: Annotated[str, typer.Option("--from", help="A day of the earlier period: 2026-05-02.")],
    end: Annotated[str, typer.Option("--to", help="A day of the later one.")],
    span: Annotated[PeriodOf, typer.Option(help="What to compare.")] = PeriodOf.week,
    by: Annotated[str | None, typer.Option(help="A segment, or `factors`; by default all, ranked.")] = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Print what made up the change of a metric between two weeks, months, quarters or years."""
    from metrics.workspace import driver_words

    chosen = opened(workspace)
    room = chosen.drivers
    before, after = (room.period(a_day(word) or chosen.default_week(), span.value) for word in (start, end))
    change = room.change(metric, before, after, by)
    if form is Form.json:
        print_json(change_form(change))
        return
    currency = chosen.definitions.company.currency
    typer.echo(driver_words.headline(change, currency))
    if change.why_not and change.why_not not in driver_words.TOLD:
        typer.echo(driver_words.why_not(change))
    for split in change.splits:
        typer.echo(f"{driver_words.dimension(split.by)}: {driver_words.story(change, split, currency)}")


def change_form(change: Change) -> dict[str, Any]:
    """A change and its contributions, for other programs."""
    return {
        "metric": change.metric.id,
        "unit": change.metric.unit,
        "before": [change.before.first.isoformat(), change.before.last.isoformat()],
        "after": [change.after.first.isoformat(), change.after.last.isoformat()],
        "from": change.from_value,
        "to": change.to_value,
        "change": change.amount,
        "why_not": change.why_not,
        "splits": [
            {
                "by": split.by,
                "kind": split.made.kind,
                "state": split.made.state,
                "residual": split.made.residual,
                "contributions": [
                    {
                        "part": c.segment,
                        "before": c.before,
                        "after": c.after,
                        "rate": c.rate,
                        "mix": c.mix,
                        "total": c.total,
                        "share_of_change": c.share_of_change,
                        "own_z": c.own_z,
                        "ordinary": c.greyed,
                    }
                    for c in split.made.contributions
                ],
            }
            for split in change.splits
        ],
    }


# --- evidence --------------------------------------------------------------------------------


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
    tests = chosen.evidence.links(week)
    if form is Form.json:
        told = [evidence.link_form(test) for test in tests]
        print_json({"schema": "sixtwelve.links/1", "until": week.isoformat(), "rows": told})
    else:
        typer.echo(evidence.links_words(tests, chosen.definitions))


if __name__ == "__main__":
    main()
