"""The flywheel page: the picture of a week, its links as records, what feeds what, how the theory changed."""

from datetime import date, timedelta
from html import escape

import streamlit as st

from metrics import text
from metrics.definitions import Link
from metrics.draw import flywheel as drawn
from metrics.reviews.links import Followed
from metrics.ui import markup, state, words
from metrics.ui.acting import act, draft, told
from metrics.ui.frame import Page, hint
from metrics.ui.sheet import sheet
from metrics.wheel import Wheel, feeding
from metrics.workspace.beliefs import Belief

CAME: dict[Followed, str] = {
    "followed": "it followed",
    "not_followed": "it did not follow",
    "driver_did_not_move": "the driver itself did not move",
    "too_early": "too early to tell",
}
LINES = {  # How each grade is drawn, as in the picture: colour, width, dashes.
    "stated": ("now", 1.4, "1.5 3.5"),
    "found": ("now", 1.4, "5 4"),
    "passed": ("now", 1.8, ""),
    "followed": ("now", 2.8, ""),
    "randomised": ("now", 3.8, ""),
    "inconclusive": ("target", 1.4, "1.5 3.5"),
    "broken": ("attention", 1.4, "10 7"),
}
WAYS = 24  # Ways into a metric that are shown.


def flywheel(page: Page) -> str | None:
    """The whole page; the id of a metric that was clicked, if one was."""
    told()
    beliefs = page.workspace.beliefs
    wheel = beliefs.wheel(page.week)
    asked = sheet(_title(wheel), key="fly_title").metric
    if not wheel.nodes and not wheel.spokes:
        hint("No flywheel is declared. Add `nodes`, `edges` and `links` to a YAML file of the workspace.")
        return asked
    node, metric = _picture(wheel)
    asked = sheet(_legend(wheel), key="fly_legend").metric or asked
    names = {n.id: n.name for n in wheel.nodes}
    node = st.pills("Node", list(names), format_func=names.__getitem__, key="fly nodes") or node
    if node:
        asked = sheet(_node(page, wheel, node), key="fly_node").metric or asked
    if metric:
        asked = sheet(_feeds(page, wheel, metric), key="fly_feeds").metric or asked
    links, theory, edit, health = st.tabs(
        ["Links", "What we believed", "State, test, retire", "Health of the practice"]
    )
    with links:
        asked = sheet(_links(page, beliefs.beliefs(page.week)), key="fly_links").metric or asked
    with theory:
        asked = _theory(page) or asked
    with edit:
        _edit(page)
    with health:
        sheet(_health(page, wheel), key="fly_health")
    return asked


def _title(wheel: Wheel) -> str:
    exceptions = sum(len(n.exceptions) for n in wheel.nodes)
    links = sum(s.look != "definition" for s in wheel.spokes)
    said = f"{text.counted(links, 'link')}, {text.counted(exceptions, 'exception')} on its nodes this week"
    return f'<div class="w-title"><h1>Flywheel</h1><p>{escape(said)}</p></div>'


def _picture(wheel: Wheel) -> tuple[str | None, str | None]:
    """The picture; ids of the node and the metric that are selected."""
    dark = st.context.theme.type == "dark"
    with st.container(key="flywheel"):
        chosen = st.vega_lite_chart(
            drawn.picture(wheel, dark=dark),
            width="content",
            theme=None,
            on_select="rerun",
            selection_mode=["node", "metric"],
            key="flywheel picture",
        )
    picked = chosen.get("selection", {})
    return _one(picked.get("node"), "node"), _one(picked.get("metric"), "metric")


def _one(picked: object, field: str) -> str | None:
    if isinstance(picked, list) and picked and isinstance(picked[0], dict):
        return str(picked[0].get(field) or "") or None
    return None


def _legend(wheel: Wheel) -> str:
    looks = {s.look for s in wheel.spokes}
    drawings = {
        look: '<path d="M1 6H33" '
        f'stroke="var(--w-{ink})" stroke-width="{width}" stroke-dasharray="{dashes}"/>'
        for look, (ink, width, dashes) in LINES.items()
    }
    drawings["definition"] = '<path d="M1 4H33M1 8H33" stroke="var(--w-before)" stroke-width="1.2"/>'
    items = "".join(
        f'<li><svg viewBox="0 0 34 12" width="34" height="12" fill="none" aria-hidden="true">{drawing}</svg>'
        f"{escape(drawn.GRADES[look])}</li>"
        for look, drawing in drawings.items()
        if look in looks
    )
    return (
        f'<ul class="w-legend" aria-label="Key to the links">{items}'
        "<li>● exception, ○ watch · a click on a node or a metric opens it below</li></ul>"
    )


