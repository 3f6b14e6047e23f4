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

CellUnit = Unit | Literal["percent", "bps", "text"]
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
    unit: CellUnit | None
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
class Reply:
    """An owner's answer to a mark of the week, for files that list all of them.

    Attributes:
        metric: Id of the metric answered for.
        name: Its name.
        kind: Which of the four answers, in words: `Still analysing`.
        text: The answer.
        more: The rest, behind it.
        due: When a `Still analysing` is promised.
        decided_by: Who decided that a known cause needs no action.
        through: Names of the inputs through which an output is answered.
        by: Name of who said it.
        at: When.
    """

    metric: str
    name: str
    kind: str
    text: str
    more: str
    due: date | None
    decided_by: str
    through: tuple[str, ...]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ActionItem:
    """A promise about a metric as it stands, for files that list all of them.

    Attributes:
        metric: Id of the metric it is about.
        name: Its name.
        text: What will be done.
        owner: Name of who does it.
        opened: The day it was recorded.
        due: By when.
        late: Open past its date.
        state: `open`, `done` or `dropped`.
        result: What came of it, or why it was dropped; empty while open.
        should_move: Name of the metric it should move, and which way: `Conversion up`.
        effect_by: By when that should show.
        dissent: What somebody said against it.
    """

    metric: str
    name: str
    text: str
    owner: str
    opened: date
    due: date
    late: bool
    state: Literal["open", "done", "dropped"]
    result: str
    should_move: str
    effect_by: date
    dissent: str


@dataclass(frozen=True, slots=True)
class StatedLink:
    """A flywheel link with its evidence, for files that list all of them.

    Attributes:
        driver: Id of the metric that moves.
        driver_name: Its name.
        driven: Id of the metric that follows.
        driven_name: Its name.
        sign: Together or apart.
        lag_weeks: Weeks after which the effect shows, first to last.
        because: The mechanism.
        stated: When it was stated; None if nobody said.
        state: `supported`, `contradicted`, `insufficient`, `definition`; empty if nothing is loaded.
        grade: 0 to 4; None where it cannot be told or is contradicted.
        weeks: Weeks that count as test data.
        words: The evidence in a sentence.
    """

    driver: str
    driver_name: str
    driven: str
    driven_name: str
    sign: Literal["+", "-"]
    lag_weeks: tuple[int, int]
    because: str
    stated: date | None
    state: str
    grade: int | None
    weeks: int
    words: str


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
        replies: The owners' answers of the week, in the deck's order. These last three are filled for files.
        actions: Promises about the deck's metrics that are open, or were closed within the year.
        links: Stated links that touch the deck's metrics.
        decisions: Version of the journal when what people said was looked up; it may hold what came since,
            and lacks nothing of before.
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
    replies: tuple[Reply, ...] = ()
    actions: tuple[ActionItem, ...] = ()
    links: tuple[StatedLink, ...] = ()
    decisions: str = ""

    @property
    def metrics(self) -> tuple[str, ...]:
        """Ids of all metrics that some block shows, each once, in reading order."""
        found: dict[str, None] = {}
        for block in self.blocks:
            lines = block.chart.lines if block.chart else ()
            rows = block.table.rows if block.table else ()
            for metric in (
                block.metric,
                *(x.metric for x in lines if x.role != "target"),
                *(r.metric for r in rows),
            ):
                if metric:
                    found[metric] = None
        return tuple(found)

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
