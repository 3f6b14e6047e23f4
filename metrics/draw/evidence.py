"""Charts of the evidence: the matrix of all pairs, and one pair from every side, as Vega-Lite.

Templates are built once and given rows. Strength is told by length and words as well as by colour.

Source: analytics.md section 3; wbr-method.md section 10.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import altair as alt

from metrics.correlation import Correlations, Depth
from metrics.correlation.words import number
from metrics.draw import style
from metrics.draw.explore import named_as_one

CELL = 15  # Pixels of a cell of the matrix.
VERDICTS = {
    "leads": "input leads",
    "output_leads": "output leads",
    "together": "moves together",
    "insufficient": "too few weeks",
    "none": "nothing stands out",
}
Rows = list[dict[str, Any]]


def _named(name: str) -> alt.Chart:
    return alt.Chart(alt.NamedData(name))


def _template(chart: Any) -> str:
    specification = chart.to_dict(validate=False)
    specification.pop("config", None)
    return json.dumps(specification)


def _filled(template: str, description: str, **rows: Rows) -> dict[str, Any]:
    made: dict[str, Any] = named_as_one(json.loads(template), description)
    made["datasets"] = rows
    made["background"] = "transparent"
    if isinstance(made.get("width"), dict):
        made["autosize"] = {"type": "pad"}  # Streamlit's own, `fit`, cannot be had with steps.
    return made


# --- all pairs --------------------------------------------------------------------------------


def matrix(found: Correlations, names: Mapping[str, str], *, dark: bool, clear_only: bool) -> dict[str, Any]:
    """Every tested pair: drivers down, driven metrics across; a click selects it as `pair`.

    Args:
        found: The scan.
        names: Metric names by id.
        dark: For a dark page.
        clear_only: Only the metrics that take part in a listed pair.
    """
    rows = [
        {
            "driver": names.get(r.driver, r.driver),
            "driven": names.get(r.driven, r.driven),
            "driver_id": r.driver,
            "driven_id": r.driven,
            "r": round(r.r, 3),
            "shown": round(abs(r.r), 3) if r.listed else 0.0,
            "verdict": VERDICTS[r.verdict],
            "lag": r.lag_weeks,
            "q": "—" if r.q is None else "< 0.001" if r.q < 0.001 else f"{r.q:.3f}",
            "raw": "—" if r.r_raw is None else number(r.r_raw),
        }
        for r in found.rows
    ]
    if clear_only:
        kept = {r[k] for r in rows if r["shown"] for k in ("driver", "driven")}
        rows = [r for r in rows if r["driver"] in kept and r["driven"] in kept]
    return _filled(_matrix(dark), "All pairs of metrics by verdict; the list above says the same.", rows=rows)


@cache
def _matrix(dark: bool) -> str:
    ink = style.DARK if dark else style.LIGHT
    picked = alt.selection_point(name="pair", fields=["driver_id", "driven_id"])
    inks = {
        VERDICTS["leads"]: ink["now"],
        VERDICTS["output_leads"]: ink["target"],
        VERDICTS["together"]: ink["second"],
        VERDICTS["insufficient"]: ink["hair"],
        VERDICTS["none"]: ink["hair"],
    }
    axis: dict[str, Any] = {
        "labelColor": ink["ink"],
        "titleColor": ink["quiet"],
        "labelLimit": 230,
        "domain": False,
        "ticks": False,
    }
    base = _named("rows").encode(
        x=alt.X(
            "driven:N", title="driven", axis=alt.Axis(orient="top", labelAngle=-52, **axis), sort="ascending"
        ),
        y=alt.Y("driver:N", title="driver", axis=alt.Axis(**axis), sort="ascending"),
    )
    tips = [
        alt.Tooltip("driver:N", title="Driver"),
        alt.Tooltip("driven:N", title="Driven"),
        alt.Tooltip("verdict:N", title="Verdict"),
        alt.Tooltip("lag:Q", title="Lag, weeks"),
        alt.Tooltip("r:Q", title="r of surprises", format=".2f"),
        alt.Tooltip("raw:N", title="Raw r, for comparison"),
        alt.Tooltip("q:N", title="q"),
    ]
    field = base.mark_rect(color=ink["hair"], opacity=0.35, cursor="pointer", stroke=ink["page"]).encode(
        tooltip=tips
    )
    mark = (
        base.transform_filter("datum.shown > 0")
        .mark_square(opacity=1, cursor="pointer")
        .encode(
            size=alt.Size("shown:Q", scale=alt.Scale(domain=[0, 0.8], range=[30, CELL * CELL]), legend=None),
            color=alt.Color(
                "verdict:N",
                scale=alt.Scale(domain=list(inks), range=list(inks.values())),
                legend=alt.Legend(orient="top", title=None, labelColor=ink["ink"], values=list(inks)[:3]),
            ),
            tooltip=tips,
        )
    )
    return _template(
        alt.layer(field.add_params(picked), mark).properties(width=alt.Step(CELL), height=alt.Step(CELL))
    )


# --- one pair ---------------------------------------------------------------------------------


def lines(depth: Depth, driver: str, driven: str, *, dark: bool) -> dict[str, Any] | None:
    """Both series on one axis in σ, the driven one moved back by the lag; None without weeks."""
    if depth.line is None:
        return None
    moved = f"{driven}, moved back {depth.lag_weeks} wk" if depth.lag_weeks else driven
    rows = [
        {"week": week.isoformat(), "value": round(value, 3), "series": name, "said": said}
        for name, values, told in (
            (driver, depth.line.driver, depth.line.driver_values),
            (moved, depth.line.driven, depth.line.driven_values),
        )
        for week, value, said in zip(depth.line.week_endings, values, map(_said, told), strict=True)
        if value is not None
    ]
    return _filled(_lines(dark), f"{driver} and {moved}, week by week.", rows=rows)


def _said(value: float | None) -> str:
    return "—" if value is None else number(value)


@cache
def _lines(dark: bool) -> str:
    ink = style.DARK if dark else style.LIGHT
    chart = (
        _named("rows")
        .mark_line(strokeWidth=1.6)
        .encode(
            x=_time(ink),
            y=alt.Y("value:Q", title="σ from usual", axis=_axis(ink)),
            color=_two(ink),
            tooltip=[
                alt.Tooltip("week:T", title="Week ending"),
                alt.Tooltip("series:N", title="Series"),
                alt.Tooltip("said:N", title="Value"),
            ],
        )
    )
    return _template(chart.properties(height=240, width="container"))


def profile(depth: Depth, *, dark: bool) -> dict[str, Any]:
    """Strength by lag with 95% intervals, negative lags included."""
    rows = [
        {
            "lag": s.lag_weeks,
            "r": round(s.r, 3),
            "low": round(s.low, 3),
            "high": round(s.high, 3),
            "clear": "clear" if s.clear else "not clear",
            "raw": _said(s.r_raw),
        }
        for s in depth.strengths
    ]
    return _filled(_profile(dark), "Strength of the link by lag, with 95% intervals.", rows=rows)


@cache
def _profile(dark: bool) -> str:
    ink = style.DARK if dark else style.LIGHT
    base = _named("rows").encode(
        x=alt.X(
            "lag:O",
            title="weeks from driver to driven (negative: the driven one moves first)",
            axis=_axis(ink, labelAngle=0),
        )
    )
    tips = [
        alt.Tooltip("lag:Q", title="Lag, weeks"),
        alt.Tooltip("r:Q", title="r of surprises", format=".2f"),
        alt.Tooltip("raw:N", title="Raw r, for comparison"),
        alt.Tooltip("clear:N", title="Against chance"),
    ]
    rule = base.mark_rule(color=ink["before"]).encode(
        y=alt.Y("low:Q", title="r of surprises", axis=_axis(ink)), y2="high:Q"
    )
    point = base.mark_point(filled=True, size=70, opacity=1).encode(
        y="r:Q",
        color=alt.condition("datum.clear == 'clear'", alt.value(ink["now"]), alt.value(ink["before"])),
        shape=alt.condition("datum.clear == 'clear'", alt.value("diamond"), alt.value("circle")),
        tooltip=tips,
    )
    zero = (
        alt.Chart(alt.NamedData("rows")).mark_rule(color=ink["quiet"], strokeWidth=0.8).encode(y=alt.datum(0))
    )
    return _template(alt.layer(zero, rule, point).properties(height=220, width="container"))


def scatter(depth: Depth, driver: str, driven: str, *, dark: bool) -> dict[str, Any]:
    """Surprises of both, week by week."""
    rows = [
        {
            "x": point.driver_surprise,
            "y": point.driven_surprise,
            "week": point.week_ending.isoformat(),
            "level": _said(point.driver_level),
        }
        for point in depth.points
    ]
    made = _filled(_scatter(dark), f"Surprises of {driver} and {driven}, week by week.", rows=rows)
    for layer in made["layer"]:
        if "x" in layer.get("encoding", {}):
            layer["encoding"]["x"]["title"] = f"{driver}: surprise"
            layer["encoding"]["y"]["title"] = f"{driven}: surprise"
    return made


@cache
def _scatter(dark: bool) -> str:
    ink = style.DARK if dark else style.LIGHT
    points = (
        _named("rows")
        .mark_circle(color=ink["now"], opacity=0.55, size=34)
        .encode(
            x=alt.X("x:Q", axis=_axis(ink)),
            y=alt.Y("y:Q", axis=_axis(ink)),
            tooltip=[
                alt.Tooltip("week:T", title="Week ending"),
                alt.Tooltip("level:N", title="Driver's level"),
                alt.Tooltip("x:Q", title="Driver's surprise", format=".3~f"),
                alt.Tooltip("y:Q", title="Driven one's surprise", format=".3~f"),
            ],
        )
    )
    line = (
        _named("rows")
        .transform_regression("x", "y")
        .mark_line(color=ink["target"], strokeWidth=1.6)
        .encode(x="x:Q", y="y:Q")
    )
    return _template(alt.layer(points, line).properties(height=240, width="container"))


def rolling(depth: Depth, *, dark: bool) -> dict[str, Any] | None:
    """The effect over moving years with its interval; None with too few weeks."""
    if not depth.rolling:
        return None
    rows = [
        {
            "week": m.week_ending.isoformat(),
            "effect": m.effect.amount,
            "low": m.effect.low,
            "high": m.effect.high,
            "unit": m.effect.units.effect,
        }
        for m in depth.rolling
    ]
    made = _filled(_rolling(dark), "The effect over moving years, with its 95% interval.", rows=rows)
    made["layer"][1]["encoding"]["y"]["title"] = rows[0]["unit"]
    return made


@cache
def _rolling(dark: bool) -> str:
    ink = style.DARK if dark else style.LIGHT
    base = _named("rows").encode(x=_time(ink))
    zero = _named("rows").mark_rule(color=ink["quiet"], strokeWidth=0.8).encode(y=alt.datum(0))
    band = base.mark_area(color=ink["now"], opacity=0.16).encode(
        y=alt.Y("low:Q", axis=_axis(ink)), y2="high:Q"
    )
    line = base.mark_line(color=ink["now"], strokeWidth=1.8).encode(
        y="effect:Q",
        tooltip=[
            alt.Tooltip("week:T", title="Year up to"),
            alt.Tooltip("effect:Q", title="Effect", format=".3~f"),
            alt.Tooltip("low:Q", title="from", format=".3~f"),
            alt.Tooltip("high:Q", title="to", format=".3~f"),
        ],
    )
    return _template(alt.layer(zero, band, line).properties(height=200, width="container"))


def _axis(ink: Mapping[str, str], **more: Any) -> alt.Axis:
    return alt.Axis(
        labelColor=ink["ink"],
        titleColor=ink["quiet"],
        gridColor=ink["hair"],
        domainColor=ink["hair"],
        tickColor=ink["hair"],
        **more,
    )


def _time(ink: Mapping[str, str]) -> alt.X:
    return alt.X(
        "week:T", title=None, axis=_axis(ink, grid=False, format="%b %Y", labelOverlap=True, tickCount=8)
    )


def _two(ink: Mapping[str, str]) -> alt.Color:
    return alt.Color(
        "series:N",
        scale=alt.Scale(range=[ink["now"], ink["target"]]),
        sort=None,
        legend=alt.Legend(
            orient="top", title=None, labelColor=ink["ink"], symbolType="stroke", labelLimit=400
        ),
    )
