"""A goal's way through its period, as a Vega-Lite template; its small sister is `landing`.

As in `explore`: built once, then given rows.

Source: DESIGN.md section 6; wbr-method.md section 10.
"""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from metrics import text
from metrics.definitions import Unit
from metrics.draw.explore import HEIGHT, MONTH, levels, without_data

COME, PLAN, EXPECTED = "what has come", "plan", "forecast"


def course(
    table: pd.DataFrame, goal: float, ends: tuple[float, float] | None, unit: Unit, currency: str
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A goal's way through its period, with the wedge in which it lands four times in five.

    Args:
        table: Columns `day`, `actual`, `plan`, `forecast`, NaN where there is none.
        goal: What was promised.
        ends: The 80% range at the last day; None without one.
        unit: Of the values.
        currency: ISO code.

    Returns:
        The rows with `low` and `high`, which open from the newest week known, and their readings in words;
        then the specification, without data.
    """
    known = table["forecast"].notna()
    low = high = table["forecast"].where(known & False)
    if ends is not None and known.any():
        start = int(known.to_numpy().argmax())
        weeks = max(len(table) - 1 - start, 1)
        opened = pd.Series([(n - start) / weeks for n in range(len(table))], index=table.index)
        first = float(table["forecast"].iloc[start])
        low = (first + (ends[0] - first) * opened).where(known)
        high = (first + (ends[1] - first) * opened).where(known)
    rows = table.assign(
        low=low,
        high=high,
        goal=goal,
        when=[text.day(day.date()) for day in table["day"]],
        said_actual=_read(table["actual"].tolist(), unit, currency),
        said_plan=_read(table["plan"].tolist(), unit, currency),
        said_forecast=_read(table["forecast"].tolist(), unit, currency),
    )
    specification: dict[str, Any] = json.loads(_landing(bool(table["plan"].notna().any()), ends is not None))
    drawn = rows[["actual", "plan", "forecast", "low", "high", "goal"]]
    axis = levels(drawn.abs().max().max(), unit, currency)
    # Told, because a scale that waits for its rows complains in the console until they come.
    across = [day.isoformat() for day in (rows["day"].iloc[0], rows["day"].iloc[-1])]
    upward = [float(drawn.min().min()), float(drawn.max().max())]
    for layer in specification["layer"]:
        layer["encoding"]["x"]["scale"] = {"domain": across}
        if "y" in layer["encoding"]:
            layer["encoding"]["y"]["axis"] |= axis
            layer["encoding"]["y"]["scale"] |= {"domain": upward}
    return rows, specification


@cache
def _landing(plan: bool, ends: bool) -> str:
    named = [COME, EXPECTED, PLAN] if plan else [COME, EXPECTED]
    inks = alt.Scale(domain=[COME, EXPECTED, PLAN])
    legend = alt.Legend(title=None, orient="top", symbolType="stroke", symbolOpacity=1, values=named)
    when = alt.X(
        "day:T", title=None, axis=alt.Axis(grid=False, tickCount="month", labelOverlap=True, labelExpr=MONTH)
    )
    level = alt.Scale(zero=False, nice=True)
    near = alt.selection_point(
        name="near", fields=["day"], nearest=True, on="pointerover", clear="pointerout", empty=False
    )

    def drawn(field: str, name: str) -> alt.Chart:
        return (
            alt.Chart(alt.NamedData("course"))
            .transform_calculate(series=f"'{name}'")
            .encode(
                x=when,
                y=alt.Y(f"{field}:Q", scale=level, title=None, axis=alt.Axis(tickCount=5)),
                color=alt.Color("series:N", scale=inks, legend=legend),
            )
        )

    marks: list[alt.Chart] = []
    if ends:
        wedge = drawn("low", COME).mark_area(opacity=0.16).encode(y2="high:Q")
        marks.append(wedge)
    if plan:
        marks.append(drawn("plan", PLAN).mark_line(strokeWidth=1.5, strokeDash=[5, 3]))
    marks.append(drawn("goal", PLAN).mark_line(strokeWidth=1, opacity=0.7))
    marks.append(drawn("forecast", EXPECTED).mark_line(strokeWidth=1.8, strokeDash=[1.5, 3]))
    marks.append(drawn("actual", COME).mark_line(strokeWidth=2))
    readings = [
        alt.Tooltip("when:N", title="By"),
        alt.Tooltip("said_actual:N", title="Has come"),
        *([alt.Tooltip("said_plan:N", title="Plan")] if plan else []),
        alt.Tooltip("said_forecast:N", title="Forecast"),
    ]
    rule = (
        alt.Chart(alt.NamedData("course"))
        .mark_rule()
        .encode(x=when, opacity=alt.condition(near, alt.value(0.35), alt.value(0)), tooltip=readings)
        .add_params(near)
    )
    built = alt.layer(*marks, rule, height=HEIGHT)
    specification = built.to_dict(validate=True)
    specification.pop("config", None)
    return json.dumps(without_data(specification))


def _read(values: Sequence[float], unit: Unit, currency: str) -> list[str]:
    return [text.UNKNOWN if value != value else text.full(value, unit, currency) for value in values]
