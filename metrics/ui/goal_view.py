"""The goals page: who is in trouble, where each goal lands, the status set beside the one proposed."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from html import escape
from math import isfinite

import pandas as pd
import streamlit as st

from metrics import text
from metrics.draw import course, landing
from metrics.errors import MetricsError
from metrics.reviews import goals as rules
from metrics.reviews import rights
from metrics.reviews.goals import STATUSES, Status
from metrics.ui import acting, markup, state, who, words
from metrics.ui.frame import Page, hint, when
from metrics.ui.sheet import Asked, sheet
from metrics.workspace import goal_words
from metrics.workspace.goals import Track

TROUBLE: dict[Status | None, int] = {"red": 0, "yellow": 1, None: 2, "green": 3}
VALUE = ' class="w-value"'
BOLD = ("Lands at", "Ended at")
SLOW = 1  # Forecasts from which a bar shows how far it is.


# --- all goals -------------------------------------------------------------------------------


def tracks(page: Page) -> tuple[Track, ...]:
    """Every goal as it stands; a bar shows how far it is, where forecasts still have to be made."""
    goals = page.workspace.goals
    missing = goals.missing(page.week)
    if missing < SLOW:
        return goals.tracks(page.week)
    bar = st.progress(0.0, f"Forecasting {text.counted(missing, 'goal')}; `wbr prepare` does it at night")

    def shown(_step: str, done: float) -> None:
        bar.progress(min(done, 1.0))

    try:
        return goals.tracks(page.week, progress=shown)
    finally:
        bar.empty()


def all_goals(page: Page, shown: Sequence[Track]) -> Asked:
    """A card per goal, those in trouble first, under the counts of all."""
    workspace = page.workspace
    title = '<div class="w-title"><h1>Goals</h1>'
    if not shown:
        told = (
            "No goal is declared. A goal is a metric, a period, a value and an owner: write some under "
            "`goals` in the workspace's files."
        )
        return sheet(f'{title}</div><p class="w-lead">{escape(told)}</p>', key="goals", weeks=True)
    scored = goal_words.score(workspace.goals.scores(shown), workspace.calendar)
    below = " ".join(filter(None, (scored, goal_words.bar(shown))))
    head = (
        f"{title}<p>{escape(goal_words.summary(shown))}</p></div>"
        f'<p class="w-quiet w-goal-bar">{escape(below)}</p>'
    )
    order = sorted(shown, key=lambda t: (TROUBLE[t.status or t.proposed], _chance(t)))
    cards = "".join(_card(page, track) for track in order)
    head += landing.legend()
    return sheet(f'{head}<div class="w-grid w-goals">{cards}</div>', key="goals", weeks=True)


def _chance(track: Track) -> float:
    return track.pace.p_hit if track.pace and track.pace.p_hit is not None else 2.0


def _card(page: Page, track: Track) -> str:
    definitions = page.workspace.definitions
    currency = definitions.company.currency
    owner = words.person(track.goal.owner, definitions)
    period = goal_words.period(track.period, page.workspace.calendar)
    link = markup.metric_link(track.metric.id, track.metric.name)
    figures = "".join(
        f"<div{VALUE if name in BOLD else ''}><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in _figures(track, currency)
    )
    sentences = [
        goal_words.landing(track, currency),
        goal_words.against_plan(track, currency),
        goal_words.needed(track, currency) if track.pace and track.pace.state != "not_forecast" else "",
    ]
    said = " ".join(filter(None, sentences))
    notes = "".join(f"<li>{escape(note)}</li>" for note in goal_words.notes(track, currency))
    return (
        f'<article class="w-goal w-is-{track.status or track.proposed or "unknown"}" '
        f'aria-label="{escape(track.goal.name)}">'
        f'<div class="w-head"><h3><span>{escape(track.goal.name)}</span></h3></div>'
        f'<p class="w-about">{_chip(track)}<span>{link} · {escape(owner)} · {escape(period)}</span></p>'
        f'<div class="w-figure">{_picture(page, track)}</div>'
        f'<div class="w-scores"><dl class="w-box">{figures}</dl></div>'
        f"<p>{escape(said)}</p>"
        f'<div class="w-foot">{_statuses(page, track)}{f"<ul>{notes}</ul>" if notes else ""}</div>'
        "</article>"
    )


def _chip(track: Track) -> str:
    """The status that stands, in a word and a shape; a proposal is told as one."""
    status = track.status or track.proposed
    if status is None:
        return '<span class="w-chip w-chip-unknown">No forecast</span>'
    proposed = "" if track.status else " proposed"
    return f'<span class="w-chip w-chip-{status}">{goal_words.WORDS[status]}{proposed}</span>'


def _figures(track: Track, currency: str) -> Iterator[tuple[str, str]]:
    pace = track.pace
    so_far = track.to_date if track.to_date is not None else track.latest
    yield "Goal", goal_words.said(track, currency, track.value)
    level = pace is not None and pace.way == "level"
    yield ("Now" if level else "So far"), goal_words.said(track, currency, so_far)
    if track.plan_to_date is not None and not track.over:
        yield "Plan by now", goal_words.said(track, currency, track.plan_to_date)
    if pace is None or pace.total is None:
        return
    yield ("Ended at" if track.over else "Lands at"), goal_words.said(track, currency, pace.total)
    if pace.p_hit is not None:
        yield "Chance", goal_words.chance(pace.p_hit).removeprefix("about ")


def _statuses(page: Page, track: Track) -> str:
    """What finance set, and what the product proposes: both."""
    stands = track.kept.status(track.week_ending)
    proposal = f"<p>{escape(goal_words.proposal(track))}</p>" if not track.over or track.proposed else ""
    if stands is None:
        return f"{proposal}<p>Finance has not set a status.</p>"
    by = words.person(stands.by, page.workspace.definitions)
    week = (
        "" if stands.week_ending == track.week_ending else f" for the week of {text.day(stands.week_ending)}"
    )
    told = f"{goal_words.WORDS[stands.status]}, says {by}{week}: {stands.because}"
    return f'<p class="w-set">{escape(told)}</p>{proposal}'


def _picture(page: Page, track: Track) -> str:
    way = track.course
    if way is None or not any(isfinite(v) for v in way.actual):
        return '<p class="w-quiet w-nothing">Nothing to draw.</p>'
    currency = page.workspace.definitions.company.currency
    pace = track.pace
    return landing.svg(
        landing.Landing(
            actual=way.actual,
            plan=way.plan,
            forecast=way.forecast,
            low=pace.low80 if pace else None,
            high=pace.high80 if pace else None,
            goal=track.value,
            goal_label=text.labels((track.value,), track.metric.unit, currency)[0],
            first_label=_short(way.weeks[0]),
            last_label=_short(track.period.last),
            summary=f"{track.goal.name}: {goal_words.landing(track, currency)}",
        )
    )


def _short(day: date) -> str:
    return text.day(day).split(" ", 1)[1]


# --- one goal --------------------------------------------------------------------------------


def one_goal(page: Page, shown: Sequence[Track]) -> None:
    """One goal large: its way, its history of statuses, and the forms to set one or to change the plan."""
    if not shown:
        return
    by_name = {track.goal.name: track for track in shown}
    worst = min(shown, key=lambda t: (TROUBLE[t.status or t.proposed], _chance(t))).goal.name
    asked = st.query_params.get("goal")
    if "goal" not in st.session_state or st.session_state["goal"] not in by_name:
        st.session_state["goal"] = asked if asked in by_name else worst
    with st.container(key="one_goal", horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("One goal", anchor=False, width="content")
        name = st.selectbox(
            "Goal", list(by_name), key="goal", label_visibility="collapsed", on_change=_picked, width=380
        )
    track = by_name[name]
    currency = page.workspace.definitions.company.currency
    left, right = st.columns((3, 2), gap="large")
    with left:
        _course(track, currency)
        _history(page, track, currency)
    with right:
        _status_form(page, track)
        _plan_form(page, track)
    # What was shown in this run is what the next click has seen.
    st.session_state[_seen(track)] = track.kept.newest


def _seen(track: Track) -> str:
    return f"seen {track.goal.name}"


def _picked() -> None:
    state.put(goal=st.session_state["goal"])


def _course(track: Track, currency: str) -> None:
    st.html(f'<p class="wu-said">{escape(goal_words.landing(track, currency))}</p>')
    way = track.course
    if way is None or not any(isfinite(v) for v in way.actual):
        return
    table = pd.DataFrame(
        {
            "day": pd.to_datetime(list(way.weeks)),
            "actual": way.actual,
            "plan": way.plan,
            "forecast": way.forecast,
        }
    )
    pace = track.pace
    ends = None
    if pace is not None and pace.low80 is not None and pace.high80 is not None:
        ends = pace.low80, pace.high80
    rows, specification = course.course(table, track.value, ends, track.metric.unit, currency)
    st.vega_lite_chart(
        rows,
        specification,
        width="stretch",
        key=f"course of {track.goal.name}",
        alt=words.plain(f"{track.goal.name}. {goal_words.landing(track, currency)}"),
    )
    for caution in goal_words.cautions(track):
        hint(caution)


def _history(page: Page, track: Track, currency: str) -> None:
    """Every status set and every change of plan, the newest first."""
    definitions = page.workspace.definitions
    told: dict[int, str] = {}
    for each in track.kept.statuses:
        beside = f"{each.proposed} was proposed" if each.proposed else "nothing was proposed"
        by = words.person(each.by, definitions)
        told[each.number] = _line(
            page, each.at, f"{goal_words.WORDS[each.status]}, {beside}", by, each.because
        )
    for change in track.kept.plans:
        was, now = (goal_words.said(track, currency, value) for value in (change.was, change.value))
        by = words.person(change.by, definitions)
        approved = f"{by}, approved by {words.person(change.approver, definitions)}"
        told[change.number] = _line(page, change.at, f"Plan {was} → {now}", approved, change.because)
    if not told:
        hint("No status was set yet, and the plan is the one declared.")
        return
    newest_first = [told[number] for number in sorted(told, reverse=True)]
    sheet(markup.block("What was decided", markup.points(newest_first)), key="goal_history")


def _line(page: Page, at: datetime, what: str, who_: str, because: str) -> str:
    moment = when(pd.Timestamp(at), page)
    return (
        f"<strong>{escape(what)}</strong>: {escape(because)} "
        f'<span class="w-quiet">{escape(who_)}, {escape(moment)}</span>'
    )


def _status_form(page: Page, track: Track) -> None:
    """The form in which finance sets a status; shown disabled to who may not."""
    st.markdown("**Set the status**")
    refused = _refused(page, "set_goal_status")
    hint(goal_words.proposal(track))
    subject = f"goal status: {track.goal.name}"
    default = track.status or track.proposed
    status = st.radio(
        "Status",
        STATUSES,
        index=STATUSES.index(default) if default else None,
        format_func=goal_words.WORDS.__getitem__,
        captions=[goal_words.MEANS[s] for s in STATUSES],
        horizontal=True,
        label_visibility="collapsed",
        disabled=refused is not None,
        key=f"status of {track.goal.name}",
    )
    if refused is not None:
        hint(refused)
        return
    because = acting.draft(page, "Why", subject, holder="What makes it so, and what is done about it")
    seen = st.session_state.get(_seen(track), track.kept.newest)
    if st.button("Set status", type="primary", key=f"set {track.goal.name}", disabled=status is None):
        acting.act(
            page,
            lambda by: page.workspace.goals.set_status(
                track.goal.name,
                str(status),
                because=because,
                by=by,
                week_ending=page.week,
                expects=seen,
            ),
            f"“{track.goal.name}” is {status} now.",
            drafts=(subject,),
        )


def _plan_form(page: Page, track: Track) -> None:
    """Change the goal's value, with a reason and an approver."""
    with st.expander("Change the plan"):
        refused = _refused(page, "set_target")
        if refused is not None:
            hint(refused)
            return
        people = page.workspace.definitions.people
        person = who.chosen(page)
        subject = f"goal plan: {track.goal.name}"
        now = goal_words.said(track, page.workspace.definitions.company.currency, track.value)
        value = st.number_input(
            f"New value, now {now} ({_unit(page, track)})",
            value=track.value,
            step=None,
            format="%g",
            key=f"value of {track.goal.name}",
        )
        because = acting.draft(page, "Why it changes", subject)
        approver: str | None = st.selectbox(
            "Approved by",
            rules.approvers(page.workspace.definitions, person),
            index=None,
            format_func=lambda handle: people[handle].name,
            key=f"approver of {track.goal.name}",
            placeholder="Somebody else than you",
        )
        if not people:
            approver = st.text_input("Approved by", key=f"approver name of {track.goal.name}")
        seen = st.session_state.get(_seen(track), track.kept.newest)
        if st.button("Change the plan", key=f"change {track.goal.name}"):
            acting.act(
                page,
                lambda by: page.workspace.goals.change_plan(
                    track.goal.name,
                    float(value),
                    because=because,
                    by=by,
                    approver=approver or "",
                    expects=seen,
                ),
                f"The plan of “{track.goal.name}” is changed.",
                drafts=(subject,),
            )


def _unit(page: Page, track: Track) -> str:
    unit = words.unit(track.metric, page.workspace.definitions.company.currency)
    return f"{unit}; 5% is written 0.05" if track.metric.unit == "fraction" else unit


def _refused(page: Page, act: str) -> str | None:
    """Why the person here may not do something; None if they may."""
    person = who.chosen(page)
    if person is None:
        return who.nobody(page)
    try:
        rights.checked(page.workspace.definitions, person, act)
    except MetricsError as error:
        return str(error)
    return None
