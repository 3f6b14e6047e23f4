"""What people say of one metric in one week: answers, actions, certification, stories, marks, corrections."""

from datetime import timedelta
from html import escape

import streamlit as st

from metrics import text
from metrics.definitions import Metric
from metrics.reviews.actions import Action
from metrics.reviews.answers import WORDS as ANSWERS
from metrics.reviews.answers import inputs_of
from metrics.reviews.corrections import Correction, earliest_due
from metrics.reviews.life import LADDER, MEASURED_TEST
from metrics.reviews.statement import SHORT, about
from metrics.reviews.stories import OUTCOMES, DefinitionReview
from metrics.reviews.topics import Question
from metrics.ui import markup, who, words
from metrics.ui.acting import act, draft, person_list, told
from metrics.ui.frame import Page, hint
from metrics.ui.sheet import sheet

HELP = {
    "routine": "Why the mark is no news",
    "explained": "The cause; record the action below, if there is one",
    "still_analysing": "What is being looked at; not knowing yet is a full answer",
    "known_cause": "The cause, and who decided that nothing is done",
}
CERTIFIED = {
    "certified": "certified",
    "disputed": "disputed",
    "uncertified": "not certified",
}


def this_week(page: Page, metric: Metric) -> str | None:
    """The section of the metric page; the id of a metric that was clicked, if one was."""
    told()
    opened = sheet(_stands(page, metric), key="this_week").metric
    _look(page, metric)
    left, right = st.columns(2, gap="large")
    with left:
        answering(page, metric)
        watch(page, metric)
        _questions(page, metric)
    with right:
        _actions(page, metric)
        _certification(page, metric)
    _more(page, metric)
    return opened


# --- how it stands ------------------------------------------------------------------------------


def _stands(page: Page, metric: Metric) -> str:
    """What is on record for this week, in a list."""
    loop = page.workspace.loop
    definitions = page.workspace.definitions
    facts: list[tuple[str, str | None]] = []
    signal = page.workspace.judging.marks(page.week).at(metric.id, page.week)
    if signal is not None and signal.marked:
        verdict = text.verdict(signal, metric.unit, definitions.company.currency)
        loud = ' class="w-late"' if signal.tier == "exception" and signal.favourable is not True else ""
        facts.append((signal.tier.capitalize(), f"<span{loud}>{escape(verdict)}</span>"))
    answers = [a for a in loop.saying.answers(page.week) if a.metric == metric.id]
    for answer in answers:
        names = [markup.metric_link(m, definitions.metrics[m].name) for m in answer.inputs]
        through = text.listed(names) if names else ""
        by = words.person(answer.by, definitions)
        said = f"<b>{escape(ANSWERS[answer.kind])}.</b> {escape(answer.text)}"
        said += f" {escape(answer.more)}" if answer.more else ""
        said += f" Answer by {words.day(answer.due)}." if answer.due else ""
        said += (
            f" Nothing is done; {escape(words.person(answer.decided_by, definitions))} decided."
            if answer.decided_by
            else ""
        )
        said += f" Through {through}." if through else ""
        facts.append(
            ("Answer", f'{said} <span class="w-quiet">{escape(by)}, {words.moment(answer.at)}</span>')
        )
    stands = loop.certifying.certifications(page.week).get(metric.id)
    if stands is not None:
        said = CERTIFIED[stands.state] + (f" by {words.person(stands.by, definitions)}" if stands.by else "")
        said += f": {stands.because}" if stands.because else ""
        facts.append(("Certification", escape(said[:1].upper() + said[1:])))
    mark = loop.saying.marks().get(f"metric:{metric.id}")
    if mark is not None:
        by = words.person(mark.by, definitions)
        raised = f"({escape(by)}, {words.moment(mark.at)})"
        said = f'<span class="w-late">Do not trust:</span> {escape(mark.text)} {raised}'
        said += f" Answer: {escape(mark.answer)}" if mark.answer else " The owner has not answered."
        facts.append(("Andon mark", said))
    looked = [k for k in loop.saying.looks(page.week) if k.metric == metric.id]
    if looked:
        last = looked[-1]
        facts.append(("Looked", escape(f"{words.person(last.by, definitions)}, {words.moment(last.at)}")))
    for story in loop.saying.stories(page.week):
        if metric.id in story.metrics:
            verdict = "" if story.mark == "agrees" else " <b>It disagrees with the number.</b>"
            facts.append(("Story", f"{escape(story.text)}{verdict}"))
    for remark in loop.saying.annotations(metric.id)[-3:]:
        facts.append(("Annotation", f"{words.day(remark.day)}: {escape(remark.text)}"))
    nothing = "" if facts else "Nobody has said anything about this week yet."
    inside = markup.facts(facts) if facts else ""
    return markup.block(f"Week ending {words.day(page.week)}", inside, nothing)


