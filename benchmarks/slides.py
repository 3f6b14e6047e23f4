"""500 charts as slides, as a workbook and as CSV: `python benchmarks/slides.py [CHARTS]`.

Beside it python-pptx alone: the same number of plain line charts with the same numbers, which nobody could
present. What this deck adds to each chart is its heading, its mark, its box score, its notes and its look.
"""

import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Any

import pptx
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from metrics.deck import Deck, Section
from metrics.export import FORMATS, Setting
from metrics.six_twelve import SixTwelve

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks import draw


def a_deck_of(charts: int) -> Deck:
    """A deck of that many charts, in sections of 25."""
    whole = draw.deck([draw.chart(n, draw.axis()) for n in range(charts)])
    blocks = [block for section in whole.sections for block in section.blocks]
    size = 25
    sections = tuple(
        Section(f"Section {n // size + 1}", tuple(blocks[n : n + size])) for n in range(0, charts, size)
    )
    return replace(whole, sections=sections)


def bare(deck: Deck) -> bytes:
    """The charts by python-pptx alone, four to a slide."""
    show = pptx.Presentation()
    charts = [block.chart for block in deck.blocks if block.chart]
    for start in range(0, len(charts), 4):
        slide = show.slides.add_slide(show.slide_layouts[6])
        for chart in charts[start : start + 4]:
            box = (Inches(1), Inches(1), Inches(4), Inches(2))
            slide.shapes.add_chart(XL_CHART_TYPE.LINE, *box, _data(chart))
    out = BytesIO()
    show.save(out)
    return out.getvalue()


def _data(chart: SixTwelve) -> Any:
    data: Any = CategoryChartData()  # type: ignore[no-untyped-call]  # python-pptx has no types here.
    data.categories = [*chart.axis.weeks, "", *chart.axis.months]
    for line in chart.lines:
        data.add_series(line.name, [*line.weeks, None, *line.months])
        data.add_series(
            f"{line.name}, year earlier", [*line.weeks_year_earlier, None, *line.months_year_earlier]
        )
    return data


def main(charts: int) -> None:
    """Print seconds, milliseconds a chart and megabytes of each form."""
    deck = a_deck_of(charts)
    FORMATS["pptx"].make(a_deck_of(4), Setting())  # Imports, once.
    FORMATS["xlsx"].make(a_deck_of(4), Setting())
    for name in ("pptx", "xlsx", "csv", "python-pptx alone"):
        start = perf_counter()
        told = FORMATS[name].make(deck, Setting()) if name in FORMATS else bare(deck)
        took = perf_counter() - start
        print(f"{name:18} {took:6.2f} s  {took / charts * 1000:6.2f} ms a chart  {len(told) / 1e6:6.2f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
