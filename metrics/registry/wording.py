"""What pydantic found wrong, in sentences for the person who wrote the file."""

import re
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel, Tag
from pydantic_core import ErrorDetails

from metrics.definitions import Definitions
from metrics.errors import counted, hint

Location = Sequence[str | int]

PATTERNS = {
    r"^[a-z][a-z0-9_]*$": "an id: it is snake_case, lower-case letters, digits and `_`, a letter first",
    r"^[a-z0-9][a-z0-9._-]*$": "a handle: it has lower-case letters, digits, `.`, `_` and `-`",
    r"^[A-Z]{3}$": "a currency code: it has three capital letters, such as USD",
    r"^[^@\s]+@[^@\s]+$": "an e-mail address, such as ana@example.com",
}

DATE = "is not a date. Write it as 2026-05-09, year first"
TIME = "is not a time. Write it as 2026-05-11T07:00"
MAP = "stands where a map is needed. Write `{key: value}`, or indented lines of `key: value`"
TYPES = {
    "string_type": "stands where a text is needed",
    "int_type": "stands where a whole number is needed",
    "int_parsing": "is not a whole number",
    "int_parsing_size": "is too large a number",
    "int_from_float": "is not a whole number",
    "float_type": "stands where a number is needed",
    "float_parsing": "is not a number. Write it as 1234.5, without separators or signs",
    "finite_number": "is not a finite number",
    "bool_type": "is neither true nor false",
    "bool_parsing": "is neither true nor false",
    "date_type": DATE,
    "date_parsing": DATE,
    "date_from_datetime_parsing": DATE,
    "date_from_datetime_inexact": DATE,
    "datetime_type": TIME,
    "datetime_parsing": TIME,
    "datetime_from_date_parsing": TIME,
    "tuple_type": "stands where a list is needed. Write `[one, two]`, or a line with `- ` for each",
    "dict_type": MAP,
    "model_type": MAP,
    "model_attributes_type": MAP,
}


def sentence(error: ErrorDetails) -> str:
    """Return what is wrong and what to do, for one error of `Definitions`."""
    kind, location, given = error["type"], error["loc"], error["input"]
    limits: Mapping[str, Any] = error.get("ctx", {})
    match kind:
        case "missing" if location == ("company",):
            return "needs `company`, whose review this is. Write `company: {name: …}`."
        case "extra_forbidden":
            return f"unknown key {str(location[-1])!r}. {hint(str(location[-1]), fields(location[:-1]))}"
        case "missing":
            choices = f": one of {', '.join(words)}" if (words := _words(location)) else ""
            return f"needs `{location[-1]}`{choices}."
        case "literal_error":
            return _not_one_of(given, _words(location), str(limits["expected"]))
        case "union_tag_not_found":
            key = str(limits["discriminator"]).strip("'")
            return f"needs `{key}`: one of {', '.join(_tags(location))}."
        case "union_tag_invalid":
            return _not_one_of(limits["tag"], _tags(location), str(limits["expected_tags"]))
        case "string_pattern_mismatch":
            return f"{_shown(given)} is not {PATTERNS[limits['pattern']]}.{_remedy(given, limits['pattern'])}"
        case "string_too_long":
            return f"{_shown(given)} is longer than {limits['max_length']} characters. Shorten it."
        case "string_too_short":
            return f"this text needs at least {counted(limits['min_length'], 'character')}."
        case "too_short":
            fewest = counted(limits["min_length"], "entry")
            return f"this needs at least {fewest}, and has {limits['actual_length']}."
        case "too_long":
            most = counted(limits["max_length"], "entry")
            return f"this takes at most {most}, and has {limits['actual_length']}."
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            (limit,) = limits.values()
            strict = {"greater_than": "above", "less_than": "below"}
            bound = strict.get(kind) or ("at least" if kind.startswith("greater") else "at most")
            return f"{_shown(given)} must be {bound} {limit:g}."
        case "value_error":
            return f"{error['msg'].removeprefix('Value error, ')}."
        case "block":
            return f"{error['msg']}."
        case _ if given is None:
            return "nothing stands here. Give it a value, or remove the key."
        case "string_type" if isinstance(given, int | float):
            return f"{_shown(given)} {TYPES[kind]}. Put it in quotes."
        case _ if kind in TYPES:
            return f"{_shown(given)} {TYPES[kind]}."
        case _:
            return f"{error['msg']}."


def discriminator(error: ErrorDetails) -> str | None:
    """The key on which a union branches, if a wrong value of it is what `error` is about."""
    if error["type"] != "union_tag_invalid":
        return None
    return str(error["ctx"]["discriminator"]).strip("'")


def _not_one_of(given: object, choices: Sequence[str], otherwise: str) -> str:
    near = hint(given, choices) if isinstance(given, str) else ""
    guess = f" {near}" if near.startswith("Did you mean") else ""
    return f"{_shown(given)} is not one of {', '.join(choices) or otherwise}.{guess}"


