"""Where numbers come from, where they are kept and whom they are told to."""

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from metrics.definitions.words import Definition, Grain, Handle, Name, Text


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

    engine: Literal["duckdb", "postgresql", "clickhouse", "spark"] = "duckdb"
    url_env: str | None = None
    url_file: str | None = None

    @model_validator(mode="after")
    def _has_an_address(self) -> Self:
        told = (self.url_env is not None) + (self.url_file is not None)
        if told != (self.engine != "duckdb"):
            raise ValueError(
                "a store on postgresql, clickhouse or spark needs `url_env` or `url_file`, one of the two; "
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
