"""Does this input move that output: how many weeks later, by how much, how sure?

`scan` looks at all pairs, `link_tests` at links stated beforehand, `together` at all stated drivers of one
metric, `pair_in_depth` at one pair from every side. The plain correlation of two weekly series is nearly
always large and nearly always means nothing: both grow, both have a season. So each series is first reduced
to its surprises, and the whole list of findings shares one rate of luck.

    values       what the engine is told, and what it answers
    prepared     from values to surprises; common movements
    chances      distributions, from scipy
    strength     correlation at many lags, chance, false discovery
    regression   a line whose rest has memory
    effects      by how much; decay, thresholds, the joint model
    scan         all pairs
    claims       one stated link
    depth        one pair for a page
    arithmetic   which pairs are never offered
    words        each answer as a sentence

Pure: no clock, no file, no database. Source: analytics.md sections 3 and 4; wbr-method.md section 10.
"""

from metrics.correlation.arithmetic import apart, shared_series
from metrics.correlation.claims import lags_added, link_tests, together
from metrics.correlation.depth import pair_in_depth
from metrics.correlation.scan import scan
from metrics.correlation.values import (
    LISTED_FROM,
    NORMAL_FROM,
    RECIPE,
    RUN_FROM,
    Bend,
    Correlations,
    Decay,
    Depth,
    Effect,
    Excluded,
    Joint,
    LeftOut,
    Line,
    LinkTest,
    Moving,
    Occasion,
    Panel,
    Part,
    Point,
    Recipe,
    Row,
    Series,
    Strength,
    Strengths,
    Units,
    Verdict,
)
from metrics.correlation.words import sentence, what_would_change_our_mind

__all__ = [
    "LISTED_FROM",
    "NORMAL_FROM",
    "RECIPE",
    "RUN_FROM",
    "Bend",
    "Correlations",
    "Decay",
    "Depth",
    "Effect",
    "Excluded",
    "Joint",
    "LeftOut",
    "Line",
    "LinkTest",
    "Moving",
    "Occasion",
    "Panel",
    "Part",
    "Point",
    "Recipe",
    "Row",
    "Series",
    "Strength",
    "Strengths",
    "Units",
    "Verdict",
    "apart",
    "lags_added",
    "link_tests",
    "pair_in_depth",
    "scan",
    "sentence",
    "shared_series",
    "together",
    "what_would_change_our_mind",
]