def _look(page: Page, metric: Metric) -> None:
    loop, person = page.workspace.loop, who.chosen(page)
    if person is None or person not in loop.owning.speakers(metric.id):
        return
    seen = any(k.metric == metric.id and k.by == person for k in loop.saying.looks(page.week))
    if st.button(
        "Seen" if not seen else "Seen already", icon=":material/visibility:", key="look", disabled=seen
    ):
        act(page, lambda by: loop.saying.look(metric.id, by=by, week_ending=page.week), "Seen.")


# --- answering ------------------------------------------------------------------------------------


def answering(page: Page, metric: Metric, *, key: str = "") -> None:
    """The form of the four legal answers; an output opens its inputs."""
    loop, definitions = page.workspace.loop, page.workspace.definitions
    subject = f"answer:{about(metric.id, page.week)}"
    at = f"{key}{subject}"
    signal = page.workspace.judging.marks(page.week).at(metric.id, page.week)
    needed = signal is not None and signal.tier == "exception"
    given = [a for a in loop.saying.answers(page.week) if a.metric == metric.id]
    title = "Answer" if not given else "Answer anew"
    newest = given[-1].fact if given else 0
    seen = st.session_state.setdefault(f"{at} seen", newest)  # What this person saw before deciding.
    with st.expander(title, expanded=needed and not given, icon=":material/chat:"):
        refused = _not_speaking(page, metric)
        if refused:
            hint(refused)
            return
        kind = st.radio(
            "Answer",
            list(ANSWERS),
            format_func=lambda k: ANSWERS[k],
            key=f"{at} kind",
            captions=[HELP[k] for k in ANSWERS],
            label_visibility="collapsed",
        )
        inputs: list[str] = []
        if metric.kind == "output" and (possible := inputs_of(definitions, metric.id)):
            hint("An output is reported, not debated: say which of its inputs it follows.")
            inputs = st.multiselect(
                "Inputs it follows",
                possible,
                format_func=lambda m: definitions.metrics[m].name,
                key=f"{at} inputs",
            )
        short = draft(page, "On the chart", subject, most=SHORT, holder=HELP[str(kind)])
        more = draft(page, "Behind it", f"{subject}:more", holder="The rest, if there is more to say")
        due = decided = None
        if kind == "still_analysing":
            due = st.date_input(
                "Answer by", value=None, min_value=loop.today + timedelta(days=1), key=f"{at} due"
            )
        if kind == "known_cause":
            decided = person_list(page, "Who decided", f"{at} decided")
        if st.button("Answer", key=f"{at} go"):
            act(
                page,
                lambda by: loop.saying.answer(
                    metric.id,
                    str(kind),
                    short,
                    by=by,
                    week_ending=page.week,
                    more=more,
                    due=due,
                    decided_by=decided,
                    inputs=inputs,
                    seen=seen,
                ),
                f"Answered: {metric.name}.",
                [subject, f"{subject}:more"],
                forget=[f"{at} seen"],
            )
            st.session_state[f"{at} seen"] = newest  # Told of it now, so that a second click replaces it.


def _not_speaking(page: Page, metric: Metric) -> str:
    """Why the person who is here cannot answer for a metric; empty if they can."""
    person = who.chosen(page)
    if person is None:
        return who.nobody(page)
    speakers = page.workspace.loop.owning.speakers(metric.id)
    if person in speakers or not page.workspace.definitions.people:
        return ""
    if not speakers:
        return "Nobody owns it, so nobody can answer. Assign an owner on the Owners page."
    names = text.listed(words.person(s, page.workspace.definitions) for s in speakers)
    return f"{names} answers for it."


