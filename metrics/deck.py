"""What a deck holds, as plain values: page 0, then sections of blocks in the order the room reads them.

Source: wbr-method.md section 3 and 7; DESIGN.md section 5 for the JSON form.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from metrics.definitions import Unit
from metrics.flywheel import Group, Moved
from metrics.history import Signal
from metrics.rollup import State
from metrics.signals import Tier
from metrics.six_twelve import SixTwelve
from metrics.wheel import Wheel

BlockKind = Literal["section", "six_twelve", "weeks_table", "months_table", "table", "story", "exceptions"]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table.

    Attributes:
        header: First cell.
        metric: Id of the metric it shows, if any.
        unit: Unit of the values; `percent` and `bps` for comparisons; `text` in plain
            tables; None in headings.
        values: One per column; numbers, words of a plain table, or None for unknown.
        states: One per column for metric values; empty otherwise.
        good: For comparisons: is each value good news? None where it is neither.
        signal: What the engine says of its metric this week, on the row of its values.
        told: The same in a sentence.
    """

    header: str
    metric: str | None
    unit: Unit | Literal["percent", "bps", "text"] | None
    values: tuple[float | str | None, ...]
    states: tuple[State, ...] = ()
    good: tuple[bool | None, ...] = ()
    signal: Signal | None = None
    told: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows; `columns` does not count the header's own column."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    header: str = ""


@dataclass(frozen=True, slots=True)
class Marked:
    """A metric and what is said of it, where several are told together.

    Attributes:
        metric: Its id.
        name: Its name.
        number: Of the block that shows it; None if the deck does not.
        signal: What the engine says; of a driver in the week in which it moved.
        told: One sentence without a full stop.
    """

    metric: str
    name: str
    number: int | None
    signal: Signal
    told: str


@dataclass(frozen=True, slots=True)
class Case:
    """Exceptions that are told once: a `Group` in words.

    Attributes:
        lead: Where the story starts.
        others: The exceptions that hang together with it by declared links, most urgent first.
        behind: Drivers of any of them that moved too, most urgent first.
        caution: What is not claimed; empty for an exception that stands alone.
    """

    lead: Marked
    others: tuple[Marked, ...] = ()
    behind: tuple[Marked, ...] = ()
    caution: str = ""

    @property
    def members(self) -> tuple[Marked, ...]:
        """The exceptions, the lead first."""
        return (self.lead, *self.others)


