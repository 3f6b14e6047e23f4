"""What changed in a deck since its last edition, or since the week before: for the room, in sentences.

Source: wbr-method.md section 3; DESIGN.md section 3, "An answer".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final, Literal

from metrics import text
from metrics.deck import Deck
from metrics.definitions import Unit
from metrics.export import json as json_form
from metrics.reviews.answers import WORDS as ANSWERS
from metrics.reviews.editions import Edition
from metrics.reviews.statement import named

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace
    from metrics.workspace.publishing import Changed

Kind = Literal["blocks", "definitions", "restated", "exceptions", "answers"]
KINDS: Final[Mapping[Kind, str]] = {
    "blocks": "What is shown",
    "definitions": "How it is counted, and who answers for it",
    "restated": "Numbers that were restated",
    "exceptions": "Exceptions",
    "answers": "Answers",
}
SAID: Final = {  # Parts of a definition that are told with what they were and are.
    "kind": "kind",
    "unit": "unit",
    "better": "better direction",
    "measure": "measure",
    "second_measure": "second measure",
    "target": "target",
    "scale": "scale",
    "compare": "comparison",
    "matures_after_weeks": "weeks until it is mature",
}
REWORDED: Final = ("meaning", "as_the_customer_meets_it", "gaming", "guardrails", "controllable")
LEADING: Final = ("how", "style", "series", "numerator", "denominator", "of")
AMOUNTS: Final = ("value", "low", "high", "total")  # Parts of a target in the metric's unit.
BOX: Final = {
    "last_week": "last week",
    "wow": "week on week",
    "yoy": "on the year",
    "mtd": "month to date",
    "mtd_yoy": "month to date on the year",
    "qtd": "quarter to date",
    "qtd_yoy": "quarter to date on the year",
    "ytd": "year to date",
    "ytd_yoy": "year to date on the year",
    "vs_target": "against target",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was.

    Attributes:
        kind: What sort of thing.
        metric: Id of the metric concerned; None for a plain table.
        text: A sentence.
    """

    kind: Kind
    metric: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Compared:
    """A deck beside an earlier one.

    Attributes:
        deck: Id of the outline.
        week_ending: The week looked at.
        since: The week of the earlier deck.
        edition: Number of the edition it was published in; None if it was made just now.
        words: The earlier deck in words: `edition 1 of the week ending 2 May`.
        differences: In the order of `KINDS`, each kind in the deck's order.
    """

    deck: str
    week_ending: date
    since: date
    edition: int | None
    words: str
    differences: tuple[Difference, ...]

    def of(self, kind: Kind) -> tuple[Difference, ...]:
        """Those of one kind."""
        return tuple(d for d in self.differences if d.kind == kind)