# --- a node, a metric -------------------------------------------------------------------------


def _node(page: Page, wheel: Wheel, node: str) -> str:
    definitions = page.workspace.definitions
    found = next((n for n in wheel.nodes if n.id == node), None)
    if found is None:
        return ""
    rows = "".join(
        f'<tr><th scope="row"{markup.LEFT}>{markup.metric_link(m, definitions.metrics[m].name)}</th>'
        + markup.cell(definitions.metrics[m].kind, left=True)
        + markup.cell(words.owner(definitions.metrics[m], definitions), left=True)
        + markup.cell(
            "exception" if m in found.exceptions else "watch" if m in found.watches else "", left=True
        )
        + "</tr>"
        for m in found.metrics
    )
    heads = "".join(markup.head(c, left=True) for c in ("Metric", "Kind", "Owner", "This week"))
    inside = markup.scrolled(found.name, heads, rows) if rows else ""
    return markup.block(found.name, inside, f"{drawn.state_words(found).capitalize()}.")


def _feeds(page: Page, wheel: Wheel, metric: str) -> str:
    definitions = page.workspace.definitions
    if metric not in definitions.metrics:
        return ""
    name = definitions.metrics[metric].name
    ways = feeding(metric, wheel.spokes)
    rows = [
        (
            " → ".join(definitions.metrics[m].name for m in way.path),
            "raises" if way.sign == "+" else "lowers",
            drawn.lag_words(way.lags).replace("wk", "weeks"),
        )
        for way in ways[:WAYS]
    ]
    title = f"What feeds {name}"
    link = f"<p>{markup.metric_link(metric, f'Open {name}')}</p>"
    if not rows:
        return markup.block(title, link, "No link is stated into it.")
    note = f"{text.counted(len(ways), 'way')}, the shortest first; lags add up along a way."
    return markup.block(
        title, link + markup.table(title, ("Way", "It", "After"), rows, left=("It", "After")), note
    )


# --- links ------------------------------------------------------------------------------------


def _links(page: Page, beliefs: tuple[Belief, ...]) -> str:
    """The table twin of the picture: every link with its grade and evidence."""
    definitions = page.workspace.definitions

    def name(metric: str) -> str:
        return markup.metric_link(metric, definitions.metrics[metric].name)

    body = "".join(
        f'<tr><th scope="row"{markup.LEFT}>{name(b.record.link.driver)} {words.moves(b.record.link)} '
        f"{name(b.record.link.driven)}</th>"
        + markup.cell(drawn.lag_words(b.record.link.lag_weeks), left=True)
        + markup.cell(_grade(b), left=True)
        + f'<td class="w-left w-wrap">{escape(b.words)}{_steps(b)}</td>'
        + f'<td class="w-left w-wrap">{escape(b.record.link.because)}</td>'
        + markup.cell(_stated(b.record.link, page), left=True)
        + "</tr>"
        for b in beliefs
    )
    columns = ("Link", "Lag", "Grade", "Evidence", "Because", "Stated")
    heads = "".join(markup.head(c, left=True) for c in columns)
    return markup.block("Links and their evidence", markup.scrolled("Links", heads, body))


def _grade(belief: Belief) -> str:
    number = "–" if belief.grade is None else str(belief.grade)
    return f"{number}: {drawn.GRADES[belief.look]}"


def _steps(belief: Belief) -> str:
    told_ = [
        f"A logged step on {words.day(s.day)} ({escape(s.text)}): {CAME[came]}." for s, came in belief.steps
    ]
    planned = [
        f"Planned for {words.day(s.day)}: {escape(s.text)}." for s in belief.record.steps if not s.logged
    ]
    return "".join(f"<br>{one}" for one in [*told_, *planned])


def _stated(link: Link, page: Page) -> str:
    by = f" by {words.person(link.by, page.workspace.definitions)}" if link.by else ""
    return f"{words.day(link.stated)}{by}" if link.stated else "without a date"


# --- the theory -------------------------------------------------------------------------------


