"""One chart as a picture to paste elsewhere: name, week, the drawing, its box score; always light.

Source: wbr-method.md section 2; DESIGN.md section 6.
"""

from dataclasses import dataclass
from html import escape

import typst

from metrics import text
from metrics.draw import six_twelve, style
from metrics.draw.labels import FONT_SIZE, width
from metrics.draw.six_twelve import HEIGHT, WIDTH
from metrics.export import Fonts
from metrics.export.pdf import fonts_of
from metrics.export.typeface import typeface
from metrics.history import Signal
from metrics.six_twelve import Box, SixTwelve

DOTS = 216  # Per inch: three dots a unit of the drawing.
EDGE, HEAD, ROW = 10.0, 36.0, 26.0  # Around the picture; above the drawing; a line of the box score.
UNDER = 6.0  # Between the drawing and the box score.
CELL = 9.6  # Size of the box score's figures.
LONGEST = 64  # Characters of the name in one line.
# Reads the drawing as data, so that no word of it is ever source.
SHEET = b"""#set page(width: auto, height: auto, margin: 0pt)
#image(bytes(sys.inputs.drawing), format: "svg", width: float(sys.inputs.width) * 1pt)"""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a picture shows.

    Attributes:
        chart: Its values.
        name: Of the metric.
        about: Whose it is, which week, and what a reader must know before trusting it, in a line.
        currency: ISO code of amounts.
        signal: What the engine says of the last week.
        told: The same in a sentence.
    """

    chart: SixTwelve
    name: str
    about: str
    currency: str = "USD"
    signal: Signal | None = None
    told: str = ""


def svg(picture: Picture) -> str:
    """The picture as one SVG document with its own colours; readable without any other file."""
    drawn = six_twelve.svg(
        picture.chart,
        key="chart",
        currency=picture.currency,
        palette="paper",
        places=(),
        signal=picture.signal,
        told=picture.told,
    )
    rows, lines = _scores(picture)
    tall = HEAD + HEIGHT + UNDER + ROW * lines + EDGE
    wide = WIDTH + 2 * EDGE
    summary = text.summary(picture.chart, picture.currency, picture.signal, picture.told)
    inside = drawn.replace("<svg ", f'<svg x="0" y="{HEAD:g}" width="{WIDTH:g}" height="{HEIGHT:g}" ', 1)
    inside = inside.replace('role="img" aria-labelledby="chart-t chart-d"', "", 1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:g}" height="{tall:g}" '
        f'viewBox="{-EDGE:g} 0 {wide:g} {tall:g}" role="img" aria-label="{escape(summary)}">'
        f'<rect x="{-EDGE:g}" width="{wide:g}" height="{tall:g}" fill="{style.LIGHT["page"]}"/>'
        f"<g font-family='{style.FONT}' fill=\"{style.LIGHT['ink']}\">"
        f'<text y="17" font-size="13" font-weight="700">{escape(_short(picture.name))}</text>'
        f'<text y="31" font-size="{FONT_SIZE:g}" fill="{style.LIGHT["quiet"]}">'
        f"{escape(_short(picture.about))}</text>{rows}</g>{inside}</svg>"
    )


def png(picture: Picture, fonts: Fonts | None = None) -> bytes:
    """The picture in dots, three to a unit.

    Raises:
        SourceError: A file of the fonts' folder is no font that can be read.
    """
    face = typeface(fonts)
    return typst.compile(
        SHEET,
        font_paths=fonts_of(face),
        sys_inputs={"drawing": face.without(svg(picture)), "width": f"{WIDTH + 2 * EDGE:g}"},
        format="png",
        ppi=DOTS,
    )


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip()}…"


def _scores(picture: Picture) -> tuple[str, int]:
    """The box score of the primary line, and in how many lines it stands."""
    box: Box = picture.chart.box[0]
    cells = list(zip(text.BOX_HEADERS, text.box_cells(box, picture.currency), strict=True))
    least = sum(max(width(header), width(words)) * CELL / FONT_SIZE + 5 for header, words in cells)
    across = 10 if least <= WIDTH else 5
    parts = []
    for n, (header, words) in enumerate(cells):
        x = (n % across) * WIDTH / across
        y = HEAD + HEIGHT + UNDER + ROW * (n // across) + 9
        weight = ' font-weight="700"' if n in (0, 3, 5, 7) else ""
        parts.append(
            f'<text x="{x:.4g}" y="{y:.4g}" font-size="9" fill="{style.LIGHT["quiet"]}">{header}</text>'
            f'<text x="{x:.4g}" y="{y + 11:.4g}" font-size="{CELL:g}"{weight}>{escape(words)}</text>'
        )
    return "".join(parts), 10 // across
