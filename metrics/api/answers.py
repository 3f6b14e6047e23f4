"""What is answered: every question as a function from a reader's workspace to one JSON document.

The routes and the tools of an assistant ask the same functions. Each answer carries its *stamp*: the week,
what was known when, whether it was published, who certified it, and the versions of the data.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from metrics.api.questions import (
    DeckQuestion,
    LinksQuestion,
    MetricsQuestion,
    ObservationsQuestion,
    OwnersQuestion,
    SeriesQuestion,
    SignalsQuestion,
)
from metrics.definitions import Definitions, Metric, metrics_in
from metrics.errors import CalendarError, UnknownNameError, hint
from metrics.export import json as json_form
from metrics.reviews.editions import Edition
from metrics.workspace import Workspace
from metrics.workspace.evidence import link_form
from metrics.workspace.observing import Observation
from metrics.workspace.owning import owners_form
from metrics.workspace.recording import recorded

Answer = dict[str, Any]


# --- what all share ---------------------------------------------------------------------------------


def the_week(house: Workspace, asked: date | None) -> date:
    """The week asked for; CalendarError if it ends no week, or none that can be opened."""
    if asked is None:
        return house.default_week()
    weeks = house.weeks()
    week = house.calendar.week(asked).last
    if not weeks[0] <= week <= weeks[-1]:
        raise CalendarError(f"There is no week ending {asked} here: weeks go from {weeks[0]} to {weeks[-1]}.")
    return week


def the_moment(house: Workspace, asked: datetime | None) -> datetime | None:
    """The time asked for; without a zone it is the company's."""
    if asked is None or asked.tzinfo is not None:
        return asked
    return asked.replace(tzinfo=ZoneInfo(house.definitions.company.time_zone))


def the_deck(house: Workspace, asked: str | None) -> str:
    """The deck asked for, by default the first that may be read; UnknownNameError if there is none."""
    return house.loop.deck_named(asked)


def stamp(
    house: Workspace,
    week: date,
    *,
    deck: str | None = None,
    metrics: Iterable[str] | None = None,
    as_of: datetime | None = None,
    edition: Edition | None = None,
) -> Answer:
    """What an answer rests on.

    Args:
        house: The reader's workspace.
        week: The week it is about.
        deck: The deck, of which the newest edition is told.
        metrics: Whose certification counts; by default that of every metric.
        as_of: What was known when.
        edition: The edition that is answered with, if it is one.
    """
    then = house.as_it_stood(as_of) if as_of is not None else house
    known = then.loop.certifying.certifications(week) if house.version else {}
    wanted = house.definitions.metrics if metrics is None else metrics
    stands = [known[m] for m in dict.fromkeys(wanted) if m in known]
    certified = [c for c in stands if c.state == "certified"]
    if edition is None and deck is not None:
        edition = next(iter(reversed(then.loop.publishing.editions(week, deck))), None)
    return {
        "week_ending": week.isoformat(),
        "as_of": as_of.isoformat() if as_of else None,
        "published": edition
        and {
            "edition": edition.number,
            "by": edition.by,
            "at": edition.at.isoformat(),
            "missing": list(edition.missing),
        },
        "certified_by": sorted({c.by for c in certified if c.by}),
        "certified": len(certified),
        "certifiable": len(stands),
        "disputed": sorted(c.metric for c in stands if c.state == "disputed"),
        "data_version": house.version,
        "journal_version": house.decisions_version.partition("-")[0],
    }


# --- the questions ------------------------------------------------------------------------------------


def deck(house: Workspace, asked: DeckQuestion) -> Answer:
    """One week's deck, `sixtwelve.deck/1`, as it is, as it was known, or as it was frozen."""
    week, name, moment = (
        the_week(house, asked.week),
        the_deck(house, asked.deck),
        the_moment(house, asked.as_of),
    )
    shown = house.loop.metrics_of(name)
    if asked.edition is None:
        then = house if moment is None else house.as_it_stood(moment)
        made = json_form.as_json(recorded(then, then.deck(week, deck=name)))
        return {**made, "stamp": stamp(house, week, deck=name, metrics=shown, as_of=moment)}
    if moment is not None:
        raise UnknownNameError(
            "An edition is as it was frozen: ask for `edition` or for `as_of`, not for both."
        )
    edition = house.loop.publishing.edition(week, name, asked.edition)
    frozen = house.loop.publishing.values(edition)
    return {**frozen, "stamp": stamp(house, week, deck=name, metrics=shown, edition=edition)}


def metrics(house: Workspace, asked: MetricsQuestion) -> Answer:
    """The definitions of the metrics, in the order of the files."""
    definitions = house.loop.definitions
    where = _places(definitions)
    if asked.deck is not None:
        the_deck(house, asked.deck)
    rows = [
        metric_form(metric, where.get(metric.id, ()))
        for metric in definitions.metrics.values()
        if asked.kind in (None, metric.kind)
        and (asked.deck is None or asked.deck in where.get(metric.id, ()))
    ]
    return {
        "schema": "sixtwelve.metrics/1",
        "rows": rows,
        "decks": [{"deck": name, "title": outline.title} for name, outline in definitions.decks.items()],
        "stamp": stamp(house, house.default_week()),
    }


def _places(definitions: Definitions) -> Mapping[str, tuple[str, ...]]:
    """The decks that show each metric."""
    found: dict[str, dict[str, None]] = {}
    for name, outline in definitions.decks.items():
        for section in outline.sections:
            for block in section.blocks:
                for metric in metrics_in(block):
                    found.setdefault(metric, {})[name] = None
    return {metric: tuple(decks) for metric, decks in found.items()}