class Changing:
    """Compares decks."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house

    def compared(self, week_ending: date, deck: str) -> Compared:
        """One week's deck beside its newest edition of that week or an earlier one; else the week before.

        Raises:
            CalendarError: `week_ending` ends no week.
            UnknownNameError: No such deck.
            StoreError: A file of the edition is gone or was changed.
        """
        now = self._house.deck(week_ending, deck=deck)
        editions = self._house.loop.publishing.editions(deck=now.name)
        known = [e for e in editions if e.week_ending <= week_ending]
        if known:
            return self._since_edition(now, max(known, key=lambda e: (e.week_ending, e.number)))
        since = week_ending - timedelta(weeks=1)
        before = json_form.as_json(self._house.deck(since, deck=now.name))
        told = [*_blocks(before, json_form.as_json(now)), *self._exceptions(before, now)]
        return self._compared(now, since, None, f"the {text.week_ending(since)}, as it is now", told)

    def _since_edition(self, now: Deck, edition: Edition) -> Compared:
        publishing, since = self._house.loop.publishing, edition.week_ending
        before, after = publishing.values(edition), json_form.as_json(now)
        told = [
            *_blocks(before, after),
            *self._definitions(before, after, publishing.declared(edition)["metrics"]),
            *(
                Difference("restated", c.metric, self.cell(c, metric=True))
                for c in publishing.restated(edition, now)
            ),
            *self._exceptions(before, now),
            *self._answers(now, publishing.week(edition), since),
        ]
        words = f"edition {edition.number} of the {text.week_ending(since)}"
        return self._compared(now, since, edition.number, words, told)

    def _compared(
        self, now: Deck, since: date, edition: int | None, words: str, told: Sequence[Difference]
    ) -> Compared:
        order = {kind: place for place, kind in enumerate(KINDS)}
        differences = tuple(sorted(told, key=lambda d: order[d.kind]))
        return Compared(now.name, now.week_ending, since, edition, words, differences)

    # --- definitions -------------------------------------------------------------------------

    def _definitions(
        self, before: Mapping[str, Any], after: Mapping[str, Any], declared: Mapping[str, Any]
    ) -> Iterator[Difference]:
        """Owners, measures, targets and other parts of the definitions of metrics shown then and now."""
        then, now = _owners(before), _owners(after)
        currency = self._house.definitions.company.currency
        for metric in now:
            old, new = declared.get(metric), self._house.definitions.metrics.get(metric)
            if new is None or old is None:
                continue
            if metric in then and then[metric] != now[metric]:
                words = f"{new.name} is answered for by {now[metric]} instead of {then[metric]}."
                yield Difference("definitions", metric, words)
            form = new.model_dump(mode="json")
            for part, word in SAID.items():
                if old.get(part) != form.get(part):
                    was = _part(part, old.get(part), old.get("unit", new.unit), currency)
                    told = _part(part, form.get(part), new.unit, currency)
                    yield Difference(
                        "definitions", metric, f"{new.name}: its {word} was {was} and is {told} now."
                    )
            reworded = [part.replace("_", " ") for part in REWORDED if old.get(part) != form.get(part)]
            if reworded:
                words = f"{new.name}: its {text.listed(reworded)} changed."
                yield Difference("definitions", metric, words)

    # --- numbers -----------------------------------------------------------------------------

    def cell(self, changed: "Changed", *, metric: bool = False) -> str:
        """A changed cell in a sentence, its values as people read them: `… was 2.10% and is 2.16% now`."""
        currency = self._house.definitions.company.currency
        known = self._house.definitions.metrics.get(changed.metric)
        name = known.name if metric and known is not None else f"{changed.number} {changed.title}"
        was, now = (text.figure(value, changed.unit, currency) for value in (changed.old, changed.new))
        if was == now and not isinstance(changed.old, str) and not isinstance(changed.new, str):
            unit = known.unit if known is not None else "number"
            was, now = (text.full(value, unit, currency) for value in (changed.old, changed.new))
        return f"{name}, {place(changed.label)}: was {was} and is {now} now ({changed.why})."

    # --- exceptions --------------------------------------------------------------------------

    def _exceptions(self, before: Mapping[str, Any], now: Deck) -> Iterator[Difference]:
        """Exceptions that are new, that stand on, and that are none any more."""
        known = self._house.definitions.metrics
        then = [m for m in before["exceptions"] if m in known]
        told = {b.signal.metric: b.told for b in now.exceptions if b.signal is not None}
        current = json_form.as_json(now)["exceptions"]
        for metric in current:
            if metric not in then:
                why = f": {told[metric]}" if told.get(metric) else ""
                yield Difference("exceptions", metric, f"New: {known[metric].name}{why}.")
        for metric in then:
            if metric not in current:
                yield Difference("exceptions", metric, f"No exception any more: {known[metric].name}.")

    # --- answers -----------------------------------------------------------------------------

    def _answers(self, now: Deck, frozen: Mapping[str, Any], since: date) -> Iterator[Difference]:
        """Answers to the earlier deck that were given or changed after it was frozen."""
        definitions, loop = self._house.definitions, self._house.loop
        then = {a["metric"]: (a["kind"], a["text"]) for a in frozen["answers"].values()}
        for answer in loop.saying.answers(since):
            known = definitions.metrics.get(answer.metric)
            if known is None or answer.metric not in now.metrics:
                continue
            was = then.get(answer.metric)
            if was == (answer.kind, answer.text):
                continue
            said = f"{ANSWERS[answer.kind]}: {answer.text} ({named(definitions, answer.by)})"
            before = f" It was: {ANSWERS[was[0]]}: {was[1]}" if was else ""
            yield Difference("answers", answer.metric, f"{known.name}. {said}.{before}")


# --- blocks ----------------------------------------------------------------------------------


def _blocks(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    """Blocks that came, went, were renamed or stand elsewhere; a block is known by its number."""
    then, now = _placed(before), _placed(after)
    for number, (section, block) in now.items():
        metric = block["metric"]
        if number not in then:
            words = f"New: {number} {block['title']}, under {section}."
            yield Difference("blocks", metric, words)
            continue
        old_section, old = then[number]
        if old["title"] != block["title"]:
            words = f"Renamed: {number} was {old['title']} and is {block['title']} now."
            yield Difference("blocks", metric, words)
        if old_section != section:
            words = (
                f"Moved: {number} {block['title']} stood under {old_section} and stands under {section} now."
            )
            yield Difference("blocks", metric, words)
    for number, (_, block) in then.items():
        if number not in now:
            yield Difference("blocks", block["metric"], f"No more shown: {number} {block['title']}.")
    kept, order = [n for n in then if n in now], [n for n in now if n in then]
    still = {
        n
        for run in SequenceMatcher(a=kept, b=order, autojunk=False).get_matching_blocks()
        for n in kept[run.a : run.a + run.size]
    }
    for number in order:
        if number not in still and then[number][0] == now[number][0]:
            section, block = now[number]
            words = f"Moved: {number} {block['title']} stands at another place under {section}."
            yield Difference("blocks", block["metric"], words)


def _placed(document: Mapping[str, Any]) -> dict[int, tuple[str, Mapping[str, Any]]]:
    """Blocks by number, each with the title of its section, in the deck's order."""
    found: dict[int, tuple[str, Mapping[str, Any]]] = {}
    section = ""
    for block in document["blocks"]:
        if block["kind"] == "section":
            section = str(block["title"])
        elif block["number"] is not None:
            found[int(block["number"])] = section, block
    return found


