"""Taking a person out of what was said: what is theirs, and what is left of it.

Their handle, name and address become a token, wherever they stand. What they wrote themselves becomes a
sentence that says only that they wrote something. What others wrote stays, without the name. Numbers, dates,
decisions and the order of things stay as they were.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from typing import Any

from metrics.definitions import Definitions
from metrics.errors import DecisionError
from metrics.reviews.rights import checked

RIGHT = "erase_person"
KIND = "person.erased"
# What the fields of a fact are called that hold a person's own words, even if those are one word only.
WORDS = {
    "text", "more", "dissent", "result", "timeline", "customers_hit", "root_cause", "whys", "where", "what",
    "could_have_been_tracked", "mechanism", "product", "comment", "cause",
}  # fmt: skip
DERIVED = {"missing", "files", "journal", "store"}  # Sentences of this program, and no words of a person.
CERTAIN = 12  # Characters from which on a text is replaced wherever it stands in a file.


@dataclass(frozen=True)
class Erased:
    """A person who is to be taken out.

    Attributes:
        handle: In files, facts and links.
        names: Name, address and whatever else they are called.
        token: What takes their place.
        words: Texts they wrote, as far as known; only needed for files, where no author stands beside them.
    """

    handle: str
    names: tuple[str, ...]
    token: str
    words: tuple[str, ...] = ()

    @property
    def silence(self) -> str:
        """What takes the place of their own words."""
        return f"[words of {self.token}, erased]"

    @cached_property
    def _called(self) -> re.Pattern[str]:
        known = sorted({self.handle, *self.names}, key=len, reverse=True)
        return re.compile(rf"(?<![\w@.])(?:{'|'.join(map(re.escape, known))})(?!\w|\.\w)", re.IGNORECASE)

    @cached_property
    def _in_files(self) -> tuple[tuple[str, str], ...]:
        """What to replace in a file as JSON and HTML write it, longest first."""
        found: dict[str, str] = {}
        for name in sorted({self.handle, *self.names}, key=len, reverse=True):
            found |= dict.fromkeys(_written(name), self.token)
        for text in self.words:
            for form in _written(text):
                if len(text) >= CERTAIN:
                    found[form] = self.silence
                else:
                    for before, after in (('"', '"'), (">", "<")):
                        found[f"{before}{form}{after}"] = f"{before}{self.silence}{after}"
        return tuple(sorted(found.items(), key=lambda pair: -len(pair[0])))

    def named_in(self, text: str) -> bool:
        """Whether a text names them."""
        return bool(self._called.search(text))

    def without(self, text: str) -> str:
        """A text of somebody else, without their name."""
        return self._called.sub(self.token, text)

    def file(self, text: str) -> str:
        """A file of JSON or HTML without their words and their name."""
        for written, instead in self._in_files:
            text = text.replace(written, instead)
        return self.without(text)

    def fact(
        self, author: str, kind: str, subject: str, body: Any, because: str
    ) -> tuple[str, str, Any, str]:
        """Author, subject, body and reason of a fact without them."""
        own = author == self.handle
        return (
            self.token if own else author,
            ":".join(self.token if part == self.handle else part for part in subject.split(":")),
            self._body(body, own=own and kind != KIND, field=""),
            self.silence if own and because and kind != KIND else self.without(because),
        )

    def _body(self, value: Any, *, own: bool, field: str) -> Any:
        if isinstance(value, str):
            if value == self.handle:
                return self.token
            if own and field not in DERIVED and (field in WORDS or " " in value.strip()):
                return self.silence if value else value
            return self.without(value)
        if isinstance(value, Mapping):
            return {
                self.token if key == self.handle else key: self._body(each, own=own, field=str(key))
                for key, each in value.items()
            }
        if isinstance(value, Sequence):
            return [self._body(each, own=own, field=field) for each in value]
        return value


def words_of(body: Any, because: str, field: str = "") -> Iterator[str]:
    """The texts of a fact that its author wrote."""
    if because:
        yield because
    if isinstance(body, str):
        if body and field not in DERIVED and (field in WORDS or " " in body.strip()):
            yield body
    elif isinstance(body, Mapping):
        for key, each in body.items():
            yield from words_of(each, "", str(key))
    elif isinstance(body, Sequence):
        for each in body:
            yield from words_of(each, "", field)


def erasing(
    definitions: Definitions, person: str, token: str, *, by: str, also: Sequence[str] = ()
) -> Erased:
    """Who is to be taken out, and what they are called.

    Args:
        definitions: What is declared.
        person: Their handle; they need not be among `people` any more.
        token: What takes their place.
        by: Who erases.
        also: What else they are called: a nickname, an old address.

    Raises:
        NotAllowedError: The one who erases may not.
        DecisionError: Nobody is named, or the handle is also the name of something else.
    """
    checked(definitions, by, RIGHT)
    handle = person.strip()
    if not handle:
        raise DecisionError("Nobody is named. Say who is to be erased: `wbr erase PERSON`.")
    things = (definitions.metrics, definitions.decks, definitions.sources, definitions.rights)
    if any(handle in thing for thing in things):
        raise DecisionError(
            f"{handle!r} is also the name of a metric, deck, source or role: facts about the one cannot be "
            "told from facts about the other. Nothing was changed. Give that one another name first."
        )
    known = definitions.people.get(handle)
    names = [known.name, known.email or "", known.login or ""] if known else []
    return Erased(handle, tuple(dict.fromkeys(n.strip() for n in (*names, *also) if n.strip())), token)


def with_words(person: Erased, words: Sequence[str]) -> Erased:
    """The same person, with the texts they wrote."""
    return replace(person, words=tuple(dict.fromkeys(words)))


def _written(text: str) -> tuple[str, ...]:
    """A text as JSON and HTML write it."""
    forms = [text, escape(text), escape(text, quote=False), escape(text).replace("&#x27;", "&#39;")]
    forms += [json.dumps(form, ensure_ascii=plain)[1:-1] for form in tuple(forms) for plain in (True, False)]
    return tuple(dict.fromkeys(forms))
