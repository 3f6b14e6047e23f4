"""The daily page of an owner: the own metrics, what is due before the meeting, one click "seen"."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from html import escape

import streamlit as st

from metrics import text
from metrics.definitions import Metric, Total
from metrics.draw.days import Limits, days
from metrics.history import Signal
from metrics.reviews.quarterly import QUESTIONS
from metrics.reviews.week_states import Owed, WeekState
from metrics.ui import markup, who, words
from metrics.ui.acting import act, draft, person_list
from metrics.ui.frame import Page, hint, tell
from metrics.ui.sheet import sheet
from metrics.ui.this_week import answering, watch

WEEKS = 6
DAYS_OF_WEEK = 7


def my_metrics(page: Page) -> str | None:
    """The own metrics of the person who is here; the id of a metric that was clicked, if one was."""
    person = who.chosen(page)
    definitions = page.workspace.definitions
    if person is None or not definitions.people:
        tell(
            "My metrics",
            "<p>Say who you are: your metrics, and what you owe, appear here.</p>",
            role="status",
        )
        person_list(page, "You are", "mine person")
        return None
    loop = page.workspace.loop
    own = loop.owning.owners().of(person, loop.today)
    due = _owed(page, person)
    asked = sheet(_due(page, person, own, due), key="due").metric
    unseen = [m for m in own if not _seen(page, m, person)]
    _accepting(page, person)
    if own and st.button(
        f"I have looked at all {len(own)}" if unseen else "All seen this week",
        icon=":material/visibility:",
        disabled=not unseen,
        key="seen all",
    ):
        act(page, lambda by: loop.saying.look(*unseen, by=by, week_ending=page.week), "Seen.")
    if own:
        hint(
            "Days against the limits of their weeks. Days swing more than weeks; one outside is worth a look."
        )
    for name in own:
        asked = _one(page, definitions.metrics[name], person) or asked
    return asked


def _owed(page: Page, person: str) -> tuple[Owed, ...]:
    """What a person owes: promises, and all that the gates up to the meeting want of them."""
    loop = page.workspace.loop
    promised = loop.reminders(page.week, page.deck_name).get(person, ())
    gates: tuple[WeekState, ...] = ("built", "owner_review", "certified")
    wanted = [o for to in gates for o in loop.missing(page.week, page.deck_name, to=to) if person in o.who]
    return tuple(dict.fromkeys([*wanted, *promised]))


def _seen(page: Page, metric: str, person: str) -> bool:
    return any(k.metric == metric and k.by == person for k in page.workspace.loop.saying.looks(page.week))


def _accepting(page: Page, person: str) -> None:
    loop = page.workspace.loop
    waiting = [
        o.metric
        for o in loop.owning.owners().all(loop.today)
        if o.owner == person and o.standing == "waiting"
    ]
    if not waiting:
        return
    names = text.listed(page.workspace.definitions.metrics[m].name for m in waiting)
    hint(f"Given to you, and waiting for your yes: {names}.")
    if st.button(f"Accept {text.counted(len(waiting), 'metric')}", key="accept mine"):
        act(page, lambda by: [loop.owning.accept(m, by=by) for m in waiting], "Accepted.")


def _due(page: Page, person: str, own: Sequence[str], due: Sequence[Owed]) -> str:
    definitions = page.workspace.definitions
    name = words.person(person, definitions)
    loop = page.workspace.loop
    seen = loop.saying.days_seen(person)
    title = (
        f'<div class="w-title"><h1>{escape(name)}</h1>'
        f"<p>{text.counted(len(own), 'metric')} · looked on {text.counted(seen, 'day')}</p></div>"
    )
    if not due:
        return title + markup.block("Due before the meeting", "", "Nothing.")
    rows = "".join(
        f'<tr><th scope="row"{markup.LEFT}>{_linked(o, definitions.metrics)}</th>'
        + markup.cell(_when(o.due), left=True)
        + "</tr>"
        for o in due
    )
    heads = markup.head("What", left=True) + markup.head("Due", left=True)
    return title + markup.block("Due before the meeting", markup.scrolled("Due", heads, rows))


def _linked(owed: Owed, metrics: dict[str, Metric]) -> str:
    """The words of what is owed, the metric's name in them as a link."""
    if owed.metric is None or (name := metrics[owed.metric].name) not in owed.what:
        return escape(owed.what)
    before, _, after = owed.what.partition(name)
    return f"{escape(before)}{markup.metric_link(owed.metric, name)}{escape(after)}"


def _when(due: datetime | date | None) -> str:
    if due is None:
        return ""
    return words.moment(due) if isinstance(due, datetime) else words.day(due)


# --- the quarter --------------------------------------------------------------------------------