def _owners(document: Mapping[str, Any]) -> dict[str, str]:
    """Who answers for each metric shown, by name."""
    return {b["metric"]: b.get("owner") or "nobody" for b in document["blocks"] if b.get("metric")}


# --- words -----------------------------------------------------------------------------------


def place(label: str) -> str:
    """Which cell, as people say it: `week ending 2 May`, `month of April 2026`, `week on week`."""
    head, _, last = label.rpartition(" ")
    if label.startswith("box: "):
        return BOX.get(label.removeprefix("box: "), label)
    if head.endswith("week ending"):
        return f"{head} {text.day(date.fromisoformat(last))}"
    if head.endswith("month ending"):
        return f"{head.removesuffix('ending')}to {text.day(date.fromisoformat(last))}"
    return label


def _part(part: str, value: Any, unit: Unit, currency: str) -> str:
    """A part of a definition: a target with its amounts in the metric's unit, a measure with its series."""
    if value is None:
        return "none"
    if not isinstance(value, Mapping):
        return str(value)
    words = []
    for name, each in sorted(value.items(), key=_leading):
        if each in (None, {}, [], ()):
            continue
        if part == "target" and name in AMOUNTS and isinstance(each, int | float):
            words.append(f"{name} {text.exact(float(each), unit, currency)}")
        elif isinstance(each, Mapping):
            words.append(f"{name} ({_part(part, each, unit, currency)})")
        elif isinstance(each, list):
            words.append(f"{name} {', '.join(map(str, each))}")
        else:
            words.append(str(each) if name in ("how", "style") else f"{name} {each}")
    return ", ".join(words)


def _leading(part: tuple[str, Any]) -> tuple[int, str]:
    """The order of a definition's parts, which files do not keep."""
    return LEADING.index(part[0]) if part[0] in LEADING else len(LEADING), part[0]
