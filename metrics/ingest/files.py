"""Which files a source means, and what they are before anybody parses them."""

import codecs
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Literal

from metrics.errors import SourceError, hint

BLOCK = 1 << 22  # Bytes read at a time.

Form = Literal["csv", "excel", "parquet"]
SUFFIXES: dict[str, Form] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv",
    ".xlsx": "excel", ".xlsm": "excel", ".xls": "excel", ".ods": "excel",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip

_FIRST_BYTES = (
    (b"PK\x03\x04", "an Excel workbook or another zip archive", "excel"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "excel"),
    (b"PAR1", "a Parquet file", "parquet"),
    (b"\x1f\x8b", "a gzip archive", None),
    (b"BZh", "a bzip2 archive", None),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", None),
    (b"7z\xbc\xaf", "a 7z archive", None),
    (b"%PDF", "a PDF", None),
    (b"SQLite format 3\x00", "a SQLite database", None),
)


def source_files(pattern: str, root: Path) -> tuple[Path, ...]:
    """The files that a path or glob of a workspace means, in order of their names.

    Raises:
        SourceError: No file fits, or the path leads out of the workspace.
    """
    parts = PurePosixPath(pattern.replace("\\", "/")).parts
    if "://" in pattern:
        raise SourceError(
            f"{pattern} is an address. Fetch the file into the workspace's folder and declare its path."
        )
    if (
        not parts
        or ".." in parts
        or parts[0] in ("/", "~")
        or PureWindowsPath(pattern).drive
        or not pattern.isprintable()
    ):
        raise _outside(pattern)
    if (root / pattern).is_file():
        found = [root / pattern]
    else:
        found = sorted(
            (path for path in root.glob(pattern) if path.is_file()), key=lambda path: path.as_posix()
        )
    home = root.resolve()
    for path in found:
        if not path.resolve().is_relative_to(home):
            raise _outside(path.relative_to(root).as_posix())
    if not found:
        folder = root.joinpath(*parts[:-1])
        beside = (
            [path.relative_to(root).as_posix() for path in folder.iterdir() if path.is_file()]
            if not any(sign in part for part in parts[:-1] for sign in "*?[") and folder.is_dir()
            else []
        )
        told = hint(pattern, beside)
        remedy = (
            told
            if told.startswith("Did you mean")
            else "Put the file there, or correct the path in the source."
        )
        raise SourceError(f"No file {pattern!r} in the workspace. {remedy}")
    return tuple(found)


def _outside(path: str) -> SourceError:
    return SourceError(f"{path!r} leads out of the workspace. Put the file into the workspace's folder.")


def display_name(path: Path, root: Path) -> str:
    """The name of a file in messages: relative to the workspace if it is inside."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.name


@dataclass(frozen=True, slots=True)
class Facts:
    """What one pass over a text file tells.

    Attributes:
        sha256: Of its bytes.
        size: In bytes.
        encoding: `utf-8-sig` or `utf-16`.
        quotes: Is there a quotation mark, so that a cell may hold a line break?
        plain: Can the quick reader have it? It wants UTF-8 and one kind of line end.
    """

    sha256: str
    size: int
    encoding: str
    quotes: bool
    plain: bool


def sha256(path: Path) -> str:
    """The digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def text_facts(path: Path, name: str) -> Facts:
    """Look once through a text file, whatever its size, in little memory.

    Raises:
        SourceError: It is empty, no text, or text in an encoding that would have to be guessed.
    """
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    size = feeds = returns = pairs = 0
    quotes = after_return = blank = False
    wide = pending = False
    blank = True
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            if size == 0:
                not_a(form="csv", name=name, start=block)
                wide = block[:2] in (b"\xff\xfe", b"\xfe\xff")
            digest.update(block)
            blank = blank and not block.removeprefix(codecs.BOM_UTF8).strip()
            if not wide:
                if (place := block.find(0)) >= 0:
                    line = feeds + block.count(b"\n", 0, place) + 1
                    raise SourceError(
                        f"{name}, line {line}: a NUL byte. This is no text file, or UTF-16 without its mark. "
                        "Save it as 'CSV UTF-8' and load again."
                    )
                if pending or not block.isascii():
                    try:
                        decoder.decode(block)
                    except UnicodeDecodeError as error:
                        # The decoder put the start of a letter cut by the block's edge in front.
                        before = len(error.object) - len(block)
                        line = feeds + block.count(b"\n", 0, max(error.start - before, 0)) + 1
                        raise SourceError(
                            f"{name}, line {line}: byte 0x{error.object[error.start]:02X} is not UTF-8; "
                            "any other encoding would be a guess. Save it as 'CSV UTF-8' and load again."
                        ) from None
                    pending = bool(decoder.getstate()[0])
                quotes = quotes or b'"' in block
                feeds += block.count(b"\n")
                if returned := block.count(b"\r"):
                    returns += returned
                    pairs += block.count(b"\r\n")
                pairs += after_return and block.startswith(b"\n")
                after_return = block.endswith(b"\r")
            size += len(block)
    if pending:
        raise SourceError(f"{name} ends within a letter: it was cut off. Export it again.")
    if blank:
        raise SourceError(f"{name} is empty. Export it again, with the columns' names in the first row.")
    one_kind = returns == 0 or returns == pairs == feeds
    return Facts(
        sha256=digest.hexdigest(),
        size=size,
        encoding="utf-16" if wide else "utf-8-sig",
        quotes=quotes,
        plain=not wide and one_kind,
    )


def not_a(*, form: Form, name: str, start: bytes) -> None:
    """Refuse a file whose first bytes are those of another form.

    Raises:
        SourceError: It is another form, with the way to declare that.
    """
    for first, words, other in _FIRST_BYTES:
        if start.startswith(first):
            if other == form:
                return
            remedy = f"Declare it as `{other}:`" if other else "Unpack or export it as CSV, Excel or Parquet"
            raise SourceError(f"{name} is declared as `{form}:` but is {words}. {remedy} and load again.")
    if start[:4] in (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff"):
        raise SourceError(f"{name} is UTF-32. Save it as 'CSV UTF-8' and load again.")
    if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:5].lower() in (b"<html", b"<!doc", b"<tabl", b"<?xml"):
        raise SourceError(
            f"{name} is a web page or XML, whatever its name. Export it as CSV or Excel and load again."
        )
    if form != "csv":
        raise SourceError(
            f"{name} is declared as `{form}:` but is something else, perhaps CSV. "
            f"Declare it as `csv:`, or export it again as {form.title()}."
        )


def opened(paths: Sequence[Path]) -> int:
    """The size of all files together, in bytes.

    Raises:
        SourceError: One cannot be read.
    """
    total = 0
    for path in paths:
        try:
            with path.open("rb"):
                total += path.stat().st_size
        except OSError as error:
            raise SourceError(
                f"{path.name} cannot be read: {error.strerror}. Correct its path or its rights."
            ) from error
    return total
