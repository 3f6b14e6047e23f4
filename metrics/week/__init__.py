"""One week's deck: filled from the definitions and the numbers, with page 0 in front.

`build` fills the sections, `page_zero` answers the three questions and says what is missing.
"""

from metrics.week.build import Known, Sheet, build, metrics_of, remarks
from metrics.week.marks import cases, sentence
from metrics.week.page_zero import Restated
from metrics.week.said import Voices, asked, said, spoken

__all__ = [
    "Known",
    "Restated",
    "Sheet",
    "Voices",
    "asked",
    "build",
    "cases",
    "metrics_of",
    "remarks",
    "said",
    "sentence",
    "spoken",
]
