"""The correlations page: all pairs from overview to one pair in depth, in honest words."""

from html import escape

import pandas as pd
import streamlit as st

from metrics import text
from metrics.correlation import Correlations, Depth, Row
from metrics.correlation.words import effect_words, number, sentence, what_would_change_our_mind
from metrics.draw import evidence as drawn
from metrics.ui import markup, state, words
from metrics.ui.acting import told
from metrics.ui.frame import Page, destinations, hint
from metrics.ui.sheet import sheet

MOST = 300  # Rows of the list.


def correlations(page: Page) -> str | None:
    """The whole page; the id of a metric that was clicked, if one was."""
    told()
    definitions = page.workspace.definitions
    driver, driven = _asked(page)
    with st.spinner("Looking at all pairs of metrics"):
        found = page.workspace.evidence.correlations(until=page.week)
    asked = sheet(_title(found), key="cor_title").metric
    if driver and driven:
        if st.button("Back to all pairs", icon=":material/arrow_back:", key="back"):
            for part in ("driver", "driven"):
                st.query_params.pop(part, None)
            st.rerun()
        return _pair(page, driver, driven) or asked
    names = {m.id: m.name for m in definitions.metrics.values()}
    metric = _chosen(page)
    rows = [r for r in found.rows if metric in (None, r.driver, r.driven)]
    _ranked(rows, names, metric)
    st.subheader("All pairs", anchor=False)
    _matrix(page, found)
    return sheet(_left_out(found, names), key="cor_left").metric or asked


def _asked(page: Page) -> tuple[str | None, str | None]:
    metrics = page.workspace.definitions.metrics
    driver, driven = st.query_params.get("driver"), st.query_params.get("driven")
    return (driver, driven) if driver in metrics and driven in metrics and driver != driven else (None, None)


def _title(found: Correlations) -> str:
    listed = list(found.listed())
    rate = f"{found.rate:.0%}"
    said = (
        f"{found.tests:,} tests over {text.counted(found.weeks, 'week')}; "
        f"{text.counted(len(listed), 'pair')} stand out, of which about {rate} are luck"
    )
    return (
        f'<div class="w-title"><h1>Correlations</h1><p>{escape(said)}</p></div>'
        '<p class="w-lead">Each series is first reduced to its surprises: without events, season, trend and '
        "what last week already told. The plain r beside it shows why the naive number misleads. "
        "Association, not proof.</p>"
    )


# --- all pairs --------------------------------------------------------------------------------


def _chosen(page: Page) -> str | None:
    """The metric that the list is about; None for all."""
    metrics = {m.id: m for m in page.workspace.definitions.metrics.values() if not m.retired}
    asked = st.query_params.get("about")
    place = list(metrics).index(asked) if asked in metrics else None
    chosen: str | None = st.selectbox(
        "About",
        list(metrics),
        index=place,
        format_func=lambda m: f"{metrics[m].name} · {metrics[m].kind}",
        placeholder="An output or an input; all metrics without one",
        key="about",
        width=420,
    )
    if chosen:
        state.put(about=chosen)
    else:
        st.query_params.pop("about", None)
    return chosen


def _ranked(rows: list[Row], names: dict[str, str], metric: str | None) -> None:
    """The candidates, clearest first; a chosen row opens the pair."""
    everything = st.toggle("Also what does not stand out", key="everything")
    # What others share comes last: most false findings of the hardest worlds are among them.
    shown = sorted((r for r in rows if r.listed or everything), key=lambda r: bool(r.common_with))[:MOST]
    if not shown:
        about = names[metric] if metric else "any metric"
        hint(
            f"Nothing stands out about {about}. State a link you believe in on the Flywheel page: "
            "it is tested alone."
        )
        return
    table = pd.DataFrame(
        {
            "Driver": [names[r.driver] for r in shown],
            "Driven": [names[r.driven] for r in shown],
            "Verdict": [_verdict(r) for r in shown],
            "Lag, weeks": [r.lag_weeks for r in shown],
            "Effect": [_effect(r, names) for r in shown],
            "r": [round(r.r, 2) for r in shown],
            "q": [_luck(r.q) for r in shown],
            "Raw r": [None if r.r_raw is None else round(r.r_raw, 2) for r in shown],
            "Common with": [", ".join(names.get(c, c) for c in r.common_with) for r in shown],
        }
    )
    hint("Tick a row to see the pair in depth.")
    picked = st.dataframe(
        table,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        height=min(420, 38 + 35 * len(shown)),
        key=f"ranked {metric} {everything}",
    )
    if picked.selection.rows and picked.selection.rows[0] < len(shown):
        row = shown[picked.selection.rows[0]]
        state.put(driver=row.driver, driven=row.driven)
        st.rerun()


def _verdict(row: Row) -> str:
    """What the search says; a movement that others share is told apart."""
    shared = ", in a movement that others share" if row.common_with else ""
    return drawn.VERDICTS[row.verdict] + shared


def _luck(q: float | None) -> str:
    """A share of luck, no finer than anybody can use."""
    return text.UNKNOWN if q is None else "< 0.001" if q < 0.001 else f"{q:.3f}"


def _effect(row: Row, names: dict[str, str]) -> str:
    return "" if row.effect is None else effect_words(row.effect, names[row.driver], names[row.driven])


