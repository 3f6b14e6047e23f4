"""The deck in files that people carry away: one table of forms, each a function from a deck to bytes.

Each form has a module of its own; it is imported when it is asked for, because the libraries behind
some of them take long to import.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from json import dumps
from pathlib import Path
from typing import Literal

from metrics.deck import Deck
from metrics.errors import UnknownNameError, hint

Paper = Literal["a4", "letter"]
HTML, JSON, CSV, PDF = "text/html", "application/json", "text/csv", "application/pdf"
OFFICE = "application/vnd.openxmlformats-officedocument"
XLSX, PPTX = f"{OFFICE}.spreadsheetml.sheet", f"{OFFICE}.presentationml.presentation"


@dataclass(frozen=True, slots=True)
class Fonts:
    """A folder of font files of a company's own; `stamp` changes with what is in it."""

    folder: Path
    stamp: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What a form is told beside the deck; each takes what it has a use for.

    Attributes:
        paper: Size of the pages, where there are pages; they lie in landscape.
        standing: What the deck is worth, in a sentence without a full stop: `Draft: the week is open`.
        fonts: What prints the characters that the bundled typeface lacks; None for nothing.
    """

    paper: Paper = "a4"
    standing: str = ""
    fonts: Fonts | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """A form in which a deck is carried away.

    Attributes:
        extension: Of its files, without a dot.
        mime: Media type.
        make: The file's bytes; the same deck and setting always give the same.
        binary: Whether a terminal cannot show it.
    """

    extension: str
    mime: str
    make: Callable[[Deck, Setting], bytes]
    binary: bool = True


@dataclass(frozen=True, slots=True)
class Exported:
    """A file to hand over: its name, its media type, its bytes."""

    name: str
    mime: str
    data: bytes


def _json(deck: Deck, _: Setting) -> bytes:
    from metrics.export.json import as_json

    return dumps(as_json(deck), ensure_ascii=False, indent=1, allow_nan=False).encode()


def _html(deck: Deck, _: Setting) -> bytes:
    from metrics.export.html import document

    return document(deck).encode()


def _csv(deck: Deck, _: Setting) -> bytes:
    from metrics.export.csv import document

    return document(deck).encode()


def _xlsx(deck: Deck, setting: Setting) -> bytes:
    from metrics.export.xlsx import document

    return document(deck, setting.standing)


def _pptx(deck: Deck, setting: Setting) -> bytes:
    from metrics.export.pptx import document

    return document(deck, setting.standing)


def _pdf(deck: Deck, setting: Setting) -> bytes:
    from metrics.export.pdf import document

    return document(deck, setting)


FORMATS: Mapping[str, Format] = {
    "json": Format("json", JSON, _json, binary=False),
    "html": Format("html", HTML, _html, binary=False),
    "pdf": Format("pdf", PDF, _pdf),
    "csv": Format("csv", CSV, _csv, binary=False),
    "xlsx": Format("xlsx", XLSX, _xlsx),
    "pptx": Format("pptx", PPTX, _pptx),
}


def form(name: str) -> Format:
    """A form by its name; UnknownNameError with a hint if there is none."""
    if name not in FORMATS:
        raise UnknownNameError(f"{name!r} is no form of a deck. {hint(name, FORMATS)}")
    return FORMATS[name]
