"""What a deck is told of people: their words about its week, its state, what changed since the one before."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from metrics import week
from metrics.deck import Deck
from metrics.errors import StoreError
from metrics.reviews.week_states import ORDER, WORDS
from metrics.six_twelve import Remark

BUILT_IN = ("owner.", "link.", "annotation.")  # Facts that a deck is built with, not only told of.

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace


class Voicing:
    """Gathers what people said of one week's deck."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house

    @property
    def owners_version(self) -> str:
        """Changes with every word about owners, links or annotations, and with the day."""
        loop = self._house.loop
        told = loop.chronicle.facts()
        newest = max((f.number for f in told if f.kind.startswith(BUILT_IN)), default=0)
        return f"{newest} {loop.today}" if newest else ""

    def remarks(self) -> tuple[Remark, ...]:
        """The annotations that people made."""
        return tuple(Remark(r.day, r.text, (r.metric,)) for r in self._house.loop.saying.annotations())

    def voices(self, week_ending: date, deck: str) -> week.Voices:
        """Everything said about one week's deck."""
        loop = self._house.loop
        shown = frozenset(loop.metrics_of(deck))
        stands = loop.progress(week_ending, deck)
        certified = loop.certifying.certifications(week_ending)
        return week.Voices(
            answers=loop.saying.answers(week_ending),
            certifications={m: c for m, c in certified.items() if m in shown},
            marks=tuple(loop.saying.marks().values()),
            stories=loop.saying.stories(week_ending),
            questions=loop.saying.questions(week_ending),
            promises=loop.promises(week_ending, deck),
            certified=ORDER.index(stands.state) >= ORDER.index("certified"),
        )

    def state(self, week_ending: date, deck: str) -> str:
        """Where the week stands, in a word or two; empty where nobody has moved it."""
        stands = self._house.loop.progress(week_ending, deck)
        return WORDS[stands.state] if stands.since is not None else ""

    def changed(self, made: Deck) -> tuple[str, ...]:
        """What changed in the deck since the newest one published of an earlier week."""
        publishing = self._house.loop.publishing
        earlier = [e for e in publishing.editions(deck=made.name) if e.week_ending < made.week_ending]
        if not earlier:
            return ()
        try:
            before = publishing.values(earlier[-1])
        except StoreError:
            return ()  # `wbr audit` tells of a damaged edition; this week's deck is not held up by it.
        return tuple(_changed(made, before, self._owners(made)))

    def _owners(self, made: Deck) -> dict[str, str]:
        return {b.metric: b.owner or "nobody" for b in made.blocks if b.metric}


def _changed(made: Deck, before: Mapping[str, Any], owners: Mapping[str, str]) -> Iterator[str]:
    """Sentences: what is new, gone, elsewhere, or in other hands."""
    then = {b["number"]: str(b["title"]) for b in before["blocks"] if b["kind"] != "section"}
    now = {b.number: b.title for b in made.blocks if b.kind != "section"}
    for number, title in now.items():
        if number not in then:
            yield f"New: {number} {title}."
        elif then[number] != title:
            yield f"{number} was {then[number]} and is {title} now."
    for number, title in then.items():
        if number not in now:
            yield f"No more shown: {number} {title}."
    both = [n for n in then if n in now]
    if both != [n for n in now if n in then]:
        yield "The order of the charts is another one."
    titles = {b["metric"]: str(b["title"]) for b in before["blocks"] if b.get("metric")}
    handed = {
        metric: str(b.get("owner") or "nobody") for b in before["blocks"] if (metric := b.get("metric"))
    }
    for metric, owner in owners.items():
        if metric in handed and handed[metric] != owner:
            yield f"{titles[metric]} is answered for by {owner} instead of {handed[metric]}."
