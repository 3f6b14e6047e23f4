"""What a workspace may declare: metrics and their owners, measures, targets, links, goals, decks.

Every definition is a frozen value that takes no field it does not know. A fraction is kept as
0.05 everywhere. Ids are snake_case. The registry reads these from YAML and checks the names
that cross from one definition to another.

Source: wbr-method.md, sections 2, 3, 8, 9 and 10.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    field_validator,
    model_validator,
)

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
Handle = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
Amount = Annotated[float, Field(allow_inf_nan=False)]
Words = dict[Name, Text]

Kind = Literal["input", "output", "context"]
Unit = Literal["count", "currency", "fraction", "number", "days", "hours", "seconds", "milliseconds", "score"]
Better = Literal["up", "down", "band", "none"]
Compare = Literal["percent", "bps"]
Grain = Literal["day", "week", "month"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Month = Literal[
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
]  # fmt: skip
Pattern = Literal["calendar", "4-4-5", "4-5-4", "5-4-4"]
MonthsAxis = Literal["trailing_twelve_months", "fiscal_year"]
MissingDays = Literal["strict", "lenient"]
MetricState = Literal[
    "proposed", "defined", "measured", "analysed", "improving", "in_control", "questioned", "retired"
]


class Definition(BaseModel):
    """A value that cannot change and takes no field it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


# --- the company and its calendar -----------------------------------------------------------


class Company(Definition):
    """Whose review this is.

    Attributes:
        name: As it stands on every page.
        currency: ISO code of every amount whose unit is `currency`.
        time_zone: IANA name; decides when a week is over.
        now: Freezes the clock, for demonstrations only. Local time of the company.
    """

    name: Text
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "USD"
    time_zone: str = "UTC"
    now: datetime | None = None


class WeekNumber(Definition):
    """The printed number of one week, from which the others are counted. Labels never select data."""

    week_ending: date
    number: Annotated[int, Field(ge=1, le=53)]


class CalendarRules(Definition):
    """How days fall into weeks, months, quarters and years.

    Attributes:
        week_ends_on: The one weekday on which every week ends.
        fiscal_year_ends: Month in which the fiscal year ends.
        pattern: `calendar` months, or months of whole weeks.
        year_end: For months of whole weeks: the year ends on the last such weekday of its
            month, or on the one nearest the month's end.
        week_number: Anchor of the printed week numbers; else week 1 holds the year's first day.
        months_axis: The twelve months of a chart: the complete ones, or the fiscal year's.
    """

    week_ends_on: Weekday = "saturday"
    fiscal_year_ends: Month = "december"
    pattern: Pattern = "calendar"
    year_end: Literal["last", "nearest"] = "last"
    week_number: WeekNumber | None = None
    months_axis: MonthsAxis = "trailing_twelve_months"


class Event(Definition):
    """Something that happened to the business in a week, or happens every year.

    Attributes:
        name: The same name in another year is the same effect, so moving feasts work.
        kind: `recurring` (holiday, promotion), `one_off` (outage), `definition_change`.
        dates: Days it fell on; each stands for the week that holds it.
        week_endings: The same, told by the weeks' last days.
        scope: Metrics concerned; empty means all.
        pair_weeks: Compare the event's week with the event's week of the year before.
        because: What happened, for the annotation.
    """

    name: Text
    kind: Literal["recurring", "one_off", "definition_change"]
    dates: tuple[date, ...] = ()
    week_endings: tuple[date, ...] = ()
    scope: tuple[Name, ...] = ()
    pair_weeks: bool = False
    because: Text | None = None

    @model_validator(mode="after")
    def _has_a_day(self) -> Self:
        if not self.dates and not self.week_endings:
            raise ValueError("an event needs `dates` or `week_endings`")
        return self


class Person(Definition):
    """Somebody who takes part in the review. The analyst prepares and never owns.

    Attributes:
        name: As it stands on pages.
        email: Where they are told; also who they are when they log in, unless `login` says it.
        login: What the identity provider calls them in the claim that `login:` names.
        roles: What they may do; more may be granted in the journal, or come with a group.
        title: Of their work.
        node: The theme of the flywheel that is theirs.
    """

    name: Text
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    login: Text | None = None
    roles: tuple[Name, ...] = ()
    title: Text | None = None
    node: Name | None = None


