"""Commands that show a week: the deck, its signals, the dashboard."""

import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from metrics.cli.shared import (
    LOOPBACK,
    Folder,
    Form,
    Format,
    Port,
    Where,
    a_moment,
    a_week,
    app,
    found,
    opened,
    print_json,
    serve_dashboard,
    sliced,
)
from metrics.deck import Marked
from metrics.definitions import Ratio
from metrics.export import JSON, Exported
from metrics.text import chance, chance_of_watches, counted, full
from metrics.workspace import Workspace


class PaperSize(StrEnum):
    """The paper a deck is set for, in landscape."""

    a4 = "a4"
    letter = "letter"


class DeckForm(StrEnum):
    """The forms of a deck: the keys of `export.FORMATS`."""

    json = "json"
    html = "html"
    pdf = "pdf"
    csv = "csv"
    xlsx = "xlsx"
    pptx = "pptx"


@app.command()
def deck(
    week: Annotated[str, typer.Option(help="Last day of the week, or `latest`.")] = "latest",
    as_of: Annotated[str | None, typer.Option("--as-of", help="Only what was known at this time.")] = None,
    name: Annotated[str | None, typer.Option("--deck", help="Id of the deck; by default the first.")] = None,
    form: Annotated[
        DeckForm | None, typer.Option("--format", help="By default that of the file's name, else json.")
    ] = None,
    edition: Annotated[
        str | None, typer.Option(help="As it was published: number of the edition, or `newest`.")
    ] = None,
    paper: Annotated[PaperSize, typer.Option(help="Size of the pages of a PDF.")] = PaperSize.a4,
    where: Where = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to a file instead of stdout.")
    ] = None,
    workspace: Folder = None,
) -> None:
    """Print one week's deck, or write it to a file."""
    from metrics.export import FORMATS

    form = form or DeckForm(_form_of(output, DeckForm, "json"))
    if FORMATS[form].binary and output is None and sys.stdout.isatty():
        raise typer.BadParameter(f"{form} is no text for a terminal. Name a file: --output deck.{form}")
    if where and edition is not None:
        raise typer.BadParameter("A published deck is of the whole. Leave --where or --edition out.")
    chosen = sliced(opened(workspace), where)
    ending, moment = a_week(week, chosen), a_moment(as_of, chosen)
    if edition is None and (nothing := _nothing_in(chosen, ending, moment, name)):
        typer.echo(nothing, err=True)
    made = chosen.exporting.exported(
        ending,
        form,
        name,
        as_of=moment,
        edition=_an_edition(edition),
        paper=paper.value,
    )
    _handed_over(made, output)


def _nothing_in(house: Workspace, week: date, as_of: datetime | None, name: str | None) -> str:
    """Why a deck has no number, in a sentence; empty if it has some."""
    first, last = house.first_day(), house.last_day()
    if first is None or last is None:
        return "Nothing was loaded yet: the deck has no number. Load with `wbr load`."
    charts = [b.chart for s in house.deck(week, as_of, name).sections for b in s.blocks if b.chart]
    lines = [line for chart in charts for line in chart.lines if line.role != "target"]
    if not lines or any(v is not None for line in lines for v in (*line.weeks, *line.months)):
        return ""
    known = f" was known at {as_of:%Y-%m-%d %H:%M}" if as_of else ""
    return (
        f"The deck of the week ending {week} has no number{f': none{known}' if known else ''}. "
        f"The numbers that are known today go from {first} to {last}."
    )


def _form_of(output: Path | None, forms: Iterable[str], otherwise: str) -> str:
    """The form that the name of a file ends in, so that no `deck.pdf` holds JSON."""
    ending = output.suffix.lower().removeprefix(".") if output is not None else ""
    return ending if ending in set(forms) else otherwise


def _handed_over(made: Exported, output: Path | None) -> None:
    """A file where a person wants it: written, or on stdout."""
    if output is not None:
        output.write_bytes(made.data)
        typer.echo(f"{made.name}: {output}", err=True)
        return
    sys.stdout.buffer.write(made.data)
    if made.mime.startswith(("text/", JSON)) and not made.data.endswith(b"\n"):
        sys.stdout.buffer.write(b"\n")
    sys.stdout.flush()


def _an_edition(word: str | None) -> int | Literal["newest"] | None:
    """The edition a person named."""
    if word is None:
        return None
    if word == "newest":
        return "newest"
    if not word.isdecimal():
        raise typer.BadParameter(f"{word!r} is no edition. Write its number, or `newest`.")
    return int(word)


