"""What slides are made of: words, tables and shapes at a place in inches, in the deck's type and colours."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from pptx.dml.color import RGBColor
from pptx.enum.shapes import MSO_CONNECTOR, MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR
from pptx.oxml import parse_xml
from pptx.oxml.xmlchemy import BaseOxmlElement
from pptx.slide import Slide
from pptx.text.text import TextFrame
from pptx.util import Emu, Inches, Pt

from metrics.draw.style import LIGHT
from metrics.export.formats import printable
from metrics.export.pptx.chart import markup

WIDE, HIGH = 13.333, 7.5  # Inches: 16:9.
MARGIN = 0.4
LETTER = 0.5  # About how wide a letter of running text is, in its size.
LINE = 1.2  # How far lines stand apart, in their size.
POINTS = 72.0  # To the inch.
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
PRESENTATION = "http://schemas.openxmlformats.org/presentationml/2006/main"
PLAIN_TABLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"  # Office's style without lines and fills.

Align = Literal["left", "right", "center"]
_SHORT = {"left": "l", "right": "r", "center": "ctr"}


@dataclass(frozen=True, slots=True)
class Box:
    """A place on a slide, in inches."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Run:
    """Words in one look. `ink` names a colour of `draw.style.LIGHT`."""

    words: str
    size: float = 11.0
    bold: bool = False
    ink: str = "ink"


Paragraph = tuple[Run, ...]


def lines_of(paragraph: Sequence[Run], inches: float) -> int:
    """About how many lines a paragraph takes in a column."""
    wide = sum(len(run.words) * run.size * LETTER * (1.08 if run.bold else 1.0) for run in paragraph)
    return max(1, ceil(wide / (inches * POINTS)))


def height_of(paragraph: Sequence[Run], inches: float) -> float:
    """About how high a paragraph is in a column, in inches."""
    size = max((run.size for run in paragraph), default=11.0)
    return lines_of(paragraph, inches) * size * LINE / POINTS


def fitting(words: str, size: float, inches: float, lines: int = 1) -> str:
    """Words cut where they would leave their place; `…` says so."""
    room = int(lines * inches * POINTS / (size * LETTER)) - (lines - 1) * 4
    return words if len(words) <= room else f"{words[: max(room - 1, 1)].rstrip()}…"


def write(
    slide: Slide,
    box: Box,
    paragraphs: Sequence[Paragraph],
    *,
    align: Align = "left",
    after: float = 0.0,
    name: str = "",
) -> None:
    """Words in a box of their own.

    Args:
        slide: Where.
        box: The place.
        paragraphs: The words.
        align: Which side is even.
        after: Points of air after each paragraph.
        name: Of the shape, as the list of objects shows it.
    """
    shape = slide.shapes.add_textbox(*_emu(box))
    if name:
        shape.name = printable(name)
    fill(shape.text_frame, paragraphs, align=align, after=after)


def fill(
    frame: TextFrame, paragraphs: Sequence[Paragraph], *, align: Align = "left", after: float = 0.0
) -> None:
    """Words into a shape, written whole: run by run it takes ten times as long."""
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = Emu(0)
    body = frame._txBody
    for old in body.findall(f"{{{DRAWING}}}p"):
        body.remove(old)
    air = f'<a:spcAft><a:spcPts val="{after * 100:.0f}"/></a:spcAft>' if after else ""
    told = "".join(
        f'<a:p><a:pPr algn="{_SHORT[align]}">{air}</a:pPr>{"".join(map(_run, paragraph))}</a:p>'
        for paragraph in paragraphs or [()]
    )
    body.extend(list(parse_xml(f'<a:all xmlns:a="{DRAWING}">{told}</a:all>')))


def _run(run: Run) -> str:
    bold = f' b="{int(run.bold)}"'
    words = markup(run.words.replace("\n", " ").replace("\r", " "))
    return (
        f'<a:r><a:rPr lang="en-US" sz="{run.size * 100:.0f}"{bold}><a:solidFill>'
        f'<a:srgbClr val="{LIGHT[run.ink][1:]}"/></a:solidFill></a:rPr><a:t>{words}</a:t></a:r>'
    )


def title(slide: Slide, words: str, aside: str = "") -> None:
    """The slide's title, in its title placeholder, so that outlines and screen readers have it."""
    shape = slide.shapes.title
    assert shape is not None  # The layout has one.
    shape.left, shape.top, shape.width, shape.height = _emu(Box(MARGIN, 0.22, WIDE - 2 * MARGIN, 0.42))
    shape.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    runs = [Run(fitting(words, 20, 9.5), 20, bold=True)]
    if aside:
        runs.append(Run(f"  {aside}", 12, ink="quiet"))
    fill(shape.text_frame, [tuple(runs)])


def rule(slide: Slide, x: float, y: float, width: float) -> None:
    """A hairline."""
    line = slide.shapes.add_connector(
        MSO_CONNECTOR.STRAIGHT, Inches(x), Inches(y), Inches(x + width), Inches(y)
    )
    line.line.color.rgb = colour("hair")
    line.line.width = Pt(0.75)
    _plain(line.element)


def node(slide: Slide, box: Box, paragraphs: Sequence[Paragraph], edge: str) -> int:
    """A rounded box with words; returns its id, so that arrows may hold on to it."""
    shape = slide.shapes.add_shape(MSO_SHAPE.ROUNDED_RECTANGLE, *_emu(box))
    shape.fill.solid()
    shape.fill.fore_color.rgb = colour("page")
    shape.line.color.rgb = colour(edge)
    shape.line.width = Pt(1.75 if edge == "attention" else 1.0)
    _plain(shape.element)
    fill(shape.text_frame, paragraphs, align="center")
    shape.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    return int(shape.shape_id)