# --- sources -------------------------------------------------------------------------------


class DateColumn(Definition):
    """The column that holds the day, and how it is written.

    Without a format, ISO dates and dates with a month's name are read; `03/04/2026` is refused,
    because it is two days.
    """

    column: str
    format: str | None = None


class Login(Definition):
    """How people log in with the company's identity provider. Its secrets never stand in YAML.

    Attributes:
        claim: What the provider says of somebody that tells who they are: `email`, `sub`, `oid`.
        groups_claim: Where it names their groups.
        groups: Roles by group.
        unknown: What becomes of somebody who is nobody of `people`: refused, or let in to read.
    """

    claim: Text = "email"
    groups_claim: Text = "groups"
    groups: dict[str, tuple[Name, ...]] = {}
    unknown: Literal["refuse", "read"] = "refuse"


class Connection(Definition):
    """Where a `sql` source runs. The address comes from the environment or a file, never from YAML.

    Attributes:
        url_env: Environment variable that holds the address.
        url_file: File that holds it; relative to the workspace, or anywhere.
        time_limit_seconds: After which a query is stopped.
    """

    url_env: str | None = None
    url_file: str | None = None
    time_limit_seconds: Annotated[float, Field(gt=0, le=86_400)] = 300.0


class StoreRules(Definition):
    """Which engine holds the numbers. The address comes from the environment or a file, never from YAML.

    Attributes:
        engine: `duckdb` is a folder beside the definitions, and needs no address.
        url_env: Environment variable that holds the address.
        url_file: File that holds it; relative to the workspace, or anywhere.
    """

    engine: Literal["duckdb", "postgresql", "clickhouse"] = "duckdb"
    url_env: str | None = None
    url_file: str | None = None

    @model_validator(mode="after")
    def _has_an_address(self) -> Self:
        told = (self.url_env is not None) + (self.url_file is not None)
        if told != (self.engine != "duckdb"):
            raise ValueError(
                "a store on postgresql or clickhouse needs `url_env` or `url_file`, one of the two; "
                "one on duckdb needs none"
            )
        return self


class Notify(Definition):
    """How people are told. Addresses come from the environment or a file, never from YAML.

    Attributes:
        allowed_hosts: The only hosts that mail and webhooks may go to. Each must stand on the internet: a
            name that leads to this machine or an inner network is refused.
        inner_hosts: `host:port` of servers on an inner network (a mail relay, a test) that may be told all
            the same. Named with their port, so that nothing else on that machine is opened.
        sender: Address that mail comes from.
        smtp_env: Environment variable with the mail server's address.
        smtp_file: File with it instead; from the workspace's folder, or absolute.
        webhook_env: Environment variable with the address of the webhook for reminders.
        base_url: Where people open the dashboard: `https://wbr.example.com`. Links in mail begin with it.
    """

    allowed_hosts: tuple[str, ...] = ()
    inner_hosts: tuple[
        Annotated[str, StringConstraints(pattern=r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}$")], ...
    ] = ()
    sender: str = "wbr@localhost"
    smtp_env: str = "WBR_SMTP"
    smtp_file: str | None = None
    webhook_env: str = "WBR_WEBHOOK"
    base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s\"<>?#@]+$")] | None = None


HookForm = Literal["slack", "teams", "plain"]
SentForm = Literal["pdf", "html", "pptx", "xlsx"]


class Hook(Definition):
    """A channel that a deck is posted to. Its address is a secret, so it stands elsewhere.

    Attributes:
        url_env: Environment variable with the address.
        url_file: File with it instead; from the workspace's folder, or absolute.
        form: What the channel reads: Slack's blocks, an adaptive card of Teams, or plain text in JSON.
        reader: The channel is told what this person may see; by default what everybody may.
    """

    url_env: str | None = None
    url_file: str | None = None
    form: HookForm = "plain"
    reader: Handle | None = None

    @model_validator(mode="after")
    def _has_an_address(self) -> Self:
        if (self.url_env is None) == (self.url_file is None):
            raise ValueError("a webhook needs `url_env` or `url_file`, one of the two")
        return self


