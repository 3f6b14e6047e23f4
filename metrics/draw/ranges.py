"""The expected range of a metric, and the classic pair of charts, as Vega-Lite templates.

As in `explore`: built once, then given rows. A strip under the views chooses the stretch to look at. Marks
are the deck's: a diamond surrounds an exception, a circle a favourable one, a thin circle a watch. A week
that is left out of the limits is an empty point beside the line.

Source: DESIGN.md section 6; analytics.md section 2.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from metrics import text
from metrics.definitions import Unit
from metrics.draw.explore import BEFORE, HEIGHT, MONTH, NOW, STRIP, TARGET, levels, without_data

# Between the deck's inks for the light and the dark page: over 4 to 1 on either.
OWN_INKS = {"attention": "#cf5a1e", "good": "#178f64"}
TWO_YEARS = pd.Timedelta(weeks=104)  # Shown at first.
PANEL = 84  # Pixels of the second view.
HALF_WEEK = pd.Timedelta(days=3, hours=12)  # A divider stands between two weeks.
SURPRISES = (4.0, 8.0)  # Sigma: the axis of surprises reaches at least and at most so far.
LINE, ZONE = (
    3.0,
    1.5,
)  # Sigma: beyond the first an exception; the watch's three of four lie beyond the second.


HOLLOW: dict[str, Any] = {"filled": False, "opacity": 1, "clip": True}
DIAMOND: dict[str, Any] = {"shape": "diamond", **HOLLOW}
FULL: dict[str, Any] = {"filled": True, "opacity": 1, "clip": True}


@dataclass(frozen=True, slots=True)
class Cut:
    """A new level that somebody declared, or a new definition.

    Attributes:
        week: Last day of its first week.
        because: The cause.
    """

    week: date
    because: str


def expected_range(
    table: pd.DataFrame,
    told: Sequence[str],
    cuts: Sequence[Cut],
    locks: Sequence[date],
    unit: Unit,
    currency: str,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Every week of a metric in its expected range, the surprise of each below, and a strip to look closer.

    Args:
        table: As `Limits.weeks` gives it.
        told: The verdict on each week in a sentence.
        cuts: Dividers.
        locks: Endings of the weeks after which limits were locked.
        unit: Of the values.
        currency: ISO code.

    Returns:
        The rows and the specification that draws them, without data. The two newest years are shown at first.
    """
    good = (table["tier"] == "exception") & (table["favourable"] == True)  # noqa: E712 - None is not True
    mark = table["tier"].where(table["tier"].isin(("exception", "watch")), "").mask(good, "good")
    low, high = _clipped(table["value"], table["low"], table["high"])
    span = high - low
    rows = table.drop(columns=["favourable"]).assign(
        mark=mark,
        joined=table["value"].where(table["left_out"] == ""),
        hollow=table["left_out"] != "",
        band_low=table["low"].clip(low - span, high + span),
        band_high=table["high"].clip(low - span, high + span),
        lock=[week.date() in set(locks) for week in table["day"]],
        when=[text.day(day.date()) for day in table["day"]],
        said=_readings(table["value"], unit, currency),
        surprise=[text.UNKNOWN if z != z else _sigma(z) for z in table["z"]],
        verdict=list(told),
        also=_also(table, cuts, locks),
    )
    rows = _with_cuts(rows, cuts)
    known = table["z"].abs().max()
    reach = min(max(SURPRISES[0], known + 0.5 if known == known else 0.0), SURPRISES[1])
    rows = rows.assign(z=table["z"].clip(-reach, reach))
    specification: dict[str, Any] = json.loads(_expected_range(_occurring(rows)))
    main, second, _ = specification["vconcat"]
    _set_axis(main, levels(max(abs(low), abs(high)), unit, currency))
    _set_domain(main, low, high)
    _set_domain(second, -reach - 0.6, reach + 0.6)
    _show_two_years(specification, table)
    return rows, specification


