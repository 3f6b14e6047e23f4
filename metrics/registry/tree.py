"""From YAML text to plain data that remembers the file and line of every key.

The text is read event by event and not loaded, so that nothing in it is ever executed: a tag is refused, an
alias is counted before it is followed, and nesting ends before it costs anything. Only maps, lists and
scalars come out. Words that other readers take for more than they are (`no`, `on`, dates, 0o17) stay text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import ComposerError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.scanner import Scanner

from metrics.registry.files import LARGEST, TOO_LARGE
from metrics.registry.mistakes import Mistake, Place

Scalar = str | int | float | bool | None
Path = tuple[str | int, ...]

DEEPEST = 20  # Levels. The deepest definition has nine.
MOST_REPEATED = 10_000  # Values that aliases may repeat in one file; a bomb repeats billions.
BYTE_ORDER_MARK = "\ufeff"

_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]{1,300}(\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?")
_WORDS: dict[str, Scalar] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands.

    Attributes:
        value: A scalar, or the nodes of a map or list.
        place: File and line of the key that holds it, or of the value itself in a list.
        size: Number of values in it, itself included, aliases followed.
    """

    value: "Scalar | dict[str, Node] | list[Node]"
    place: Place
    size: int = 1


@lru_cache(maxsize=32)
def tree(file: str, text: str) -> tuple[Node | None, tuple[Mistake, ...]]:
    """Return the top-level map of one file, and what is wrong with its YAML.

    An empty file has an empty map. None if the text cannot be read to its end. Of 50,000 metrics in ten files
    an edit changes one, and reading them is nine tenths of opening them: files are remembered by their text.
    """
    if len(text) > LARGEST:
        return None, (Mistake(file, 1, "", TOO_LARGE),)
    reader = _Reader(file)
    if BYTE_ORDER_MARK in text:
        line = text.count("\n", 0, text.index(BYTE_ORDER_MARK)) + 1
        mark = "this line starts with a byte order mark (BOM). Save the file as UTF-8 without it."
        return None, (Mistake(file, line, "", mark),)
    try:
        root = reader.root(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        return None, (*reader.mistakes, Mistake(file, line, "", _sentence(error, text, line)))
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        reason = f"the character U+{ord(text[error.position]):04X} cannot be printed. Remove it."
        return None, (*reader.mistakes, Mistake(file, line, "", reason))
    except YAMLError as error:
        return None, (*reader.mistakes, Mistake(file, 1, "", f"this is not YAML: {error}."))
    if not isinstance(root.value, dict):
        reader.refuse(root.place.line, "a definition file is a map of `company:`, `metrics:` and so on.")
        return None, tuple(reader.mistakes)
    return root, tuple(reader.mistakes)


class _Scanner(Scanner):
    """Stops at brackets too deep to mean anything; read on, a thousand of them would cost a second."""

    def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:  # noqa: N803  (the library's name)
        if len(self.flow_context) >= DEEPEST:
            raise _too_deep(self.reader.get_mark())
        super().fetch_flow_collection_start(TokenClass, to_push)


class _Reader:
    """Reads the events of one text into nodes; gathers what can be told and passed over."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.mistakes: list[Mistake] = []
        self._anchors: dict[str, Node | None] = {}  # None: its value is still being read.
        self._repeated = 0

    def refuse(self, line: int, message: str) -> None:
        self.mistakes.append(Mistake(self.file, line, "", message))

    def root(self, text: str) -> Node:
        """The one document of a text; an empty map if there is none."""
        yaml = YAML(typ="safe", pure=True)
        yaml.Scanner = _Scanner
        self._events: Iterator[Event] = iter(yaml.parse(text))
        root: Node | None = None
        for event in self._events:
            if isinstance(event, NodeEvent):
                root = self._node(event, 1)
            elif isinstance(event, DocumentStartEvent) and root is not None:
                raise _unreadable(event, "a second document starts here. Remove the line `---`.")
        if root is None or root.value is None:
            return Node({}, Place(self.file, 1))
        return root

    def _node(self, event: NodeEvent, depth: int) -> Node:
        place = Place(self.file, event.start_mark.line + 1)
        if depth > DEEPEST:
            raise _too_deep(event.start_mark)
        if isinstance(event, AliasEvent):
            return self._alias(event)
        if tag := getattr(event, "tag", None):
            named = str(tag).replace("tag:yaml.org,2002:", "!!")
            raise _unreadable(event, f"the tag {named} is refused: definitions are plain data. Remove it.")
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        match event:
            case ScalarEvent():
                node = Node(_scalar(event), place)
            case SequenceStartEvent():
                items: list[Node] = []
                while isinstance(item := next(self._events), NodeEvent):
                    items.append(self._node(item, depth + 1))
                node = Node(items, place, 1 + sum(item.size for item in items))
            case _:
                entries = self._entries(depth)
                node = Node(entries, place, 1 + sum(entry.size for entry in entries.values()))
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _entries(self, depth: int) -> dict[str, Node]:
        """The entries of the map that has just begun; each stands where its key does."""
        entries: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        while isinstance(key := next(self._events), NodeEvent):
            if not isinstance(key, ScalarEvent):
                raise _unreadable(key, "a key is a word, not a map, a list or an alias. Put it in quotes.")
            value = next(self._events)
            assert isinstance(value, NodeEvent)  # A key is always followed by a value, if by nothing, null.
            node = self._node(value, depth + 1)
            line = key.start_mark.line + 1
            name = str(key.value)
            if name == "<<" and key.style is None:
                for body in node.value if isinstance(node.value, list) else [node]:
                    if not isinstance(body.value, dict):
                        raise _unreadable(key, "`<<` takes the alias of a map.")
                    merged = {**body.value, **merged}
            elif name in entries:
                before = entries[name].place.line
                self.refuse(line, f"the key {name!r} is already in line {before}. Keep one of the two.")
            else:
                entries[name] = replace(node, place=Place(self.file, line))
        return {**merged, **entries}

    def _alias(self, event: AliasEvent) -> Node:
        name = str(event.anchor)
        if name not in self._anchors:
            raise _unreadable(event, f"`*{name}` repeats nothing: no `&{name}` stands above it.")
        if (node := self._anchors[name]) is None:
            raise _unreadable(event, f"`*{name}` repeats a value inside itself, without end. Write it out.")
        self._repeated += node.size
        if self._repeated > MOST_REPEATED:
            raise _unreadable(
                event,
                f"with `*{name}`, aliases repeat more than {MOST_REPEATED:,} values. Write them out.",
            )
        return replace(node, place=Place(self.file, event.start_mark.line + 1))


def _unreadable(event: Event, message: str) -> ComposerError:
    """An error of the kind the YAML library itself raises, so that both are told at one place."""
    return ComposerError(None, None, message, event.start_mark)


def _too_deep(mark: Any) -> ComposerError:
    told = f"more than {DEEPEST} levels lie inside each other. Definitions need nine."
    return ComposerError(None, None, told, mark)


def _scalar(event: ScalarEvent) -> Scalar:
    """A plain word as YAML 1.2 takes it: null, true, false, a number, else text. Quoted is text."""
    text = str(event.value)
    if event.style is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _sentence(error: MarkedYAMLError, text: str, line: int) -> str:
    """What a person does about an error of the YAML library."""
    problem = str(error.problem or "this is not YAML")
    lines = text.splitlines()
    here = lines[line - 1] if line <= len(lines) else ""
    opened = error.context_mark.line + 1 if error.context_mark else line
    if isinstance(error, ComposerError):
        return problem
    if "\t" in here[: len(here) - len(here.lstrip())] or "'\\t'" in problem:
        return "a tab indents this line, and YAML takes only spaces. Replace the tab by spaces."
    if "cannot start any token" in problem:
        sign = problem.split("'")[1]
        return f"a value cannot start with {sign!r}. Put it in quotes."
    if "mapping values are not allowed" in problem:
        return "this line has a second `: `, or is indented too far. Put text that holds `: ` in quotes."
    if "expected ',' or" in problem:
        return f"the bracket opened in line {opened} is not closed before this, or a comma is missing."
    if "quoted scalar" in str(error.context):
        return f"the quote opened in line {opened} is not closed. Close it."
    if "expected <block end>" in problem or "did not find expected" in problem:
        return "this line is not indented like the lines it belongs to. Align it with them."
    if "could not find expected ':'" in problem:
        return f"the key in line {opened} has no `:` after it. Add it, or indent the line under its text."
    return f"{problem[0].upper()}{problem[1:].rstrip('.')}. Mend this line, or put its text in quotes."


def merged(trees: Mapping[str, Node]) -> tuple[Node, tuple[Mistake, ...]]:
    """Return all files as one map, and the keys that two files hold.

    Maps of the same name are joined key by key, lists are joined, and anything else stands in one file only.
    An empty section counts as left out.
    """
    sections: dict[str, Node] = {}
    mistakes: list[Mistake] = []

    def twice(path: str, node: Node, before: Node) -> None:
        told = f"{path!r} is already in {before.place.file}, line {before.place.line}. Keep one of the two."
        mistakes.append(Mistake(*node.place, path, told))

    for root in trees.values():
        assert isinstance(root.value, dict)
        for name, node in root.value.items():
            if node.value is None:
                continue
            before = sections.setdefault(name, node)
            if before is node:
                continue
            match before.value, node.value:
                case dict() as held, dict() as more:
                    for key in held.keys() & more.keys():
                        twice(f"{name}.{key}", more[key], held[key])
                    sections[name] = replace(before, value={**held, **more, **held})
                case list() as held, list() as more:
                    sections[name] = replace(before, value=[*held, *more])
                case _:
                    twice(name, node, before)
    first = next(iter(trees), "definitions")
    return Node(sections, Place(first, 1)), tuple(mistakes)


def plain(node: Node) -> Any:
    """The value of a node without its places."""
    match node.value:
        case dict() as entries:
            return {key: plain(entry) for key, entry in entries.items()}
        case list() as items:
            return [plain(item) for item in items]
        case scalar:
            return scalar


def places(node: Node, path: Path = ()) -> Iterator[tuple[Path, Place]]:
    """Every path of the tree with the place where it stands."""
    yield path, node.place
    inside: Sequence[tuple[str | int, Node]] = (
        list(node.value.items()) if isinstance(node.value, dict)
        else list(enumerate(node.value)) if isinstance(node.value, list)
        else []
    )  # fmt: skip
    for part, child in inside:
        yield from places(child, (*path, part))


def deepest(node: Node, path: Path) -> tuple[Path, Place]:
    """Return the parts of `path` that the files really hold, and where the last of them stands.

    A missing field takes its parent's place, and so does a part that only names the branch of a union.
    """
    held: Path = ()
    for part in path:
        match node.value:
            case dict() as entries if isinstance(part, str) and part in entries:
                node = entries[part]
            case list() as items if isinstance(part, int) and part < len(items):
                node = items[part]
            case _:
                continue
        held = (*held, part)
    return held, node.place