class Sending(Definition):
    """How a deck reaches its readers.

    Attributes:
        mail: To each reader with the deck attached, or with a link to it; or no mail.
        format: Of the file attached.
        webhooks: Channels by name.
    """

    mail: Literal["attached", "linked", "none"] = "attached"
    format: SentForm = "pdf"
    webhooks: dict[Name, Hook] = {}


Gate = Literal["late", "refused", "certified_changed", "no_owner", "not_built"]
GATES: tuple[Gate, ...] = ("late", "refused", "certified_changed", "no_owner", "not_built")


class Preparation(Definition):
    """What `wbr prepare` does before the people come.

    Attributes:
        gates: What must not be when it has run: a source late, a load refused, a certified number changed, a
            metric without an owner, a deck that cannot be built.
        weeks: How many weeks are judged, the newest first.
        formats: The files made ahead for every deck of the newest week.
    """

    gates: tuple[Gate, ...] = GATES
    weeks: Annotated[int, Field(ge=1, le=60)] = 6
    formats: tuple[SentForm, ...] = ("html", "pdf")


class _SourceFile(Definition):
    """Where rows come from: exactly one of a CSV, an Excel, a Parquet file (or glob), or a query."""

    csv: str | None = None
    excel: str | None = None
    parquet: str | None = None
    sql: str | None = None
    sheet: str | None = None
    connection: Name | None = None
    date: DateColumn
    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", " ", "'", ""] = ""
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","
    segments: tuple[str, ...] = ()
    observed_at: str | None = None
    grain: Grain = "day"
    look_back_days: Annotated[int, Field(ge=0)] = 0
    most_rows: Annotated[int, Field(ge=1)] | None = None
    late_after_days: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [k for k in ("csv", "excel", "parquet", "sql") if getattr(self, k) is not None]
        if len(given) != 1:
            raise ValueError(f"a source has exactly one of csv, excel, parquet, sql; here: {given or 'none'}")
        if self.sheet and not self.excel:
            raise ValueError("`sheet` belongs to an `excel` source")
        if (self.sql is None) != (self.connection is None):
            raise ValueError("`sql` and `connection` go together")
        if self.most_rows is not None and not self.sql:
            raise ValueError("`most_rows` belongs to a `sql` source")
        if self.decimal == self.thousands:
            raise ValueError("`decimal` and `thousands` cannot be the same sign")
        return self

    @property
    def form(self) -> Literal["csv", "excel", "parquet", "sql"]:
        """What kind of file this is."""
        return "csv" if self.csv else "excel" if self.excel else "parquet" if self.parquet else "sql"

    @property
    def path(self) -> str:
        """The file or glob, relative to the workspace."""
        return self.csv or self.excel or self.parquet or self.sql or ""


class WideSource(_SourceFile):
    """One column a series.

    Attributes:
        series: Series id to column name.
    """

    series: Annotated[dict[Name, str], Field(min_length=1)]


class LongSource(_SourceFile):
    """One row a day, series and segment."""

    series_column: str
    value_column: str


class SampleSource(_SourceFile):
    """Repeated rows of a day are samples, kept for percentiles only.

    Attributes:
        samples: Series id to column name.
    """

    samples: Annotated[dict[Name, str], Field(min_length=1)]


FileSource = WideSource | LongSource | SampleSource


class PushSource(Definition):
    """Series that a program tells by itself, over the API: `POST /api/v1/observations`.

    Attributes:
        push: Always true; marks the source.
        series: Ids of the series it may tell, and no others.
        segments: Names of the segments that each value carries; none: the values carry none.
        grain: What one value stands for: a day, or the week or month that holds it.
        late_after_days: After how many days without news it is late.
    """

    push: Literal[True]
    series: Annotated[tuple[Name, ...], Field(min_length=1)]
    segments: tuple[str, ...] = ()
    grain: Grain = "day"
    late_after_days: Annotated[int, Field(ge=1)] | None = None

    @property
    def form(self) -> Literal["push"]:
        """It has no file."""
        return "push"

    @property
    def path(self) -> str:
        """It has no file."""
        return ""


