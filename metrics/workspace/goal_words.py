"""Goals in words: where one stands, where it lands, and why nothing can be said.

Source: analytics.md section 6, "Sentences"; wbr-method.md section 10.
"""

from collections.abc import Iterator, Sequence
from math import isfinite

from metrics import text
from metrics.pacing import Pace
from metrics.periods import Calendar, Period
from metrics.reviews.goals import Status
from metrics.workspace.goals import Score, Track

WORDS: dict[Status, str] = {"green": "Green", "yellow": "Yellow", "red": "Red"}
MEANS: dict[Status, str] = {
    "green": "on track",
    "yellow": "some risk",
    "red": "not likely unless something real changes",
}
RECENT = 8  # weeks that the rate needed is held against
TINY = 0.01  # Share of the plan from which a gap is told as an amount, too.
NEVER, ALWAYS = 0.1, 0.9  # Chances outside are told in twentieths: steps of 1/9 end at 1/18 and 17/18.


def period(of: Period, calendar: Calendar) -> str:
    """A goal's period: `2026`, `Q2 2026`, `June 2026`, `week ending Sat 26 Dec 2026`."""
    if calendar.week_of(of.last) == of:
        return f"week ending {text.day(of.last)}"
    year = calendar.year_of(of.last)
    if of == year:
        return str(of.last.year) if of.first.month == 1 else f"fiscal {of.last.year}"
    if of == calendar.quarter_of(of.last):
        months = calendar.year_months(of.last)
        number = next(n for n, month in enumerate(months) if month.last == of.last) // 3 + 1
        return f"Q{number} {'' if year.first.month == 1 else 'fiscal '}{year.last.year}"
    return text.month(of.last, calendar.month_label(of))


def chance(p: float) -> str:
    """`about 5 in 10`; its steps are ninths, so nothing finer is said."""
    if p < NEVER:
        return "about 1 in 20"
    if p > ALWAYS:
        return "about 19 in 20"
    return f"about {round(p * 10)} in 10"


def said(track: Track, currency: str, value: float | None) -> str:
    """A value of the goal's metric."""
    return text.exact(value, track.metric.unit, currency)


def apart(track: Track, currency: str, amount: float) -> str:
    """A difference in the goal's metric, with its sign; of a fraction in basis points or points."""
    if track.metric.unit != "fraction":
        return text.difference(amount, track.metric.unit, currency)
    return text.bps(amount * 1e4) if abs(amount) < 0.1 else f"{text.percent(amount)[:-1]} points"


# --- the sentences ---------------------------------------------------------------------------


def landing(track: Track, currency: str) -> str:
    """Where it stands and lands, in one or two sentences; why not, where there is no forecast."""
    pace = track.pace
    if pace is None or pace.state == "not_forecast":
        return unforecast(track, currency)
    goal = said(track, currency, track.value)
    if pace.state in ("met", "missed"):
        return f"It ended at {said(track, currency, pace.total)}, and {goal} was {pace.state}."
    if track.over:
        return f"It ended at {said(track, currency, pace.total)}."
    return f"{_lands(track, pace, currency)} {_chance(track, pace, goal)}".strip()


def _lands(track: Track, pace: Pace, currency: str) -> str:
    total = said(track, currency, pace.total)
    spread = ""
    if pace.low80 is not None and pace.high80 is not None:
        ends = f"{said(track, currency, pace.low80)} to {said(track, currency, pace.high80)}"
        spread = f" (80% range {ends})"
    match pace.way:
        case "total":
            rest = said(track, currency, pace.forecast_rest)
            if not pace.weeks_past:
                return f"It has not begun; about {total}{spread} is expected."
            so_far = said(track, currency, pace.actual_to_date)
            return f"{so_far} so far, about {rest} to come: {total}{spread}."
        case "average":
            if pace.actual_to_date is None:
                return f"It has not begun; about {total}{spread} is expected."
            return f"{said(track, currency, pace.actual_to_date)} so far; it lands at about {total}{spread}."
        case "level":
            return f"{said(track, currency, track.latest)} now; it lands at about {total}{spread}."


