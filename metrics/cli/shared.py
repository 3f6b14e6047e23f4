"""What the commands share: options, the workspace, words people type, a progress bar."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from metrics import open_workspace
from metrics.credentials import credential
from metrics.errors import DefinitionError
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
LOOPBACK = "127.0.0.1"


class Form(StrEnum):
    """How a command answers."""

    text = "text"
    json = "json"


Format = Annotated[Form, typer.Option("--format", help="json: one document on stdout and nothing else.")]


By = Annotated[str | None, typer.Option("--by", help="Handle of who decides; by default the system's user.")]
Week = Annotated[str, typer.Option(help="Last day of the week, or `latest`.")]
DeckName = Annotated[str | None, typer.Option("--deck", help="Id of the deck; by default the first.")]
Reason = Annotated[str, typer.Option("--because", help="Why.")]
Where = Annotated[
    list[str] | None,
    typer.Option("--where", help="Only this segment: country=US; several are joined by and."),
]
Despite = Annotated[str, typer.Option(help="Why it goes on though something is missing.")]


def sliced(workspace: Workspace, where: list[str] | None) -> Workspace:
    """The workspace, or the segment of it that a person named, telling what is left out."""
    if not where:
        return workspace
    pairs = dict(word.partition("=")[::2] for word in where)
    if not all(pairs) or any("=" not in word for word in where) or len(pairs) < len(where):
        raise typer.BadParameter(f"{' '.join(where)}: write --where DIMENSION=SEGMENT, each dimension once.")
    made = workspace.sliced(pairs)
    if made.slice and made.slice.left_out:
        count = len(made.slice.left_out)
        typer.echo(f"{counted(count, 'metric')} not told by {', '.join(pairs)}, and left out.", err=True)
    return made


def a_day(word: str | None) -> date | None:
    """The day a person named."""
    try:
        return date.fromisoformat(word) if word else None
    except ValueError as error:
        raise typer.BadParameter(f"{word!r} is not a date. Write it as 2026-05-09.") from error


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
    """The workspace that a command works on; as the person of `$WBR_READER` sees it, if that is set."""
    whole = open_workspace(found(folder), journal=journal_address(), environment=os.environ)
    reader = os.environ.get("WBR_READER")
    return whole.seen_by(reader) if reader else whole


def journal_address() -> str:
    """The journal's address where it is no file of the workspace: `$WBR_JOURNAL` or `$WBR_JOURNAL_FILE`."""
    return credential("WBR_JOURNAL", os.environ)


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


def somebody() -> str:
    """Who runs the command, as the system names them."""
    return os.environ.get("USER") or os.environ.get("USERNAME") or "command line"


def serve_dashboard(
    folder: Path,
    port: int,
    address: str = LOOPBACK,
    hosts: Sequence[str] = (),
    base_path: str = "",
    login: Path | None = None,
    *,
    anonymous_readers: bool = False,
) -> None:
    """Start the dashboard and say where it is."""
    from metrics import ui  # Here: Streamlit takes a second to import, and no other command needs it.

    ui.serve(folder, address, port, hosts, base_path, login, anonymous_readers=anonymous_readers)