def _source_shape(value: Any) -> str | None:
    has = value.keys() if isinstance(value, dict) else type(value).model_fields.keys()
    return (
        "pushed" if "push" in has
        else "samples" if "samples" in has
        else "long" if "series_column" in has or "value_column" in has
        else "wide"
    )  # fmt: skip


Source = Annotated[
    Annotated[WideSource, Tag("wide")]
    | Annotated[LongSource, Tag("long")]
    | Annotated[SampleSource, Tag("samples")]
    | Annotated[PushSource, Tag("pushed")],
    Discriminator(_source_shape),
]


# --- measures: how the days of a period become one value -----------------------------------


class _OfSeries(Definition):
    """A measure that folds one series; `where` keeps the rows of some segments, as data, never as code."""

    series: Name
    where: dict[str, str] = {}
    rolling_weeks: Annotated[int, Field(ge=2, le=13)] | None = None


class Total(_OfSeries):
    """Days add up: orders, revenue."""

    how: Literal["total"] = "total"


class Latest(_OfSeries):
    """The last day stands for the whole period: stock on hand, subscribers."""

    how: Literal["latest"] = "latest"


class Mean(_OfSeries):
    """A level told per day, averaged over the days. Never for a ratio: use `ratio`."""

    how: Literal["mean"] = "mean"


class Minimum(_OfSeries):
    """The smallest day."""

    how: Literal["min"] = "min"


class Maximum(_OfSeries):
    """The largest day."""

    how: Literal["max"] = "max"


class First(_OfSeries):
    """The first day stands for the whole period."""

    how: Literal["first"] = "first"


class Ratio(Definition):
    """Total ÷ total. Never the mean of daily ratios, which would weigh a quiet day like a busy one."""

    how: Literal["ratio"] = "ratio"
    numerator: Name
    denominator: Name
    where: dict[str, str] = {}
    rolling_weeks: Annotated[int, Field(ge=2, le=13)] | None = None


class Percentile(Definition):
    """A percentile of all samples of the period, at 0 to 1."""

    how: Literal["percentile"] = "percentile"
    samples: Name
    at: Annotated[float, Field(gt=0, lt=1)]
    where: dict[str, str] = {}
    rolling_weeks: Annotated[int, Field(ge=2, le=13)] | None = None


class Growth(Definition):
    """Change of another metric on its year-earlier period, as a fraction."""

    how: Literal["growth"] = "growth"
    of: Name


class TargetOf(Definition):
    """The target of a metric, as an operand."""

    target_of: Name


Operand = Name | TargetOf


class Sum(Definition):
    """Metrics of one unit added up."""

    how: Literal["sum"] = "sum"
    of: Annotated[tuple[Operand, ...], Field(min_length=2)]


class Difference(Definition):
    """The first metric minus all the rest."""

    how: Literal["difference"] = "difference"
    of: Annotated[tuple[Operand, ...], Field(min_length=2)]


class Product(Definition):
    """Metrics multiplied."""

    how: Literal["product"] = "product"
    of: Annotated[tuple[Operand, ...], Field(min_length=2)]


class Quotient(Definition):
    """The first metric divided by the next, and so on."""

    how: Literal["quotient"] = "quotient"
    of: Annotated[tuple[Operand, ...], Field(min_length=2)]


class Withheld(Definition):
    """Computed from metrics that the reader may not see. Never declared: it stands in a reader's view."""

    how: Literal["withheld"] = "withheld"


Folded = Total | Latest | Mean | Minimum | Maximum | First
Derived = Sum | Difference | Product | Quotient
Measure = Annotated[
    Total | Latest | Mean | Minimum | Maximum | First | Ratio | Percentile | Growth
    | Sum | Difference | Product | Quotient,
    Field(discriminator="how"),
]  # fmt: skip


def operands(measure: Measure) -> Iterator[str]:
    """The metrics a measure is computed from, targets left out."""
    match measure:
        case Growth(of=of):
            yield of
        case Sum(of=many) | Difference(of=many) | Product(of=many) | Quotient(of=many):
            yield from (o for o in many if isinstance(o, str))


def target_operands(measure: Measure) -> Iterator[str]:
    """The metrics whose targets a measure is computed from."""
    if isinstance(measure, Sum | Difference | Product | Quotient):
        yield from (o.target_of for o in measure.of if isinstance(o, TargetOf))