def watch(page: Page, metric: Metric, *, key: str = "") -> None:
    """A watch promoted to the room, or dismissed; nothing where there is no watch."""
    loop = page.workspace.loop
    signal = page.workspace.judging.marks(page.week).at(metric.id, page.week)
    if signal is None or signal.tier != "watch" or _not_speaking(page, metric):
        return
    known = next((w for w in loop.saying.watches(page.week) if w.metric == metric.id), None)
    subject = f"watch:{about(metric.id, page.week)}"
    with st.expander(
        "Watch" if known is None else f"Watch: {known.outcome}",
        expanded=known is None,
        icon=":material/visibility:",
    ):
        because = draft(page, "Why", subject, holder="Why the room should, or need not, talk about it")
        promoted, dismissed = st.columns(2)
        made = None
        if promoted.button("Promote to the meeting", key=f"{key}{subject} promoted"):
            made = "promoted"
        if dismissed.button("Dismiss", key=f"{key}{subject} dismissed"):
            made = "dismissed"
        if made is not None:
            outcome = made
            act(
                page,
                lambda by: loop.saying.watch(metric.id, outcome, because, by=by, week_ending=page.week),
                f"Watch {outcome}: {metric.name}.",
                [subject],
            )


def _questions(page: Page, metric: Metric) -> None:
    loop, definitions = page.workspace.loop, page.workspace.definitions
    for question in loop.saying.questions():
        if question.metric == metric.id and question.answered is None:
            by = words.plain(words.person(question.by, definitions))
            with st.expander(f"Question from {by}", expanded=True, icon=":material/help:"):
                reply_to(page, question)
    with st.expander("Ask a question", icon=":material/contact_support:"):
        subject = f"question:{metric.id}"
        question_words = draft(page, "Question to the owner", subject)
        if st.button("Ask", key=subject):
            act(
                page,
                lambda by: loop.saying.ask(metric.id, question_words, by=by, week_ending=page.week),
                "Asked. It stays on page 0 until it is answered.",
                [subject],
            )


def reply_to(page: Page, question: Question) -> None:
    """A question and the form of its answer in writing."""
    hint(question.text)
    subject = f"reply:{question.id}"
    reply = draft(page, "Answer in writing", subject)
    if st.button("Reply", key=subject):
        saying = page.workspace.loop.saying
        act(page, lambda by: saying.reply(question.id, reply, by=by), "Replied.", [subject])


# --- actions --------------------------------------------------------------------------------------


def _actions(page: Page, metric: Metric) -> None:
    loop = page.workspace.loop
    own = [a for a in loop.saying.actions() if metric.id in (a.metric, a.effect_metric)]
    for action in [a for a in own if a.state == "open"]:
        one_action(page, action)
    with st.expander("Record an action", icon=":material/task_alt:"):
        record_action(page, metric)
    closed = [a for a in own if a.state != "open"]
    if closed:
        rows = [
            (
                a.text,
                words.person(a.owner, page.workspace.definitions),
                a.state,
                a.result,
                loop.saying.effect(a).sentence,
            )
            for a in closed[::-1][:12]
        ]
        columns = ("Action", "Owner", "State", "Result", "Expected effect")
        table = markup.table("Actions of the past", columns, rows, left=columns[1:])
        with st.expander(f"Actions of the past: {len(closed)}"):
            sheet(table, key="past_actions")


def one_action(page: Page, action: Action, *, key: str = "") -> None:
    """An open action: its promise, and how it can end."""
    loop, definitions = page.workspace.loop, page.workspace.definitions
    late = f", {text.counted((loop.today - action.due).days, 'day')} late" if action.late(loop.today) else ""
    owner = words.plain(words.person(action.owner, definitions))
    label = f"{words.plain(action.text)} · {owner}, due {words.day(action.due)}{late}"
    with st.expander(label, icon=":material/pending_actions:"):
        moved = f" Its date was moved {text.counted(action.moved, 'time')}." if action.moved else ""
        effect = definitions.metrics[action.effect_metric].name
        hint(f"Expected: {effect} goes {action.direction} by {words.day(action.effect_by)}.{moved}")
        subject = f"result:{action.id}"
        result = draft(page, "Result, or reason", subject)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            if st.button("Done", key=f"{key}done {action.id}"):
                act(
                    page,
                    lambda by: loop.saying.finish_action(action.id, result, by=by),
                    "Closed with its result.",
                    [subject],
                )
            if st.button("Give it up", key=f"{key}drop {action.id}"):
                act(
                    page, lambda by: loop.saying.drop_action(action.id, result, by=by), "Given up.", [subject]
                )
            new = st.date_input("New date", value=None, key=f"{key}when {action.id}", width=150)
            if st.button("Move the date", key=f"{key}move {action.id}"):
                act(
                    page,
                    lambda by: loop.saying.move_action(action.id, new, result, by=by),
                    "Moved.",
                    [subject],
                )


