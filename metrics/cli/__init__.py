"""The command line: `wbr`.

Each module holds the commands of one job; importing it declares them, in the order of the help.
"""

import sys
from collections.abc import Sequence

import typer

from metrics.cli import spaces, numbers, importing, decks, monday, loop, limits, goals, evidence  # isort: skip
from metrics.cli import keeping, people, programs  # isort: skip
from metrics.cli.shared import app, somebody
from metrics.errors import MetricsError, UnknownNameError

__all__ = ["JOBS", "app", "main"]

JOBS = (spaces, numbers, importing, decks, monday, loop, limits, goals, evidence, keeping, people, programs)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command, then exit: 0 if it worked, 1 with the reason on stderr if it did not."""
    try:
        app(arguments)
    except BrokenPipeError:  # `wbr … | head` closed its end.
        sys.stderr.close()
        raise SystemExit(1) from None
    except (MetricsError, OSError) as error:
        typer.echo(_words(error), err=True)
        raise SystemExit(1) from error


def _words(error: MetricsError | OSError) -> str:
    """What went wrong, and what to do, for somebody at a command line."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename} cannot be read or written: {error.strerror.lower()}."
    if isinstance(error, UnknownNameError) and str(error).startswith(f"{somebody()!r} is not among people"):
        return f"{error} Say who you are: --by HANDLE."
    return str(error)