def metric_form(metric: Metric, decks: Iterable[str] = ()) -> Answer:
    """A metric's definition, for other programs."""
    return {
        "metric": metric.id,
        "name": metric.name,
        "code": metric.code,
        "kind": metric.kind,
        "owner": metric.owner,
        "unit": metric.unit,
        "better": metric.better,
        "change_unit": metric.change_unit,
        "measure": metric.measure.model_dump(mode="json"),
        "target": metric.target.model_dump(mode="json") if metric.target else None,
        "meaning": metric.meaning,
        "as_the_customer_meets_it": metric.as_the_customer_meets_it,
        "guardrails": list(metric.guardrails),
        "matures_after_weeks": metric.matures_after_weeks,
        "state": metric.state,
        "decks": list(decks),
    }


def signals(house: Workspace, asked: SignalsQuestion) -> Answer:
    """What is signal and what is noise in one week, `sixtwelve.signals/1`."""
    week, moment = the_week(house, asked.week), the_moment(house, asked.as_of)
    if asked.metric is not None:
        house.metric(asked.metric)
    judged = house.judging.week(week, moment)
    rows = [
        row
        for row in judged.rows
        if asked.metric in (None, row.metric) and asked.tier in (None, row.signal.tier)
    ]
    told = json_form.signals_json(rows, judged.by_chance)
    return {**told, "week_ending": week.isoformat(), "stamp": stamp(house, week, as_of=moment)}


def links(house: Workspace, asked: LinksQuestion) -> Answer:
    """What is believed to drive what, and whether the data agree, `sixtwelve.links/1`."""
    week = the_week(house, asked.week)
    for metric in (asked.driver, asked.driven):
        if metric is not None:
            house.metric(metric)
    rows = [
        {**link_form(belief.test), "grade": belief.grade, "look": belief.look, "sentence": belief.words}
        for belief in house.beliefs.beliefs(week)
        if belief.test is not None
        and asked.driver in (None, belief.test.link.driver)
        and asked.driven in (None, belief.test.link.driven)
    ]
    return {
        "schema": "sixtwelve.links/1",
        "until": week.isoformat(),
        "rows": rows,
        "stamp": stamp(house, week),
    }


def owners(house: Workspace, asked: OwnersQuestion) -> Answer:
    """Who answers for what today."""
    definitions, day = house.definitions, house.loop.today
    if asked.person is not None and asked.person not in definitions.people:
        raise UnknownNameError(
            f"{asked.person!r} is not among people. {hint(asked.person, definitions.people)}"
        )
    told = house.loop.owning.owners()
    rows = [o for o in told.all(day) if asked.person is None or asked.person in (o.owner, o.deputy, o.left)]
    return {
        "schema": "sixtwelve.owners/1",
        **owners_form(definitions, told, rows, day),
        "stamp": stamp(house, house.default_week(), metrics=[o.metric for o in rows]),
    }


def observations(house: Workspace, asked: ObservationsQuestion) -> Answer:
    """The values of one metric, a page of them, oldest first."""
    definition, moment = house.metric(asked.metric), the_moment(house, asked.as_of)
    newest = house.default_week()
    first, last = asked.first or house.first_day() or newest, asked.last or newest
    first = max(first, date(1900, 1, 8))  # No calendar begins before, nor does any number.
    periods = house.observing.periods(asked.grain, first, min(last, date(2199, 12, 24)))
    page = periods[asked.offset : asked.offset + asked.limit]
    rows = house.observing.metric(asked.metric, asked.grain, page, where=_where(asked.segment), as_of=moment)
    more = asked.offset + len(page) < len(periods)
    return {
        "schema": "sixtwelve.observations/1",
        "metric": asked.metric,
        "name": definition.name,
        "unit": definition.unit,
        "grain": asked.grain,
        "segments": _where(asked.segment),
        "rows": [_row(row) for row in rows],
        "next": _next(asked, "observations") if more else None,
        "stamp": stamp(house, newest, metrics=[asked.metric], as_of=moment),
    }


def series(house: Workspace, asked: SeriesQuestion) -> Answer:
    """The stored values of one series, a page of them, by day and segments."""
    moment = the_moment(house, asked.as_of)
    rows = house.observing.series(
        asked.series,
        first=asked.first,
        last=asked.last,
        where=_where(asked.segment),
        size=asked.limit + 1,
        offset=asked.offset,
        as_of=moment,
    )
    return {
        "schema": "sixtwelve.series/1",
        "series": asked.series,
        "rows": [
            {"day": row.last.isoformat(), "segments": row.segments, "value": row.value}
            for row in rows[: asked.limit]
        ],
        "next": _next(asked, "series") if len(rows) > asked.limit else None,
        "stamp": stamp(house, house.default_week(), metrics=[], as_of=moment),
    }


def _where(segments: Iterable[str]) -> dict[str, str]:
    return dict(segment.split(":", 1) for segment in segments)


def _row(row: Observation) -> Answer:
    return {
        "first_day": row.first.isoformat(),
        "last_day": row.last.isoformat(),
        "value": row.value,
        "state": row.state,
        "target": row.target,
    }


def _next(asked: ObservationsQuestion | SeriesQuestion, path: str) -> str:
    """The address of the next page, from where this one stands."""
    told = asked.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    told["offset"] = asked.offset + asked.limit
    return f"{path}?{urlencode(told, doseq=True)}"
