"""What may be asked: the models that check each request, and from which the OpenAPI document is written."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from metrics.definitions import Grain, Kind, Name
from metrics.workspace.observing import Grain as PeriodGrain

LATEST = "latest"
PAGE = 500  # Values on a page unless another size is asked for.
PAGE_AT_MOST = 5_000
YEARS = (1900, 2200)  # A time before or after them knows nothing, or all, as their first and last do.
PUSHED_AT_MOST = 50_000  # Values of one push; more are several pushes.
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([Tt]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:\d{2})?)?", re.ASCII)
_FRACTION = re.compile(r"\.(\d+)")


def _shown(given: object) -> str:
    text = str(given)
    return repr(f"{text[:60]}…" if len(text) > 60 else text)


def _day(given: Any) -> Any:
    if isinstance(given, str) and _DAY.fullmatch(given):
        try:
            return date.fromisoformat(given)
        except ValueError:
            pass
    raise ValueError(f"{_shown(given)} is not a date. Write it as 2026-05-09")


def _week(given: Any) -> Any:
    if given == LATEST:
        return None
    try:
        return _day(given)
    except ValueError:
        raise ValueError(
            f"{_shown(given)} is not a week. Write its last day as 2026-05-09, or `latest`"
        ) from None


def _moment(given: Any) -> Any:
    """A time; without a zone it is the company's. Beyond the years of a calendar: before or after all."""
    if isinstance(given, str) and _MOMENT.fullmatch(given):
        text = _FRACTION.sub(lambda m: "." + m[1][:6].ljust(6, "0"), given.upper())
        text = re.sub(r":60(?=[.Z+-]|$)", ":59", text)  # A leap second.
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            if len(text) == len("2026-05-09"):
                found = found.replace(hour=23, minute=59, second=59, microsecond=999_999)
            if not YEARS[0] <= found.year <= YEARS[1]:
                near = min(max(found.year, YEARS[0]), YEARS[1])
                found = found.replace(year=near, day=min(found.day, 28))
            return found
    raise ValueError(f"{_shown(given)} is not a time. Write it as 2026-05-09T18:00:00Z")


_DATE = {"type": "string", "format": "date"}
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema(_DATE)]
Week = Annotated[
    date | None,
    BeforeValidator(_week),
    WithJsonSchema({"anyOf": [{"const": LATEST}, _DATE], "default": LATEST}),
    Field(description="Last day of the week, or `latest`."),
]
Moment = Annotated[
    datetime | None,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
    Field(
        description="Only what was known at this time; by default all that is known. Without a zone it "
        "is the company's; a date alone means the end of that day."
    ),
]
Segment = Annotated[str, StringConstraints(pattern=r"^[^:]{1,80}:[^\x00]{0,200}$")]


class Question(BaseModel):
    """The parameters of one address. What it does not name is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class DeckQuestion(Question):
    """Which deck."""

    week: Week = None
    deck: Name | None = Field(None, description="Id of the deck; by default the first that may be read.")
    as_of: Moment = None
    edition: int | None = Field(
        None, ge=1, le=10_000, description="The published edition of this number, as it was frozen."
    )


class MetricsQuestion(Question):
    """Which metrics."""

    deck: Name | None = Field(None, description="Only those that this deck shows.")
    kind: Kind | None = Field(None, description="Only inputs, outputs or context.")


class SignalsQuestion(Question):
    """Which verdicts."""

    week: Week = None
    metric: Name | None = Field(None, description="Only this one.")
    tier: Literal["exception", "watch", "none", "cannot_judge"] | None = Field(
        None, description="Only those of this tier."
    )
    as_of: Moment = None


class LinksQuestion(Question):
    """Which links."""

    week: Week = None
    driver: Name | None = Field(None, description="Only links of this driver.")
    driven: Name | None = Field(None, description="Only links to this metric.")


class OwnersQuestion(Question):
    """Whose metrics."""

    person: str | None = Field(
        None, max_length=80, description="Handle: only what this person owns, deputises for or left."
    )


class ObservationsQuestion(Question):
    """Which values of one metric."""

    metric: Name = Field(description="Id of the metric.")
    grain: PeriodGrain = Field("week", description="One value per day, week, month, quarter or year.")
    first: Day | None = Field(None, alias="from", description="First day wanted; by default the first known.")
    last: Day | None = Field(
        None,
        alias="to",
        description="Last day wanted; by default the end of the newest week. Periods that end later are out.",
    )
    segment: list[Segment] = Field(
        [], max_length=10, description="`name:value`, such as `device:app`; repeat it for several."
    )
    as_of: Moment = None
    limit: int = Field(PAGE, ge=1, le=PAGE_AT_MOST, description="Values on a page.")
    offset: int = Field(0, ge=0, le=10**9, description="Values to pass over; see `next`.")


class SeriesQuestion(Question):
    """Which stored values of one series."""

    series: Name = Field(description="Id of a series that some metric reads.")
    first: Day | None = Field(None, alias="from", description="First day wanted.")
    last: Day | None = Field(None, alias="to", description="Last day wanted.")
    segment: list[Segment] = Field(
        [], max_length=10, description="`name:value`, such as `device:app`; repeat it for several."
    )
    as_of: Moment = None
    limit: int = Field(PAGE, ge=1, le=PAGE_AT_MOST, description="Values on a page.")
    offset: int = Field(0, ge=0, le=10**9, description="Values to pass over; see `next`.")


class PushedValue(Question):
    """One value of one series."""

    series: Name = Field(description="One of the source's series.")
    day: Day = Field(description="The day; of a weekly or monthly source any day of the week or month.")
    value: float = Field(
        allow_inf_nan=False, strict=True, description="A number. A day whose value is unknown has no entry."
    )
    segments: dict[str, str] = Field({}, max_length=20, description="Each segment of the source, by name.")
    observed_at: Moment = Field(None, description="When it was known; by default now.")


class Push(Question):
    """Values for a source that the workspace declares with `push: true`; all are loaded, or none."""

    source: Name = Field(description="Name of the source.")
    observations: list[PushedValue] = Field(min_length=1, max_length=PUSHED_AT_MOST)


__all__ = [
    "DeckQuestion",
    "Grain",
    "LinksQuestion",
    "MetricsQuestion",
    "ObservationsQuestion",
    "OwnersQuestion",
    "Push",
    "PushedValue",
    "Question",
    "SeriesQuestion",
    "SignalsQuestion",
]