def series_of(measure: Measure) -> tuple[str, ...]:
    """The stored series a measure reads; none if it is computed from other metrics."""
    match measure:
        case Ratio(numerator=over, denominator=under):
            return over, under
        case Percentile(samples=samples):
            return (samples,)
        case Total() | Latest() | Mean() | Minimum() | Maximum() | First():
            return (measure.series,)
        case _:
            return ()


# --- targets -------------------------------------------------------------------------------


class DatedValue(Definition):
    """A value somebody promised for a day."""

    date: date
    value: Amount


class LinearTarget(Definition):
    """A straight line between two dated values; no target outside them."""

    style: Literal["linear"] = "linear"
    start: Annotated[DatedValue, Field(validation_alias=AliasChoices("from", "start"))]
    end: Annotated[DatedValue, Field(validation_alias=AliasChoices("to", "end"))]


class StepTarget(Definition):
    """A level to be reached, in force from a date on; `by` says when it is due."""

    style: Literal["step"] = "step"
    value: Amount
    start: Annotated[date | None, Field(validation_alias=AliasChoices("from", "start"))] = None
    by: date | None = None


class FloorTarget(Definition):
    """Never below."""

    style: Literal["floor"] = "floor"
    value: Amount
    start: Annotated[date | None, Field(validation_alias=AliasChoices("from", "start"))] = None


class CeilingTarget(Definition):
    """Never above."""

    style: Literal["ceiling"] = "ceiling"
    value: Amount
    start: Annotated[date | None, Field(validation_alias=AliasChoices("from", "start"))] = None


class BandTarget(Definition):
    """Between two levels, or within a share `tolerance` of one; shown as its middle."""

    style: Literal["band"] = "band"
    low: Amount | None = None
    high: Amount | None = None
    value: Amount | None = None
    tolerance: Annotated[float, Field(gt=0, lt=1)] | None = None
    start: Annotated[date | None, Field(validation_alias=AliasChoices("from", "start"))] = None

    @model_validator(mode="after")
    def _two_levels(self) -> Self:
        levels = self.low is not None and self.high is not None
        around = self.value is not None and self.tolerance is not None
        if levels == around:
            raise ValueError("a band has `low` and `high`, or `value` and `tolerance`")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("`low` must lie below `high`")
        return self


class PlanTarget(Definition):
    """A yearly total spread over the days of its fiscal year.

    Attributes:
        year: The calendar year in which the fiscal year ends.
        total: Of the whole year, in the metric's unit.
        spread: `even` over the days, or in the shape of the days 364 earlier.
    """

    style: Literal["plan"] = "plan"
    year: int
    total: Amount
    spread: Literal["even", "last_year"] = "even"


class SeriesTarget(Definition):
    """A stored series of planned days, folded as the metric itself is."""

    style: Literal["series"] = "series"
    series: Name


Target = Annotated[
    LinearTarget | StepTarget | FloorTarget | CeilingTarget | BandTarget | PlanTarget | SeriesTarget,
    Field(discriminator="style"),
]


class TargetTable(Definition):
    """Dated targets of a metric from a file; each row is the target of the week it ends, or of its day.

    Every value needs who and why. A plan by month becomes days by `wbr import-targets`.

    Attributes:
        grain: What a row is the target of. The days of a metric that adds up are added up over a week.
    """

    csv: str
    grain: Literal["day", "week"] = "week"
    date: DateColumn
    value_column: str
    set_by: Handle
    because: Text


# --- metrics -------------------------------------------------------------------------------


class Controllable(Definition):
    """The action that moves an input, and who can order it without anybody's approval."""

    action: Text
    by: Handle
    within_days: Annotated[int, Field(ge=1)]


class Supersedes(Definition):
    """A new way to count is a new series; this says what it replaces and which loophole it closes."""

    metric: Name
    start: Annotated[date | None, Field(validation_alias=AliasChoices("from", "start"))] = None
    because: Text


class SecondMeasure(Definition):
    """A second way to measure the same thing; further apart than `tolerance` (a share) is disputed."""

    measure: Measure
    tolerance: Annotated[float, Field(gt=0, lt=1)]