def record_action(page: Page, metric: Metric) -> None:
    """The form of a new action: owner, date and expected effect."""
    loop, definitions = page.workspace.loop, page.workspace.definitions
    subject = f"action:{metric.id}"
    what = draft(page, "What will be done", subject)
    owner = person_list(page, "Owner", f"{subject} owner", default=loop.owning.of(metric.id).owner)
    a, b = st.columns(2)
    due = a.date_input("Due", value=None, key=f"{subject} due")
    effect_by = b.date_input("Effect by", value=None, key=f"{subject} effect by")
    names = list(definitions.metrics)
    effect = a.selectbox(
        "Should move",
        names,
        index=names.index(metric.id),
        format_func=lambda m: definitions.metrics[m].name,
        key=f"{subject} effect",
    )
    direction = b.selectbox(
        "Which way", ["up", "down"], index=int(metric.better == "down"), key=f"{subject} way"
    )
    dissent = st.text_input("Dissent, if somebody disagrees and acts all the same", key=f"{subject} dissent")
    if st.button("Record", key=f"{subject} go"):
        act(
            page,
            lambda by: loop.saying.record_action(
                metric.id,
                what,
                by=by,
                owner=owner,
                due=due,
                direction=direction,
                effect_by=effect_by,
                effect_metric=effect,
                week_ending=page.week,
                dissent=dissent,
            ),
            "Recorded. Page 0 carries it until it is done.",
            [subject],
        )


# --- certification --------------------------------------------------------------------------------


def _certification(page: Page, metric: Metric) -> None:
    loop = page.workspace.loop
    stands = loop.certifying.certifications(page.week).get(metric.id)
    if stands is None:
        return
    with st.expander(f"Certification: {CERTIFIED[stands.state]}", icon=":material/verified:"):
        if stands.fallen:
            hint(f"A certificate fell off, because the {stands.fallen} changed.")
        subject = f"certify:{about(metric.id, page.week)}"
        because = draft(page, "Reason", subject, holder="Needed for a dispute")
        certifying, week = loop.certifying, page.week
        with st.container(horizontal=True):
            if st.button("Certify", key=f"{subject} yes"):
                act(
                    page,
                    lambda by: certifying.certify([metric.id], by=by, week_ending=week, because=because),
                    "Certified.",
                    [subject],
                )
            if st.button("Dispute", key=f"{subject} no"):
                act(
                    page,
                    lambda by: certifying.dispute(metric.id, because, by=by, week_ending=week),
                    "Disputed.",
                    [subject],
                )
            if st.button("Leave uncertified", key=f"{subject} stamp"):
                act(
                    page,
                    lambda by: certifying.withhold(metric.id, because, by=by, week_ending=week),
                    "Stamped.",
                    [subject],
                )


# --- stories, marks, corrections, life --------------------------------------------------------------


def _more(page: Page, metric: Metric) -> None:
    with st.expander(
        "Story, Andon mark, correction, annotation, life of the metric", icon=":material/more_horiz:"
    ):
        story, mark, correction, remark, life = st.tabs(
            ["Story", "Andon mark", "Correction", "Annotation", "Life of the metric"]
        )
    with story:
        _story(page, metric)
    with mark:
        _mark(page, metric)
    with correction:
        _correction(page, metric)
    with remark:
        _annotation(page, metric)
    with life:
        _life(page, metric)


