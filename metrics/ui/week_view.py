"""The week as people work through it: its state, what is missing and who owes it, publishing."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from html import escape
from itertools import groupby

import pandas as pd
import streamlit as st

from metrics import text
from metrics.reviews.andon import AndonMark
from metrics.reviews.corrections import Correction
from metrics.reviews.editions import Edition
from metrics.reviews.promises import PromisesOfTheWeek
from metrics.reviews.stories import DefinitionReview
from metrics.reviews.topics import Topic
from metrics.reviews.week_states import ORDER, WORDS, Owed, Progress, WeekState
from metrics.ui import markup, words
from metrics.ui.acting import act, clicked, draft, note_click, told
from metrics.ui.download import downloads
from metrics.ui.frame import Page, hint
from metrics.ui.sheet import sheet
from metrics.ui.this_week import CERTIFIED
from metrics.workspace.changing import place as where

MANY = 4  # Values to certify that are still named one by one.
CHANGES = 60  # Cells shown that changed since a deck was published.
NEXT = {
    "built": "Built: the numbers are in",
    "owner_review": "Open the owner review",
    "certified": "Certified",
    "held": "Held: answers and actions are recorded",
    "closed": "Close the week",
}


def week_line(page: Page) -> str:
    """Where the week stands and how much is missing, in one line; empty where nobody works through it."""
    loop = page.workspace.loop
    if not page.workspace.definitions.people:
        return ""
    stands = loop.progress(page.week, page.deck_name)
    missing = loop.missing(page.week, page.deck_name)
    following = WORDS[stands.next] if stands.next else ""
    rest = f"; {text.counted(len(missing), 'thing')} missing before it is {following}" if missing else ""
    return f"The week is {WORDS[stands.state]}{rest}."


def week_view(page: Page) -> str | None:
    """All of the week's work; the id of a metric that was clicked, if one was."""
    told()
    loop = page.workspace.loop
    stands = loop.progress(page.week, page.deck_name)
    missing = loop.missing(page.week, page.deck_name)
    asked = sheet(_steps(page, stands) + _missing(page, stands, missing), key="week_work").metric
    _moving(page, stands, missing)
    work, promised, published = st.tabs(["Certification", "Promises", "Published decks"])
    with work:
        _certification(page)
    with promised:
        asked = (
            sheet(promises_markup(page, loop.promises(page.week, page.deck_name)), key="promises").metric
            or asked
        )
        _parked(page)
        _page_mark(page)
    with published:
        _published(page)
    return asked


# --- the state --------------------------------------------------------------------------------


def _steps(page: Page, stands: Progress) -> str:
    """The seven states with their clocks, the present one marked."""
    loop = page.workspace.loop
    now = ORDER.index(stands.state)
    items = ""
    for place, state in enumerate(ORDER):
        clock = loop.clock(state, page.week)
        kind = "now" if place == now else "past" if place < now else "next"
        late = place > now and clock < loop.chronicle.now
        current = ' aria-current="step"' if place == now else ""
        when = f"{clock:%a %d %b, %H:%M}"
        items += (
            f'<li class="wv-{kind}{" wv-late" if late else ""}"{current}>'
            f"<b>{escape(WORDS[state].capitalize())}</b>"
            f"<span>{'late: ' if late else ''}{when}</span></li>"
        )
    by = f" by {escape(words.person(stands.by, page.workspace.definitions))}" if stands.by else ""
    since = f"<p>since {words.moment(stands.since)}{by}</p>" if stands.since else ""
    title = escape(f"Week ending {words.day(page.week)}: {WORDS[stands.state]}")
    return f'<div class="w-title"><h1>{title}</h1>{since}</div><ol class="wv-steps">{items}</ol>'


def _missing(page: Page, stands: Progress, missing: tuple[Owed, ...]) -> str:
    if stands.next is None:
        return markup.block("What is missing", "", "Nothing: the week is closed.")
    title = f"Missing before it is {WORDS[stands.next]}"
    if not missing:
        return markup.block(title, "", "Nothing.")
    definitions = page.workspace.definitions
    rows: dict[tuple[str, ...], list[Owed]] = {}
    for owed in missing:
        rows.setdefault(owed.who or (owed.role,), []).append(owed)
    body = ""
    for people, many in rows.items():
        name = text.listed(
            words.person(p, definitions) if p in definitions.people else p.replace("_", " ") or "nobody"
            for p in people[:1]
        )
        items = "".join(f"<li>{escape(said)}</li>" for said in _together(many))
        cell = f'<td class="w-left w-wrap"><ul>{items}</ul></td>'
        body += f'<tr><th scope="row"{markup.LEFT}>{escape(name)}</th>{cell}</tr>'
    heads = markup.head("Who owes it", left=True) + markup.head("What", left=True)
    return markup.block(title, markup.scrolled(title, heads, body), f"{text.counted(len(missing), 'thing')}.")