def _matrix(page: Page, found: Correlations) -> None:
    names = {m.id: m.name for m in page.workspace.definitions.metrics.values()}
    clear = st.toggle("Only metrics of pairs that stand out", value=True, key="matrix clear")
    dark = st.context.theme.type == "dark"
    with st.container(key="matrix"):
        chosen = st.vega_lite_chart(
            drawn.matrix(found, names, dark=dark, clear_only=clear),
            width="content",
            theme=None,
            on_select="rerun",
            selection_mode="pair",
            key=f"matrix {clear}",
        )
    picked = chosen.get("selection", {}).get("pair")
    if isinstance(picked, list) and picked and picked[0].get("driver_id"):
        state.put(driver=str(picked[0]["driver_id"]), driven=str(picked[0]["driven_id"]))
        st.rerun()


def _left_out(found: Correlations, names: dict[str, str]) -> str:
    items = [escape(sentence(left, names)) for left in found.left_out]
    apart = [escape(sentence(e, names)) for e in found.excluded if e.driver < e.driven]
    return (markup.block("Left out of the search", markup.points(items)) if items else "") + (
        '<details class="w-more"><summary>'
        f"Arithmetic, never scored: {text.counted(len(apart), 'pair')}</summary>"
        f"{markup.points(apart)}</details>"
        if apart
        else ""
    )


# --- one pair ---------------------------------------------------------------------------------


def _pair(page: Page, driver: str, driven: str) -> str | None:
    definitions, evidence = page.workspace.definitions, page.workspace.evidence
    names = {m.id: m.name for m in definitions.metrics.values()}
    here, there = names[driver], names[driven]
    lag = _lag(driver, driven)
    depth = evidence.pair(driver, driven, page.week, lag)
    asked = sheet(_words(page, depth), key="pair_words").metric
    if depth.excluded is not None:
        return asked
    dark = st.context.theme.type == "dark"
    if (both := drawn.lines(depth, here, there, dark=dark)) is not None:
        st.subheader("Both series, the driven one moved back by the lag", anchor=False)
        st.vega_lite_chart(both, width="stretch", theme=None, key="pair lines")
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Strength by lag", anchor=False)
        if depth.strengths:
            st.vega_lite_chart(drawn.profile(depth, dark=dark), width="stretch", theme=None, key="pair lags")
        else:
            hint("Too few common weeks.")
    with right:
        st.subheader("Surprises, week by week", anchor=False)
        if depth.points:
            st.vega_lite_chart(
                drawn.scatter(depth, here, there, dark=dark), width="stretch", theme=None, key="pair scatter"
            )
            if depth.bend is not None:
                hint(sentence(depth.bend, names))
        else:
            hint("Too few common weeks.")
    if (moving := drawn.rolling(depth, dark=dark)) is not None:
        st.subheader("Effect over moving years", anchor=False)
        st.vega_lite_chart(moving, width="stretch", theme=None, key="pair rolling")
        if depth.decay is not None:
            hint(sentence(depth.decay, names))
    _next(page, depth)
    return asked


def _lag(driver: str, driven: str) -> int | None:
    chosen = st.selectbox(
        "Lag",
        [None, *range(-4, 13)],
        format_func=lambda n: "the clearest" if n is None else f"{n} weeks",
        key=f"lag {driver} {driven}",
        width=160,
    )
    return None if chosen is None else int(chosen)


def _words(page: Page, depth: Depth) -> str:
    definitions, evidence = page.workspace.definitions, page.workspace.evidence
    names = {m.id: m.name for m in definitions.metrics.values()}

    def name(metric: str) -> str:
        return markup.metric_link(metric, names[metric])

    title = f'<div class="w-title"><h2>{name(depth.driver)} → {name(depth.driven)}</h2></div>'
    if depth.excluded is not None:
        return title + f'<p class="w-lead">{escape(sentence(depth.excluded, names))}</p>'
    facts: list[tuple[str, str | None]] = []
    if depth.row is not None:
        facts.append(("The search says", escape(sentence(depth.row, names))))
        raw = "—" if depth.row.r_raw is None else number(depth.row.r_raw)
        facts.append(
            (
                "Raw r",
                f"{raw}; of the surprises {number(depth.row.r)}. "
                "The raw one takes trend and season for a link.",
            )
        )
    for left in depth.left_out:
        facts.append(("Left out", escape(sentence(left, names))))
    links = page.workspace.beliefs.standing()
    link = next((k for k in links if (k.driver, k.driven) == (depth.driver, depth.driven)), None)
    if link is not None:
        test = next(t for t in evidence.links(page.week, links) if t.link == link)
        facts.append(("The stated link", escape(sentence(test, names))))
        facts.append(("What would change our mind", escape(what_would_change_our_mind(test, names))))
        joint = evidence.joint(depth.driven, page.week, links)
        facts.append(("With the other drivers", escape(sentence(joint, names))))
    else:
        facts.append(
            (
                "The stated link",
                f"None. {words.owner(definitions.metrics[depth.driven], definitions)} may state one.",
            )
        )
    if depth.effect is not None:
        facts.append(
            (
                "Effect at this lag",
                escape(effect_words(depth.effect, names[depth.driver], names[depth.driven])),
            )
        )
    if depth.detectable_r is not None:
        facts.append(
            ("Could have been seen", f"r above {depth.detectable_r:.2f}, if the lag was named beforehand.")
        )
    return title + markup.facts(facts)


def _next(page: Page, depth: Depth) -> None:
    """State a hypothesis from here, or plan an experiment: both on the flywheel page."""
    found = "1" if depth.row is not None and depth.row.listed else "0"
    where = {"driver": depth.driver, "driven": depth.driven, "week": page.week.isoformat(), "found": found}
    label = "State it, test it, or plan an experiment"
    if st.button(label, icon=":material/science:", key="to flywheel"):
        st.switch_page(destinations()["flywheel"], query_params=where)