def _theory(page: Page) -> str | None:
    beliefs, definitions = page.workspace.beliefs, page.workspace.definitions
    today = page.workspace.loop.today
    on = st.date_input("What we believed on", value=today, max_value=today, key="theory day", width=180)
    day = on if isinstance(on, date) else today
    then = beliefs.records(day)
    rows = []
    for record in beliefs.records():
        at = next((r for r in then if r.subject == record.subject), None)
        now = (
            "believed"
            if record.retired is None
            else f"retired on {words.day(record.retired)}: {record.because}"
        )
        before = "not stated" if at is None else "believed" if at.retired is None else "retired"
        if at is not None and at.link != record.link:
            before += f", as {words.moves(at.link)}, {drawn.lag_words(at.link.lag_weeks)}: {at.link.because}"
        driver, driven = (
            definitions.metrics[record.link.driver].name,
            definitions.metrics[record.link.driven].name,
        )
        rows.append((f"{driver} {words.moves(record.link)} {driven}", before, now, str(len(record.versions))))
    columns = ("Link", f"On {words.day(day)}", "Now", "Versions")
    changed = [r for r in rows if not r[1].startswith("believed") or r[2] != "believed" or r[1] != "believed"]
    note = (
        f"{text.counted(len(changed), 'link')} told differently then than now."
        if changed
        else "Nothing changed since."
    )
    inside = markup.table(
        "What we believed", columns, changed + [r for r in rows if r not in changed], left=columns[1:3]
    )
    return sheet(markup.block("How the theory changed", inside, note), key="theory").metric


# --- stating, testing, retiring ---------------------------------------------------------------