def _remedy(given: object, pattern: str) -> str:
    """A right spelling of an id, where one is at hand."""
    plain = re.sub(r"[^a-z0-9]+", "_", str(given).lower()).strip("_")
    return f" Write {plain!r}." if re.fullmatch(pattern, plain) and plain != given else ""


def _shown(value: object) -> str:
    """A value as the reader of a message knows it, never longer than a line."""
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return "a map"
        case list() | tuple():
            return "a list"
        case str() if len(value) > 60:
            return f"{value[:60] + '…'!r}"
        case _:
            return repr(value)


# --- which fields and choices a place has ----------------------------------------------------


def fields(location: Location) -> tuple[str, ...]:
    """The keys that may be written at a place of `Definitions`, as files spell them."""
    names: dict[str, None] = {}
    for branch in map(_unwrapped, _branches(_annotation(location))):
        if isinstance(branch, type) and issubclass(branch, BaseModel):
            names |= dict.fromkeys(_spelt(branch))
    if location[:1] == ("metrics",):
        names.pop("id", None)  # The key of a metric is its id.
    return tuple(names)


def _words(location: Location) -> list[str]:
    """The words that a field takes, if it takes only some."""
    branches = [branch for branch in _branches(_annotation(location)) if get_origin(branch) is Literal]
    words = [word for branch in branches for word in get_args(branch)]
    return [str(word).lower() if isinstance(word, bool) else str(word) for word in words]


def _tags(location: Location) -> list[str]:
    """The values of the key on which the union at `location` branches."""
    return [tag for branch in _branches(_annotation(location)) for tag in _tags_of(branch)]


def _annotation(location: Location) -> Any:
    """The type that `Definitions` declares at a place, as pydantic names places."""
    annotation: Any = Definitions
    for part in location:
        annotation = _inside(annotation, part)
    return annotation


def _inside(annotation: Any, part: str | int) -> Any:
    """The type one step further in: a field, an entry, an item, or the branch of a union."""
    branches = _branches(annotation)
    if len(branches) > 1:
        return next((branch for branch in branches if part in _names_of(branch)), annotation)
    if not branches:
        return Any
    only = _unwrapped(branches[0])
    if isinstance(only, type) and issubclass(only, BaseModel):
        return _spelt(only).get(str(part), Any)
    match get_origin(only), get_args(only):
        case origin, (_, entry, *_) if origin is dict:
            return entry
        case origin, (item, *_) if origin is tuple:
            return item
    return Any


def _unwrapped(annotation: Any) -> Any:
    """A type without what `Annotated` says about it."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def _branches(annotation: Any) -> list[Any]:
    """The members of a union, one left out if it is None; of any other type, itself."""
    plain = _unwrapped(annotation)
    if get_origin(plain) in (Union, types.UnionType):
        return [found for member in get_args(plain) for found in _branches_or_tagged(member)]
    return [] if plain is type(None) else [annotation if _tag(annotation) else plain]


def _branches_or_tagged(member: Any) -> list[Any]:
    return [member] if _tag(member) else _branches(member)


def _tag(annotation: Any) -> str | None:
    """The tag that `Annotated` gives to the branch of a union."""
    marks = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    return next((mark.tag for mark in marks if isinstance(mark, Tag)), None)


def _tags_of(branch: Any) -> list[str]:
    if tag := _tag(branch):
        return [tag]
    if not (isinstance(branch, type) and issubclass(branch, BaseModel)):
        return []
    kinds = (field for field in branch.model_fields.values() if get_origin(field.annotation) is Literal)
    return [str(field.default) for field in kinds if get_args(field.annotation) == (field.default,)]


def _names_of(branch: Any) -> list[str]:
    """What pydantic may call the branch of a union in a place."""
    plain = _unwrapped(branch)
    return [*_tags_of(branch), plain.__name__ if isinstance(plain, type) else str(plain)]


def _spelt(model: type[BaseModel]) -> dict[str, Any]:
    """The fields of a model as files spell them, each with its type."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        spelt = str(alias.choices[0]) if isinstance(alias, AliasChoices) else name
        found[spelt] = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return found


def distinct(errors: Sequence[ErrorDetails], held: Callable[[Location], Location]) -> Iterator[ErrorDetails]:
    """Leave out what a union's other branch says about a value that one branch was meant for.

    `a metric's id, or {target_of: id}` is tried as both; only the complaint that goes deeper is of use.

    Args:
        errors: Of one document.
        held: From pydantic's place to the parts that the files really hold.
    """
    shapes = ("string_type", "model_type")
    told = [(tuple(held(error["loc"])), error) for error in errors]
    deeper = {
        place[:length]
        for place, error in told if error["type"] not in shapes
        for length in range(len(place) + 1)
    }  # fmt: skip
    for place, error in told:
        if error["type"] in shapes:
            if place in deeper:
                continue
            deeper.add(place)
        yield error
