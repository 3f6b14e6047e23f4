"""What a deck shows, block by block."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Discriminator, Field, Tag, field_validator, model_validator

from metrics.definitions.sources import Sending
from metrics.definitions.words import Definition, MonthsAxis, Name, Text


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