@app.command()
def changes(
    week: Annotated[str, typer.Option(help="Last day of the week, or `latest`.")] = "latest",
    name: Annotated[str | None, typer.Option("--deck", help="Id of the deck; by default the first.")] = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Say what changed in a deck since it was last published, or since the week before."""
    from metrics.workspace.changing import KINDS

    chosen = opened(workspace)
    told = chosen.loop.compared(a_week(week, chosen), name)
    if form is Form.json:
        print_json(
            {
                "deck": told.deck,
                "week_ending": told.week_ending.isoformat(),
                "since": told.since.isoformat(),
                "edition": told.edition,
                "differences": [asdict(d) for d in told.differences],
            }
        )
        return
    typer.echo(f"{counted(len(told.differences), 'difference')} since {told.words}")
    for kind, title in KINDS.items():
        if many := told.of(kind):
            typer.echo(f"\n{title}")
            for difference in many:
                typer.echo(f"- {difference.text}")


class PictureForm(StrEnum):
    """The forms of a picture."""

    svg = "svg"
    png = "png"


@app.command()
def chart(
    metric: Annotated[str, typer.Argument(help="Id of the metric.")],
    week: Annotated[str, typer.Option(help="Last day of the week, or `latest`.")] = "latest",
    form: Annotated[
        PictureForm | None, typer.Option("--format", help="By default that of the file's name, else png.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to a file instead of stdout.")
    ] = None,
    workspace: Folder = None,
) -> None:
    """Draw one metric's chart as a picture to paste elsewhere."""
    form = form or PictureForm(_form_of(output, PictureForm, "png"))
    if form is PictureForm.png and output is None and sys.stdout.isatty():
        raise typer.BadParameter(f"png is no text for a terminal. Name a file: --output {metric}.png")
    chosen = opened(workspace)
    made = chosen.exporting.picture(metric, a_week(week, chosen), form.value)
    _handed_over(made, output)


@app.command()
def segments(
    metric: Annotated[str, typer.Argument(help="A total, a level of the last day, or a ratio.")],
    by: Annotated[
        list[str], typer.Option("--by", help="A dimension; several make a cell of each combination.")
    ],
    week: Annotated[str, typer.Option(help="Last day of the week, or `latest`.")] = "latest",
    top: Annotated[int, typer.Option(min=1, max=1000, help="Cells told; the others are one row.")] = 10,
    where: Where = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Print a metric by segments: the largest, the rest and the whole, which they add up to."""
    chosen = sliced(opened(workspace), where)
    told = chosen.segmented(metric, by, a_week(week, chosen), top)
    rows = [*told.cells, *([told.rest] if told.rest else []), told.whole]
    names = [", ".join(s or "(blank)" for _, s in cell.where) for cell in told.cells]
    names += [f"rest ({counted(told.others, 'cell')})"] if told.rest else []
    names += ["whole"]
    if form is Form.json:
        lines = [{**asdict(cell), "where": dict(cell.where)} for cell in rows]
        kinds = ["cell"] * len(told.cells) + (["rest"] if told.rest else []) + ["whole"]
        print_json(
            {
                "metric": metric,
                "week_ending": told.week_ending.isoformat(),
                "by": list(told.by),
                "rows": [{"kind": kind, **line} for kind, line in zip(kinds, lines, strict=True)],
            }
        )
        return
    unit, currency = told.metric.unit, chosen.definitions.company.currency
    width = max(map(len, names))
    typer.echo(f"{told.metric.name}, week ending {told.week_ending}, by {', '.join(told.by)}")
    typer.echo(f"{'':{width}}  {'week':>12}  {'week before':>12}  {'year earlier':>12}  {'share':>6}")
    for name, cell in zip(names, rows, strict=True):
        values = [full(v, unit, currency) for v in (cell.week, cell.before, cell.year_earlier)]
        share = "—" if cell.share is None else f"{cell.share:.1%}"
        few = "  few" if cell.small else ""
        typer.echo(f"{name:{width}}  {values[0]:>12}  {values[1]:>12}  {values[2]:>12}  {share:>6}{few}")
    if isinstance(measure := told.metric.measure, Ratio):
        typer.echo(
            f"share: a segment's part of {measure.denominator}, by which its rate weighs in the whole."
        )


@app.command()
def signals(
    week: Annotated[str, typer.Option(help="Last day of the week, or `latest`.")] = "latest",
    where: Where = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Print what is signal and what is noise: one row per metric, and how many chance alone would bring."""
    from metrics.export import json as json_form

    chosen = sliced(opened(workspace), where)
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
def serve(
    workspace: Folder = None,
    port: Port = 8501,
    address: Annotated[
        str, typer.Option(help="Where to listen; by default for this machine alone.")
    ] = LOOPBACK,
    host_name: Annotated[
        list[str] | None,
        typer.Option(help="A name it answers to, such as review.example.com; may be given several times."),
    ] = None,
    base_path: Annotated[str, typer.Option(help="The path below which a proxy shows it, such as /wbr.")] = "",
    login: Annotated[
        Path | None,
        typer.Option(help="File with the identity provider's secrets: people log in; else $WBR_LOGIN."),
    ] = None,
    allow_anonymous_readers: Annotated[
        bool, typer.Option(help="Nobody logs in; strangers may read what is not confidential.")
    ] = False,
) -> None:
    """Serve the dashboard; docs/deploy.md tells how to let others in."""
    serve_dashboard(
        found(workspace),
        port,
        address,
        host_name or (),
        base_path,
        login,
        anonymous_readers=allow_anonymous_readers,
    )