def arrow(slide: Slide, points: Sequence[tuple[float, float]]) -> None:
    """A line through points, in inches, with a head at its end."""
    builder = slide.shapes.build_freeform(Inches(points[0][0]), Inches(points[0][1]), scale=1.0)
    builder.add_line_segments([(Inches(x), Inches(y)) for x, y in points[1:]], close=False)
    shape = builder.convert_to_shape()
    shape.fill.background()
    shape.line.color.rgb = colour("before")
    shape.line.width = Pt(1.5)
    _plain(shape.element)
    line = shape.line._get_or_add_ln()  # The library knows no heads of lines.
    line.append(
        parse_xml(
            '<a:tailEnd xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" type="triangle"/>'
        )
    )


@dataclass(frozen=True, slots=True)
class Text:
    """A cell of a table."""

    words: str
    align: Align = "right"
    bold: bool = False
    ink: str = "ink"


def table(
    slide: Slide,
    box: Box,
    rows: Sequence[Sequence[Text]],
    widths: Sequence[float],
    *,
    size: float,
    row_height: float,
    name: str,
) -> None:
    """A native table; its first row is the header, a hairline stands under each row.

    Args:
        slide: Where.
        box: Upper left corner; the size follows from widths and rows.
        rows: Header and rows, all of one length.
        widths: Of the columns, in inches.
        size: Of the letters, in points.
        row_height: In inches.
        name: Of the shape, and its text alternative.
    """
    frame = slide.shapes.add_table(
        1, 1, Inches(box.x), Inches(box.y), Inches(sum(widths)), Inches(row_height * len(rows))
    )
    frame.name = printable(name)
    old = frame.table._tbl  # Written whole: cell by cell it takes thirty times as long.
    grid = "".join(f'<a:gridCol w="{Inches(wide)}"/>' for wide in widths)
    told = "".join(
        f'<a:tr h="{Inches(row_height)}">{"".join(_cell(each, size) for each in row)}</a:tr>' for row in rows
    )
    old.getparent().replace(
        old,
        parse_xml(
            '<a:tbl xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:tblPr firstRow="1">'
            f"<a:tableStyleId>{PLAIN_TABLE}</a:tableStyleId></a:tblPr><a:tblGrid>{grid}</a:tblGrid>{told}</a:tbl>"
        ),
    )


def _cell(told: Text, size: float) -> str:
    bold = ' b="1"' if told.bold else ""
    fill_ = f'<a:solidFill><a:srgbClr val="{LIGHT[told.ink][1:]}"/></a:solidFill>'
    hair = f'<a:solidFill><a:srgbClr val="{LIGHT["hair"][1:]}"/></a:solidFill>'
    words = markup(told.words.replace("\n", " "))
    run = f'<a:r><a:rPr lang="en-US" sz="{size * 100:.0f}"{bold}>{fill_}</a:rPr><a:t>{words}</a:t></a:r>'
    gap = Inches(0.02 if size < 9 else 0.06)
    no = "".join(f'<a:ln{side} w="0"><a:noFill/></a:ln{side}>' for side in "LRT")
    return (
        f'<a:tc><a:txBody><a:bodyPr/><a:lstStyle/><a:p><a:pPr algn="{_SHORT[told.align]}"/>'
        f'{run if told.words else ""}<a:endParaRPr lang="en-US" sz="{size * 100:.0f}"/></a:p></a:txBody>'
        f'<a:tcPr marL="{gap}" marR="{gap}" marT="0" marB="0" anchor="ctr">{no}'
        f'<a:lnB w="6350">{hair}</a:lnB></a:tcPr></a:tc>'
    )


def foot(slide: Slide, left: Sequence[Run], right: str) -> None:
    """The line at the foot: words left; right whose week it is, and the slide's number as a field."""
    y = HIGH - 0.3
    write(slide, Box(MARGIN, y, WIDE - 2 * MARGIN - 2.6, 0.2), [tuple(left)], name="Key")
    shape = slide.shapes.add_textbox(*_emu(Box(WIDE - MARGIN - 2.5, y, 2.5, 0.2)))
    shape.name = "Slide number"
    fill(shape.text_frame, [(Run(f"{fitting(right, 8, 2.2)} · ", 8, ink="quiet"),)], align="right")
    paragraph = shape.text_frame.paragraphs[0]._p
    paragraph.append(
        parse_xml(
            '<a:fld xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
            'id="{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}" type="slidenum">'
            f'<a:rPr lang="en-US" sz="800"><a:solidFill><a:srgbClr val="{LIGHT["quiet"][1:]}"/></a:solidFill>'
            "</a:rPr><a:t>‹#›</a:t></a:fld>"
        )
    )


def _plain(shape: BaseOxmlElement) -> None:
    """Take the theme's look off a shape: it has a shadow."""
    for style in shape.findall(f"{{{PRESENTATION}}}style"):
        shape.remove(style)


def colour(ink: str) -> RGBColor:
    """A colour of the deck by its name."""
    told = LIGHT[ink].removeprefix("#")
    return RGBColor(*(int(told[n : n + 2], 16) for n in (0, 2, 4)))  # type: ignore[no-untyped-call]  # python-pptx has no types here.


def _emu(box: Box) -> tuple[Inches, Inches, Inches, Inches]:
    return Inches(box.x), Inches(box.y), Inches(box.width), Inches(box.height)
