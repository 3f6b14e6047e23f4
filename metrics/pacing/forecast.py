"""The pace of one goal: what is known, what is forecast, and how wrong such forecasts were.

Source: analytics.md, section 6.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from math import fsum

import numpy as np

from metrics.pacing.landing import BACKTESTS, SPACING, chance, errors, judged, range80
from metrics.pacing.members import Values, able, one_thread, path
from metrics.pacing.span import WEEK, Span, last_day, span
from metrics.pacing.values import EventMark, Fallback, Member, MemberName, Pace, Reason, Standing, State

SHORTEST = 26  # weeks of history for a forecast
ALL_MEMBERS = 104  # weeks from which the three are combined
BY_BACKTEST = 208  # weeks from which they are weighed by their backtests
FILLED_AT_MOST = 2  # missing weeks
FURTHEST = 104  # weeks ahead; beyond two years the members only repeat themselves
LARGEST = 1e150  # Beyond it squares overflow: like infinity, it is no value.
YEAR_OF_WEEKS = timedelta(weeks=52)
NO_ERROR = 1e-9  # Share of the actuals' size below which a backtest error is rounding.

ONE: tuple[MemberName, ...] = ("damped_trend",)
THREE: tuple[MemberName, ...] = ("damped_trend", "seasonal", "last_year")
INSTEAD: tuple[MemberName, ...] = ("last_year", "recent_level")  # In turn, where no fit settles.


def pace(standing: Standing) -> Pace:
    """Return where the goal stands, where it is likely to land, and the chance of reaching it.

    Poor input is not an error: the pace then says in `reason` why it holds no forecast.
    """
    known = _known(standing)
    ahead = np.array(known.span.ahead)
    if known.known is not None and not len(ahead):
        return _over(known, standing, known.known)
    if len(known.history) < SHORTEST:
        return _unforecast(known, standing, "too_short")
    if known.missing:
        return _unforecast(known, standing, "missing_weeks")
    if known.known is None:
        return _unforecast(known, standing, "no_actual")
    if len(ahead) > FURTHEST:
        return _unforecast(known, standing, "too_far")
    with one_thread():
        found = _combination(known.history, ahead, volume=standing.volume)
    return _forecast(known, known.known, standing, ahead, found)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known before anything is forecast.

    Attributes:
        span: The period in weeks.
        history: Weeks without those before the metric began, gaps filled.
        filled: Last days of the weeks filled.
        missing: True if more were missing than may be filled, or the newest.
        to_date: The period's own value so far.
        estimated: See `Pace.to_date_estimated`.
        known: The part A of the landing that no forecast changes; None if it has no value.
    """

    span: Span
    history: Values = field(default_factory=lambda: np.empty(0))
    filled: tuple[date, ...] = ()
    missing: bool = False
    to_date: float | None = None
    estimated: bool = False
    known: float | None = None


@dataclass(frozen=True, slots=True)
class _Combination:
    """A weekly path, what it was made of, and how wrong the same making was before."""

    weeks: Values
    members: tuple[Member, ...]
    fallbacks: tuple[Fallback, ...]
    actual: tuple[float, ...]
    forecast: tuple[float, ...]


def _forecast(known: _Known, certain: float, standing: Standing, ahead: Values, found: _Combination) -> Pace:
    rest = float(found.weeks @ ahead)
    in_logs = min((*found.actual, *found.forecast, rest)) > 0
    erred = errors(found.actual, found.forecast, in_logs=in_logs)
    ends = range80(certain, rest, erred, in_logs=in_logs)
    low, high = ends or (None, None)
    if low is not None and standing.volume:
        low = max(low, certain)
    state: State = "forecast_only"
    reason, p_hit = _unjudged(standing, enough=ends is not None), None
    if standing.target is not None and standing.better is not None:
        p_hit = chance(certain, rest, erred, standing.target, standing.better, in_logs=in_logs)
    if p_hit is not None:
        state, reason = judged(p_hit), None
    return replace(
        _unforecast(known, standing, reason),
        state=state,
        forecast_rest=rest if standing.way == "total" else rest / float(ahead.sum()),
        total=certain + rest,
        low80=low,
        high80=high,
        p_hit=p_hit,
        weeks=tuple(found.weeks.tolist()),
        members=tuple(_told(m, standing, ahead) for m in found.members),
        fallbacks=found.fallbacks,
        backtest_errors=erred,
        backtest_ape=tuple(
            abs(came - said) / abs(came) if came else None
            for came, said in zip(found.actual, found.forecast, strict=True)
        ),
        in_logs=in_logs,
        events=_marks(standing, ahead),
    )


