"""Charts that a person explores, as Vega-Lite: built once as a template, then given data.

Building an Altair chart costs 50 to 360 ms, handing new data to its template 0.3 ms. Colours are
left to the page's theme, whose first three are now, year earlier and target, as in the deck.

Source: DESIGN.md section 6; platform.md section 1, trap 4.
"""

import json
import re
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

import altair as alt
import pandas as pd

from metrics import text
from metrics.definitions import Unit

NOW, BEFORE, TARGET = "this year", "year earlier", "target"
LARGE = 10_000  # From here on an axis counts in thousands.
HEIGHT = 250  # Pixels of the view; the strip below it that chooses a stretch is a sixth of that.
STRIP = 40
MONTH = "timeFormat(datum.value, month(datum.value) == 0 ? '%Y' : '%b')"
CHOICE = re.compile(  # the filters that our charts have
    r"datum\.(?P<column>\w+)(?: (?P<sign>==|!=) '(?P<word>.*)')?|isValid\(datum\.(?P<valid>\w+)\)"
)
WHEN: dict[str, str] = {"day": "Day", "week": "Week ending"}


def history(
    table: pd.DataFrame, grain: Literal["day", "week"], unit: Unit, currency: str
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A metric's whole history: its rows and the specification that draws them.

    A strip under the view chooses the stretch to look at: drag across it, double-click it to see all.

    Args:
        table: Columns `day`, `value`, `state`, `year_earlier`, `target`, as `Workspace.history` gives them.
        grain: What a row is.
        unit: Of the values.
        currency: ISO code.

    Returns:
        The same rows with `settled` and `maturing`, the values that stand and those that will still move
        (and the last before them, where their line begins), and with `when`, `said`, `said_year_earlier`
        and `said_target`, their readings in words; then the specification, without data.
    """
    moves = table["state"] == "immature"
    rows = table.assign(
        settled=table["value"].mask(moves),
        maturing=table["value"].where(moves | moves.shift(-1, fill_value=False)),
        when=[text.day(day.date()) for day in table["day"]],
        said=_said(table["value"].tolist(), table["state"].tolist(), unit, currency),
        said_year_earlier=_said(table["year_earlier"].tolist(), None, unit, currency),
        said_target=_said(table["target"].tolist(), None, unit, currency),
    )
    specification: dict[str, Any] = json.loads(_history(grain, bool(table["target"].notna().any())))
    top = table[["value", "year_earlier", "target"]].abs().max().max()
    figures = levels(top, unit, currency)
    for layer in specification["vconcat"][0]["layer"]:
        if "y" in layer["encoding"]:
            layer["encoding"]["y"]["axis"] |= figures
    return rows, specification


def filled(specification: dict[str, Any], rows: pd.DataFrame) -> dict[str, Any]:
    """A specification with its rows, complete before it is drawn first.

    A layer that no row would reach, such as the dividers of a metric that has none, is left out: Vega
    would complain of it in the browser's console.
    """
    drawn = _reaching(specification, rows)
    if "vconcat" in specification:
        drawn["vconcat"] = [_reaching(view, rows) for view in specification["vconcat"]]
    return drawn | {"data": {"name": "rows"}, "datasets": {"rows": rows}}


def _reaching(view: dict[str, Any], rows: pd.DataFrame) -> dict[str, Any]:
    """A view with those of its layers that some row reaches."""
    if "layer" not in view:
        return dict(view)
    return view | {"layer": [layer for layer in view["layer"] if _reached(layer, rows)]}


def _reached(layer: dict[str, Any], rows: pd.DataFrame) -> bool:
    """Whether some row passes a layer's filters and has a value where the layer draws."""
    left = rows
    for step in layer.get("transform", ()):
        if found := CHOICE.fullmatch(str(step.get("filter", ""))):
            column = left[found["column"] or found["valid"]]
            match found["sign"]:
                case "==":
                    left = left[column == found["word"]]
                case "!=":
                    left = left[column != found["word"]]
                case _:
                    left = left[column.notna() if found["valid"] else column.fillna(False).astype(bool)]
    drawn = (layer["encoding"].get(axis, {}).get("field") for axis in ("x", "y"))
    return all(left[field].notna().any() for field in drawn if field in left.columns)


def levels(top: float, unit: Unit, currency: str) -> dict[str, str]:
    """How an axis up to `top` writes its figures; d3 chooses as many decimals as tell the ticks apart."""
    sign = text.sign(currency) if unit == "currency" else ""
    label = "replace(replace(datum.label, 'G', 'B'), 'k', 'K')"  # d3 writes giga and kilo
    if sign:
        label = f"(datum.value < 0 ? '−' : '') + {json.dumps(sign)} + replace({label}, '−', '')"
    style = {"format": "%"} if unit == "fraction" else {"format": "s"} if top >= LARGE else {}
    return style | {"labelExpr": label}


def _said(values: Sequence[float], states: Sequence[str] | None, unit: Unit, currency: str) -> list[str]:
    words = [text.UNKNOWN if value != value else text.full(value, unit, currency) for value in values]
    if states is None:
        return words
    return [
        word if state == "complete" else f"{word} ({state})" if word != text.UNKNOWN else state
        for word, state in zip(words, states, strict=True)
    ]


@cache
def _history(grain: Literal["day", "week"], target: bool) -> str:
    """The template as JSON: a dictionary handed out would be changed by its taker."""
    stretch = alt.selection_interval(name="stretch", encodings=["x"])
    near = alt.selection_point(
        name="near", fields=["day"], nearest=True, on="pointerover", clear="pointerout", empty=False
    )
    inks = alt.Scale(domain=[NOW, BEFORE, TARGET])
    named = [NOW, BEFORE, TARGET] if target else [NOW, BEFORE]
    legend = alt.Legend(title=None, orient="top", symbolType="stroke", values=named)
    when = alt.X(
        "day:T", title=None, axis=alt.Axis(grid=False, tickCount="month", labelOverlap=True, labelExpr=MONTH)
    )
    level = alt.Scale(zero=False, nice=True)

    def drawn(field: str, name: str) -> alt.Chart:
        return (
            alt.Chart(alt.NamedData("history"))
            .transform_calculate(series=f"'{name}'")
            .encode(
                x=when.scale(alt.Scale(domain=stretch)),
                y=alt.Y(
                    f"{field}:Q",
                    scale=level,
                    title=None,
                    axis=alt.Axis(tickCount=5, minExtent=40, maxExtent=40),
                ),
                color=alt.Color("series:N", scale=inks, legend=legend),
            )
        )

    marks = [drawn("year_earlier", BEFORE).mark_line(strokeWidth=1.2)]
    if target:
        marks.append(drawn("target", TARGET).mark_point(shape="triangle-up", filled=True, size=26, opacity=1))
    marks.append(drawn("maturing", NOW).mark_line(strokeWidth=1.8, strokeDash=[1.5, 3]))
    marks.append(drawn("settled", NOW).mark_line(strokeWidth=1.8 if grain == "week" else 1.2))
    readings = [
        alt.Tooltip("when:N", title=WHEN[grain]),
        alt.Tooltip("said:N", title="Value"),
        alt.Tooltip("said_year_earlier:N", title="Year earlier"),
        *([alt.Tooltip("said_target:N", title="Target")] if target else []),
    ]
    rule = (
        alt.Chart(alt.NamedData("history"))
        .mark_rule()
        .encode(
            x=when.scale(alt.Scale(domain=stretch)),
            opacity=alt.condition(near, alt.value(0.35), alt.value(0)),
            tooltip=readings,
        )
        .add_params(near)
    )
    strip = (
        alt.Chart(alt.NamedData("history"), height=STRIP)
        .transform_calculate(series=f"'{NOW}'")
        .mark_line(strokeWidth=1)
        .encode(
            x=alt.X("day:T", title=None, axis=alt.Axis(grid=False, tickCount="year", format="%Y")),
            y=alt.Y("settled:Q", scale=level, axis=None),
            color=alt.Color("series:N", scale=inks, legend=None),
        )
        .add_params(stretch)
    )
    view = alt.layer(*marks, rule, height=HEIGHT)
    built = alt.vconcat(view, strip, spacing=14).resolve_scale(color="independent")
    specification = built.to_dict(validate=True)
    specification.pop("config", None)
    return json.dumps(without_data(specification))


def without_data(part: Any) -> Any:
    """A specification that reads whatever rows the page gives it."""
    match part:
        case dict():
            return {key: without_data(value) for key, value in part.items() if key != "data"}
        case list():
            return [without_data(value) for value in part]
        case _:
            return part


def named_as_one(specification: dict[str, Any], description: str) -> dict[str, Any]:
    """The chart as one picture with one name: its marks are silent, a table beside it says what they show.

    Args:
        specification: Changed in place.
        description: What the picture shows, for those who do not see it.
    """
    _silent(specification)
    specification["description"] = description
    return specification


def _silent(part: Any) -> None:
    if isinstance(part, dict):
        mark = part.get("mark")
        if isinstance(mark, str):
            part["mark"] = {"type": mark, "aria": False}
        elif isinstance(mark, dict):
            mark["aria"] = False
        for key in ("layer", "vconcat", "hconcat", "spec"):
            _silent(part.get(key))
    elif isinstance(part, list):
        for each in part:
            _silent(each)
