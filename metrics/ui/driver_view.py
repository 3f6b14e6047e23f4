"""What drove the change: two periods, the ways to split what happened between them, and one of them drawn."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from metrics import text
from metrics.attribution import Contribution
from metrics.definitions import Metric
from metrics.draw import waterfall
from metrics.periods import Period
from metrics.ui import markup, words
from metrics.ui.frame import Page, hint, still_in
from metrics.ui.sheet import sheet
from metrics.workspace import driver_words
from metrics.workspace.drivers import CROSSED, Change, Span, Split, parts_of

DRAWN = 12  # Parts drawn one by one; the rest is one bar.
OWN = "own"
SPANS: tuple[Span, ...] = ("week", "month", "quarter", "year")
PERIODS = 60  # Periods to choose from, the newest ones.


@st.fragment
def drivers(page: Page, metric: Metric) -> None:
    """What made up a metric's change between two periods, in words, as a waterfall and as a table."""
    still_in(page)
    with st.container(key="drivers", horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("What drove the change", anchor=False, width="content")
        pair = _pair(page)
    if pair is None:
        return
    with st.spinner("Splitting the change", show_time=True):
        change = page.workspace.drivers.change(metric.id, *pair)
    currency = page.workspace.definitions.company.currency
    st.html(f'<p class="wu-said">{escape(driver_words.headline(change, currency))}</p>')
    if not change.splits:
        if change.why_not not in driver_words.TOLD:
            hint(driver_words.why_not(change))
        return
    split = _chosen(page, change)
    hint(driver_words.story(change, split, currency))
    if split.made.state == "ok":
        _drawn(page, change, split, currency)


def _pair(page: Page) -> tuple[Period, Period] | None:
    """The two periods asked for: one of the usual pairs, or any two."""
    workspace = page.workspace
    usual = {c.name: c for c in workspace.drivers.comparisons(page.week)}
    asked = st.selectbox(
        "Compare",
        [*usual, OWN],
        format_func=lambda name: (
            "Any two periods" if name == OWN else driver_words.comparison(usual[name], workspace.calendar)
        ),
        key="compared",
        label_visibility="collapsed",
        width=520,
    )
    if asked != OWN:
        return usual[asked].before, usual[asked].after
    span = st.segmented_control(
        "Of", SPANS, default="week", required=True, key="span", format_func=str.capitalize, width="content"
    )
    known = _periods(page, span or "week")
    if len(known) < 2:
        hint(f"There are no two whole {span}s yet.")
        return None

    def named(period: Period) -> str:
        return driver_words.period(period, workspace.calendar)

    after = st.selectbox("To", known[:-1], format_func=named, key=f"to {span}", width=250)
    earlier = [p for p in known if p.first < after.first]
    before = st.selectbox("From", earlier, format_func=named, key=f"from {span} {after.first}", width=250)
    return before, after


def _periods(page: Page, span: Span) -> list[Period]:
    """Whole periods within the numbers, the newest first."""
    drivers, first = page.workspace.drivers, page.workspace.first_day()
    found: list[Period] = []
    period = drivers.period(page.week, span)
    while first is not None and period.first >= first and len(found) < PERIODS:
        if period.last <= page.week:
            found.append(period)
        period = drivers.period(period.first.fromordinal(period.first.toordinal() - 1), span)
    return found


def _chosen(page: Page, change: Change) -> Split:
    names = [split.by for split in change.splits]
    dimensions = [split.by for split in change.splits if not split.of_factors]
    if len(dimensions) > 1:
        names.append(CROSSED.join(sorted(dimensions)))  # Filled when it is asked for: it may have many parts.
    if len(names) == 1:
        return change.splits[0]
    asked = st.segmented_control(
        "Split",
        names,
        default=names[0],
        required=True,
        format_func=driver_words.dimension,
        key=f"split {' '.join(sorted(names))} {change.metric.id}",
        label_visibility="collapsed",
        help="The split that few parts tell best stands first",
    )
    found = change.split(asked or names[0])
    if found is None and asked is not None:
        crossed = page.workspace.drivers.change(change.metric.id, change.before, change.after, asked)
        if crossed.splits:
            return crossed.splits[0]
        hint(f"{driver_words.dimension(asked)}: {driver_words.why_not(crossed)}")
    return found or change.splits[0]


def _drawn(page: Page, change: Change, split: Split, currency: str) -> None:
    unit, calendar = change.metric.unit, page.workspace.calendar
    parts = list(parts_of(split, DRAWN))
    labels = [driver_words.part(c.segment, split) for c in parts]
    made = split.made
    scale = _scale(change, split)
    rows, specification = waterfall.waterfall(
        labels,
        [c.total * scale for c in parts],
        [driver_words.moved(c.total * scale, unit, currency) for c in parts],
        [c.greyed for c in parts],
        ends=(
            (
                _unlike(driver_words.short(change.before, calendar), labels),
                (made.before or 0.0) * scale,
                text.exact(change.from_value, unit, currency),
            ),
            (
                _unlike(driver_words.short(change.after, calendar), labels),
                (made.after or 0.0) * scale,
                text.exact(change.to_value, unit, currency),
            ),
        ),
        unit=unit,
        currency=currency,
    )
    with st.container(key="drivers_chart"):
        st.vega_lite_chart(
            rows,
            specification,
            width="stretch",
            key=f"drivers of {change.metric.id} by {split.by}",
            alt=words.plain(
                f"{driver_words.headline(change, currency)} {driver_words.story(change, split, currency)}"
            ),
        )
    sheet(_table(page, change, split, parts, currency), key="drivers_table")


def _scale(change: Change, split: Split) -> float:
    """From the factors' own product to the metric's unit; segments carry it already."""
    return change.metric.scale if split.of_factors else 1.0


def _unlike(name: str, labels: Sequence[str]) -> str:
    return f"{name} " if name in labels else name


def _table(page: Page, change: Change, split: Split, parts: Sequence[Contribution], currency: str) -> str:
    unit, made, scale = change.metric.unit, split.made, _scale(change, split)
    of_ratio = made.kind == "ratio"
    metrics = page.workspace.definitions.metrics

    def moved(amount: float | None) -> str:
        return driver_words.moved(None if amount is None else amount * scale, unit, currency)

    def value(c: Contribution, amount: float | None) -> str:
        of = metrics[c.segment].unit if split.of_factors and c.segment in metrics else unit
        return text.exact(amount, of, currency)

    def share(amount: float | None) -> str:
        return text.UNKNOWN if amount is None else f"{amount:.0%}".replace("-", text.MINUS)

    def surprise(c: Contribution) -> str:
        if c.own_z is None:
            return "not judged"
        z = f"{abs(c.own_z):.1f} σ".replace("-", text.MINUS)
        side = "above" if c.own_z > 0 else "below"
        return f"ordinary ({z} {side})" if c.greyed else f"outside ({z} {side})"

    columns = ["Part", "Before", "After"]
    columns += ["Weight before", "Weight after", "By its rate", "By its weight"] if of_ratio else []
    columns += ["Added", "Share", "Its own weeks"]
    body = []
    for c in parts:
        cells = [value(c, c.before), value(c, c.after)]
        if of_ratio:
            cells += [share(c.weight_before), share(c.weight_after), moved(c.rate), moved(c.mix)]
        cells += [moved(c.total), share(c.share_of_change), surprise(c)]
        name = escape(driver_words.marked(c.segment, split))
        row = ' class="w-moved"' if c.greyed else ""
        told = "".join(markup.cell(cell) for cell in cells)
        body.append(f'<tr{row}><th scope="row"{markup.LEFT}>{name}</th>{told}</tr>')
    all_of_it = [text.exact(change.from_value, unit, currency), text.exact(change.to_value, unit, currency)]
    if of_ratio:
        all_of_it += ["", "", moved(made.rate), moved(made.mix)]
    all_of_it += [moved(made.change), "100%" if made.change else text.UNKNOWN, ""]
    told = "".join(markup.cell(cell) for cell in all_of_it)
    body.append(
        f'<tr><th scope="row"{markup.LEFT}><strong>{escape(change.metric.name)}</strong></th>{told}</tr>'
    )
    heads = "".join(markup.head(column, left=n == 0) for n, column in enumerate(columns))
    judged = (
        f'<p class="w-words w-quiet">Grey: its own weeks up to {escape(text.day(change.judged_week))} '
        "stayed within 3 σ of what was expected of them.</p>"
        if change.judged_week and any(c.greyed for c in parts)
        else ""
    )
    return markup.scrolled("What drove the change", heads, "".join(body)) + judged