def _together(many: Sequence[Owed]) -> Iterator[str]:
    """What is owed, a long run of one kind told together."""
    for kind, same in groupby(many, key=lambda o: o.kind):
        several = list(same)
        if kind == "certify" and len(several) > MANY:
            yield f"Certify or dispute {len(several)} values"
        else:
            yield from (o.what for o in several)


def _moving(page: Page, stands: Progress, missing: tuple[Owed, ...]) -> None:
    loop = page.workspace.loop
    shown = (page.week, page.deck_name, stands.fact)
    asked = clicked("move", shown, _already(page, stands))
    if stands.next is None:
        return
    subject = f"despite:{page.deck_name}:{page.week}"
    despite = ""
    if missing:
        with st.expander("Move on all the same", icon=":material/warning:"):
            hint("What is missing is kept with the decision, and page 0 shows it.")
            despite = draft(page, "Why", subject)
    to: WeekState = stands.next
    if to == "published":
        again = (
            draft(page, "Reason for another edition", f"edition:{subject}")
            if loop.publishing.editions(page.week, page.deck_name)
            else ""
        )
        st.button(
            "Publish the deck",
            icon=":material/lock:",
            key="publish",
            on_click=note_click,
            args=("move", shown),
        )
        if asked:
            with st.spinner("Freezing the deck"):
                act(
                    page,
                    lambda by: loop.publish(
                        by=by,
                        week_ending=page.week,
                        deck=page.deck_name,
                        because=again,
                        despite=despite,
                        seen=stands.fact,
                    ),
                    "Published: frozen as it is.",
                    [subject],
                )
        return
    st.button(NEXT[to], key="move", on_click=note_click, args=("move", shown))
    if asked:
        act(
            page,
            lambda by: loop.move(
                to, by=by, week_ending=page.week, deck=page.deck_name, despite=despite, seen=stands.fact
            ),
            f"The week is {WORDS[to]}.",
            [subject],
        )


def _already(page: Page, stands: Progress) -> str:
    by = f", by {words.person(stands.by, page.workspace.definitions)}" if stands.by else ""
    since = f" since {words.moment(stands.since)}{by}" if stands.since else ""
    now = f"The week is {WORDS[stands.state]} already{since}."
    return f"{now} Your click was on an older page: it did nothing more."


# --- certification ----------------------------------------------------------------------------


def _certification(page: Page) -> None:
    loop, definitions = page.workspace.loop, page.workspace.definitions
    stands = loop.certifying.certifications(page.week)
    values = loop.certifying.values(page.week)
    metrics = [m for m in loop.metrics_of(page.deck_name) if m in stands]
    currency = definitions.company.currency
    table = pd.DataFrame(
        {
            "Metric": [definitions.metrics[m].name for m in metrics],
            "Value": [
                text.exact(values[m].amount, definitions.metrics[m].unit, currency)
                if m in values
                else text.UNKNOWN
                for m in metrics
            ],
            "Certification": [CERTIFIED[stands[m].state] for m in metrics],
            "By": [words.person(stands[m].by, definitions) if stands[m].by else "" for m in metrics],
            "Why": [stands[m].because or _fallen(stands[m].fallen) for m in metrics],
        }
    )
    count = sum(stands[m].state == "certified" for m in metrics)
    hint(
        f"{count} of {len(metrics)} values are certified. "
        "A certificate falls off when the number or its definition changes."
    )
    picked = st.dataframe(
        table,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        height=min(460, 38 + 35 * max(len(table), 1)),
        key="certification",
    )
    chosen = [metrics[r] for r in picked.selection.rows if r < len(metrics)]
    subject = f"certify:{page.deck_name}:{page.week}"
    because = draft(page, "Reason", subject, holder="Needed for a dispute")
    with st.container(horizontal=True):
        rest = text.counted(len(metrics) - len(chosen), "metric")
        if st.button(
            f"Certify all but the ticked ({rest})" if chosen else f"Certify all ({rest})",
            key="certify all",
        ):
            _certify_all(page, metrics, chosen)
        if st.button("Certify the ticked", key="certify some", disabled=not chosen):
            act(page, lambda by: loop.certifying.certify(chosen, by=by, week_ending=page.week), "Certified.")
        if st.button("Dispute the ticked", key="dispute some", disabled=not chosen):
            act(
                page,
                lambda by: [
                    loop.certifying.dispute(m, because, by=by, week_ending=page.week) for m in chosen
                ],
                "Disputed.",
                [subject],
            )
    if left := st.session_state.pop("left uncertified", None):
        items = markup.points(
            [f"{escape(definitions.metrics[m].name)}: {escape(why)}" for m, why in left.items()]
        )
        sheet(markup.block("Not certified", items), key="left")


