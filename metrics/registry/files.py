"""From a workspace folder to the texts of its YAML files, and the rule for every path they name."""

import os
from pathlib import Path, PurePosixPath, PureWindowsPath

from metrics.errors import DefinitionError
from metrics.registry.mistakes import Mistake

LARGEST = 2_000_000  # Bytes. Ten thousand metrics fit; a data file dropped here by mistake does not.
TOO_LARGE = (
    f"this file is larger than {LARGEST // 1_000_000} MB, which no definitions are. "
    "Keep data in CSV, Excel or Parquet and name the file under `sources`."
)
ENDINGS = (".yaml", ".yml")


def texts(folder: Path) -> tuple[dict[str, str], tuple[Mistake, ...]]:
    """Return the text of every YAML file of `folder`, by file name in name order, and the unreadable files.

    Only the folder itself is read, not the folders in it; names that start with a dot are left out.

    Raises:
        DefinitionError: `folder` is no folder, or holds no YAML file.
    """
    if not folder.is_dir():
        raise DefinitionError(f"{folder} is not a folder. Run `wbr init {folder}` to begin a workspace.")
    paths = sorted(
        (path for path in folder.iterdir() if path.suffix.lower() in ENDINGS and path.name[0] != "."),
        key=lambda path: path.name,
    )
    if not paths:
        raise DefinitionError(
            f"{folder} holds no definitions: no file there ends in .yaml or .yml. "
            f"Run `wbr init {folder}` to begin a workspace."
        )
    found: dict[str, str] = {}
    mistakes: list[Mistake] = []
    for path in paths:
        text = _text(path, folder)
        if isinstance(text, Mistake):
            mistakes.append(text)
        else:
            found[path.name] = text
    return found, tuple(mistakes)


def _text(path: Path, folder: Path) -> str | Mistake:
    """The text of one file, or why it cannot be had."""
    if not _within(path, folder):
        return Mistake(
            path.name, 1, "", "this is a link to a file outside the workspace. Copy the file here instead."
        )
    if not path.is_file():
        return Mistake(path.name, 1, "", "this is not a file that can be read. Remove it or rename it.")
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        reason = f"this file cannot be opened: {error.strerror}. Mend its permissions."
        return Mistake(path.name, 1, "", reason)
    if len(content) > LARGEST:
        return Mistake(path.name, 1, "", TOO_LARGE)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Mistake(path.name, 1, "", "this file is saved as UTF-16. Save it as UTF-8.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Mistake(
            path.name, line, "", f"byte 0x{content[error.start]:02x} is not UTF-8. Save the file as UTF-8."
        )


def misplaced(path: str, folder: Path | None) -> str | None:
    """Say why `path`, as a definition names it, may not be used; None if it may.

    A path is relative to the workspace and stays inside it, so that a workspace can be copied, and so that
    whoever may edit definitions cannot read the rest of the machine. With a `folder`, links are followed;
    those that a pattern such as `web/*.csv` finds are for the reader of the files to refuse.
    """
    parts = PurePosixPath(path).parts
    if not path.strip() or "\0" in path:
        return "the path is empty. Name a file of the workspace."
    if "://" in path:
        return f"{path!r} is an address, and only files of the workspace are read. Save the file there."
    if "\\" in path:
        return f"{path!r} has a backslash. Write folders with `/`."
    if path.startswith(("/", "~")) or PureWindowsPath(path).drive or ".." in parts:
        return f"{path!r} leads out of the workspace. Copy the file into it and write the path from there."
    if folder is not None and not _within(folder / path, folder):
        return f"{path!r} is a link out of the workspace. Copy the file into it instead."
    return None


def _within(path: Path, folder: Path) -> bool:
    """Whether `path` lies in `folder` once every link is followed."""
    # Not Path.resolve, which raises on links that lead in a circle.
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
