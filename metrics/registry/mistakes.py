"""What the registry tells about a definition file: where something stands, and what is wrong with it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from metrics.errors import DefinitionError


class Place(NamedTuple):
    """Where something stands.

    Attributes:
        file: Name of the file in the workspace folder.
        line: Counted from 1.
    """

    file: str
    line: int


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """Something no workspace can be built from. Mistakes sort by where they stand.

    Attributes:
        file: Name of the file in the workspace folder.
        line: Counted from 1.
        place: The keys that lead there, `"metrics.orders.owner"`; empty for a whole file.
        message: What is wrong and what to do about it.
    """

    file: str
    line: int
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}{', ' if self.place else ''}{self.place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that can be built, and that somebody who knows the method would question.

    Attributes:
        code: Which rule found it, in snake_case.
        file: Name of the file in the workspace folder.
        line: Counted from 1.
        place: The keys that lead there, `"metrics.orders.owner"`.
        message: What is questioned and what to do about it.
    """

    code: str
    file: str
    line: int
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}, {self.place}: {self.message}"


def refusal(mistakes: Iterable[Mistake]) -> DefinitionError:
    """The error that tells all `mistakes`, their number first, then one a line, sorted."""
    told = sorted(set(mistakes))
    count = "1 mistake" if len(told) == 1 else f"{len(told)} mistakes"
    return DefinitionError("\n- ".join([f"{count} in the definitions:", *map(str, told)]))
