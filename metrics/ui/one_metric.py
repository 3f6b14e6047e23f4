"""What the metric page shows: a definition in words, its chart, where its numbers come from."""

from collections.abc import Iterator
from html import escape
from typing import Literal

import pandas as pd
import streamlit as st

from metrics import text
from metrics.deck import Block
from metrics.definitions import Definitions, Link, Metric, Unit, series_of
from metrics.draw import explore, grid
from metrics.ui import markup, state, words
from metrics.ui.frame import Page, hint, when

SHOWN = 24  # Rows of a list on the page; the newest come first.
GRAINS: tuple[Literal["week", "day"], ...] = ("week", "day")
WORDS_OF_GRAINS = {"week": "Weeks", "day": "Days"}


def picked_metric(page: Page) -> Metric | None:
    """The metric that the address names, with a list to choose another one; None until one is chosen."""
    metrics = page.workspace.definitions.metrics
    asked, notice = state.metric(page.workspace)
    if notice:
        st.warning(words.plain(notice))
    st.session_state["metric"] = asked
    with st.container(key="picker"):
        st.selectbox(
            "Metric",
            list(metrics),
            index=None,
            format_func=lambda name: metrics[name].name,
            key="metric",
            placeholder="Find a metric",
            label_visibility="collapsed",
            on_change=_chosen,
        )
    return metrics[asked] if asked else None


def _chosen() -> None:
    if chosen := st.session_state["metric"]:
        state.put(metric=chosen)


def all_metrics(page: Page) -> str:
    """Every metric with its kind and owner, to choose from."""
    definitions = page.workspace.loop.definitions
    body = "".join(
        f'<tr><th scope="row"{markup.LEFT}>{markup.metric_link(m.id, m.name)}</th>'
        + markup.cell(m.kind, left=True)
        + markup.cell(words.owner(m, definitions), left=True)
        + markup.cell(words.measured(m.measure, definitions), left=True)
        + "</tr>"
        for m in definitions.metrics.values()
    )
    heads = "".join(markup.head(column, left=True) for column in ("Metric", "Kind", "Owner", "Measured"))
    return '<h1 class="w-only">Metrics</h1>' + markup.scrolled("All metrics", heads, body)


# --- the definition and the chart ------------------------------------------------------------


def definition_and_chart(page: Page, metric: Metric) -> str:
    """Title, meaning, the 6-12 chart large, and the definition card beside it."""
    definitions = page.workspace.loop.definitions
    metric = definitions.metrics[metric.id]
    about = " · ".join(filter(None, (metric.kind, words.owner(metric, definitions), metric.code)))
    lead = f'<p class="w-lead">{escape(metric.meaning)}</p>' if metric.meaning else ""
    card = grid.card(_block(page, metric), definitions.company.currency, "on_demand")
    return (
        f'<div class="w-title"><h1>{escape(metric.name)}</h1><p>{escape(about)}</p></div>{lead}'
        f'<div class="w-pair"><div>{card}</div>'
        f"<div>{markup.facts(facts_of(metric, definitions))}</div></div>"
    )


def _block(page: Page, metric: Metric) -> Block:
    """The metric's chart, alone: what the deck pairs it with is not its own."""
    chart = page.workspace.chart(metric.id, page.week)
    return Block(number=1, kind="six_twelve", title=metric.name, chart=chart)


def facts_of(metric: Metric, definitions: Definitions) -> Iterator[tuple[str, str | None]]:
    """The definition card: names and markup of what is declared."""
    currency = definitions.company.currency

    def said(sentence: str | None) -> str | None:
        return escape(sentence[:1].upper() + sentence[1:]) if sentence else None

    yield "Kind", said(words.KINDS[metric.kind])
    owner = words.owner(metric, definitions)
    yield "Owner", f'<span class="w-late">{escape(owner)}</span>' if metric.owner is None else escape(owner)
    yield "Measured", said(words.measured(metric.measure, definitions))
    yield "Unit", said(f"{words.unit(metric, currency)}; {words.BETTER[metric.better].lower()}")
    yield "As the customer meets it", said(metric.as_the_customer_meets_it)
    yield "Target", said(words.target(metric, definitions))
    yield "What moves it", said(words.controllable(metric, definitions))
    yield "How it could be gamed", said(metric.gaming)
    yield (
        "Guardrails",
        text.listed(_named(g, definitions) for g in metric.guardrails) if metric.guardrails else None,
    )
    if metric.supersedes:
        old = metric.supersedes
        since = f" since {words.day(old.start)}" if old.start else ""
        yield "Replaces", f"{_named(old.metric, definitions)}{since}, because {escape(old.because)}"
    if metric.matures_after_weeks:
        weeks = text.counted(metric.matures_after_weeks, "week")
        yield "Matures", f"Values younger than {weeks} will still move"
    if metric.second_measure:
        second = metric.second_measure
        yield (
            "Audited by",
            said(
                f"{words.measured(second.measure, definitions)}; "
                f"more than {second.tolerance * 100:g}% apart is disputed"
            ),
        )
    yield "State", said(words.STATES[metric.state]) if metric.state else None


def _named(metric: str, definitions: Definitions) -> str:
    return markup.metric_link(metric, definitions.metrics[metric].name)


# --- the whole history -----------------------------------------------------------------------