# --- what is known ---------------------------------------------------------------------------


def _known(standing: Standing) -> _Known:
    whole = span(standing)
    history, gaps = _filled(standing.values)
    ends = tuple(last_day(standing.week_ending, gap - len(history) + 1) for gap in gaps)
    missing = bool(np.isnan(history).any())
    told = standing.actual_to_date
    told = told if told is not None and np.isfinite(told) else None
    added_up = None if missing else _added_up(history, whole.past)
    past, left = whole.weeks_past, whole.weeks_left
    to_date, known = told, added_up
    estimated = told is None and added_up is not None and past > 0 and standing.way != "level"
    match standing.way:
        case "total":
            to_date = 0.0 if not past else added_up if told is None else told
            known = to_date
        case "average":
            if estimated and added_up is not None:
                to_date = added_up * (past + left) / past
            known = 0.0 if not past else None if to_date is None else to_date * past / (past + left)
    return _Known(whole, history, () if missing else ends, missing, to_date, estimated, known)


def _filled(told: Sequence[float | None]) -> tuple[Values, list[int]]:
    """Return the weeks since the metric began, and the places of missing ones.

    They are filled in on a straight line, unless they are too many or the newest, which has no other side.
    """
    values = np.array(told, dtype=np.float64)  # None becomes NaN.
    values[~(np.abs(values) < LARGEST)] = np.nan
    there = np.flatnonzero(~np.isnan(values))
    if not len(there):
        return np.empty(0), []
    history = values[there[0] :].copy()
    gaps: list[int] = np.flatnonzero(np.isnan(history)).tolist()
    if len(gaps) <= FILLED_AT_MOST and len(history) - 1 not in gaps:
        history[gaps] = np.interp(gaps, there - there[0], values[there])
    return history, gaps


def _added_up(history: Values, past: Mapping[int, float]) -> float | None:
    """Return the weighted sum of the period's past weeks; None if the history does not hold them all."""
    places = {len(history) - 1 + week: weight for week, weight in past.items() if weight}
    if places and min(places) < 0:
        return None
    return fsum(history[place] * weight for place, weight in places.items())


def _unforecast(known: _Known, standing: Standing, reason: Reason | None) -> Pace:
    return Pace(
        way=standing.way,
        state="not_forecast",
        reason=reason,
        actual_to_date=known.to_date,
        to_date_estimated=known.estimated,
        forecast_rest=None,
        total=None,
        low80=None,
        high80=None,
        p_hit=None,
        required_per_week=_required(known, standing),
        weeks_past=known.span.weeks_past,
        weeks_left=known.span.weeks_left,
        interpolated=known.filled,
    )


def _required(known: _Known, standing: Standing) -> float | None:
    left, target = known.span.weeks_left, standing.target
    if target is None or not left:
        return None
    match standing.way:
        case "total":
            return None if known.known is None else (target - known.known) / left
        case "average":
            if known.known is None:
                return None
            return (target - known.known) * (known.span.weeks_past + left) / left
        case "level":
            if not len(known.history) or np.isnan(known.history[-1]):
                return None
            until = (standing.period.last - standing.week_ending).days / WEEK
            return (target - float(known.history[-1])) / until


def _over(known: _Known, standing: Standing, landed: float) -> Pace:
    """Return the pace of a period that has ended: it was met, or it was not."""
    state: State = "forecast_only"
    if standing.target is not None and standing.better is not None:
        reached = landed >= standing.target if standing.better == "up" else landed <= standing.target
        state = "met" if reached else "missed"
    reason = _unjudged(standing, enough=True)
    return replace(_unforecast(known, standing, reason), state=state, total=landed)


def _unjudged(standing: Standing, *, enough: bool) -> Reason | None:
    if standing.target is None:
        return "no_target"
    if standing.better is None:
        return "no_direction"
    return None if enough else "few_backtests"


# --- what is forecast ------------------------------------------------------------------------


