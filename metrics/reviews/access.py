"""Who may see what: confidential metrics and decks with readers.

What a person may not see is *absent*: it is taken out of the definitions, so that every page, export,
search and sentence made from them lacks it, and whoever asks for it by name is told the words for a metric
that does not exist. What people said of it goes too; of what they said of something else, the sentence that
names it.

A metric that is computed from one the reader may not see keeps its numbers and loses its formula.

Source: wbr-method.md section 8; platform.md section 4.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from metrics.definitions import (
    Block,
    ChartBlock,
    DeckOutline,
    Definition,
    Definitions,
    ExceptionsBlock,
    Metric,
    MonthsTableBlock,
    PushSource,
    TableBlock,
    TableRow,
    WeeksTableBlock,
    WideSource,
    Withheld,
    operands,
    series_of,
    target_operands,
)
from metrics.reviews.duties import with_defaults
from metrics.reviews.rights import may

READ: Final = "read_confidential"
LISTENER: Final = "listener"  # What somebody is who is nobody of `people`.
LEFT_OUT: Final = "…"  # Stands where all of a text was about something hidden.
_SENTENCES: Final = re.compile(r"(?<=[.!?;])\s+|\n+")
GONE: Final = object()  # What `Sieve.value` makes of a value that is about something hidden.


@dataclass(frozen=True, slots=True)
class Hidden:
    """What one reader may not see.

    Attributes:
        metrics: Ids of metrics.
        decks: Ids of decks.
    """

    metrics: frozenset[str] = frozenset()
    decks: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.metrics or self.decks)

    @property
    def key(self) -> str:
        """The same for the same things hidden; empty for nothing."""
        return f"{','.join(sorted(self.metrics))}|{','.join(sorted(self.decks))}" if self else ""


def hidden(definitions: Definitions, person: str | None, speakers: Mapping[str, Sequence[str]]) -> Hidden:
    """What a person may not see.

    Args:
        definitions: Of the workspace, with everybody's roles of today.
        person: A handle; None, or one that is not among people, is a listener.
        speakers: Owner and deputy of today by metric, at least of those that are confidential.
    """
    known = definitions.people.get(person or "")
    roles = frozenset(known.roles) if known else frozenset()
    reads = known is not None and may(with_defaults(definitions), person or "", READ)
    metrics = frozenset(
        metric.id
        for metric in definitions.metrics.values()
        if metric.confidential
        and not _may_see(metric.confidential, person if known else None, roles, reads)
        and (known is None or person not in speakers.get(metric.id, ()))
    )
    listed = roles | ({person} if known and person else {LISTENER}) | (frozenset() if roles else {LISTENER})
    decks = frozenset(
        name for name, deck in definitions.decks.items() if deck.readers and not listed & set(deck.readers)
    )
    return Hidden(metrics, decks)


def _may_see(
    confidential: bool | tuple[str, ...], person: str | None, roles: frozenset[str], reads: bool
) -> bool:
    """Whether somebody who is no owner of it may see a confidential metric."""
    if confidential is True:
        return reads
    return isinstance(confidential, tuple) and bool(({person} | roles) & set(confidential))


# --- texts and facts -------------------------------------------------------------------------


class Sieve:
    """Takes what is hidden out of what people and programs wrote.

    Args:
        definitions: The whole ones.
        hidden: What its reader may not see.
    """

    def __init__(self, definitions: Definitions, hidden: Hidden) -> None:
        self.hidden = hidden
        metrics = definitions.metrics
        self.names = frozenset(metrics[m].name for m in hidden.metrics if m in metrics)
        self.goals = frozenset(g.name for g in definitions.goals if g.metric in hidden.metrics)
        visible = {m.name for m in metrics.values() if m.id not in hidden.metrics}
        # A longer name of another metric that holds a hidden one stays as it is: it is that metric's own.
        self._kept = {v for v in visible if any(n in v for n in self.names)}
        # An id of one word is a word of everyday language: `orders` in a sentence names nothing.
        self._ids = {m for m in hidden.metrics if "_" in m}

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        words = sorted({*self.names, *self.goals, *self._ids, *self._kept}, key=len, reverse=True)
        if not words:
            return None
        return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)")

    def names_hidden(self, text: str) -> bool:
        """Whether a text names something hidden."""
        return self._pattern is not None and any(
            found.group() not in self._kept for found in self._pattern.finditer(text)
        )

    def text(self, text: str) -> str:
        """A text without the sentences that name what is hidden: their numbers are its numbers."""
        if not self.names_hidden(text):
            return text
        kept = (part for part in _SENTENCES.split(text) if not self.names_hidden(part))
        return " ".join(kept) or LEFT_OUT

    def hides(self, subject: str) -> bool:
        """Whether a subject of the journal is about it: `arpu:2026-05-09`, `page:board:Sales`."""
        if subject in self.goals:
            return True
        parts = re.split(r"[^A-Za-z0-9_]+", subject)
        if any(part in self.hidden.metrics for part in parts):
            return True
        return parts[0] in ("deck", "page") and len(parts) > 1 and parts[1] in self.hidden.decks

    def value(self, value: Any) -> Any:
        """JSON without what is about something hidden; `GONE` if all of it is.

        An object goes if a field of it *is* a hidden metric, or if its `metrics` all are; a list loses such
        entries; texts lose sentences.
        """
        if isinstance(value, str):
            return GONE if value in self.hidden.metrics or value in self.names else self.text(value)
        if isinstance(value, Mapping):
            made = {}
            for key, inner in value.items():
                if key in self.hidden.metrics or key in self.names:
                    continue
                kept = self.value(inner)
                if kept is GONE or (key == "metrics" and inner and not kept):
                    return GONE
                made[key] = kept
            return made
        if isinstance(value, Sequence):
            made_of = [(one, self.value(one)) for one in value]
            return [kept for one, kept in made_of if kept is not GONE and (kept != LEFT_OUT or kept == one)]
        return value

    def definition(self, one: Any) -> Any:
        """A definition without the names of what is hidden in its texts; ids are left to `without`."""
        if isinstance(one, str):
            return self.text(one)
        if isinstance(one, tuple):
            made = tuple(self.definition(each) for each in one)
            return one if all(a is b for a, b in zip(one, made, strict=True)) else made
        if isinstance(one, Definition):
            changed = {
                name: told
                for name in type(one).model_fields
                if name not in ("id", "measure")
                and (told := self.definition(old := getattr(one, name))) is not old
                and told != old
            }
            return one.model_copy(update=changed) if changed else one
        return one


# --- definitions -----------------------------------------------------------------------------


def without(definitions: Definitions, hidden: Hidden) -> Definitions:
    """The definitions of somebody who may not see some of them, as if those had never been declared."""
    if not hidden:
        return definitions
    gone, sieve = hidden.metrics, Sieve(definitions, hidden)
    metrics = {
        m.id: sieve.definition(_metric(m, gone)) for m in definitions.metrics.values() if m.id not in gone
    }
    if not gone:
        metrics = definitions.metrics
    read = {s for m in definitions.metrics.values() if m.id not in gone for s in _series_read(m)}
    unread = {s for m in definitions.metrics.values() if m.id in gone for s in _series_read(m)} - read
    return definitions.model_copy(
        update={
            "metrics": metrics,
            "sources": dict(_sources(definitions, unread)),
            "targets": {m: t for m, t in definitions.targets.items() if m not in gone},
            "definitions": tuple(
                i
                for i in definitions.definitions
                if i.metric not in gone and not any(gone & set(of) for of in i.equals.values())
            ),
            "nodes": tuple(
                n.model_copy(update={"metrics": _kept(n.metrics, gone)}) if gone & set(n.metrics) else n
                for n in definitions.nodes
            ),
            "links": tuple(sieve.definition(k) for k in definitions.links if not {k.driver, k.driven} & gone),
            "goals": tuple(g for g in definitions.goals if g.metric not in gone),
            "events": tuple(
                sieve.definition(
                    e.model_copy(update={"scope": _kept(e.scope, gone)}) if gone & set(e.scope) else e
                )
                for e in definitions.events
                if not e.scope or set(e.scope) - gone
            ),
            "decks": {
                name: sieve.definition(made)
                for name, deck in definitions.decks.items()
                if name not in hidden.decks and (made := _deck(deck, gone)) is not None
            },
        }
    )


def _kept(names: Iterable[str], gone: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in gone)


def _series_read(metric: Metric) -> Iterable[str]:
    yield from series_of(metric.measure)
    if metric.second_measure:
        yield from series_of(metric.second_measure.measure)
    if metric.customers:
        yield metric.customers.series


def _metric(metric: Metric, gone: frozenset[str]) -> Metric:
    """One metric without the hidden ones that it names."""
    changed: dict[str, Any] = {}
    if gone & {*operands(metric.measure), *target_operands(metric.measure)}:
        changed["measure"] = Withheld()
    if gone & set(metric.guardrails):
        changed["guardrails"] = _kept(metric.guardrails, gone)
    if metric.supersedes and metric.supersedes.metric in gone:
        changed["supersedes"] = None
    if (second := metric.second_measure) and gone & {
        *operands(second.measure),
        *target_operands(second.measure),
    }:
        changed["second_measure"] = None
    return metric.model_copy(update=changed) if changed else metric


def _sources(definitions: Definitions, unread: set[str]) -> Iterable[tuple[str, Any]]:
    """The sources without the columns that only hidden metrics read."""
    for name, source in definitions.sources.items():
        if isinstance(source, PushSource):
            if told := _kept(source.series, frozenset(unread)):
                yield name, source.model_copy(update={"series": told})
            continue
        field = "series" if isinstance(source, WideSource) else "samples"
        columns = getattr(source, field, None)
        if not isinstance(columns, Mapping) or not unread & columns.keys():
            yield name, source
        elif kept := {series: column for series, column in columns.items() if series not in unread}:
            yield name, source.model_copy(update={field: kept})


def _deck(deck: DeckOutline, gone: frozenset[str]) -> DeckOutline | None:
    """An outline without hidden metrics; every block keeps the number it has for everybody. None if empty."""
    if not gone:
        return deck
    numbers = iter(_numbers(deck))
    sections = []
    for section in deck.sections:
        numbered = [(next(numbers), block) for block in section.blocks]
        blocks = tuple(
            made.model_copy(update={"number": number})
            for number, block in numbered
            if (made := _block(block, gone)) is not None
        )
        if blocks:
            sections.append(section.model_copy(update={"blocks": blocks}))
    return deck.model_copy(update={"sections": tuple(sections)}) if sections else None


def _numbers(deck: DeckOutline) -> Iterable[int]:
    """The number of each block; as `week.build` counts them."""
    taken = {b.number for s in deck.sections for b in s.blocks if b.number}
    number = deck.first_number - 1
    for section in deck.sections:
        for block in section.blocks:
            if block.number:
                yield block.number
                continue
            number += 1
            while number in taken:
                number += 1
            yield number


def _block(block: Block, gone: frozenset[str]) -> Block | None:
    match block:
        case ChartBlock(chart=lines):
            if lines.primary in gone:
                return None
            beside = {n: None for n in ("secondary", "target") if getattr(lines, n) in gone}
            return block.model_copy(update={"chart": lines.model_copy(update=beside)}) if beside else block
        case WeeksTableBlock(weeks_table=rows):
            return _table(block, "weeks_table", rows, gone)
        case MonthsTableBlock(months_table=rows):
            return _table(block, "months_table", rows, gone)
        case TableBlock(metric=metric) | ExceptionsBlock(metric=metric):
            return None if metric in gone else block
    return block


def _table(
    block: WeeksTableBlock | MonthsTableBlock, field: str, rows: Sequence[TableRow], gone: frozenset[str]
) -> Block | None:
    kept = tuple(row for row in rows if row.metric not in gone and row.target_of not in gone)
    if len(kept) == len(rows):
        return block
    if not any(row.metric or row.target_of for row in kept):
        return None
    return block.model_copy(update={field: kept})