def history(page: Page, metric: Metric) -> None:
    """All weeks, or all days, with year earlier and target; a strip below chooses the stretch."""
    with st.container(key="history", horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("History", anchor=False, width="content")
        hint("Drag across the strip to look at a stretch; double-click it to see all.")
        grain = st.segmented_control(
            "Grain",
            GRAINS,
            format_func=WORDS_OF_GRAINS.__getitem__,
            default="week",
            required=True,
            key="grain",
            label_visibility="collapsed",
        )
    workspace = page.workspace
    table = workspace.history(metric.id, grain, until=page.week)
    if table.empty:
        hint("This metric has no days of its own: it is told by the week, or computed from others.")
        return
    if table["value"].isna().all():
        hint(f"No {grain} of this metric has a value.")
        return
    rows, specification = explore.history(table, grain, metric.unit, workspace.definitions.company.currency)
    with st.container(key="history_chart"):
        st.vega_lite_chart(
            explore.filled(specification, rows),
            width="stretch",
            key=f"history of {metric.id} by {grain}",
            alt=f"{words.plain(metric.name)}, every {grain} from {words.day(table['day'].iloc[0])} "
            f"to {words.day(table['day'].iloc[-1])}, with the year earlier",
        )


# --- beliefs and origins ---------------------------------------------------------------------


def beliefs_and_origins(page: Page, metric: Metric) -> str:
    """What drives it and what it drives, what was told differently later, and where its numbers come from."""
    return (
        f'<div class="w-pair w-half"><div>{_beliefs(page, metric)}</div>'
        f"<div>{_restatements(page, metric)}{_provenance(page, metric)}</div></div>"
    )


def _beliefs(page: Page, metric: Metric) -> str:
    definitions = page.workspace.loop.definitions
    driven, drives = words.links(metric.id, definitions)
    guarded = [m.id for m in definitions.metrics.values() if metric.id in m.guardrails]
    items = [_belief(link, definitions) for link in (*driven, *drives)]
    items += [f"{_named(m, definitions)} keeps an eye on it as a guardrail." for m in guarded]
    if not items:
        return markup.block("What we believe moves it", "", "No link is stated yet.")
    return markup.block("What we believe moves what", markup.points(items))


def _belief(link: Link, definitions: Definitions) -> str:
    by = f"by {escape(words.person(link.by, definitions))}" if link.by else ""
    on = f"on {words.day(link.stated)}" if link.stated else ""
    stated = f' <span class="w-quiet">Stated {" ".join(filter(None, (by, on)))}.</span>' if by or on else ""
    return (
        f"{_named(link.driver, definitions)} {words.moves(link)} {_named(link.driven, definitions)} "
        f"{words.lag(link)}, because {escape(link.because)}.{stated}"
    )


def _restatements(page: Page, metric: Metric) -> str:
    told = page.workspace.restatements(metric.id)
    if told.empty:
        return markup.block("Restatements", "", "No value changed after it was first told.")
    unit = _series_unit(metric)
    currency = page.workspace.definitions.company.currency
    rows = (
        (
            words.day(row.day),
            _series(row.series, row.segments),
            _figure(row.old, unit, currency),
            _figure(row.new, unit, currency),
            when(row.old_known_at, page),
            when(row.new_known_at, page),
            f"{row.load}, {row.source}" + (", undone" if row.undone else ""),
        )
        for row in markup.each(told.iloc[::-1].head(SHOWN))
    )
    columns = ("Day", "Series", "Was", "Is", "Told", "Told anew", "Load")
    return markup.block(
        "Restatements",
        markup.table("Restatements", columns, rows, left=("Series", "Told", "Told anew", "Load")),
        _some(
            len(told), "value changed after it was first told", "values changed after they were first told"
        ),
    )


def _provenance(page: Page, metric: Metric) -> str:
    origin = page.workspace.provenance(metric.id)
    if origin.empty:
        return markup.block("Where the numbers come from", "", "No number of this metric was loaded yet.")
    rows = (
        (
            row.series.replace("_", " "),
            f"{row.source}: {row.file}",
            str(row.load),
            when(row.loaded_at, page),
            words.day(row.first_day),
            words.day(row.last_day),
            f"{row.rows:,}",
        )
        for row in markup.each(origin.head(SHOWN))
    )
    columns = ("Series", "Source and file", "Load", "Loaded", "First day", "Last day", "Values")
    return markup.block(
        "Where the numbers come from",
        markup.table("Where the numbers come from", columns, rows, left=("Source and file", "Loaded")),
        _some(len(origin), "", "") if len(origin) > SHOWN else "",
    )


def _series_unit(metric: Metric) -> Unit:
    """The unit of the stored values, which for a ratio are not fractions but what is divided."""
    return metric.unit if len(series_of(metric.measure)) == 1 and metric.scale == 1 else "number"


def _series(name: str, segments: str) -> str:
    return name.replace("_", " ") + ("" if segments == "{}" else f" {segments}")


def _figure(value: float, unit: Unit, currency: str) -> str:
    return text.UNKNOWN if pd.isna(value) else text.full(value, unit, currency)


def _some(count: int, one: str, many: str) -> str:
    said = f"{count:,} {one if count == 1 else many}".strip() if one else ""
    shown = f"The newest {SHOWN} of {count:,} are shown" if count > SHOWN else ""
    return ". ".join(filter(None, (said, shown))) + "."
