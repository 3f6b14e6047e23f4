"""What is wrong with a workspace, found by looking at it: a value that every room can make."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing found.

    Attributes:
        code: Which kind, for programs: `"store_damaged"`.
        level: `"wrong"` if something is lost, refused or not to be trusted until somebody acts; `"note"`
            if all works, and somebody may want to know.
        what: What is wrong and where, in a sentence.
        do: What to do about it, in a sentence.
    """

    code: str
    level: Literal["wrong", "note"]
    what: str
    do: str