def _fallen(fallen: str | None) -> str:
    return f"a certificate fell off: the {fallen} changed" if fallen else ""


def _certify_all(page: Page, metrics: list[str], but: list[str]) -> None:
    loop = page.workspace.loop

    def all_of_them(by: str) -> None:
        _, left = loop.certifying.certify_all(metrics, by=by, week_ending=page.week, but=but)
        st.session_state["left uncertified"] = {m: why for m, why in left.items() if m not in but}

    act(page, all_of_them, "Certified.")


# --- promises ---------------------------------------------------------------------------------


def promises_markup(page: Page, asked: PromisesOfTheWeek) -> str:
    """What page 0 asks first: the promises of the weeks before, and all that is open."""
    definitions = page.workspace.definitions

    def name(metric: str) -> str:
        return markup.metric_link(metric, definitions.metrics[metric].name)

    def person(handle: str) -> str:
        return escape(words.person(handle, definitions))

    def old(thing: DefinitionReview | AndonMark | Correction | Topic) -> str:
        return text.counted(thing.age(asked.day), "day")

    blocks = []
    rows = [
        (
            f'{escape(c.action.text)} <span class="w-quiet">on</span> {name(c.action.metric)}',
            person(c.action.owner),
            words.day(c.action.due),
            _stands_word(c.action.state, c.late),
            f"{text.counted(c.age, 'day')}",
            escape(c.effect.sentence if c.effect else ""),
        )
        for c in (*asked.actions, *asked.worked)
    ]
    blocks.append(
        _rows("Actions", ("What", "Owner", "Due", "Stands", "Age", "Effect"), rows, "No action is open.")
    )
    blocks.append(
        _points(
            "Answers still owed",
            [
                f"{name(a.metric)}: {escape(a.text)} ({person(a.by)}, by {_by(a.due)})"
                for a in asked.analysing
            ],
        )
    )
    blocks.append(
        _points(
            "Not certified",
            [
                f"{name(c.metric)}: {CERTIFIED[c.state]}{f', {escape(c.because)}' if c.because else ''}"
                for c in asked.uncertified
            ],
        )
    )
    blocks.append(
        _points(
            "Stories that disagree",
            [f"{name(r.metric)}: “{escape(r.story.text)}” ({old(r)})" for r in asked.reviews],
        )
    )
    blocks.append(
        _points(
            "Andon marks",
            [f"{_place(m, name)}: {escape(m.text)} ({old(m)})" for m in asked.marks],
        )
    )
    blocks.append(
        _points(
            "Open corrections",
            [f"{name(c.metric)}: due {words.day(c.due)}, {old(c)} old" for c in asked.corrections],
        )
    )
    blocks.append(
        _points(
            "Questions without an answer",
            [f"{name(q.metric)}: {escape(q.text)} ({person(q.by)})" for q in asked.questions],
        )
    )
    blocks.append(_points("Parked", [f"{escape(t.text)} ({old(t)})" for t in asked.topics]))
    blocks.append(_points("Moved on despite", [escape(w) for w in asked.despite]))
    return "".join(blocks)


def _by(due: date | None) -> str:
    return words.day(due) if due else text.UNKNOWN


def _place(mark: AndonMark, name: Callable[[str], str]) -> str:
    return escape(mark.place) if mark.metric is None else name(mark.metric)


def _stands_word(state: str, late: bool) -> str:
    return '<span class="w-late">late</span>' if late else escape(state)


def _rows(title: str, columns: Iterable[str], rows: Sequence[tuple[str, ...]], nothing: str) -> str:
    if not rows:
        return markup.block(title, "", nothing)
    heads = "".join(markup.head(c, left=True) for c in columns)
    body = "".join(
        f'<tr><th scope="row"{markup.LEFT}>{row[0]}</th>'
        + "".join(f"<td{markup.LEFT}>{c}</td>" for c in row[1:])
        + "</tr>"
        for row in rows
    )
    return markup.block(title, markup.scrolled(title, heads, body))


def _points(title: str, items: list[str]) -> str:
    return markup.block(title, markup.points(items)) if items else ""


def _parked(page: Page) -> None:
    saying = page.workspace.loop.saying
    for topic in [t for t in saying.topics() if t.closed is None]:
        with st.expander(f"Parked: {words.plain(topic.text)}"):
            outcome = draft(page, "What came of it", f"topic:{topic.id}")
            if st.button("Close it", key=f"close topic {topic.id}"):
                _close_topic(page, topic.id, outcome)