def quarter(page: Page) -> str | None:
    """The quarterly metric review of the person who is here, beside the own metrics."""
    person, definitions = who.chosen(page), page.workspace.definitions
    quarters = page.workspace.quarters
    if person is None or not definitions.people:
        tell("Quarterly metric review", f"<p>{escape(who.nobody(page))}</p>", role="status")
        return None
    loop = page.workspace.loop
    own = loop.owning.owners().of(person, loop.today)
    known = quarters.review(person)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader(f"Quarterly metric review, {known.quarter}", anchor=False)
        answers = {}
        for name, question in QUESTIONS.items():
            subject = f"quarter:{known.quarter}:{name}"
            answers[name] = draft(
                page, question, subject, lines=3, most=2_000, holder=known.answers.get(name, "")
            )
            if said := known.answers.get(name):
                hint(f"On record: {said}")
        if st.button("Keep the answers", key="quarter go"):
            act(
                page,
                lambda by: quarters.answer(answers, by=by, seen=known.fact),
                "Kept; shown again next quarter.",
                [f"quarter:{known.quarter}:{name}" for name in QUESTIONS],
            )
    with right:
        return sheet(_own_list(page, own) + _earlier(page, person), key="quarter own").metric


def _own_list(page: Page, own: Sequence[str]) -> str:
    """The own metrics with what the past quarter brought: exceptions, link grades, state."""
    definitions = page.workspace.definitions
    verdicts = page.workspace.judging.marks(page.week)
    weeks = [page.week - timedelta(weeks=n) for n in range(13)]
    lives = page.workspace.loop.living.lives()
    rows = "".join(
        f'<tr><th scope="row"{markup.LEFT}>{markup.metric_link(m, definitions.metrics[m].name)}</th>'
        + markup.cell(str(sum(1 for w in weeks if (s := verdicts.at(m, w)) and s.tier == "exception")))
        + markup.cell((lives[m].state or "").replace("_", " "), left=True)
        + "</tr>"
        for m in own
    )
    heads = (
        markup.head("Your metrics", left=True)
        + markup.head("Exceptions in 13 weeks")
        + markup.head("State", left=True)
    )
    return markup.block("Your metrics", markup.scrolled("Your metrics", heads, rows)) if own else ""


def _earlier(page: Page, person: str) -> str:
    told_ = ""
    for review in page.workspace.quarters.before(person):
        facts = [(QUESTIONS[q], escape(a)) for q, a in review.answers.items() if a]
        told_ += markup.block(f"What you answered in {review.quarter}", markup.facts(facts))
    return told_


# --- one metric -------------------------------------------------------------------------------


def _one(page: Page, metric: Metric, person: str) -> str | None:
    asked = sheet(_card(page, metric), key=f"mine {metric.id}").metric
    loop = page.workspace.loop
    with st.container(horizontal=True, key=f"mine acts {metric.id}"):
        seen = _seen(page, metric.id, person)
        if st.button(
            "Seen" if seen else "I have looked",
            key=f"seen {metric.id}",
            disabled=seen,
            icon=":material/visibility:",
        ):
            act(page, lambda by: loop.saying.look(metric.id, by=by, week_ending=page.week), "Seen.")
    signal = page.workspace.judging.marks(page.week).at(metric.id, page.week)
    if signal is not None and signal.tier == "exception":
        answering(page, metric, key="mine ")
    if signal is not None and signal.tier == "watch":
        watch(page, metric, key="mine ")
    return asked


def _card(page: Page, metric: Metric) -> str:
    signal = page.workspace.judging.marks(page.week).at(metric.id, page.week)
    marked = signal is not None and signal.tier in ("exception", "watch")
    said = (
        text.verdict(signal, metric.unit, page.workspace.definitions.company.currency)
        if signal and marked
        else ""
    )
    tier = (
        f'<span class="w-late">{escape(said)}</span>' if signal is not None and _bad(signal) else escape(said)
    )
    return (
        f'<section class="w-block"><h2>{markup.metric_link(metric.id, metric.name)}</h2>'
        f"<p>{tier or 'Nothing unusual this week.'}</p>{_chart(page, metric)}</section>"
    )


def _bad(signal: Signal) -> bool:
    """An exception that is no good news."""
    return signal.tier == "exception" and signal.favourable is not True


def _chart(page: Page, metric: Metric) -> str:
    """Daily points of six weeks against the limits of those weeks; weeks, where there are no days."""
    currency = page.workspace.definitions.company.currency
    verdicts = page.workspace.judging.marks(page.week)
    share = DAYS_OF_WEEK if isinstance(metric.measure, Total) and not metric.stock else 1
    limits = []
    for back in range(WEEKS):
        week = page.week - timedelta(weeks=back)
        signal = verdicts.at(metric.id, week)
        if signal is not None and signal.low is not None and signal.high is not None:
            first = week - timedelta(days=DAYS_OF_WEEK - 1)
            limits.append(Limits(first, week, signal.low / share, signal.high / share))
    table = page.workspace.history(metric.id, "day", page.week)
    newest = table[table["day"].dt.date > page.week - timedelta(weeks=WEEKS)] if len(table) else table
    points = [
        (d.date(), None if v != v else float(v)) for d, v in zip(newest["day"], newest["value"], strict=True)
    ]
    if not points:
        return '<p class="w-quiet">It has no days: it is told by week or month, or computed from others.</p>'
    return days(metric.name, points, limits, metric.unit, currency)
