"""What a rule needs to know of a fact: the journal's facts have these parts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol


class Told(Protocol):
    """One thing somebody decided; see `journal.Fact`, which is one.

    Attributes:
        number: Place in the journal; later facts have higher ones.
        at: When, aware, in UTC.
        author: Handle of who decided.
        kind: What sort of decision, family first: `divider.declared`.
        subject: What it is about.
        body: What was decided.
        because: Why; empty if nothing was said.
    """

    @property
    def number(self) -> int: ...  # noqa: D102 - told above
    @property
    def at(self) -> datetime: ...  # noqa: D102 - told above
    @property
    def author(self) -> str: ...  # noqa: D102 - told above
    @property
    def kind(self) -> str: ...  # noqa: D102 - told above
    @property
    def subject(self) -> str: ...  # noqa: D102 - told above
    @property
    def body(self) -> Mapping[str, Any]: ...  # noqa: D102 - told above
    @property
    def because(self) -> str: ...  # noqa: D102 - told above
