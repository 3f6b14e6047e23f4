"""How a spreadsheet and a native chart write numbers and words: Excel's number formats, what XML can hold.

The cell keeps the number; the format only says how it is shown. A chart's axis and labels take the
suffix and the decimals that `text` chose for the drawing, so that both read alike.
"""

from collections.abc import Sequence
from re import compile as pattern

from metrics import text
from metrics.definitions import Unit

PERCENT = '+0.0%;"−"0.0%;0.0%'
BPS = '+#,##0" bps";"−"#,##0" bps";0" bps"'
DATE = "yyyy-mm-dd"
COMMAS = {"K": ",", "M": ",,", "B": ",,,", "T": ",,,,"}
WORDS = {"days": '" days"', "hours": '" h"', "seconds": '" s"', "milliseconds": '" ms"'}
UNPRINTABLE = pattern("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # Not allowed in XML.
_LABEL = pattern(r"−?\D*?(?P<whole>[\d,]+)(?:\.(?P<decimals>\d+))?(?P<suffix>[KMBT])?%?")


def printable(words: str) -> str:
    """Words in which what no XML and no text file can hold is replaced by `\ufffd`."""
    return UNPRINTABLE.sub("\ufffd", words)


def cells(unit: str | None, currency: str) -> str:
    """Of the cells of a unit; also of `percent` and `bps` for comparisons."""
    match unit:
        case "percent":
            return PERCENT
        case "bps":
            return BPS
        case "fraction":
            return "0.00%"
        case "currency":
            return f"{_sign(currency)}#,##0.00;−{_sign(currency)}#,##0.00"
        case "count":
            return "#,##0"
        case "days" | "hours" | "seconds" | "milliseconds":
            return f"#,##0.00{WORDS[unit]}"
        case _:
            return "#,##0.00"


def axis(ticks: Sequence[float], unit: Unit, currency: str) -> str:
    """Of an axis whose ticks `text.axis` would word."""
    return _like(text.axis(ticks, unit, currency), ticks, unit, currency)


def labels(values: Sequence[float | None], unit: Unit, currency: str) -> str:
    """Of the labels at the points of a line, as the largest of them is worded."""
    known = [v for v in values if v is not None]
    return _like(text.labels(known, unit, currency), known, unit, currency)


def _like(words: Sequence[str], values: Sequence[float], unit: Unit, currency: str) -> str:
    if not words:
        return "General"
    largest = max(range(len(words)), key=lambda n: abs(values[n]))
    found = _LABEL.fullmatch(words[largest])
    if found is None or "e" in words[largest]:
        return "General"
    told = [match["decimals"] or "" for match in map(_LABEL.fullmatch, words) if match]
    decimals = max(map(len, told))  # `100%` among ticks of two decimals is written short.
    digits = ("#,##0." + "0" * decimals) if decimals else "#,##0"
    digits += COMMAS.get(found["suffix"] or "", "")
    tail = f'"{found["suffix"]}"' if found["suffix"] else "%" if unit == "fraction" else ""
    head = _sign(currency) if unit == "currency" and len(text.sign(currency)) <= 2 else ""
    return f"{head}{digits}{tail};−{head}{digits}{tail};{head}0{'%' if unit == 'fraction' else ''}"


def _sign(currency: str) -> str:
    return f'"{text.sign(currency)}"'