def _chance(track: Track, pace: Pace, goal: str) -> str:
    if pace.p_hit is None:
        return text.pacing_reason(pace.reason) if pace.reason else ""
    verb = "stay at or below" if track.metric.better == "down" else "reach"
    words = chance(pace.p_hit)
    return f"{words[:1].upper()}{words[1:]} to {verb} {goal}."


def unforecast(track: Track, currency: str) -> str:
    """Why there is no forecast, in a sentence, with what is known nevertheless."""
    name, why = track.metric.name, track.why or (track.pace.reason if track.pace else None)
    match why:
        case "retired":
            return f"{name} is retired, so nothing is forecast. Give the goal to the metric that replaced it."
        case "no_data":
            return f"No number of {name} is loaded, so there is nothing to judge the goal by."
        case "told_monthly":
            return _monthly(track, currency)
        case "before_history":
            return (
                f"The goal was due before the first number of {name}, so nobody can say whether it was met."
            )
        case None:
            return f"Nothing can be forecast for {name}."
        case reason:
            return f"{text.pacing_reason(reason)}{_needed_too(track, currency)}"


def _monthly(track: Track, currency: str) -> str:
    sentence = f"{track.metric.name} is told once a month, too seldom to forecast."
    if track.to_date is None or not track.months_left:
        return sentence
    known = f"{said(track, currency, track.to_date)} so far"
    each = (track.value - track.to_date) / track.months_left
    months = text.counted(track.months_left, "month")
    return f"{sentence} {known}; each of the {months} left must bring {said(track, currency, each)}."


def _needed_too(track: Track, currency: str) -> str:
    told = needed(track, currency)
    return f" {told}" if told else ""


def needed(track: Track, currency: str) -> str:
    """What the rest must bring, beside what the last weeks brought; empty if nothing is left or asked."""
    pace = track.pace
    if pace is None or pace.required_per_week is None or track.over:
        return ""
    need = pace.required_per_week
    recent = _recent(track)
    match pace.way:
        case "total":
            if track.metric.better == "down":
                least = f"At most {said(track, currency, max(need, 0.0))} a week may come until the end"
            elif need <= 0:
                return "The goal is reached already."
            else:
                least = f"{said(track, currency, need)} a week are needed for the rest"
            weeks = f"; the last {RECENT} weeks brought {said(track, currency, recent)} each"
            return f"{least}{weeks if recent is not None else ''}."
        case "average":
            side = "at most" if track.metric.better == "down" else "at least"
            least = f"The rest must be {side} {said(track, currency, need)}"
            weeks = f"; the last {RECENT} weeks were {said(track, currency, recent)}"
            return f"{least}{weeks if recent is not None else ''}."
        case "level":
            gap = track.value - (track.latest or 0.0)
            reached = gap <= 0 if track.metric.better == "up" else gap >= 0
            if track.latest is None or (track.metric.better in ("up", "down") and reached):
                return "It is there now; it must stay." if track.latest is not None else ""
            weeks_left = (track.period.last - track.newest).days // 7
            return f"{apart(track, currency, gap)} in {text.counted(max(weeks_left, 1), 'week')} are needed."


def _recent(track: Track) -> float | None:
    """The mean of the last eight weeks, of a total from what it grew by."""
    if track.course is None:
        return None
    actual = [v for v in track.course.actual if isfinite(v)]
    if track.pace and track.pace.way == "total":
        if len(actual) <= RECENT:
            return None
        return (actual[-1] - actual[-1 - RECENT]) / RECENT
    return sum(actual[-RECENT:]) / RECENT if len(actual) >= RECENT else None


def against_plan(track: Track, currency: str) -> str:
    """How far from the plan it is by now; empty without a plan, before the period, or once it is over."""
    now = track.to_date if track.pace and track.pace.way != "level" else track.latest
    if track.plan_to_date is None or now is None or track.over:
        return ""
    gap = now - track.plan_to_date
    side = "ahead of" if gap > 0 else "behind"
    if track.metric.better in ("down", "none", "band"):
        side = "above" if gap > 0 else "below"
    amount = apart(track, currency, abs(gap)).removeprefix("+")
    spread = {"plan": "plan", "last_year": "a plan in last year's shape", "even": "an even plan"}
    named = spread[track.shape or "plan"]
    share = ""
    if track.plan_to_date and track.metric.unit != "fraction":
        part = abs(gap / track.plan_to_date)
        share = f", {text.percent(part).removeprefix('+')}"
        if part < TINY:
            amount, share = share.removeprefix(", "), ""
    if not any(c in amount for c in "123456789"):
        return f"On {named}."
    return f"{amount}{share} {side} {named}."