@dataclass(frozen=True, slots=True)
class Said:
    """What people said of one metric in the week, in words, as its chart carries it.

    Attributes:
        stamps: What a reader must know before trusting the chart: `disputed`, `do not trust` …
        answer: The owner's answer with its kind; empty without one.
        by: Who answered.
        remarks: Why it is disputed or marked; questions with their answers.
        stories: Customers' stories that stand beside the chart.
    """

    stamps: tuple[str, ...] = ()
    answer: str = ""
    by: str = ""
    remarks: tuple[str, ...] = ()
    stories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """One thing shown.

    Attributes:
        number: Stable for the life of the deck.
        kind: How it is shown.
        title: As it stands beside the number.
        metric: Id of its (primary) metric, if it stands for one.
        code: The company's own short label of that metric.
        metric_kind: input, output or context.
        owner: Name of the person who explains it; None if nobody does.
        meaning: What the metric counts, in plain words.
        chart: For `six_twelve`.
        table: For the tables and the exception report.
        node: Flywheel node its section belongs to.
        signal: What the engine says of its metric this week; None if it was not asked.
        behind: Drivers of its metric that moved too, at the right lag.
        told: `signal` in a sentence without a full stop; empty without one.
        drivers: `behind` in words.
        on_target: What target and expected range say together, a sentence; empty where one of them is
            not known.
        said: What people said of its metric this week; None where nothing was said.
    """

    number: int
    kind: BlockKind
    title: str
    metric: str | None = None
    code: str | None = None
    metric_kind: Literal["input", "output", "context"] | None = None
    owner: str | None = None
    meaning: str | None = None
    chart: SixTwelve | None = None
    table: Table | None = None
    node: str | None = None
    signal: Signal | None = None
    behind: tuple[Moved, ...] = ()
    told: str = ""
    drivers: tuple[Marked, ...] = ()
    on_target: str = ""
    said: Said | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter of the deck."""

    title: str
    blocks: tuple[Block, ...]
    node: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the three questions, answered in one generated line from the week's numbers."""

    topic: Literal["customers", "business", "targets"]
    question: str
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the room should know about the deck itself.

    Attributes:
        kind: `late` a week without data; `incomplete`; `no_owner`; `no_data`; `unplaced` in no deck;
            `restated` a number that changed since it was first told.
        text: One sentence with names.
        metrics: Ids concerned.
    """

    kind: Literal["late", "incomplete", "no_owner", "no_data", "unplaced", "restated", "disputed"]
    text: str
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """Something page 0 asks first: a promise of an earlier week, or what is still open.

    Attributes:
        kind: `action`, `effect`, `analysis`, `uncertified`, `correction`, `review`, `andon`, `parked`,
            `question`, `despite`.
        text: In words, with who and when.
        metric: Id of the metric concerned, if it is one.
        late: Past its date.
    """

    kind: str
    text: str
    metric: str | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Deck:
    """One week's review.

    Attributes:
        company: Whose it is.
        currency: ISO code.
        time_zone: IANA name; decides when the week is over.
        name: Id of the outline.
        title: Of the deck.
        week_ending: The week reviewed.
        week_label: `wk 19`.
        as_of: What was known when; None means all that is known now. UTC.
        version: Of the store the numbers came from.
        answers: Page 0's three lines.
        notices: Page 0's list of what is missing or late.
        sections: In reading order.
        groups: The week's exceptions, those bound by declared links told together, most urgent first.
        cases: The same in words.
        by_chance: Exceptions, and watches more, that chance alone brings among the metrics judged.
        asked: What page 0 asks first.
        state: Where the week stands, in a word: `in owner review`; empty where nobody works through it.
        wheel: The flywheel with this week's state; None if none is declared.
        changed: What changed in this deck since the one before, in sentences.
    """

    company: str
    currency: str
    time_zone: str
    name: str
    title: str
    week_ending: date
    week_label: str
    as_of: datetime | None
    version: str
    answers: tuple[Answer, ...]
    notices: tuple[Notice, ...]
    sections: tuple[Section, ...]
    groups: tuple[Group, ...] = ()
    cases: tuple[Case, ...] = ()
    by_chance: tuple[float, float] = (0.0, 0.0)
    asked: tuple[Asked, ...] = ()
    state: str = ""
    wheel: Wheel | None = None
    changed: tuple[str, ...] = ()

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks of all sections in order."""
        return tuple(block for section in self.sections for block in section.blocks)

    @property
    def exceptions(self) -> tuple[Block, ...]:
        """The blocks whose metric is an exception this week, in the deck's order; each metric once."""
        return self._of("exception")

    @property
    def watches(self) -> tuple[Block, ...]:
        """The blocks whose metric is a watch this week, in the deck's order; each metric once."""
        return self._of("watch")

    @property
    def unjudged(self) -> tuple[Block, ...]:
        """The blocks whose metric cannot be judged this week, in the deck's order; each metric once."""
        return self._of("cannot_judge")

    def _of(self, tier: Tier) -> tuple[Block, ...]:
        """One block per metric: its first chart, or the first table if it has none."""
        found: dict[str, tuple[int, Block]] = {}
        for place, block in enumerate(self.blocks):
            rows = block.table.rows if block.table is not None else ()
            for signal in (block.signal, *(row.signal for row in rows)):
                if signal is None or signal.tier != tier:
                    continue
                known = found.get(signal.metric)
                if known is None or (known[1].chart is None and block.chart is not None):
                    found[signal.metric] = place, block
        return tuple(block for _, block in sorted(found.values(), key=lambda each: each[0]))