def _page_mark(page: Page) -> None:
    """Andon marks on a page of the deck: raising, answering and lifting one."""
    saying, definitions = page.workspace.loop.saying, page.workspace.definitions
    if page.deck_name is None:
        return
    with st.expander("Andon mark on a page of the deck", icon=":material/report:"):
        titles = [section.title for section in definitions.decks[page.deck_name].sections]
        title = st.selectbox("Page", titles, key="mark page", width=320)
        place = f"page:{page.deck_name}:{title}"
        standing = saying.marks().get(place)
        what = draft(page, "Do not trust it, because; or the answer", f"andon:{place}")
        if standing is None:
            if st.button("Raise the mark", key="mark page raise"):
                act(
                    page,
                    lambda by: saying.raise_mark(place, what, by=by),
                    "The mark stands.",
                    [f"andon:{place}"],
                )
            return
        hint(f"Do not trust: {standing.text}")
        with st.container(horizontal=True):
            if st.button("Answer the mark", key="mark page answer"):
                act(page, lambda by: saying.answer_mark(place, what, by=by), "Answered.", [f"andon:{place}"])
            if st.button("Lift the mark", key="mark page lift"):
                act(page, lambda by: saying.lift_mark(place, what, by=by), "Lifted.", [f"andon:{place}"])


def _close_topic(page: Page, name: str, outcome: str) -> None:
    saying = page.workspace.loop.saying
    act(page, lambda by: saying.close_topic(name, outcome, by=by), "Closed.", [f"topic:{name}"])


# --- published --------------------------------------------------------------------------------


def _published(page: Page) -> None:
    loop = page.workspace.loop
    editions = loop.publishing.editions(page.week, page.deck_name)
    if not editions:
        hint("This deck is not published yet. Publishing freezes it: numbers, limits, answers, drawings.")
    for edition in editions[::-1]:
        _edition(page, edition)
    every = loop.publishing.editions(deck=page.deck_name)
    others = [e for e in every if e.week_ending != page.week]
    if others:
        rows = [_told(page, e) for e in others[::-1][:20]]
        columns = ("Week", "Edition", "Published", "By", "Why")
        sheet(
            markup.block("Other weeks", markup.table("Other weeks", columns, rows, left=columns[1:])),
            key="others",
        )
    stands = loop.progress(page.week, page.deck_name)
    if editions and stands.frozen:
        subject = f"again:{page.deck_name}:{page.week}"
        shown = (page.week, page.deck_name, editions[-1].number)
        newest = editions[-1]
        by = words.person(newest.by, page.workspace.definitions)
        asked = clicked(
            "again",
            shown,
            f"{by} published edition {newest.number} at {_moment(newest.at)}, which your page did not show. "
            "Nothing more was published. Look at it; if yours is still needed, click again.",
        )
        with st.expander("Publish another edition", icon=":material/edit_document:"):
            hint("The first edition stays. Readers are shown the newest.")
            because = draft(page, "Why", subject)
            st.button(
                "Publish another edition", key="publish again", on_click=note_click, args=("again", shown)
            )
            if asked:
                act(
                    page,
                    lambda by: loop.publish(
                        by=by,
                        week_ending=page.week,
                        deck=page.deck_name,
                        because=because,
                        seen=stands.fact,
                    ),
                    "Published.",
                    [subject],
                )


def _told(page: Page, edition: Edition) -> tuple[str, ...]:
    return (
        words.day(edition.week_ending),
        str(edition.number),
        _moment(edition.at),
        words.person(edition.by, page.workspace.definitions),
        edition.because,
    )


def _moment(at: datetime) -> str:
    return words.moment(at)


def _edition(page: Page, edition: Edition) -> None:
    loop = page.workspace.loop
    by = words.person(edition.by, page.workspace.definitions)
    why = f" {edition.because}" if edition.because else ""
    hint(f"Edition {edition.number}, published {_moment(edition.at)} by {by}.{why}")
    with st.container(horizontal=True):
        downloads(page, edition.deck, edition.week_ending, edition.number, key=f"frozen {edition.number}")
        ask = st.toggle("What changed since", key=f"changes {edition.number}")
    if ask:
        changes = loop.changes(page.week, page.deck_name, edition.number)
        columns = ("Chart", "Where", "Published", "Now", "Why")
        currency = page.workspace.definitions.company.currency
        rows = [
            (
                f"{c.number} {c.title}",
                where(c.label),
                text.figure(c.old, c.unit, currency),
                text.figure(c.new, c.unit, currency),
                c.why,
            )
            for c in changes[:CHANGES]
        ]
        count = text.counted(len(changes), "cell")
        note = f"{count} would be another one today. The frozen deck stays as it is."
        inside = markup.table("Changes", columns, rows, left=columns[1:]) if rows else ""
        sheet(markup.block("Changed since it was published", inside, note), key=f"changed {edition.number}")