def classic(
    table: pd.DataFrame, cuts: Sequence[Cut], unit: Unit, currency: str
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The classic pair: individual values between their limits, and the moving ranges below.

    Args:
        table: As `Limits.classic` gives it.
        cuts: Dividers.
        unit: Of the values.
        currency: ISO code.

    Returns:
        The rows and the specification that draws them, without data. The two newest years are shown at first.
    """
    low, high = _clipped(table["value"], table["low"], table["high"])
    rows = table.assign(
        when=[text.day(day.date()) for day in table["day"]],
        said=_readings(table["value"], unit, currency),
        limits=_spans(table["low"], table["high"], unit, currency),
        moved=_readings(table["moving_range"], unit, currency),
        also=_also(table, cuts, ()),
    )
    rows = _with_cuts(rows, cuts)
    specification: dict[str, Any] = json.loads(_classic(_occurring(rows)))
    main, second, _ = specification["vconcat"]
    ranges = table[["moving_range", "range_high"]].max().max()
    widest = float(ranges) * 1.06 if ranges > 0 else 1.0
    _set_axis(main, levels(max(abs(low), abs(high)), unit, currency))
    _set_axis(second, levels(widest, unit, currency))
    _set_domain(main, low, high)
    _set_domain(second, 0.0, widest)
    _show_two_years(specification, table)
    return rows, specification


def _occurring(rows: pd.DataFrame) -> frozenset[str]:
    """Which layers have something to show."""
    nothing = pd.Series(data=False, index=rows.index)
    found = {
        "band": rows["low"].notna(),
        "limits": rows["low"].notna(),
        "cut": rows["cause"] != "",
        **{name: rows.get(name, nothing) for name in ("hollow", "lock", "beyond", "range_beyond")},
        **{name: rows.get("mark", nothing) == name for name in ("exception", "good", "watch")},
    }
    return frozenset(name for name, there in found.items() if there.any())


def _sigma(z: float) -> str:
    return f"{'+' if z > 0 else text.MINUS if z < 0 else ''}{abs(z):.1f} σ"


def _readings(values: pd.Series, unit: Unit, currency: str) -> list[str]:
    return [text.UNKNOWN if value != value else text.full(value, unit, currency) for value in values]


def _spans(low: pd.Series, high: pd.Series, unit: Unit, currency: str) -> list[str]:
    return [
        text.UNKNOWN if one != one or other != other else text.span(one, other, unit, currency)
        for one, other in zip(low, high, strict=True)
    ]


def _also(table: pd.DataFrame, cuts: Sequence[Cut], locks: Sequence[date]) -> list[str]:
    """What else is known of each week: its events, why it is left out, dividers, locks."""
    causes = {cut.week: cut.because for cut in cuts}
    locked = set(locks)
    found = []
    nothing = [""] * len(table)
    columns = (table["day"], table.get("left_out", nothing), table.get("event", nothing))
    for moment, left_out, event in zip(*columns, strict=True):
        day = moment.date()
        parts = [event] if event and event != left_out else []
        parts += [f"left out of the limits: {left_out}"] if left_out else []
        parts += [f"divider: {causes[day]}"] if day in causes else []
        parts += ["limits locked after this week"] if day in locked else []
        found.append("; ".join(parts) or text.UNKNOWN)
    return found


def _with_cuts(rows: pd.DataFrame, cuts: Sequence[Cut]) -> pd.DataFrame:
    """The rows with the place and the cause of each divider in the row of its week."""
    causes = {pd.Timestamp(cut.week): cut.because for cut in cuts}
    cut = [day if day in causes else pd.NaT for day in rows["day"]]
    return rows.assign(
        cut=pd.to_datetime(pd.Series(cut, dtype="datetime64[us]", index=rows.index)) - HALF_WEEK,
        cause=[causes.get(day, "") for day in rows["day"]],
    )


def _clipped(value: pd.Series, low: pd.Series, high: pd.Series) -> tuple[float, float]:
    """Ends of the axis: all values, and of the limits what leaves the values their room."""
    there = value[np.isfinite(value)]
    if there.empty:
        return 0.0, 1.0
    bottom, top = float(there.min()), float(there.max())
    room = (top - bottom) or abs(top) * 0.1 or 1.0
    lowest, highest = low[np.isfinite(low)], high[np.isfinite(high)]
    ends = (
        max(float(lowest.min()), bottom - room) if len(lowest) else bottom,
        min(float(highest.max()), top + room) if len(highest) else top,
    )
    bottom, top = min(bottom, ends[0]), max(top, ends[1])
    if bottom == top:
        bottom, top = bottom - room, top + room
    margin = (top - bottom) * 0.04
    return bottom - margin, top + margin


def _set_axis(view: dict[str, Any], style: dict[str, str]) -> None:
    for layer in view["layer"]:
        if "axis" in layer["encoding"].get("y", {}) and layer["encoding"]["y"]["axis"]:
            layer["encoding"]["y"]["axis"] |= style


def _set_domain(view: dict[str, Any], low: float, high: float) -> None:
    for layer in view["layer"]:
        if "scale" in layer["encoding"].get("y", {}):
            layer["encoding"]["y"]["scale"] |= {"domain": [low, high]}


def _show_two_years(specification: dict[str, Any], table: pd.DataFrame) -> None:
    """Set the strip to the newest two years, where there is more."""
    first, last = table["day"].iloc[0], table["day"].iloc[-1]
    if last - first <= TWO_YEARS:
        return
    shown = [int(moment.timestamp() * 1000) for moment in (last - TWO_YEARS, last + HALF_WEEK)]
    for param in specification["params"]:
        if param["name"] == "stretch":
            param["value"] = {"x": shown}


# --- templates -----------------------------------------------------------------------------------

Axis = Callable[[str], alt.Y]
STRETCH = alt.selection_interval(name="stretch", encodings=["x"])


@cache
def _expected_range(shown: frozenset[str]) -> str:
    """The template as JSON: a dictionary handed out would be changed by its taker.

    Args:
        shown: The marks that occur; an empty layer has no extent, and the browser warns of each.
    """
    band = _in(NOW).encode(x=_when(), y=_level("band_low"), y2="band_high:Q")
    bars = _in(NOW).encode(x=_when(), y=_surprise("z"), y2=alt.Y2Datum(0))
    marks = {
        "hollow": _points("value", "datum.hollow", NOW).mark_point(size=34, strokeWidth=1.5, **HOLLOW),
        "watch": _marked("value", "watch", BEFORE).mark_point(size=105, strokeWidth=1.2, **HOLLOW),
        "good": _marked("value", "good", "good").mark_point(size=120, strokeWidth=2, **HOLLOW),
        "exception": _marked("value", "exception", "attention").mark_point(
            size=150, strokeWidth=2, **DIAMOND
        ),
        "lock": _locks(),
    }
    below = {
        "good": _marked("z", "good", "good", _surprise).mark_point(size=60, strokeWidth=1.6, **HOLLOW),
        "exception": _marked("z", "exception", "attention", _surprise).mark_point(
            size=70, strokeWidth=1.6, **DIAMOND
        ),
    }
    main = [
        *([band.mark_area(opacity=0.15, clip=True)] if "band" in shown else []),
        *(_dividers() if "cut" in shown else ()),
        *([_line("expected", BEFORE, 1.1)] if "band" in shown else []),
        _line("joined", NOW, 1.7),
        _points("joined", "isValid(datum.joined)", NOW).mark_point(size=9, **FULL),
        *(layer for name, layer in marks.items() if name in shown),
        _reading(
            ("when", "Week ending"),
            ("said", "Value"),
            ("verdict", "Verdict"),
            ("surprise", "Surprise"),
            ("also", "Also"),
        ),
    ]
    second = [
        *(_constant(at, "attention", 0.9) for at in (LINE, -LINE)),
        *(_constant(at, BEFORE, 0.7, (3, 3)) for at in (ZONE, -ZONE)),
        bars.mark_bar(clip=True, width=2.4),
        *(layer for name, layer in below.items() if name in shown),
    ]
    return _template(main, second, "Surprise: distance from the expected value, in σ")


@cache
def _classic(shown: frozenset[str]) -> str:
    """The template as JSON, for the same reasons."""
    limits = (("centre", BEFORE), ("low", TARGET), ("high", TARGET))
    outside = _points("value", "datum.beyond", "attention").mark_point(size=150, strokeWidth=2, **DIAMOND)
    wide = _points("moving_range", "datum.range_beyond", "attention", _below)
    main = [
        *(_dividers() if "cut" in shown else ()),
        *(_line(field, ink, 1.2, level=True) for field, ink in limits if "limits" in shown),
        _line("value", NOW, 1.4),
        _points("value", "isValid(datum.value)", NOW).mark_point(size=14, **FULL),
        *([outside] if "beyond" in shown else []),
        _reading(
            ("when", "Week ending"),
            ("said", "Value"),
            ("limits", "Limits"),
            ("moved", "Moving range"),
            ("also", "Also"),
        ),
    ]
    second = [
        *([_line("range_high", TARGET, 1.2, _below, level=True)] if "limits" in shown else []),
        _line("moving_range", NOW, 1.2, _below),
        *([wide.mark_point(size=80, strokeWidth=1.6, **DIAMOND)] if "range_beyond" in shown else []),
    ]
    return _template(main, second, "Moving range: distance from the week before")


def _template(main: Sequence[alt.Chart], second: Sequence[alt.Chart], title: str) -> str:
    """Two views over a strip that chooses the stretch."""
    strip = _in(NOW).encode(
        x=alt.X("day:T", title=None, axis=alt.Axis(grid=False, tickCount="year", format="%Y")),
        y=alt.Y("value:Q", scale=alt.Scale(zero=False), axis=None),
    )
    chosen = strip.mark_line(strokeWidth=1).properties(height=STRIP).add_params(STRETCH)
    below = alt.TitleParams(title, anchor="start", fontSize=11, fontWeight="normal", offset=4)
    built = alt.vconcat(
        alt.layer(*main, height=HEIGHT), alt.layer(*second, height=PANEL, title=below), chosen, spacing=12
    )
    specification = built.to_dict(validate=True)
    specification.pop("config", None)
    for layer in specification["vconcat"][1]["layer"]:  # The dates stand under the first view.
        if "x" in layer["encoding"]:
            layer["encoding"]["x"]["axis"] = None
    return json.dumps(without_data(specification))


def _in(ink: str, rows: alt.Chart | None = None) -> alt.Chart:
    """The rows, to be drawn in one of the theme's inks, named by what it stands for everywhere.

    Args:
        ink: Its name, or that of one of our own.
        rows: By default all rows.
    """
    drawn = rows or alt.Chart(alt.NamedData("weeks"))
    if ink in OWN_INKS:
        return drawn.encode(color=alt.value(OWN_INKS[ink]))
    scale = alt.Scale(domain=[NOW, BEFORE, TARGET])
    coloured: alt.Chart = drawn.transform_calculate(ink=f"'{ink}'").encode(
        color=alt.Color("ink:N", scale=scale, legend=None)
    )
    return coloured


def _chosen(which: str) -> alt.Chart:
    """The rows that an expression chooses."""
    return alt.Chart(alt.NamedData("weeks")).transform_filter(which)


def _when(field: str = "day") -> alt.X:
    return alt.X(
        f"{field}:T",
        title=None,
        axis=alt.Axis(grid=False, tickCount="month", labelOverlap=True, labelExpr=MONTH),
        scale=alt.Scale(domain=STRETCH),
    )


def _level(field: str) -> alt.Y:
    axis = alt.Axis(tickCount=5, minExtent=40, maxExtent=40)
    return alt.Y(f"{field}:Q", scale=alt.Scale(zero=False, nice=False), title=None, axis=axis)


def _below(field: str) -> alt.Y:
    """The second view's values, where they are the metric's own."""
    axis = alt.Axis(tickCount=3, minExtent=40, maxExtent=40)
    return alt.Y(f"{field}:Q", scale=alt.Scale(zero=False, nice=False), title=None, axis=axis)


def _surprise(field: str) -> alt.Y:
    axis = alt.Axis(values=[-LINE, 0, LINE], grid=False, minExtent=40, maxExtent=40)
    return alt.Y(f"{field}:Q", scale=alt.Scale(nice=False), title=None, axis=axis)


def _line(field: str, ink: str, width: float, axis: Axis = _level, *, level: bool = False) -> alt.Chart:
    """A line of a column; with `level` it starts anew at each divider."""
    drawn = _in(ink).encode(x=_when(), y=axis(field))
    if level:
        drawn = drawn.encode(detail="level:N")
    line: alt.Chart = drawn.mark_line(strokeWidth=width, clip=True)
    return line


def _points(field: str, which: str, ink: str, axis: Axis = _level) -> alt.Chart:
    """The weeks that an expression chooses, without a mark yet."""
    points: alt.Chart = _in(ink, _chosen(which)).encode(x=_when(), y=axis(field))
    return points


def _marked(field: str, mark: str, ink: str, axis: Axis = _level) -> alt.Chart:
    """The weeks with a mark, without its sign yet."""
    return _points(field, f"datum.mark == '{mark}'", ink, axis)


def _constant(at: float, ink: str, width: float, dash: tuple[int, int] = (1, 0)) -> alt.Chart:
    """A line across the whole view, drawn once and not once a row."""
    rows = alt.Chart(alt.NamedData("weeks")).transform_aggregate(n="count()")
    drawn = _in(ink, rows.transform_calculate(at=str(at))).encode(y=_surprise("at"))
    line: alt.Chart = drawn.mark_rule(strokeWidth=width, strokeDash=list(dash))
    return line


def _dividers() -> tuple[alt.Chart, alt.Chart]:
    """An upright line where a new level begins, and its cause in small type at the top."""
    found = _in(TARGET, _chosen("datum.cause != ''")).encode(x=_when("cut"))
    words = found.encode(text="cause:N", y=alt.value(7))
    return (
        found.mark_rule(strokeWidth=1.4, strokeDash=[6, 3], clip=True),
        words.mark_text(align="left", dx=5, limit=190, fontSize=11, clip=True),
    )


def _locks() -> alt.Chart:
    """A short stroke at the foot of the view after which limits were locked."""
    found = _in(BEFORE, _chosen("datum.lock")).encode(x=_when(), y=alt.value(HEIGHT - 5))
    strokes: alt.Chart = found.mark_point(
        shape="stroke", angle=90, size=60, strokeWidth=1.6, opacity=1, clip=True
    )
    return strokes


def _reading(*fields: tuple[str, str]) -> alt.Chart:
    """An upright line at the week nearest to the pointer, and what is said of it."""
    near = alt.selection_point(
        name="near", fields=["day"], nearest=True, on="pointerover", clear="pointerout", empty=False
    )
    told = alt.Chart(alt.NamedData("weeks")).encode(
        x=_when(),
        opacity=alt.condition(near, alt.value(0.35), alt.value(0)),
        tooltip=[alt.Tooltip(f"{field}:N", title=title) for field, title in fields],
    )
    rule: alt.Chart = told.mark_rule().add_params(near)
    return rule