def _story(page: Page, metric: Metric) -> None:
    loop, definitions = page.workspace.loop, page.workspace.definitions
    for review in loop.saying.definition_reviews():
        if review.metric == metric.id and review.closed is None:
            close_review(page, review)
    subject = f"story:{metric.id}"
    told_words = draft(
        page, "The customer's story", subject, lines=4, holder="In the words of customer service"
    )
    a, b, c = st.columns(3)
    day = a.date_input("Day", value=page.week, key=f"{subject} day")
    product = b.text_input("Product", key=f"{subject} product")
    agrees = c.selectbox(
        "Against the number",
        ["agrees", "disagrees"],
        key=f"{subject} mark",
        help="Disagrees opens a definition review",
    )
    others = st.multiselect(
        "Metrics it speaks to",
        list(definitions.metrics),
        default=[metric.id],
        format_func=lambda m: definitions.metrics[m].name,
        key=f"{subject} metrics",
    )
    if st.button("Tell it", key=f"{subject} go"):
        act(
            page,
            lambda by: loop.saying.tell_story(
                told_words,
                by=by,
                day=day,
                metrics=others,
                mark=str(agrees),
                product=product,
                week_ending=page.week,
            ),
            "The story stands beside its charts.",
            [subject],
        )


def close_review(page: Page, review: DefinitionReview) -> None:
    """A definition review, and the form that closes it."""
    saying = page.workspace.loop.saying
    hint(f"A story disagrees with this number: “{review.story.text}” Its definition is under review.")
    subject = f"review:{review.subject}"
    outcome = st.selectbox(
        "What came of it", list(OUTCOMES), format_func=lambda o: OUTCOMES[o], key=f"{subject} outcome"
    )
    because = draft(page, "Why", subject)
    if st.button("Close the review", key=f"{subject} go"):
        act(
            page,
            lambda by: saying.close_review(review.story.id, review.metric, str(outcome), because, by=by),
            "Closed.",
            [subject],
        )


def _mark(page: Page, metric: Metric) -> None:
    saying, place = page.workspace.loop.saying, f"metric:{metric.id}"
    standing = saying.marks().get(place)
    subject = f"andon:{place}"
    if standing is None:
        what = draft(page, "Do not trust this metric, because", subject)
        if st.button("Raise the mark", key=f"{subject} raise"):
            act(
                page,
                lambda by: saying.raise_mark(place, what, by=by),
                "The mark stands until the owner answers.",
                [subject],
            )
        return
    hint(f"Do not trust: {standing.text}")
    what = draft(page, "Answer, or why it is lifted", subject)
    with st.container(horizontal=True):
        if st.button("Answer the mark", key=f"{subject} answer"):
            act(page, lambda by: saying.answer_mark(place, what, by=by), "Answered.", [subject])
        if st.button("Lift the mark", key=f"{subject} lift"):
            act(page, lambda by: saying.lift_mark(place, what, by=by), "Lifted.", [subject])


def _correction(page: Page, metric: Metric) -> None:
    loop = page.workspace.loop
    card = next((c for c in loop.saying.corrections() if c.subject == about(metric.id, page.week)), None)
    if card is None:
        hint("After a surprise: what happened, whom it hit, five whys, and what could have been tracked.")
        due = st.date_input("Due", value=earliest_due(loop.today), key="correction due", width=180)
        if st.button("Open a correction card", key="correction open"):
            act(
                page,
                lambda by: loop.saying.open_correction(metric.id, due, by=by, week_ending=page.week),
                "Opened. Page 0 shows its age.",
            )
        return
    _written(page, card)


def _written(page: Page, card: Correction) -> None:
    saying, subject = page.workspace.loop.saying, f"correction:{card.subject}"
    state = "closed" if card.closed else f"due {words.day(card.due)}"
    missing = f" Missing: {text.listed(card.missing)}." if card.missing else ""
    hint(f"Opened {words.moment(card.opened)}, {state}.{missing}")
    person = who.chosen(page) or ""
    for field, value in (
        ("timeline", card.timeline),
        ("customers", card.customers_hit),
        ("whys", "\n".join(card.whys)),
        ("cause", card.root_cause),
        ("tracked", card.could_have_been_tracked),
    ):
        key = f"draft {person} {subject}:{field}"
        if (
            value
            and key not in st.session_state
            and page.workspace.journal.draft(person or "-", f"{subject}:{field}") is None
        ):
            st.session_state[key] = value
    timeline = draft(page, "Timeline", f"{subject}:timeline", lines=4)
    customers = draft(page, "Customers hit", f"{subject}:customers")
    whys = draft(page, "Five whys, one a line", f"{subject}:whys", lines=5)
    cause = draft(page, "Root cause", f"{subject}:cause")
    tracked = draft(page, "What could have been tracked?", f"{subject}:tracked")
    known = {a.id: a for a in saying.actions() if card.metric in (a.metric, a.effect_metric)}
    actions = st.multiselect(
        "Actions it led to",
        list(known),
        default=[a for a in card.actions if a in known],
        format_func=lambda a: known[a].text,
        key=f"{subject} actions",
    )
    with st.container(horizontal=True):
        if st.button("Save", key=f"{subject} save", disabled=card.closed is not None):
            act(
                page,
                lambda by: saying.write_correction(
                    card.metric,
                    card.week_ending,
                    by=by,
                    timeline=timeline,
                    customers_hit=customers,
                    whys=[w.strip() for w in whys.splitlines() if w.strip()],
                    root_cause=cause,
                    actions=actions,
                    could_have_been_tracked=tracked,
                    seen=card.fact,
                ),
                "Saved.",
                [f"{subject}:{f}" for f in ("timeline", "customers", "whys", "cause", "tracked")],
            )
        if st.button("Close the card", key=f"{subject} close", disabled=card.closed is not None):
            act(page, lambda by: saying.close_correction(card.metric, card.week_ending, by=by), "Closed.")


