"""What is told when a question cannot be answered: one form for all, in words (RFC 9457)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ValidationError

from metrics.errors import (
    CalendarError,
    ConflictError,
    DecisionError,
    JournalError,
    MetricsError,
    NotAllowedError,
    SourceError,
    StoreError,
    UnknownNameError,
    hint,
)

MEDIA_TYPE = "application/problem+json"
SHOWN = 100  # Mistakes told one by one; all are counted.


@dataclass(eq=False)
class Problem(Exception):  # noqa: N818 - RFC 9457 calls it so
    """An answer that says why there is no other.

    Attributes:
        status: The HTTP status.
        detail: What is wrong and what to do, in words.
        errors: The fields to mend, one by one.
        headers: To send with it.
    """

    status: HTTPStatus
    detail: str
    errors: Sequence[Mapping[str, Any]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """The body."""
        told: dict[str, Any] = {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": int(self.status),
            "detail": self.detail,
        }
        if self.errors:
            told["errors"] = [dict(each) for each in self.errors[:SHOWN]]
            told["errors_in_all"] = len(self.errors)
        return told


STATUS: tuple[tuple[type[MetricsError], HTTPStatus], ...] = (
    (UnknownNameError, HTTPStatus.NOT_FOUND),
    (CalendarError, HTTPStatus.NOT_FOUND),
    (NotAllowedError, HTTPStatus.FORBIDDEN),
    (ConflictError, HTTPStatus.CONFLICT),
    (DecisionError, HTTPStatus.CONFLICT),
    (SourceError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (StoreError, HTTPStatus.SERVICE_UNAVAILABLE),
    (JournalError, HTTPStatus.SERVICE_UNAVAILABLE),
)


def problem(error: MetricsError) -> Problem:
    """One of our own errors, as an answer. Its text is written for the person who meets it."""
    status = next((s for kind, s in STATUS if isinstance(error, kind)), HTTPStatus.SERVICE_UNAVAILABLE)
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        # Such a text names files of the machine, which are for its keeper to know.
        return Problem(
            status,
            "The workspace cannot be read or written at the moment. `wbr check` and `wbr audit` on the "
            "server say why.",
            headers={"Retry-After": "30"},
        )
    return Problem(status, str(error))


def unknown_parameter(name: str, model: type[BaseModel]) -> str:
    """Why a parameter is refused that nobody declared."""
    known = [f.alias or n for n, f in model.model_fields.items()]
    short = name if len(name) <= 60 else f"{name[:60]}…"
    if not known:
        return f"{short!r} is no parameter of this address; it takes none."
    return f"{short!r} is no parameter of this address. {hint(short, known)}"


_WORDS = {
    "missing": "is needed and was not told.",
    "int_parsing": "is not a whole number.",
    "float_type": "is not a number. Leave the day out if its value is unknown.",
    "finite_number": "is not a finite number. Leave the day out if its value is unknown.",
    "string_type": "is not a text.",
    "string_pattern_mismatch": "is not written as it must be: an id has small letters, digits and `_`; a "
    "segment is `name:value`.",
}


def mistakes(error: ValidationError, model: type[BaseModel]) -> list[dict[str, Any]]:
    """What pydantic refused: field, reason, and of a list of values the place from 0."""
    found = []
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        place = list(each["loc"])
        index = next((part for part in place if isinstance(part, int)), None)
        if index is not None and place[0] == "observations":
            place = place[place.index(index) + 1 :]
        else:
            index = None
        name = ".".join(str(part) for part in place)
        reason = _WORDS.get(each["type"]) or each["msg"].removeprefix("Value error, ")
        if each["type"] == "extra_forbidden" and len(place) == 1 and index is None:
            reason = unknown_parameter(name, model)
        told: dict[str, Any] = {"field": name[:120], "reason": _sentence(reason)}
        found.append({"index": index, **told} if index is not None else told)
    return found


def _sentence(words: str) -> str:
    words = words[:300]
    return words if words.endswith((".", "`")) else f"{words}."
