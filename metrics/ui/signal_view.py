"""The signals of one metric: its expected range over all weeks, every flagged week with its reason, and what
people decided about the limits.

Nothing is decided here: a person names a cause, the workspace holds it against the rules and writes it down.
"""

import json
from collections.abc import Collection, Sequence
from datetime import date
from functools import partial
from html import escape
from typing import Literal

import numpy as np
import pandas as pd
import streamlit as st

from metrics import text
from metrics.definitions import Metric
from metrics.draw import explore, ranges
from metrics.draw.ranges import Cut
from metrics.errors import MetricsError
from metrics.history import Signal
from metrics.reviews import rights
from metrics.reviews.limits import RIGHT, Act, Decision, Range
from metrics.signals import DividerProposal, Judged, Lock
from metrics.ui import acting, who, words
from metrics.ui.frame import Page, hint, tell, when

View = Literal["range", "classic"]
VIEWS: dict[View, str] = {"range": "Expected range", "classic": "Classic XmR"}
ACTS: dict[Act, str] = {"divider": "A new level begins", "exclusion": "Leave one week out"}
DONE = "limits note"  # What was decided, kept over the rerun that shows it.
REFUSED = "limits refused"
LEGEND = {  # Sign, its ink, its meaning; those of the expected range by what they mark.
    "band": ("▒", "wu-quiet", "expected range"),
    "exception": ("◇", "wu-late", "exception"),
    "good": ("◯", "wu-good", "favourable exception"),
    "watch": ("○", "wu-quiet", "watch"),
    "left_out": ("∘", "wu-quiet", "beside the line: left out of the limits"),
    "cut": ("┆", "wu-divider", "divider"),
    "lock": ("╷", "wu-quiet", "at the foot: limits locked"),
    "limits": ("━", "wu-divider", "limits: mean ± 2.66 × mean moving range"),
    "beyond": ("◇", "wu-late", "outside them"),
}