def _annotation(page: Page, metric: Metric) -> None:
    saying, subject = page.workspace.loop.saying, f"annotation:{metric.id}"
    day = st.date_input("Day", value=page.week, key=f"{subject} day", width=180)
    what = draft(page, "What happened", subject)
    if st.button("Annotate", key=f"{subject} go"):
        act(
            page,
            lambda by: saying.annotate(metric.id, day, what, by=by),
            "It stands on the chart for ever.",
            [subject],
        )


def _life(page: Page, metric: Metric) -> None:
    living = page.workspace.loop.living
    life = living.lives()[metric.id]
    now = (life.state or "not stated").replace("_", " ")
    hint(f"State: {now}." + (f" {life.because}" if life.because else ""))
    if metric.kind == "input":
        tests = living.controllable(metric.id)
        mark = {"passed": "passed", "failed": "failed", "open": "open"}
        rows = [
            (
                f"{t.number}. {t.question}",
                mark[t.state],
                t.told,
                words.person(t.by, page.workspace.definitions) if t.by else "",
            )
            for t in tests
        ]
        columns = ("Controllable?", "Test", "What speaks for it", "Said by")
        sheet(markup.table("Controllable", columns, rows, left=columns[1:]), key="controllable")
        with st.expander("Answer a test"):
            open_tests = [t.number for t in tests if t.number != MEASURED_TEST]
            number = st.selectbox(
                "Test", open_tests, format_func=lambda n: f"{n}. {tests[n - 1].question}", key="test"
            )
            passed = st.radio(
                "Passed",
                [True, False],
                format_func=lambda p: "Passed" if p else "Failed",
                key="test passed",
                horizontal=True,
            )
            subject = f"test:{metric.id}:{number}"
            said = draft(page, "What speaks for it", subject)
            if st.button("Answer", key="test go"):
                act(
                    page,
                    lambda by: living.reply(metric.id, int(number), bool(passed), said, by=by),
                    "Answered.",
                    [subject],
                )
    states = [*LADDER, "questioned", "retired"]
    to = st.selectbox(
        "Move it to",
        states,
        format_func=lambda s: s.replace("_", " "),
        key="life to",
        index=None,
        placeholder="Choose a state",
        width=240,
    )
    if to is None:
        return
    lacks = living.gate(metric.id, to) if to not in ("questioned", "retired") else ()
    if lacks:
        hint(f"It lacks {text.listed(lacks)}.")
    successor = None
    if to == "retired":
        names = ["", *(m for m in page.workspace.definitions.metrics if m != metric.id)]
        successor = st.selectbox(
            "Successor",
            names,
            format_func=lambda m: page.workspace.definitions.metrics[m].name if m else "none",
            key="successor",
        )
    gamed = to == "questioned" and st.checkbox("Somebody games it", key="gamed")
    subject = f"life:{metric.id}"
    because = draft(page, "Because", subject)
    if st.button("Move", key="life go"):
        act(
            page,
            lambda by: living.move(metric.id, to, because, by=by, successor=successor, gamed=gamed),
            f"{metric.name} is {to.replace('_', ' ')} now.",
            [subject],
        )
