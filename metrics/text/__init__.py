"""Values, changes, dates, charts, marks and goals as people read them. Nothing here computes.

    amounts   values in four lengths, changes, cells
    dates     days, weeks, months
    words     states, lists, counts
    charts    a 6-12 chart in words
    marks     exceptions, watches, what drives them, models
    goals     why a goal has no forecast

Source: wbr-method.md sections 2 and 6; style.md habit 15.
"""

from metrics.errors import counted
from metrics.text.amounts import (
    BOX_HEADERS,
    MINUS,
    UNKNOWN,
    axis,
    box_cells,
    bps,
    cell,
    change,
    difference,
    distinct_labels,
    exact,
    figure,
    full,
    labels,
    percent,
    sign,
    unit_word,
)
from metrics.text.charts import Place, places, summary
from metrics.text.dates import day, deck_week, long_day, long_week, month, week_ending
from metrics.text.goals import pacing_reason
from metrics.text.marks import (
    against_target,
    cannot_judge,
    caution,
    chance,
    chance_of_watches,
    driver,
    mark,
    model_sentence,
    short_day,
    span,
    verdict,
)
from metrics.text.words import listed, sentence, state

__all__ = [
    "BOX_HEADERS",
    "MINUS",
    "UNKNOWN",
    "Place",
    "against_target",
    "axis",
    "box_cells",
    "bps",
    "cannot_judge",
    "caution",
    "cell",
    "chance",
    "chance_of_watches",
    "change",
    "counted",
    "day",
    "deck_week",
    "difference",
    "distinct_labels",
    "driver",
    "exact",
    "figure",
    "full",
    "labels",
    "listed",
    "long_day",
    "long_week",
    "mark",
    "model_sentence",
    "month",
    "pacing_reason",
    "percent",
    "places",
    "sentence",
    "short_day",
    "sign",
    "span",
    "state",
    "summary",
    "unit_word",
    "verdict",
    "week_ending",
]