class InCustomers(Definition):
    """The rate told in customers: share × the total of a series, or its complement.

    Attributes:
        series: The stored series that counts them.
        words: What happened to them: `visitors left without buying`.
        of: Whether the rate counts them, or those it leaves out.
    """

    series: Name
    words: Text
    of: Literal["share", "complement"] = "share"


class _Metric(Definition):
    """One thing the business watches, and how to read it.

    Attributes:
        id: Name in files, code and links: `conversion`.
        code: A short label of the company's own, shown small: `G04`.
        name: Name on the slide: `Conversion`.
        owner: The one person who explains it in the room; None keeps it out of the deck.
        unit: What a value counts. A `fraction` is kept as 0.05 and shown as 5.0%.
        measure: How the days of a period become one value.
        better: The direction that is good news; decides words and colour, never arithmetic.
        scale: Multiplies the value: 200000 for injuries per 200,000 hours.
        compare: How changes are told; by default basis points for fractions, else percent.
        stock: Judged by its change, not by its level.
        matures_after_weeks: Values younger than this will still move; they are hatched.
        weight: Business weight, for the order of exceptions only.
        confidential: Absent for whoever may not see it. True: its owner and deputy see it, and who has the
            right `read_confidential`. A list: its owner and deputy, and the people and roles listed.
    """

    id: Name
    code: Annotated[str, StringConstraints(max_length=12)] | None = None
    name: Text
    owner: Handle | None = None
    unit: Unit
    better: Better
    measure: Measure
    meaning: Text | None = None
    as_the_customer_meets_it: Text | None = None
    gaming: Text | None = None
    guardrails: tuple[Name, ...] = ()
    supersedes: Supersedes | None = None
    second_measure: SecondMeasure | None = None
    target: Target | None = None
    customers: InCustomers | None = None
    compare: Compare | None = None
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    stock: bool = False
    matures_after_weeks: Annotated[int, Field(ge=1, le=52)] | None = None
    state: MetricState | None = None
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    confidential: bool | tuple[Text, ...] = False

    @property
    def change_unit(self) -> Compare:
        """Basis points for a fraction, else percent, unless declared."""
        return self.compare or ("bps" if self.unit == "fraction" else "percent")

    @property
    def retired(self) -> bool:
        """Kept with all its history, out of every deck."""
        return self.state == "retired"


class InputMetric(_Metric):
    """A team can act on it this week: it has an owner and an action that moves it."""

    kind: Literal["input"] = "input"
    controllable: Controllable | None = None


class OutputMetric(_Metric):
    """It only follows."""

    kind: Literal["output"] = "output"


class ContextMetric(_Metric):
    """Shown to explain; nobody answers for its level."""

    kind: Literal["context"] = "context"


Metric = Annotated[InputMetric | OutputMetric | ContextMetric, Field(discriminator="kind")]


# --- the flywheel and the goals ------------------------------------------------------------