def proposal(track: Track) -> str:
    """The status proposed and why: `Yellow is proposed: about 5 in 10, some risk.`"""
    status = track.proposed
    if status is None:
        return "No status is proposed, because nothing can be forecast."
    pace = track.pace
    if pace is None or pace.p_hit is None:
        return f"{WORDS[status]} is proposed: it was {'met' if track.met else 'missed'}."
    return f"{WORDS[status]} is proposed: {chance(pace.p_hit)}, {MEANS[status]}."


def notes(track: Track, currency: str) -> Iterator[str]:
    """What a reader must know beside where it stands."""
    if track.plan_total is not None:
        total = said(track, currency, track.plan_total)
        yield f"The dated targets add up to {total}, not to the goal; their shape is used."
    for change in track.kept.plans[-1:]:
        was, now = said(track, currency, change.was), said(track, currency, change.value)
        yield f"The plan was changed from {was} to {now}: {change.because}"
    if not track.value:
        yield "The goal is zero, so no share of it can be told, only differences."
    pace = track.pace
    if pace is None:
        return
    if track.newest < track.week_ending:
        yield f"Younger weeks will still move; it is judged by the weeks up to {text.day(track.newest)}."
    if pace.to_date_estimated:
        yield "A day of the period is missing, so what has come so far is added up from weeks."
    if pace.interpolated:
        weeks = text.listed(text.day(day) for day in pace.interpolated)
        yield f"Missing weeks were filled in on a straight line: {weeks}."


def cautions(track: Track) -> Iterator[str]:
    """What the forecast cannot know."""
    pace = track.pace
    if pace is None or not pace.weeks:
        return
    ahead = [mark.event for mark in pace.events if mark.only == "ahead"]
    if ahead:
        yield f"{text.listed(ahead)} will come, not in the weeks of a year ago: no forecast knows of it."
    earlier = [mark.event for mark in pace.events if mark.only == "year_earlier"]
    if earlier:
        yield (
            f"{text.listed(earlier)} fell into these weeks a year ago and no day is declared for this year; "
            "the forecast repeats last year's."
        )
    if any(f.because == "no_convergence" for f in pace.fallbacks):
        yield "One of the forecasts did not settle and was left out."


# --- all goals together ----------------------------------------------------------------------


def summary(tracks: Sequence[Track]) -> str:
    """How many are where: `3 red, 5 yellow, 1 green; 1 cannot be forecast.`"""
    if not tracks:
        return "No goal is declared."
    shown = [track.status or track.proposed for track in tracks]
    counts = [f"{shown.count(status)} {status}" for status in WORDS if status in shown][::-1]
    unknown = shown.count(None)
    told = text.listed(counts) if counts else ""
    cannot = f"{unknown} cannot be forecast" if unknown else ""
    return f"{'; '.join(filter(None, (told, cannot)))}."


def score(scores: Sequence[Score], calendar: Calendar) -> str:
    """The share of goals met by the quarter in which they were due; empty if none is over."""
    parts = []
    for each in scores:
        name = period(each.quarter, calendar)
        if each.due:
            parts.append(f"{name}: {each.met} of {each.due} met ({each.met / each.due:.0%})")
        elif each.unknown:
            parts.append(f"{name}: {text.counted(each.unknown, 'goal')} due that cannot be judged")
    return f"{'; '.join(parts)}." if parts else ""


def bar(tracks: Sequence[Track]) -> str:
    """What share of goals is expected to be met, and whether the bar was low."""
    known = [s for t in tracks if (s := t.status or t.proposed)]
    low = len(known) > 1 and all(s == "green" for s in known)
    expected = "About three quarters of goals are expected to be met"
    if low:
        return f"{expected}. All are green: the bar may be low."
    return f"{expected}; if all are green, the bar was low."