def _edit(page: Page) -> None:
    definitions, beliefs = page.workspace.definitions, page.workspace.beliefs
    names = {m.id: m.name for m in definitions.metrics.values() if not m.retired}
    drivers = list(names)
    asked = (st.query_params.get("driver"), st.query_params.get("driven"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        driver = st.selectbox(
            "Driver",
            drivers,
            index=_place(drivers, asked[0]),
            format_func=names.__getitem__,
            key="edit driver",
            width=300,
            placeholder="Choose",
        )
        driven = st.selectbox(
            "Driven",
            drivers,
            index=_place(drivers, asked[1]),
            format_func=names.__getitem__,
            key="edit driven",
            width=300,
            placeholder="Choose",
        )
    if driver is None or driven is None:
        hint("Choose the two metrics of a link. State it before you test it: only later weeks count.")
        return
    state.put(driver=driver, driven=driven)
    known = next((r for r in beliefs.records() if r.subject == f"{driver}>{driven}"), None)
    stands = known is not None and known.retired is None
    if known is not None:
        said = "believed" if stands else f"retired: {known.because}"
        claim = f"{names[driver]} {words.moves(known.link)} {names[driven]}, {words.lag(known.link)}"
        hint(f"{claim}: {known.link.because}. It is {said}.")
    _state_form(page, driver, driven, known.link if known else None, again=stands)
    if known is not None and stands:
        _test_forms(page, driver, driven)


def _place(names: list[str], asked: str | None) -> int | None:
    return names.index(asked) if asked in names else None


def _state_form(page: Page, driver: str, driven: str, link: Link | None, *, again: bool) -> None:
    beliefs, subject = page.workspace.beliefs, f"link:{driver}>{driven}"
    with st.expander(
        "State it anew" if again else "State this link", expanded=not again, icon=":material/edit:"
    ):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            sign = st.selectbox(
                "Direction",
                ["+", "-"],
                index=int(link is not None and link.sign == "-"),
                format_func={"+": "raises", "-": "lowers"}.__getitem__,
                key=f"{subject} sign",
                width=130,
            )
            first = st.number_input(
                "First lag, weeks", 0, 52, link.lag_weeks[0] if link else 0, key=f"{subject} first", width=150
            )
            last = st.number_input(
                "Last lag, weeks", 0, 52, link.lag_weeks[1] if link else 2, key=f"{subject} last", width=150
            )
            found = st.toggle(
                "Found by searching", value=st.query_params.get("found") == "1", key=f"{subject} found"
            )
        mechanism = draft(
            page, "Why, in one sentence", f"{subject}:mechanism", holder=link.because if link else ""
        )
        because = draft(page, "Why it is stated anew", f"{subject}:because") if again else ""
        if st.button("State it", key=f"{subject} go"):
            act(
                page,
                lambda by: beliefs.state(
                    driver,
                    driven,
                    sign=str(sign),
                    lags=(int(first), int(last)),
                    mechanism=mechanism or (link.because if link else ""),
                    by=by,
                    found=found,
                    because=because,
                ),
                "Stated. Weeks from now on count as its test.",
                [f"{subject}:mechanism", f"{subject}:because"],
            )


def _test_forms(page: Page, driver: str, driven: str) -> None:
    beliefs, today, subject = page.workspace.beliefs, page.workspace.loop.today, f"link:{driver}>{driven}"
    with st.expander("Plan an experiment, or log a step", icon=":material/science:"):
        step = draft(page, "What is done to the driver", f"{subject}:step")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            on = st.date_input("On", value=today, key=f"{subject} on", width=150)
            expected = st.date_input(
                "Should show by", value=today + timedelta(weeks=8), key=f"{subject} expected", width=150
            )
            if st.button("Plan it", key=f"{subject} plan"):
                act(
                    page,
                    lambda by: beliefs.plan_step(driver, driven, step, on=on, expected=expected, by=by),
                    "Planned.",
                    [f"{subject}:step"],
                )
            if st.button("Log it: it was made", key=f"{subject} log"):
                act(
                    page,
                    lambda by: beliefs.log_step(driver, driven, step, on=on, by=by),
                    "Logged. Grade 3 if it is followed.",
                    [f"{subject}:step"],
                )
    with st.expander("Enter a randomised test", icon=":material/experiment:"):
        how = draft(page, "How it was run", f"{subject}:how")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            ended = st.date_input("Ended on", value=today, key=f"{subject} ended", width=150)
            moved = st.selectbox(
                "Did it move?",
                [True, False],
                format_func=lambda m: "it moved" if m else "it did not",
                key=f"{subject} moved",
                width=140,
            )
            effect = st.number_input("Effect", value=None, key=f"{subject} effect", width=120)
            low = st.number_input("Low", value=None, key=f"{subject} low", width=120)
            high = st.number_input("High", value=None, key=f"{subject} high", width=120)
            unit = st.text_input("Unit", key=f"{subject} unit", width=160)
        if st.button("Enter it", key=f"{subject} trial"):
            act(
                page,
                lambda by: beliefs.enter_trial(
                    driver,
                    driven,
                    moved=bool(moved),
                    on=ended,
                    how=how,
                    by=by,
                    effect=effect,
                    low=low,
                    high=high,
                    unit=unit,
                ),
                "Entered.",
                [f"{subject}:how"],
            )
    with st.expander("Retire this link", icon=":material/block:"):
        because = draft(page, "What changed your mind", f"{subject}:retire")
        if st.button("Retire it", key=f"{subject} retire"):
            act(
                page,
                lambda by: beliefs.retire(driver, driven, because, by=by),
                "Retired. Its record stays.",
                [f"{subject}:retire"],
            )


# --- the practice -----------------------------------------------------------------------------


def _health(page: Page, wheel: Wheel) -> str:
    definitions = page.workspace.definitions
    rows = [
        (h.quarter, str(h.stated), str(h.tested), str(h.promoted), str(h.retired), str(h.inputs_retired))
        for h in page.workspace.beliefs.health()
    ]
    columns = ("Quarter", "Stated", "Tested", "Promoted", "Links retired", "Inputs retired")
    health = markup.table("Health of the practice", columns, rows) if rows else ""
    grades: dict[str, int] = {}
    for spoke in wheel.spokes:
        grades[drawn.GRADES[spoke.look]] = grades.get(drawn.GRADES[spoke.look], 0) + 1
    by_grade = markup.table("Links by grade", ("Grade", "Links"), [(g, str(n)) for g, n in grades.items()])
    linked = {s.driver for s in wheel.spokes}
    cover = []
    for node in wheel.nodes:
        inputs = [m for m in node.metrics if definitions.metrics[m].kind == "input"]
        lives = page.workspace.loop.living.lives()
        proposed = [m for m in inputs if lives[m].state in ("proposed", "defined")]
        measured = [m for m in inputs if m not in proposed]
        unlinked = [definitions.metrics[m].name for m in measured if m not in linked]
        cover.append(
            (
                node.name,
                str(len(measured)),
                str(len(proposed)),
                "missing" if not measured else "",
                ", ".join(unlinked) or "—",
            )
        )
    columns_of = ("Node", "Measured inputs", "Proposed", "", "Inputs without a stated link")
    coverage = markup.table("Coverage", columns_of, cover, left=("", "Inputs without a stated link"))
    return (
        markup.block(
            "Links tested, promoted and retired", health, "" if rows else "Nothing was stated or tested yet."
        )
        + markup.block("Links by grade", by_grade)
        + markup.block("Coverage of the flywheel by inputs", coverage)
    )
