"""The 6-12 chart: six weeks, twelve months, their year earlier, and the box score.

`values` says what a chart holds, `frame` which windows a week asks for, `charts` fills them.
"""

from metrics.rollup import State
from metrics.six_twelve.charts import Charts, Remark, change
from metrics.six_twelve.frame import Frame, frame
from metrics.six_twelve.values import Annotation, Axis, Box, Change, Line, Role, SixTwelve

__all__ = [
    "Annotation",
    "Axis",
    "Box",
    "Change",
    "Charts",
    "Frame",
    "Line",
    "Remark",
    "Role",
    "SixTwelve",
    "State",
    "change",
    "frame",
]