class Identity(Definition):
    """Arithmetic between metrics: never scored, never offered as a discovery."""

    metric: Name
    equals: dict[Literal["sum", "difference", "product", "quotient"], tuple[Name, ...]]

    @field_validator("equals")
    @classmethod
    def _one_operation(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if len(value) != 1:
            raise ValueError("one of sum, difference, product, quotient")
        return value


class Node(Definition):
    """A theme of the flywheel on which metrics hang."""

    id: Name
    name: Text
    metrics: tuple[Name, ...] = ()
    hub: bool = False


class Edge(Definition):
    """One node turns the next."""

    start: Annotated[Name, Field(validation_alias=AliasChoices("from", "start"))]
    end: Annotated[Name, Field(validation_alias=AliasChoices("to", "end"))]


class Link(Definition):
    """A belief: this driver moves that metric, in this direction, after so many weeks."""

    driver: Name
    driven: Name
    sign: Literal["+", "-"]
    lag_weeks: tuple[Annotated[int, Field(ge=0, le=52)], Annotated[int, Field(ge=0, le=52)]]
    because: Text
    stated: date | None = None
    by: Handle | None = None
    smallest_r_that_matters: Annotated[float, Field(gt=0, lt=1)] = 0.15

    @field_validator("lag_weeks")
    @classmethod
    def _in_order(cls, value: tuple[int, int]) -> tuple[int, int]:
        if value[0] > value[1]:
            raise ValueError("the first lag must not exceed the last")
        return value


class GoalPeriod(Definition):
    """When a goal is due: a fiscal year, a quarter or month of it, or the level of one week."""

    year: int | None = None
    quarter: Annotated[int, Field(ge=1, le=4)] | None = None
    month: Annotated[int, Field(ge=1, le=12)] | None = None
    week_ending: date | None = None

    @model_validator(mode="after")
    def _one_period(self) -> Self:
        if (self.year is None) == (self.week_ending is None):
            raise ValueError("a goal's period is a `year` (with a quarter or month), or a `week_ending`")
        return self


class Goal(Definition):
    """A commitment on a metric; the product proposes a status, finance decides it."""

    name: Text
    metric: Name
    period: GoalPeriod
    value: Amount
    owner: Handle


# --- decks ---------------------------------------------------------------------------------


class ChartLines(Definition):
    """At most three lines: primary, secondary, target."""

    primary: Name
    secondary: Name | None = None
    target: Name | None = None


class _Block(Definition):
    """One thing shown. Its number stays for the life of the deck."""

    title: Text | None = None
    number: Annotated[int, Field(ge=1)] | None = None
    months_axis: MonthsAxis | None = None
    daily_average: bool = False


class ChartBlock(_Block):
    """A 6-12 chart."""

    chart: ChartLines


class TableRow(Definition):
    """A row of a weeks or months table: a header, a metric's values, or a comparison of them."""

    header: Text
    metric: Name | None = None
    target_of: Name | None = None
    show: Literal["value", "wow", "mom", "yoy", "variance", "variance_percent"] = "value"

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if self.metric and self.target_of:
            raise ValueError("a row shows a metric or the target of one, not both")
        return self


class WeeksTableBlock(_Block):
    """Rows of metrics over the six weeks."""

    weeks_table: Annotated[tuple[TableRow, ...], Field(min_length=1)]


class MonthsTableBlock(_Block):
    """Rows of metrics over the twelve months."""

    months_table: Annotated[tuple[TableRow, ...], Field(min_length=1)]


class TableFile(Definition):
    """A table kept as it is in a file."""

    csv: str


class TableBlock(_Block):
    """A plain table; `metric` names the metric it stands for, so that it has an owner."""

    table: TableFile
    metric: Name | None = None


class ExceptionFile(Definition):
    """The worst items of a week, each with a cause and an action."""

    csv: str
    week_column: str
    top: Annotated[int, Field(ge=1, le=100)] = 10


class ExceptionsBlock(_Block):
    """An exception report."""

    exceptions: ExceptionFile
    metric: Name | None = None


class StoryBlock(_Block):
    """A customer's story of the week."""

    story: str


_BLOCKS = {
    "chart": ChartBlock,
    "weeks_table": WeeksTableBlock,
    "months_table": MonthsTableBlock,
    "table": TableBlock,
    "exceptions": ExceptionsBlock,
    "story": StoryBlock,
}


def _block_kind(value: Any) -> str | None:
    if isinstance(value, BaseModel):
        return next((kind for kind, model in _BLOCKS.items() if isinstance(value, model)), None)
    return next((kind for kind in _BLOCKS if kind in value), None) if isinstance(value, dict) else None


Block = Annotated[
    Annotated[ChartBlock, Tag("chart")]
    | Annotated[WeeksTableBlock, Tag("weeks_table")]
    | Annotated[MonthsTableBlock, Tag("months_table")]
    | Annotated[TableBlock, Tag("table")]
    | Annotated[ExceptionsBlock, Tag("exceptions")]
    | Annotated[StoryBlock, Tag("story")],
    Discriminator(
        _block_kind,
        custom_error_type="block",
        custom_error_message="a block is a metric's id, or one of chart, weeks_table, months_table, table, "
        "exceptions, story",
    ),
]


class Section(Definition):
    """A chapter of the deck."""

    title: Text
    node: Name | None = None
    blocks: tuple[Block, ...]

    @field_validator("blocks", mode="before")
    @classmethod
    def _id_is_a_chart(cls, value: Any) -> Any:
        """A bare metric id means its 6-12 chart."""
        if not isinstance(value, list | tuple):
            return value
        return [{"chart": {"primary": block}} if isinstance(block, str) else block for block in value]


class DeckOutline(Definition):
    """What a deck shows, in which order, for whom.

    Attributes:
        title: As it stands over the deck.
        team: Whose deck it is; none for the company's own.
        questions_order: The three questions of page 0, as this room reads them.
        readers: Handles of people, or roles, who may read it; none means everybody.
        send: How it reaches its readers by mail and webhook; without it nothing is sent.
        first_number: Of its first block.
        sections: In reading order.
    """

    title: Text
    team: Text | None = None
    questions_order: tuple[Literal["customers", "business", "targets"], ...] = (
        "customers", "business", "targets",
    )  # fmt: skip
    readers: tuple[str, ...] = ()
    send: Sending | None = None
    first_number: Annotated[int, Field(ge=1)] = 1
    sections: Annotated[tuple[Section, ...], Field(min_length=1)]


def metrics_in(block: Block) -> Iterator[str]:
    """The metrics a block names, the one it is about first."""
    match block:
        case ChartBlock(chart=lines):
            yield from (m for m in (lines.primary, lines.secondary, lines.target) if m)
        case WeeksTableBlock(weeks_table=rows) | MonthsTableBlock(months_table=rows):
            yield from (m for row in rows for m in (row.metric, row.target_of) if m)
        case TableBlock(metric=metric) | ExceptionsBlock(metric=metric):
            if metric:
                yield metric
        case StoryBlock():
            return


RIGHTS: dict[str, tuple[str, ...]] = {
    "deck_owner": ("publish", "move_week", "assign_owner", "record_action", "park", "erase_person"),
    "finance": ("certify", "dispute", "set_target", "set_goal_status"),
    "analyst": ("load", "undo_load", "define", "declare_divider", "test_link"),
    "owner": (
        "answer", "promote_watch", "propose_target", "propose_version", "hand_over", "add_annotation",
    ),
}  # fmt: skip


# Acts that a workspace's `rights` need not name; if none of its roles has one, these roles do. An act is
# named as it is spoken of: "may not tell a story".
RIGHTS_BY_DEFAULT: dict[str, tuple[str, ...]] = {
    "tell_a_story": ("customer_service",),
    "raise_an_andon_mark": ("customer_service",),
    "ask_a_question": ("executive", "finance", "deck_owner", "owner"),
    "record_an_own_action": ("owner",),
    "write_a_correction": ("owner",),
    "move_a_metric": ("owner", "analyst"),
    "grant_role": ("deck_owner",),
    "edit_link": ("owner", "analyst"),
    "issue_token": ("deck_owner", "analyst"),
    "read_confidential": ("executive", "finance", "deck_owner"),
}


class Definitions(Definition):
    """All that one workspace declares, checked."""

    company: Company
    calendar: CalendarRules = CalendarRules()
    require_owner: bool = True
    missing_days: MissingDays = "strict"
    events: tuple[Event, ...] = ()
    people: dict[Handle, Person] = {}
    rights: dict[Name, tuple[Name, ...]] = RIGHTS
    connections: dict[Name, Connection] = {}
    store: StoreRules = StoreRules()
    notify: Notify = Notify()
    login: Login | None = None
    prepare: Preparation = Preparation()
    sources: dict[Name, Source] = {}
    metrics: dict[Name, Metric] = {}
    targets: dict[Name, TargetTable] = {}
    definitions: tuple[Identity, ...] = ()
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    links: tuple[Link, ...] = ()
    goals: tuple[Goal, ...] = ()
    decks: dict[Name, DeckOutline] = {}

    @field_validator("metrics", mode="before")
    @classmethod
    def _id_from_key(cls, value: Any) -> Any:
        """The key in the file is the metric's id."""
        if not isinstance(value, dict):
            return value
        return {key: {"id": key, **body} if isinstance(body, dict) else body for key, body in value.items()}

    @property
    def placed(self) -> frozenset[str]:
        """The metrics that some deck shows."""
        return frozenset(
            metric
            for deck in self.decks.values()
            for section in deck.sections
            for block in section.blocks
            for metric in metrics_in(block)
        )