def signals(page: Page, metric: Metric) -> None:
    """The section on the metric page."""
    limits, judged = page.workspace.limits, page.workspace.verdicts(page.week).judged.get(metric.id)
    view: View = "range"
    with st.container(key="signals", horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("Signals", anchor=False, width="content")
        if judged is not None:
            view = st.segmented_control(
                "Limits",
                list(VIEWS),
                format_func=VIEWS.__getitem__,
                default="range",
                required=True,
                key="limits view",
                label_visibility="collapsed",
            )
    if judged is None:
        why = "It is retired" if metric.retired else "It is told by the month, and limits need weeks"
        hint(f"{why}: no week of it is judged.")
        return
    told = limits.told(metric.id, page.week)
    st.html(_verdict(page, metric, judged, told))
    if not np.isfinite(judged.value).any():
        return
    _chart(page, metric, judged, told, view)
    _proposed(page, metric, judged)
    left, right = st.columns([1, 1], gap="large")
    with left:
        st.html(_flagged(metric, told))
    with right:
        _decisions(page, metric)


# --- the week in words -------------------------------------------------------------------------


def _verdict(page: Page, metric: Metric, judged: Judged, told: Sequence[tuple[Signal, str]]) -> str:
    """What the engine says of the week, what that means beside the target, and how it came to it."""
    block = page.workspace.limits.block(metric.id, page.week)
    lines = [f"<p class='wu-said'><strong>{escape(told[-1][1])}.</strong> {escape(block.on_target)}</p>"]
    lines += [f"<p class='wu-hint'>{escape(line)}</p>" for line in _how(judged, metric)]
    return "".join(lines)


def _how(judged: Judged, metric: Metric) -> list[str]:
    """How the metric is judged, in a few quiet sentences."""
    said = []
    if judged.model is not None and judged.model.sigma > 0:
        said.append(f"How it is judged: {text.model_sentence(judged.model)}")
        newest = _lock_in_force(judged)
        if newest is not None:
            said.append(
                f"Limits are locked on {text.counted(newest.n, 'week')} up to {words.day(newest.last)}; "
                "the newest eight never enter them."
            )
        else:
            said.append("Limits are learned anew each week; 26 weeks and eight newer ones lock them.")
    if metric.stock:
        said.append("It is a stock: its change on the week before is judged, not its level.")
    if judged.pooled:
        said.append("It counts few events: four weeks are judged together, by their mean.")
    if judged.scale == "raw_not_positive":
        said.append("Differences are judged, not ratios, because a value was not positive.")
    if judged.dwarfing:
        weeks = text.listed(words.day(week) for week in judged.dwarfing[-3:])
        said.append(
            f"So far from all others that the limits are spoiled: {weeks}. Mend it in the source, or leave "
            "it out of the limits below."
        )
    return [" ".join(said)] if said else []


def _lock_in_force(judged: Judged) -> Lock | None:
    """The lock that judged the newest week with a range; None if its baseline still grew."""
    ranged = np.flatnonzero(np.isfinite(judged.expected))
    place = int(judged.lock[ranged[-1]]) if len(ranged) else -1
    return judged.locks[place] if place >= 0 else None


# --- the chart ---------------------------------------------------------------------------------


def _chart(
    page: Page, metric: Metric, judged: Judged, told: Sequence[tuple[Signal, str]], view: View
) -> None:
    limits, currency = page.workspace.limits, page.workspace.definitions.company.currency
    cuts = _cuts(page, metric)
    if view == "range":
        table = limits.weeks(metric.id, page.week)
        sentences = {pd.Timestamp(one.week_ending): said for one, said in told}
        rows, specification = ranges.expected_range(
            table,
            [sentences[day] for day in table["day"]],
            cuts,
            [lock.made for lock in judged.locks],
            metric.unit,
            currency,
        )
        what = "every week with its expected range, and its surprise in standard deviations below"
        shown = {mark for mark in rows["mark"] if mark}
        shown |= {"band"} if rows["low"].notna().any() else set()
        shown |= {"left_out"} if rows["hollow"].any() else set()
        shown |= {"lock"} if judged.locks else set()
    else:
        table = limits.classic(metric.id, page.week)
        rows, specification = ranges.classic(table, cuts, metric.unit, currency)
        what = "the classic chart of individual values with its limits, and the moving ranges below"
        shown = {"limits", "beyond"} if rows["low"].notna().any() else set()
    shown |= {"cut"} if cuts else set()
    if shown:
        st.html(_legend(shown))
    with st.container(key="signals_chart"):
        st.vega_lite_chart(
            explore.filled(specification, rows),
            width="stretch",
            key=f"{view} of {metric.id}",
            alt=f"{words.plain(metric.name)}: {what}. Every flagged week is listed under the chart.",
        )


def _legend(shown: Collection[str]) -> str:
    """What the signs of a chart mean, of those that it shows."""
    parts = "".join(
        f'<span><span class="{ink}" aria-hidden="true">{sign}</span> {meaning}</span>'
        for name, (sign, ink, meaning) in LEGEND.items()
        if name in shown
    )
    return f'<p class="wu-legend">{parts}</p>'


def _cuts(page: Page, metric: Metric) -> list[Cut]:
    """Where a level begins: by a person's word, or by a new definition."""
    limits = page.workspace.limits
    declared = [
        Cut(one.week_ending, one.because)
        for one in limits.standing(metric.id)
        if one.act == "divider" and one.stands
    ]
    defined = [
        Cut(week, one.name)
        for one in limits.happened(metric.id)
        if one.kind == "definition_change"
        for week in one.week_endings
    ]
    return declared + defined


# --- every flagged week ------------------------------------------------------------------------


def _flagged(metric: Metric, told: Sequence[tuple[Signal, str]]) -> str:
    """Every exception and watch, newest first, with its reason."""
    marked = [(one, said) for one, said in reversed(told) if one.marked]
    counts = (sum(one.tier == tier for one, _ in marked) for tier in ("exception", "watch"))
    exceptions, watches = counts
    if not marked:
        return _part("Flagged weeks", "<p class='wu-hint'>No week was an exception or a watch.</p>")
    rows = "".join(
        f'<tr><th scope="row">{escape(words.day(one.week_ending))}</th>'
        f'<td class="{"wu-late" if one.tier == "exception" else ""}">{one.tier.capitalize()}</td>'
        f"<td>{_good(one)}</td><td>{escape(said)}.</td></tr>"
        for one, said in marked
    )
    several = {1: "1 watch"}.get(watches, f"{watches} watches")
    note = f"{text.counted(exceptions, 'exception')} and {several} in all weeks."
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Week ending", "Mark", "Direction", "Reason"))
    table = (
        '<div class="wu-scroll" role="region" tabindex="0" '
        f'aria-label="Flagged weeks of {escape(metric.name)}">'
        f'<table class="wu-table"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )
    return _part("Flagged weeks", f"<p class='wu-hint'>{note}</p>{table}")


def _good(one: Signal) -> str:
    return {True: "favourable", False: "unfavourable", None: text.UNKNOWN}[one.favourable]


def _part(title: str, inside: str) -> str:
    return f'<section class="wu-part"><h3>{escape(title)}</h3>{inside}</section>'


# --- a proposal --------------------------------------------------------------------------------


def _proposed(page: Page, metric: Metric, judged: Judged) -> None:
    """Evidence for a new level, and a way into the form; a person decides and names the cause."""
    if judged.proposal is None:
        return
    found = judged.proposal
    currency = page.workspace.definitions.company.currency
    with st.container(border=True, key="proposal"):
        st.html(_part("A divider could be declared", f"<p>{escape(_evidence(found, metric, currency))}</p>"))
        why = _refusal(page)
        st.button(
            "Declare this divider",
            key=f"prefill {metric.id}",
            on_click=partial(_prefill, page, metric, found.since),
            disabled=why is not None,
            help=None if why is None else words.plain(why),
        )


def _evidence(found: DividerProposal, metric: Metric, currency: str) -> str:
    """Why a new level is likely, in words."""
    rule = {
        "eight_in_a_row": f"eight weeks in a row {found.direction} what was expected",
        "two_exceptions": f"two exceptions {found.direction} what was expected",
    }[found.because]
    old = text.span(found.old_low, found.old_high, metric.unit, currency)
    new = text.span(found.new_low, found.new_high, metric.unit, currency)
    before, after = (text.exact(level, metric.unit, currency) for level in (found.old_level, found.new_level))
    return (
        f"Since the week ending {words.day(found.since)} there were {rule}, and the level has held for "
        f"{text.counted(found.weeks, 'week')}. It would move from {before} ({old}) to {after} ({new}). "
        "Declare it only if its owner knows the cause and expects it to last; until then the weeks stay "
        "marked."
    )


# --- what people decided -----------------------------------------------------------------------


def _decisions(page: Page, metric: Metric) -> None:
    """Dividers and weeks left out, with cause, author and date; a way to end each, and to declare another."""
    limits = page.workspace.limits
    st.html(_part("Dividers and weeks left out", ""))
    if note := st.session_state.pop(DONE, None):
        st.html(f'<div class="wu-note" role="status">{escape(note)}</div>')
    if refusal := st.session_state.pop(REFUSED, None):
        tell("Nothing was changed", f"<pre>{escape(refusal)}</pre>", role="alert", heading="h2")
    told, happened = limits.standing(metric.id), limits.happened(metric.id)
    why = _refusal(page)
    for one in told:
        with st.container(key=f"decision {one.number}", horizontal=True, vertical_alignment="top"):
            st.html(_decision(page, metric, one), width="stretch")
            if one.stands and why is None:
                _ending(page, metric, one)
    for event in happened:
        weeks = text.listed(words.day(week) for week in event.week_endings)
        kind = "New definition" if event.kind == "definition_change" else "Left out"
        said = f"{escape(kind)}, week ending {weeks}: {escape(event.name)}."
        st.html(
            f'<p class="wu-decision">{said} <span class="wu-hint">Declared in the definitions.</span></p>'
        )
    if not told and not happened:
        hint("None. Limits are never moved by themselves, and nothing is ever deleted.")
    if why is None:
        _form(page, metric)
    else:
        hint(why)
    _disabled(why)


def _disabled(why: str | None) -> None:
    if why is not None:
        st.button("Declare a divider or leave a week out", disabled=True, help=words.plain(why))


def _refusal(page: Page) -> str | None:
    """Why whoever sits here may not decide about limits; None if they may."""
    person = who.chosen(page)
    if person is None:
        return who.nobody(page)
    try:
        rights.checked(page.workspace.definitions, person, RIGHT)
    except MetricsError as error:
        return str(error)
    return None


def _decision(page: Page, metric: Metric, one: Decision) -> str:
    """One decision in words."""
    definitions = page.workspace.definitions
    what = "Divider" if one.act == "divider" else "Left out"
    author = words.person(one.by, definitions)
    said = (
        f"<strong>{what}, week ending {words.day(one.week_ending)}</strong>: {escape(one.because)} "
        f'<span class="wu-hint">{escape(author)}, {when(pd.Timestamp(one.at), page)}. '
        f"{escape(_moved(one, metric, definitions.company.currency))}</span>"
    )
    if one.ended is not None:
        end = one.ended
        by = escape(words.person(end.by, definitions))
        said += (
            f'<br><span class="wu-hint">Ended by {by}, {when(pd.Timestamp(end.at), page)}: '
            f"{escape(end.because)}</span>"
        )
    return f'<p class="wu-decision{"" if one.stands else " wu-ended"}">{said}</p>'


def _moved(one: Decision, metric: Metric, currency: str) -> str:
    """Old and new limits of the newest week at the time."""
    old, new = (_span(side, metric, currency) for side in (one.old, one.new))
    return f"Expected then {old}, with it {new}." if old and new and old != new else ""


def _span(side: Range | None, metric: Metric, currency: str) -> str:
    if side is None or side.low is None or side.high is None:
        return ""
    return text.span(side.low, side.high, metric.unit, currency)


def _ending(page: Page, metric: Metric, one: Decision) -> None:
    """A small form that ends a decision, with its reason."""
    label = "End" if one.act == "divider" else "Readmit"
    with st.popover(label, key=f"end {one.number}", type="tertiary"):
        key = _drafted(page, f"limits:{metric.id}:{one.number}", f"why {one.number}")
        st.text_area(
            "Why it ends",
            key=key,
            height=90,
            placeholder="What turned out otherwise, in a sentence",
            on_change=partial(_keep_text, page, f"limits:{metric.id}:{one.number}", key),
        )
        st.button(
            f"{label} it",
            key=f"surely {one.number}",
            on_click=partial(_end, page, metric, one, key),
        )


def _form(page: Page, metric: Metric) -> None:
    """What a person fills in to declare a divider or to leave a week out; typed words outlive the page."""
    keys = _form_keys(metric)
    _restore(page, metric)
    typed = bool(st.session_state.get(keys["cause"])) or st.session_state.get(keys["open"], False)
    with st.expander("Declare a divider or leave a week out", expanded=typed, icon=":material/edit:"):
        keep = partial(_keep_form, page, metric)
        act = st.segmented_control(
            "What happened to the limits",
            list(ACTS),
            format_func=ACTS.__getitem__,
            required=True,
            default=None if keys["act"] in st.session_state else "divider",
            key=keys["act"],
            on_change=keep,
        )
        weeks = page.workspace.weeks()[::-1]
        st.selectbox(
            "First week of the new level" if act == "divider" else "Week to leave out",
            weeks,
            format_func=lambda week: f"week ending {words.day(week)}",
            key=keys["week"],
            on_change=keep,
            width=280,
        )
        st.text_area(
            "Cause",
            key=keys["cause"],
            height=90,
            placeholder="What happened, and why it will last"
            if act == "divider"
            else "What happened that week",
            on_change=keep,
        )
        st.button(
            "Declare the divider" if act == "divider" else "Leave the week out",
            key=f"declare {metric.id}",
            on_click=partial(_declare, page, metric),
        )


# --- drafts ------------------------------------------------------------------------------------


def _form_keys(metric: Metric) -> dict[str, str]:
    return {part: f"limits {part} of {metric.id}" for part in ("act", "week", "cause", "open")}


def _restore(page: Page, metric: Metric) -> None:
    """Put what was typed on an earlier visit into the form, if nothing is there yet."""
    keys, person = _form_keys(metric), who.chosen(page)
    if keys["cause"] in st.session_state or person is None:
        return
    draft = page.workspace.journal.draft(person, f"limits:{metric.id}")
    if draft is None:
        return
    try:
        told = json.loads(draft.text)
        week = date.fromisoformat(told["week"])
    except (ValueError, KeyError, TypeError):
        return  # A draft of another shape is worth nothing.
    st.session_state[keys["cause"]] = str(told.get("cause", ""))
    if told.get("act") in ACTS:
        st.session_state[keys["act"]] = told["act"]
    if week in page.workspace.weeks():
        st.session_state[keys["week"]] = week


def _keep_form(page: Page, metric: Metric) -> None:
    keys = _form_keys(metric)
    week = st.session_state.get(keys["week"])
    told = {
        "act": st.session_state.get(keys["act"]),
        "week": week.isoformat() if week else "",
        "cause": st.session_state.get(keys["cause"], ""),
    }
    _keep(page, f"limits:{metric.id}", json.dumps(told, ensure_ascii=False))


def _drafted(page: Page, subject: str, key: str) -> str:
    """The key of a text field, filled with what was typed on an earlier visit."""
    person = who.chosen(page)
    if key not in st.session_state and person is not None:
        draft = page.workspace.journal.draft(person, subject)
        st.session_state[key] = draft.text if draft else ""
    return key


def _keep_text(page: Page, subject: str, key: str) -> None:
    _keep(page, subject, st.session_state.get(key, ""))


def _keep(page: Page, subject: str, typed: str) -> None:
    if (person := who.chosen(page)) is not None:
        page.workspace.journal.save_draft(person, subject, typed, page.workspace.now())


# --- deciding ----------------------------------------------------------------------------------


def _prefill(page: Page, metric: Metric, week: date) -> None:
    keys = _form_keys(metric)
    st.session_state[keys["act"]] = "divider"
    st.session_state[keys["open"]] = True
    if week in page.workspace.weeks():
        st.session_state[keys["week"]] = week


def _declare(page: Page, metric: Metric) -> None:
    keys = _form_keys(metric)
    person, limits = who.chosen(page) or "", page.workspace.limits
    act, week = st.session_state.get(keys["act"]), st.session_state.get(keys["week"])
    cause = st.session_state.get(keys["cause"], "")
    if act not in ACTS or not isinstance(week, date):
        return
    decide = limits.declare_divider if act == "divider" else limits.exclude
    try:
        decide(metric.id, week, cause, person)
    except MetricsError as error:
        acting.recorded(page, person, "decide about limits", error)
        st.session_state[REFUSED] = str(error)
        st.session_state[keys["open"]] = True
        return
    page.workspace.journal.drop_draft(person, f"limits:{metric.id}")
    st.session_state[keys["cause"]] = ""
    st.session_state[keys["open"]] = False
    what = "A divider is declared" if act == "divider" else "The week is out of the limits"
    st.session_state[DONE] = f"{what}: week ending {words.day(week)}."


def _end(page: Page, metric: Metric, one: Decision, key: str) -> None:
    person, limits = who.chosen(page) or "", page.workspace.limits
    decide = limits.end_divider if one.act == "divider" else limits.readmit
    try:
        decide(metric.id, one.week_ending, st.session_state.get(key, ""), person, seen=one.number)
    except MetricsError as error:
        acting.recorded(page, person, "decide about limits", error)
        st.session_state[REFUSED] = str(error)
        return
    page.workspace.journal.drop_draft(person, f"limits:{metric.id}:{one.number}")
    what = "The divider is ended" if one.act == "divider" else "The week is back in the limits"
    st.session_state[DONE] = f"{what}: week ending {words.day(one.week_ending)}. It stays on record."