def _combination(history: Values, ahead: Values, *, volume: bool) -> _Combination:
    """Combine the members that this history allows, and do the same at earlier origins.

    At an origin too early for a member (the season needs two years) those that are able stand alone.
    """
    names = THREE if len(history) >= ALL_MEMBERS else ONE
    paths, fallbacks = _paths(history, names, len(ahead))
    origins = [len(history) - len(ahead) - SPACING * back for back in range(BACKTESTS)]
    tests = [
        (
            _paths(history[:origin], tuple(paths), len(ahead))[0],
            float(history[origin : origin + len(ahead)] @ ahead),
        )
        for origin in origins
        if origin >= SHORTEST
    ]
    maes = {name: _mae(name, tests, ahead) for name in paths}
    weights = _weights(maes, tests) if len(history) >= BY_BACKTEST else dict.fromkeys(paths, 1.0)
    everything = fsum(weights.values())
    return _Combination(
        weeks=_mean(paths, weights, volume=volume),
        members=tuple(
            Member(
                name,
                weights[name] / everything,
                float(_mean({name: weeks}, weights, volume=volume) @ ahead),
                maes[name],
            )
            for name, weeks in paths.items()
        ),
        fallbacks=fallbacks,
        actual=tuple(came for _, came in tests),
        forecast=tuple(float(_mean(said, weights, volume=volume) @ ahead) for said, _ in tests),
    )


Paths = dict[MemberName, Values]
Tests = Sequence[tuple[Paths, float]]


def _paths(history: Values, names: Iterable[MemberName], weeks: int) -> tuple[Paths, tuple[Fallback, ...]]:
    """Return the path of each able member that settles, and those left out; never no path at all."""
    found: Paths = {}
    left_out: list[Fallback] = []
    asked = able(names, len(history))
    for name in (*asked, *(other for other in able(INSTEAD, len(history)) if other not in asked)):
        if found and name not in asked:
            break
        weeks_ahead = path(name, history, weeks)
        if isinstance(weeks_ahead, str):
            left_out.append(Fallback(name, weeks_ahead))
        else:
            found[name] = weeks_ahead
    return found, tuple(left_out)


def _mean(paths: Paths, weights: dict[MemberName, float], *, volume: bool) -> Values:
    """Return the weighted mean of paths; members without a weight (they only stood in) count alike."""
    own = [weights.get(name, 0.0) for name in paths]
    if not any(own):
        own = [1.0] * len(own)
    mean = np.average(list(paths.values()), axis=0, weights=own)
    return np.maximum(mean, 0.0) if volume else mean


def _mae(name: MemberName, tests: Tests, ahead: Values) -> float | None:
    missed = [abs(float(said[name] @ ahead) - came) for said, came in tests if name in said]
    return fsum(missed) / len(missed) if missed else None


def _weights(maes: dict[MemberName, float | None], tests: Tests) -> dict[MemberName, float]:
    """Return 1 ÷ MAE² per member, 1 being the best; equal where a member has no backtest."""
    known = {name: mae for name, mae in maes.items() if mae is not None}
    if len(known) < len(maes):
        return dict.fromkeys(maes, 1.0)
    least = max(NO_ERROR * max(abs(came) for _, came in tests), min(known.values()))
    if not least:
        return dict.fromkeys(maes, 1.0)
    return {name: (least / max(mae, least)) ** 2 for name, mae in known.items()}


def _told(member: Member, standing: Standing, ahead: Values) -> Member:
    """Return the member in the unit of `forecast_rest`."""
    if standing.way == "total":
        return member
    whole = float(ahead.sum())
    mae = None if member.backtest_mae is None else member.backtest_mae / whole
    return replace(member, forecast_rest=member.forecast_rest / whole, backtest_mae=mae)


def _marks(standing: Standing, ahead: Values) -> tuple[EventMark, ...]:
    """Return the events that the weeks still to come and the same weeks of last year do not share."""
    counted = np.flatnonzero(ahead) + 1
    last = last_day(standing.week_ending, int(counted[-1]))
    first = last_day(standing.week_ending, int(counted[0])) - timedelta(days=WEEK - 1)
    marks = []
    for event, days in standing.events.items():
        coming = [day for day in days if first <= day <= last]
        came = [day for day in days if first <= day + YEAR_OF_WEEKS <= last]
        if coming and not came:
            marks += [EventMark(event, day, "ahead") for day in coming]
        if came and not coming:
            marks += [EventMark(event, day, "year_earlier") for day in came]
    return tuple(sorted(marks, key=lambda mark: (mark.day, mark.event)))
