"""A 6-12 chart as a native chart of a slide: lines and markers that people can edit, with their numbers.

One axis of categories holds six weeks, a blank, twelve months; a place without a value is a gap. Where
weeks and months have scales of their own, months stand on the secondary axis; a second line of another
unit takes the secondary axis where it is free. Three scales do not fit into one chart: the second line
then stays in the data sheet and is told in words.

The drawing differs from the one on screen where native charts have no such mark: immature points are
hollow like incomplete ones, a week of which days are missing is told in words, and the arrows of a week
paired by an event are left to the notes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from html import escape
from io import BytesIO
from math import isfinite
from typing import Literal

import xlsxwriter

from metrics.draw import grid
from metrics.draw.scale import Scale, scale
from metrics.draw.style import LIGHT
from metrics.export import formats
from metrics.history import Signal
from metrics.six_twelve import Line, SixTwelve

WEEKS, MONTHS = 6, 12
PLACES = WEEKS + 1 + MONTHS
MADE = datetime(2000, 1, 1)  # Written into every data sheet, so that equal charts give equal bytes.
POINTS = 12_700  # Of Office's length unit in a point.
LOW = 0.12  # Share of the height in which no label stands below its point.
LABEL_SIZE, AXIS_SIZE = 700, 800  # Hundredths of a point.

Values = tuple[float | None, ...]
Kind = Literal["now", "months", "before", "target", "second", "expected", "alarm", "good", "watch"]
AxisNumber = Literal[0, 1]


def markup(words: str) -> str:
    """Words as the text of an XML element."""
    return escape(formats.printable(words), quote=True)


@dataclass(frozen=True, slots=True)
class Series:
    """A line or a set of markers over the 19 places.

    Attributes:
        name: Heading of its column in the data sheet.
        values: One per place, None for a gap.
        kind: How it is drawn.
        axis: On which of the two scales.
        form: Number format.
        printed: Places whose value stands at the point, and whether above it.
        hollow: Places of periods that are incomplete, or will still move.
        breaks: First place measured by a new definition: no line leads to it.
        around: Of the expected range: how far it reaches above and below the value.
        drawn: Kept out of the picture where no scale is left.
    """

    name: str
    values: Values
    kind: Kind
    axis: AxisNumber = 0
    form: str = "General"
    printed: dict[int, bool] = field(default_factory=dict, hash=False)
    hollow: frozenset[int] = frozenset()
    breaks: int | None = None
    around: tuple[float, float] | None = None
    drawn: bool = True


@dataclass(frozen=True, slots=True)
class Native:
    """A chart ready for a slide; what python-pptx asks of chart data is `xml_bytes` and `xlsx_blob`.

    Attributes:
        names: The 19 names under the chart; None for the blank.
        series: In drawing order.
        scales: Of the primary axis and, if something stands on it, of the secondary one.
        forms: Number formats of the two axes.
        two: Weeks and months have scales of their own.
    """

    names: tuple[str | None, ...]
    series: tuple[Series, ...]
    scales: tuple[Scale, Scale | None]
    forms: tuple[str, str]
    two: bool

    @property
    def xlsx_blob(self) -> bytes:
        """The data sheet that opens when somebody edits the chart."""
        out = BytesIO()
        book = xlsxwriter.Workbook(out, {"in_memory": True})
        book.set_properties({"created": MADE})
        sheet = book.add_worksheet("Sheet1")
        looks: dict[str, object] = {}
        for place, name in enumerate(self.names, 1):
            if name is not None:
                sheet.write_string(place, 0, formats.printable(name))
        for column, series in enumerate(self.series, 1):
            look = looks.setdefault(series.form, book.add_format({"num_format": series.form}))
            sheet.write_string(0, column, formats.printable(series.name)[:255])
            for place, value in enumerate(series.values, 1):
                if value is not None:
                    sheet.write_number(place, column, value, look)
        book.close()
        return out.getvalue()

    def xml_bytes(self, _: object = None) -> bytes:
        """The chart itself."""
        drawn = [(n, s) for n, s in enumerate(self.series, 1) if s.drawn]
        lines = ""
        for axis, ids in ((0, "1001 1002"), (1, "1003 1004")):
            own = "".join(self._series(n, s) for n, s in drawn if s.axis == axis)
            if own:
                axes = "".join(f'<c:axId val="{i}"/>' for i in ids.split())
                lines += (
                    '<c:lineChart><c:grouping val="standard"/><c:varyColors val="0"/>'
                    f'{own}<c:marker val="1"/>{axes}</c:lineChart>'
                )
        right = self.scales[1]
        axes = _names_axis(1001, 1002, shown=True) + _values_axis(
            1002, 1001, self.scales[0], self.forms[0], LIGHT["now"] if self.two else LIGHT["quiet"]
        )
        if right is not None:
            colour = LIGHT["months"] if self.two else LIGHT["second"]
            axes += _names_axis(1003, 1004, shown=False)
            axes += _values_axis(1004, 1003, right, self.forms[1], colour, right=True)
        return (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
            '<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
            'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
            'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
            '<c:date1904 val="0"/><c:roundedCorners val="0"/>'
            '<c:chart><c:autoTitleDeleted val="1"/><c:plotArea>'
            '<c:layout><c:manualLayout><c:layoutTarget val="inner"/>'
            '<c:xMode val="edge"/><c:yMode val="edge"/>'
            f'<c:x val="0.075"/><c:y val="0.06"/><c:w val="{0.915 if right is None else 0.85}"/>'
            '<c:h val="0.8"/></c:manualLayout></c:layout>'
            f"{lines}{axes}</c:plotArea>"
            '<c:plotVisOnly val="1"/><c:dispBlanksAs val="gap"/></c:chart>'
            f'<c:txPr><a:bodyPr/><a:lstStyle/><a:p><a:pPr><a:defRPr sz="{AXIS_SIZE}"/></a:pPr>'
            '<a:endParaRPr lang="en-US"/></a:p></c:txPr></c:chartSpace>'
        ).encode()

    # --- parts of the XML ----------------------------------------------------------------------

    def _series(self, number: int, series: Series) -> str:
        column = chr(ord("A") + number)
        points = "".join(
            f'<c:pt idx="{n}"><c:v>{value!r}</c:v></c:pt>'
            for n, value in enumerate(series.values)
            if value is not None
        )
        names = "".join(
            f'<c:pt idx="{n}"><c:v>{markup(name)}</c:v></c:pt>' for n, name in enumerate(self.names) if name
        )
        last = PLACES + 1
        return (
            f'<c:ser><c:idx val="{number - 1}"/><c:order val="{number - 1}"/>'
            f'<c:tx><c:strRef><c:f>Sheet1!${column}$1</c:f><c:strCache><c:ptCount val="1"/>'
            f'<c:pt idx="0"><c:v>{markup(series.name)}</c:v></c:pt></c:strCache></c:strRef></c:tx>'
            f"{_look(series)}{_points(series)}{_labels(series)}{_range(series)}"
            f"<c:cat><c:strRef><c:f>Sheet1!$A$2:$A${last}</c:f><c:strCache>"
            f'<c:ptCount val="{PLACES}"/>{names}</c:strCache></c:strRef></c:cat>'
            f"<c:val><c:numRef><c:f>Sheet1!${column}$2:${column}${last}</c:f><c:numCache>"
            f"<c:formatCode>{markup(series.form)}</c:formatCode>"
            f'<c:ptCount val="{PLACES}"/>{points}</c:numCache></c:numRef></c:val><c:smooth val="0"/></c:ser>'
        )


def _solid(colour: str, alpha: int = 100) -> str:
    clear = f'<a:alpha val="{alpha * 1000}"/>' if alpha < 100 else ""
    return f'<a:solidFill><a:srgbClr val="{colour.removeprefix("#")}">{clear}</a:srgbClr></a:solidFill>'


def _ink(colour: str, points: float, more: str = "") -> str:
    return f'<a:ln w="{points * POINTS:.0f}" cap="rnd">{_solid(colour)}{more}<a:round/></a:ln>'


NO_LINE = "<a:ln><a:noFill/></a:ln>"


def _marker(symbol: str, size: int, fill: str | None, edge: str, points: float = 1.2) -> str:
    inside = _solid(fill) if fill else "<a:noFill/>"
    return (
        f'<c:marker><c:symbol val="{symbol}"/><c:size val="{size}"/>'
        f"<c:spPr>{inside}{_ink(edge, points)}</c:spPr></c:marker>"
    )


RINGS = {
    "alarm": ("diamond", 13, "attention"),
    "good": ("circle", 11, "good"),
    "watch": ("circle", 10, "quiet"),
}
RING_NAMES: dict[Kind, str] = {"alarm": "Exception", "good": "Favourable exception", "watch": "Watch"}
NO_MARKER = '<c:marker><c:symbol val="none"/></c:marker>'


def _look(series: Series) -> str:
    """Line and marker of a series."""
    match series.kind:
        case "now" | "months":
            colour = LIGHT[series.kind]
            return f"<c:spPr>{_ink(colour, 1.75)}</c:spPr>{_marker('circle', 5, colour, colour)}"
        case "before":
            return f"<c:spPr>{_ink(LIGHT['before'], 1.0)}</c:spPr>{NO_MARKER}"
        case "target":
            colour = LIGHT["target"]
            return f"<c:spPr>{NO_LINE}</c:spPr>{_marker('triangle', 5, colour, colour, 0.5)}"
        case "second":
            dashes = '<a:prstDash val="dash"/>'
            return f"<c:spPr>{_ink(LIGHT['second'], 1.5, dashes)}</c:spPr>{NO_MARKER}"
        case "expected":
            return f"<c:spPr>{NO_LINE}</c:spPr>{NO_MARKER}"
        case "alarm" | "good" | "watch":
            symbol, size, ink = RINGS[series.kind]
            marker = _marker(symbol, size, LIGHT["page"], LIGHT[ink], 1.75)
            return f"<c:spPr>{_ink(LIGHT[ink], 1.75)}</c:spPr>{marker}"


def _points(series: Series) -> str:
    """What is drawn otherwise at single places: hollow points, and no line to a new definition."""
    if series.kind not in ("now", "months"):
        return ""
    colour, told = LIGHT[series.kind], ""
    for place in sorted(series.hollow | {p for p in (series.breaks,) if p is not None}):
        inside = _marker("circle", 5, LIGHT["page"], colour) if place in series.hollow else ""
        line = NO_LINE if place == series.breaks else _ink(colour, 1.75)
        told += f'<c:dPt><c:idx val="{place}"/>{inside}<c:bubble3D val="0"/><c:spPr>{line}</c:spPr></c:dPt>'
    return told


def _labels(series: Series) -> str:
    """The values at the points: they follow when somebody edits a number."""
    shows = "".join(
        f'<c:{what} val="{int(what == "showVal")}"/>'
        for what in (
            "showLegendKey",
            "showVal",
            "showCatName",
            "showSerName",
            "showPercent",
            "showBubbleSize",
        )
    )
    if not series.printed:
        return ""
    form = f'<c:numFmt formatCode="{markup(series.form)}" sourceLinked="0"/>'
    told = ""
    for place in range(PLACES):
        if place not in series.printed:
            if series.values[place] is not None:
                told += f'<c:dLbl><c:idx val="{place}"/><c:delete val="1"/></c:dLbl>'
            continue
        where = "t" if series.printed[place] else "b"
        bold = ' b="1"' if place in (WEEKS - 1, PLACES - 1) else ""
        told += (
            f'<c:dLbl><c:idx val="{place}"/>{form}<c:spPr><a:noFill/>{NO_LINE}</c:spPr>'
            f"{_type(LABEL_SIZE, LIGHT['second' if series.kind == 'second' else 'ink'], bold)}"
            f'<c:dLblPos val="{where}"/>{shows}</c:dLbl>'
        )
    return (
        f"<c:dLbls>{told}{form}<c:spPr><a:noFill/>{NO_LINE}</c:spPr>{_type(LABEL_SIZE, LIGHT['ink'])}"
        f'<c:dLblPos val="t"/>{shows}</c:dLbls>'
    )


def _type(size: int, colour: str, more: str = "") -> str:
    return (
        '<c:txPr><a:bodyPr wrap="none" lIns="0" rIns="0"/><a:lstStyle/><a:p><a:pPr>'
        f'<a:defRPr sz="{size}"{more}>'
        f'{_solid(colour)}</a:defRPr></a:pPr><a:endParaRPr lang="en-US"/></a:p></c:txPr>'
    )


def _range(series: Series) -> str:
    """The expected range of the last week as a pale bar behind its point."""
    if series.around is None:
        return ""

    def reach(amount: float) -> str:
        return (
            f'<c:numLit><c:formatCode>General</c:formatCode><c:ptCount val="{PLACES}"/>'
            f'<c:pt idx="{WEEKS - 1}"><c:v>{amount!r}</c:v></c:pt></c:numLit>'
        )

    above, below = series.around
    return (
        '<c:errBars><c:errDir val="y"/><c:errBarType val="both"/><c:errValType val="cust"/>'
        '<c:noEndCap val="1"/>'
        f"<c:plus>{reach(above)}</c:plus><c:minus>{reach(below)}</c:minus>"
        f'<c:spPr><a:ln w="{7 * POINTS}" cap="flat">{_solid(LIGHT["ink"], 12)}</a:ln></c:spPr></c:errBars>'
    )


def _names_axis(own: int, other: int, *, shown: bool) -> str:
    return (
        f'<c:catAx><c:axId val="{own}"/><c:scaling><c:orientation val="minMax"/></c:scaling>'
        f'<c:delete val="{int(not shown)}"/><c:axPos val="b"/>'
        '<c:numFmt formatCode="General" sourceLinked="0"/>'
        '<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="low"/>'
        f"<c:spPr>{_ink(LIGHT['hair'], 0.75)}</c:spPr>"
        f'<c:txPr><a:bodyPr rot="0" vert="horz"/><a:lstStyle/><a:p><a:pPr><a:defRPr sz="{AXIS_SIZE}">'
        f'{_solid(LIGHT["quiet"])}</a:defRPr></a:pPr><a:endParaRPr lang="en-US"/></a:p></c:txPr>'
        f'<c:crossAx val="{other}"/><c:crosses val="min"/><c:auto val="0"/><c:lblAlgn val="ctr"/>'
        '<c:lblOffset val="20"/><c:tickLblSkip val="1"/><c:noMultiLvlLbl val="1"/></c:catAx>'
    )


def _values_axis(own: int, other: int, ticks: Scale, form: str, colour: str, *, right: bool = False) -> str:
    low, high = ticks.ticks[0], ticks.ticks[-1]
    grid_lines = (
        "" if right else f"<c:majorGridlines><c:spPr>{_ink(LIGHT['hair'], 0.75)}</c:spPr></c:majorGridlines>"
    )
    return (
        f'<c:valAx><c:axId val="{own}"/><c:scaling><c:orientation val="minMax"/>'
        f'<c:max val="{high!r}"/><c:min val="{low!r}"/></c:scaling><c:delete val="0"/>'
        f'<c:axPos val="{"r" if right else "l"}"/>{grid_lines}'
        f'<c:numFmt formatCode="{markup(form)}" sourceLinked="0"/>'
        '<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/>'
        f"<c:spPr>{NO_LINE}</c:spPr>{_type(AXIS_SIZE, colour)}"
        f'<c:crossAx val="{other}"/><c:crosses val="{"max" if right else "min"}"/>'
        f'<c:crossBetween val="between"/><c:majorUnit val="{ticks.ticks[1] - low!r}"/></c:valAx>'
    )


# --- what is drawn from ------------------------------------------------------------------------


def native(chart: SixTwelve, currency: str, signal: Signal | None) -> Native:
    """A chart of the deck as a native one.

    Args:
        chart: What it shows.
        currency: ISO code of amounts.
        signal: What the engine says of the primary line's last week.
    """
    lines = {line.role: line for line in chart.lines}
    primary, second, target = lines["primary"], lines.get("secondary"), lines.get("target")
    has_weeks, has_months = _known(primary.weeks, primary), _known(primary.months, primary)
    two = chart.two_axes and has_weeks and has_months
    same = [line for line in chart.lines if line.role == "target" or line.unit == primary.unit]
    weeks = [v for line in same for v in line.weeks] + [*primary.weeks_year_earlier]
    months = [v for line in same for v in line.months] + [*primary.months_year_earlier]
    unit = primary.unit
    left = scale(weeks if two else [*(weeks if has_weeks else ()), *(months if has_months else ())], unit)
    right = scale(months, unit) if two else None
    series = [*_expected(primary, signal), *_ring(primary, signal)]
    for name, line, kind, part in _columns(primary, target, two=two):
        axis: AxisNumber = 1 if part == "months" and two else 0
        values = _placed(line, part, earlier=kind == "before")
        if kind == "target":  # Where the metric itself is never told, its target is no news.
            values = (
                *(values[:WEEKS] if has_weeks else (None,) * WEEKS),
                *(values[WEEKS:] if has_months else (None,) * (1 + MONTHS)),
            )
        made = Series(name, values, kind, axis, formats.labels(values, line.unit, currency))
        if kind in ("now", "months"):
            made = _marked(made, primary, part, right if axis else left)
        series.append(made)
    right_unit = unit
    if second is not None:
        apart = second.unit != unit
        values = _placed(second, "both")
        form = formats.labels(values, second.unit, currency)
        if two and not apart:
            for part, on in (("weeks", False), ("months", True)):
                series.append(
                    Series(f"{second.name}, {part}", _placed(second, part), "second", 1 if on else 0, form)
                )
        else:
            series.append(Series(second.name, values, "second", 1 if apart else 0, form, drawn=not two))
        if apart and not two:
            right, right_unit = scale((*second.weeks, *second.months), second.unit), second.unit
    series = [replace(s, printed=_ends(s.values)) if s.kind == "second" and s.drawn else s for s in series]
    names = (*chart.axis.weeks, None, *chart.axis.months)
    right_form = formats.axis(right.ticks, right_unit, currency) if right else "General"
    left_form = formats.axis(left.ticks, unit, currency)
    return Native(names, tuple(series), (left, right), (left_form, right_form), two)


def left_out(chart: SixTwelve) -> str:
    """What a native chart cannot draw of this one, in a sentence; empty where it draws all."""
    primary = chart.lines[0]
    second = next((line for line in chart.lines if line.role == "secondary"), None)
    if second is None or second.unit == primary.unit or not chart.two_axes:
        return ""
    return f"{second.name} has a third scale and is not drawn: its values are in the chart's data."


def _known(values: Sequence[float | None], line: Line) -> bool:
    also = line.weeks_year_earlier if values is line.weeks else line.months_year_earlier
    return any(v is not None for v in (*values, *also))


def _columns(primary: Line, target: Line | None, *, two: bool) -> Iterator[tuple[str, Line, Kind, str]]:
    parts: Sequence[tuple[str, Kind]] = (
        (("weeks", "now"), ("months", "months")) if two else (("both", "now"),)
    )
    for part, kind in parts:
        tail = f", {part}" if two else ""
        yield f"Year earlier{tail}", primary, "before", part
        if target is not None:
            yield f"Target{tail}", target, "target", part
        yield f"{primary.name}{tail}", primary, kind, part


def _placed(line: Line, part: str, *, earlier: bool = False) -> Values:
    """Values at the 19 places, of both halves or of one; a gap where there is none."""
    weeks = tuple(map(_finite, line.weeks_year_earlier if earlier else line.weeks))
    months = tuple(map(_finite, line.months_year_earlier if earlier else line.months))
    return (
        *(weeks if part != "months" else (None,) * WEEKS),
        None,
        *(months if part != "weeks" else (None,) * MONTHS),
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def _marked(series: Series, line: Line, part: str, by: Scale | None) -> Series:
    """A line with its labels, its hollow points and its break."""
    states = (*line.weeks_state, "complete", *line.months_state)
    hollow = frozenset(
        n for n, why in enumerate(states) if why in ("partial", "immature") and series.values[n] is not None
    )
    breaks = None
    if line.break_week is not None and part != "months":
        breaks = line.break_week
    elif line.break_month is not None and part != "weeks":
        breaks = WEEKS + 1 + line.break_month
    floor = by.ticks[0] + LOW * (by.ticks[-1] - by.ticks[0]) if by else 0.0
    return replace(series, printed=_printed(series.values, floor), hollow=hollow, breaks=breaks)


def _printed(values: Values, floor: float) -> dict[int, bool]:
    """Which values stand at their points: all weeks; of the months the ends and the extremes.

    A peak has its value above, a valley below; below `floor` there is no room for it.
    """
    found: dict[int, bool] = {}
    months = [n for n in range(WEEKS + 1, PLACES) if values[n] is not None]
    must = {n for n in range(WEEKS) if values[n] is not None}
    if months:
        ranked = sorted(months, key=lambda n: values[n] or 0.0)
        must |= {months[0], months[-1], ranked[0], ranked[-1]}
    for place in sorted(must):
        value = values[place] or 0.0
        near = [values[n] for n in (place - 1, place + 1) if 0 <= n < PLACES]
        known = [v for v in near if v is not None]
        found[place] = value < floor or not known or value >= sum(known) / len(known)
    return found


def _ends(values: Values) -> dict[int, bool]:
    """The last week and the last month: what is printed of a second line."""
    return {place: True for place in (WEEKS - 1, PLACES - 1) if values[place] is not None}


def _ring(primary: Line, signal: Signal | None) -> Iterator[Series]:
    """The mark around the last week's point: a series of its own, behind the line."""
    value = _finite(primary.weeks[-1])
    kind = grid.ring(signal) if signal is not None else None
    if kind is not None and value is not None:
        yield Series(RING_NAMES[kind], (*(None,) * (WEEKS - 1), value, *(None,) * (1 + MONTHS)), kind)


def _expected(primary: Line, signal: Signal | None) -> Iterator[Series]:
    value = _finite(primary.weeks[-1])
    if signal is None or signal.tier == "cannot_judge" or value is None:
        return
    if signal.low is None or signal.high is None or signal.expected is None:
        return
    share = value / signal.value if signal.value else 1.0  # Below 1 where the chart shows average days.
    middle = signal.expected * share
    values = (*(None,) * (WEEKS - 1), middle, *(None,) * (1 + MONTHS))
    around = signal.high * share - middle, middle - signal.low * share
    yield Series("Expected", values, "expected", around=around)
