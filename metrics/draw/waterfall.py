"""What drove a change, as a Vega-Lite template: from one value to another, part by part.

As in `explore`: built once, then given rows.

Source: DESIGN.md section 6; analytics.md section 5.
"""

import json
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import altair as alt
import pandas as pd

from metrics.definitions import Unit
from metrics.draw.explore import levels, without_data

STEP = 28  # Pixels of one row.
AROUND = 78  # Pixels of the legend above and the axis below, which Streamlit counts as part of the height.
OUTSIDE, ORDINARY, WHOLE = "outside its range", "ordinary", "the whole"


def waterfall(
    labels: Sequence[str],
    totals: Sequence[float],
    said: Sequence[str],
    ordinary: Sequence[bool],
    *,
    ends: tuple[tuple[str, float, str], tuple[str, float, str]],
    unit: Unit,
    currency: str,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """From one value to another, part by part, from the top down.

    The scale does not start at zero, so the two wholes are ticks and not bars.

    Args:
        labels: Name of each part.
        totals: What each added, in the unit of the whole.
        said: The same in words.
        ordinary: Whether each stayed inside its own normal range; drawn faint.
        ends: Name, value and reading of the whole before and after.
        unit: Of the values.
        currency: ISO code.

    Returns:
        One row per part and whole, then the specification, without data.
    """
    (name_before, before, said_before), (name_after, after, said_after) = ends
    steps = [before]
    for total in totals:
        steps.append(steps[-1] + total)
    rows = pd.DataFrame(
        {
            "place": range(len(totals) + 2),
            "label": [name_before, *labels, name_after],
            "start": [before, *steps[:-1], after],
            "end": [before, *steps[1:], after],
            "right": [before, *map(max, pairwise(steps)), after],
            "said": [said_before, *said, said_after],
            "kind": [WHOLE, *(ORDINARY if faint else OUTSIDE for faint in ordinary), WHOLE],
        }
    )
    specification: dict[str, Any] = json.loads(_waterfall())
    low, high = min(*steps, after), max(*steps, after)
    room = (high - low) * 0.02 or abs(high) * 0.01 or 1.0
    # Room on the right for the reading beside the last bar.
    domain = [low - room, high + (high - low) * 0.3 + room]
    axis = levels(max(map(abs, domain)), unit, currency)
    for layer in specification["layer"]:
        if "x" in layer["encoding"]:
            layer["encoding"]["x"]["scale"] |= {"domain": domain}
            if layer["encoding"]["x"].get("axis") is not None:
                layer["encoding"]["x"]["axis"] |= axis
    specification["height"] = STEP * len(rows) + AROUND
    return rows, specification


@cache
def _waterfall() -> str:
    order = alt.Y(
        "label:N",
        sort=alt.EncodingSortField("place", op="min", order="ascending"),
        title=None,
        axis=alt.Axis(grid=False, labelLimit=190, domain=False, ticks=False),
    )
    level = alt.Scale(zero=False, nice=False)
    along = alt.X("start:Q", scale=level, title=None, axis=alt.Axis(tickCount=5, grid=True))
    base = alt.Chart(alt.NamedData("parts"))
    parts = base.transform_filter(f"datum.kind != '{WHOLE}'")
    wholes = base.transform_filter(f"datum.kind == '{WHOLE}'")
    readings = [alt.Tooltip("label:N", title="Part"), alt.Tooltip("said:N", title="Added"), "kind:N"]
    bars = parts.mark_bar(height=14, cornerRadius=1).encode(
        x=along,
        x2="end:Q",
        y=order,
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(domain=[OUTSIDE, ORDINARY]),
            legend=alt.Legend(title=None, orient="top", symbolType="square"),
        ),
        tooltip=readings,
    )
    ticks = wholes.mark_tick(thickness=3, height=22).encode(
        x=along,
        y=order,
        tooltip=[alt.Tooltip("label:N", title="Whole"), alt.Tooltip("said:N", title="Value")],
    )
    words = base.mark_text(align="left", dx=7).encode(
        x=alt.X("right:Q", scale=level, title=None), y=order, text="said:N", color=alt.ColorDatum(OUTSIDE)
    )
    built = alt.layer(bars, ticks, words)
    specification = built.to_dict(validate=True)
    specification.pop("config", None)
    return json.dumps(without_data(specification))
