"""A frozen deck as the value it was, so that every form can be made of it again.

Source: wbr-method.md section 3, "Publish = freeze".
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from metrics.deck import Deck


def thawed(document: Mapping[str, Any]) -> Deck:
    """The deck of which `publishing.plain` made a document.

    A field that the document does not know has its default: the deck was frozen before there was one.

    Raises:
        KeyError: The document lacks a field that has no default.
    """
    made: Deck = _value(Deck, document)
    return made


def _value(kind: Any, told: Any) -> Any:
    """What was told, as the type wants it."""
    if told is None:
        return None
    if get_origin(kind) in (Union, UnionType):
        kinds = [each for each in get_args(kind) if each is not NoneType]
        return _value(kinds[0], told) if len(kinds) == 1 else told  # Others are of what JSON itself holds.
    if get_origin(kind) is tuple:
        inside = get_args(kind)
        if len(inside) == 2 and inside[1] is Ellipsis:
            return tuple(_value(inside[0], each) for each in told)
        return tuple(_value(each, one) for each, one in zip(inside, told, strict=True))
    if is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        return kind(**{f.name: _value(hints[f.name], told[f.name]) for f in fields(kind) if f.name in told})
    if kind is datetime:
        return datetime.fromisoformat(told)
    if kind is date:
        return date.fromisoformat(told)
    return told


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
