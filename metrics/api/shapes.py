"""What the answers look like, for the OpenAPI document. `answers` makes them; a test holds both together."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """An object of an answer. Later versions may add fields; none is taken away within /v1."""

    model_config = ConfigDict(extra="allow")


class Published(Shape):
    """The newest edition of the week's deck."""

    edition: int
    by: str
    at: str
    missing: list[str] = Field(description="What the gates still wanted, in words.")


class Stamp(Shape):
    """What an answer rests on."""

    week_ending: str
    as_of: str | None
    published: Published | None
    certified_by: list[str] = Field(description="Handles of those who vouch for values of the answer.")
    certified: int = Field(description="How many metrics of the answer are certified for the week.")
    certifiable: int
    disputed: list[str]
    data_version: str = Field(description="Changes with every load that changed something.")
    journal_version: str = Field(description="Changes with every decision.")


class Change(Shape):
    """The numbers under a chart; percent changes are fractions, bps are basis points."""

    metric: str
    last_week: float | None
    wow: float | None
    yoy: float | None
    mtd: float | None
    mtd_yoy: float | None
    qtd: float | None
    qtd_yoy: float | None
    ytd: float | None
    ytd_yoy: float | None
    vs_target: float | None
    change_unit: Literal["percent", "bps"]


class Line(Shape):
    """One line of a chart; null is unknown and never stands for zero."""

    metric: str
    name: str
    role: str
    unit: str
    weeks: list[float | None]
    weeks_year_earlier: list[float | None]
    months: list[float | None]
    months_year_earlier: list[float | None]
    weeks_state: list[str]
    months_state: list[str]
    compared_with: list[str]


class Block(Shape):
    """One thing that the deck shows; a chart has `axis`, `series` and `box`, a table `columns` and `rows`."""

    number: int | None
    kind: str
    title: str
    metric: str | None
    series: list[Line] | None = None
    box: list[Change] | None = None
    columns: list[str] | None = None
    rows: list[dict[str, Any]] | None = None


class DeckShape(Shape):
    """One week's deck."""

    schema_: Literal["sixtwelve.deck/1"] = Field(alias="schema")
    company: str
    currency: str
    time_zone: str
    deck: str
    title: str
    week_ending: str
    as_of: str | None
    exceptions: list[str]
    watches: list[str]
    blocks: list[Block]
    stamp: Stamp


class MetricRow(Shape):
    """A metric's definition."""

    metric: str
    name: str
    kind: Literal["input", "output", "context"]
    owner: str | None
    unit: str
    better: str
    change_unit: str
    measure: dict[str, Any]
    decks: list[str]


class DeckRow(Shape):
    """A deck that may be read."""

    deck: str
    title: str


class MetricsShape(Shape):
    """The metrics."""

    schema_: Literal["sixtwelve.metrics/1"] = Field(alias="schema")
    rows: list[MetricRow]
    decks: list[DeckRow]
    stamp: Stamp


class SignalRow(Shape):
    """What the engine says of one metric in one week."""

    metric: str
    week_ending: str
    value: float | None
    expected: float | None
    low: float | None
    high: float | None
    z: float | None
    tier: Literal["exception", "watch", "none", "cannot_judge"]
    reasons: list[str]
    n: int
    sentence: str


class SignalsShape(Shape):
    """One week's verdicts."""

    schema_: Literal["sixtwelve.signals/1"] = Field(alias="schema")
    week_ending: str
    exceptions: list[str]
    by_chance: dict[str, float]
    rows: list[SignalRow]
    stamp: Stamp


class LinkRow(Shape):
    """One stated link and its evidence."""

    driver: str
    driven: str
    sign: Literal["+", "-"]
    lag_weeks: list[int]
    because: str
    state: str
    grade: int | None
    n: int
    effect: float | None
    sentence: str


class LinksShape(Shape):
    """The links that are believed."""

    schema_: Literal["sixtwelve.links/1"] = Field(alias="schema")
    until: str
    rows: list[LinkRow]
    stamp: Stamp


class OwnerRow(Shape):
    """Who answers for one metric."""

    metric: str
    name: str
    owner: str | None
    standing: str
    since: str | None
    deputy: str | None


class OwnersShape(Shape):
    """Who answers for what."""

    schema_: Literal["sixtwelve.owners/1"] = Field(alias="schema")
    day: str
    rows: list[OwnerRow]
    without_owner: list[str]
    stamp: Stamp


class ObservationRow(Shape):
    """A value of a period."""

    first_day: str
    last_day: str
    value: float | None
    state: Literal["complete", "immature", "partial", "undefined", "missing"]
    target: float | None


class ObservationsShape(Shape):
    """Values of one metric."""

    schema_: Literal["sixtwelve.observations/1"] = Field(alias="schema")
    metric: str
    name: str
    unit: str
    grain: str
    segments: dict[str, str]
    rows: list[ObservationRow]
    next: str | None = Field(description="Address of the next page, from this one; null on the last.")
    stamp: Stamp


class SeriesRow(Shape):
    """A stored value."""

    day: str
    segments: dict[str, str]
    value: float


class SeriesShape(Shape):
    """Stored values of one series."""

    schema_: Literal["sixtwelve.series/1"] = Field(alias="schema")
    series: str
    rows: list[SeriesRow]
    next: str | None
    stamp: Stamp


class ReceivedShape(Shape):
    """What became of a push."""

    source: str
    load: int | None = Field(description="For `wbr undo LOAD`; null if nothing was new.")
    rows: int
    kept: int
    unchanged: int
    restated: int
    replayed: bool = Field(description="The same push had come before under this key.")
    data_version: str


class Mistake(Shape):
    """A field to mend."""

    index: int | None = Field(None, description="Place of the value in `observations`, from 0.")
    field: str
    reason: str


class ProblemShape(Shape):
    """Why there is no answer, in words (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Mistake] | None = None
    errors_in_all: int | None = None
