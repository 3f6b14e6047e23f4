"""Values and changes as people read them.

Four lengths of one value: on an axis (`axis`), at a point (`labels`), in a box score or a table
(`exact`), and in a tooltip (`full`). Unknown is always `—`. A minus is a minus sign, never a hyphen.
"""

from collections.abc import Iterable, Sequence
from math import floor, isfinite, log10

from metrics.deck import CellUnit, Row
from metrics.definitions import Unit
from metrics.six_twelve import Box, Change

UNKNOWN = "—"
MINUS = "−"

SIGNS = {
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
    "CNY": "¥",
    "INR": "₹",
    "KRW": "₩",
    "AUD": "A$",
    "CAD": "C$",
}
SUFFIXES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"), (1.0, ""))
LETTERS = "TBMK"
UNIT_SIGNS: dict[str, str] = {"days": " days", "hours": " h", "seconds": " s", "milliseconds": " ms"}
UNIT_WORDS: dict[str, str] = {
    "days": "days",
    "hours": "hours",
    "seconds": "seconds",
    "milliseconds": "milliseconds",
    "fraction": "percent",
    "score": "score",
}
KEEP_DECIMALS = ("fraction", "currency", "score")  # `2.00%` and `$6.50` say how exact they are
LONGEST_LABEL = 6  # characters at a point: `$12.9M`; two slots apart, longer ones would meet

BOX_HEADERS = ("LastWk", "WOW", "YOY", "MTD", "YOY", "QTD", "YOY", "YTD", "YOY", "vs target")


# --- values ----------------------------------------------------------------------------------


def sign(currency: str) -> str:
    """The sign of an ISO currency; the code itself, with a space, where there is none."""
    return SIGNS.get(currency) or f"{currency}\u00a0"


def unit_word(unit: Unit, currency: str = "USD") -> str:
    """What the figures of a chart count, in a word; empty where the figures say it themselves."""
    return currency if unit == "currency" else UNIT_WORDS.get(unit, "")


def exact(value: float | None, unit: Unit, currency: str = "USD") -> str:
    """A value in three to four significant digits with its unit: `$12.96M`, `2.71%`, `3.38 days`."""
    digits = _signed(value, unit, currency, 4)
    if unit not in KEEP_DECIMALS and _integral((value,)):
        digits = _trimmed(digits)
    return digits + (UNIT_SIGNS.get(unit, "") if value is not None else "")


def full(value: float | None, unit: Unit, currency: str = "USD") -> str:
    """A value as exactly as a person can use it: `6,970,123`, `$12,961,204`, `2.713%`."""
    if value is None:
        return UNKNOWN
    size = abs(value)
    if not size < 1e15:  # also what is not a number
        return exact(value, unit, currency)
    if unit == "fraction":
        percent = size * 100
        digits = f"{percent:,.2f}" if percent >= 10 else _small(percent, 3)
        tail = "%"
    elif unit == "currency":
        whole = size >= 1000
        digits = f"{size:,.0f}" if whole else (f"{size:.2f}" if size >= 0.01 or not size else _small(size, 2))
        digits, tail = sign(currency) + digits, ""
    else:
        digits = f"{size:,.0f}" if size >= 10_000 or size == int(size) else _trimmed(_small(size, 3))
        tail = UNIT_SIGNS.get(unit, "")
    return _minus(value, digits) + tail


def labels(values: Sequence[float | None], unit: Unit, currency: str = "USD") -> tuple[str, ...]:
    """Short labels for points, in three significant digits and without words; empty for unknown values."""
    return _alike(values, unit, currency, 3)


def distinct_labels(values: Sequence[float | None], unit: Unit, currency: str = "USD") -> tuple[str, ...]:
    """Short labels, with a fourth digit where two different values would read the same and it still fits."""
    short = labels(values, unit, currency)
    if len(set(short) - {""}) == len({v for v in values if v is not None}):
        return short
    longer = _alike(values, unit, currency, 4)
    return longer if max(map(len, longer)) <= LONGEST_LABEL else short


def _alike(values: Sequence[float | None], unit: Unit, currency: str, digits: int) -> tuple[str, ...]:
    """Labels of one line: decimals go only where no value of it has any."""
    words = ["" if v is None else _signed(v, unit, currency, digits) for v in values]
    return tuple(map(_trimmed, words)) if unit not in KEEP_DECIMALS and _integral(values) else tuple(words)


def _integral(values: Iterable[float | None]) -> bool:
    return all(v is None or (isfinite(v) and v == int(v)) for v in values)


def axis(ticks: Sequence[float], unit: Unit, currency: str = "USD") -> tuple[str, ...]:
    """Labels of evenly spaced ticks, all with one suffix and as few decimals as tell them apart."""
    top = max(map(abs, ticks), default=0.0)
    if top == 0 or not isfinite(top):
        return tuple(_minus(t, "0") for t in ticks)
    head, tail = (sign(currency) if unit == "currency" else ""), ""
    if len(head) > 2:
        head = ""  # A code of three letters would not fit in the margin; the card names it.
    if unit == "fraction":
        size, tail = 0.01, "%"
    elif top >= 1e18 or top < 1e-4:
        return tuple(_exponent(t, head) for t in ticks)
    else:
        size, tail = next((s for s in SUFFIXES if top >= s[0] and (s[0] != 1e3 or top >= 1e4)), (1.0, ""))
    decimals = next((d for d in range(7) if all(_whole(t / size * 10**d) for t in ticks)), 6)
    told = (f"{head}{abs(t) / size:,.{decimals}f}" for t in ticks)
    whole = f"100.{'0' * decimals}%"
    return tuple(
        f"{head}0{tail.strip(LETTERS)}"
        if t == 0
        else _minus(t, "100" if words + tail == whole else words) + tail
        for t, words in zip(ticks, told, strict=True)
    )


def _whole(value: float) -> bool:
    return abs(value - round(value)) < 1e-6 * max(1.0, abs(value))


def _exponent(value: float, head: str) -> str:
    mantissa, power = f"{abs(value):.1e}".split("e")
    exponent = int(power)
    return (
        "0"
        if value == 0
        else _minus(value, f"{head}{mantissa}e{MINUS if exponent < 0 else ''}{abs(exponent)}")
    )


def _minus(value: float, digits: str) -> str:
    """`digits` with a minus sign for a negative value, unless it rounded to zero."""
    return MINUS + digits if value < 0 and any(c in digits for c in "123456789") else digits


def _trimmed(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _small(size: float, decimals: int) -> str:
    """Digits of a value ≥ 0: `decimals` of them, more below 0.1 so that three significant ones stay."""
    if size >= 0.1 or size == 0:
        return f"{size:,.{decimals}f}"
    if size < 1e-4:
        return _exponent(size, "")
    return f"{size:.{min(2 - floor(log10(size)), 6)}f}"


def _scaled(size: float, digits: int) -> str:
    """Digits of a value ≥ 10,000 with its suffix: `12.96M` for four digits, `13.0M` for three."""
    if size >= 1e18:
        return _exponent(size, "")
    scale, suffix = next(s for s in SUFFIXES if size >= s[0])
    scaled = size / scale
    decimals = _decimals(scaled, digits)
    if scaled < 1000 and round(scaled, decimals) >= 1000:  # 999,960 reads 1.00M, not 1,000K
        place = SUFFIXES.index((scale, suffix)) - 1
        scale, suffix = SUFFIXES[max(place, 0)]
        scaled = size / scale
        decimals = 2
    return f"{scaled:,.{decimals}f}{suffix}"


def _decimals(scaled: float, digits: int) -> int:
    if scaled < 9.995:
        return 2
    if scaled < 99.95:
        return digits - 2
    return max(digits - 3, 0) if scaled < 9999.5 else 0


def _signed(value: float | None, unit: Unit, currency: str, digits: int) -> str:
    if value is None or not isfinite(value):
        return UNKNOWN
    size = abs(value)
    if unit == "fraction":
        percent = size * 100
        if percent < 0.0995 and percent:
            return _minus(value, _small(percent, 3) + "%")
        close = percent < 9.995 or 98.995 <= percent < 100  # near 100% the distance from it is what is read
        return _minus(value, f"{percent:,.{2 if close else 0 if percent >= 999.5 else 1}f}%")
    head = sign(currency) if unit == "currency" else ""
    if digits == 3 and len(head) > 2:
        head = ""
    if size >= 9999.5 or (unit == "currency" and digits == 3 and size >= 999.5):
        return _minus(value, head + _scaled(size, digits))
    if unit == "currency":
        decimals = 2 if size < 99.995 else 0
        small = _small(size, 2) if size < 0.1 and size else f"{size:,.{decimals}f}"
        return _minus(value, head + small)
    if unit == "count" and size == int(size):
        return _minus(value, f"{size:,.0f}")
    decimals = 2 if size < 9.995 else 1 if size < (99.95 if digits == 3 else 999.95) else 0
    return _minus(value, f"{size:,.{decimals}f}" if size >= 0.1 or not size else _small(size, 2))


# --- changes ---------------------------------------------------------------------------------


def change(moved: Change, unit: Unit, currency: str = "USD") -> str:
    """A change with its sign: `+2.3%`, `−38 bps`, `0.0%`.

    A base below zero has no percent, so the difference is told; a base of zero reads `from 0`.
    """
    if moved.note == "negative_base":
        return difference(moved.difference, unit, currency)
    if moved.note == "undefined":
        return "from 0"
    return percent(moved.amount) if moved.unit == "percent" else bps(moved.amount)


def percent(amount: float | None) -> str:
    """A relative change, 0.07 = `+7.0%`; no sign at zero, no decimals from 100% on."""
    if amount is None or not isfinite(amount):
        return UNKNOWN
    size = abs(amount) * 100
    if size >= 1e7:
        return _plus(amount, _scaled(size, 3) + "%")
    return _plus(amount, f"{size:.1f}%" if size < 99.95 else f"{size:,.0f}%")


def bps(amount: float | None) -> str:
    """A difference in basis points, `−38 bps`; no sign at zero."""
    if amount is None or not isfinite(amount):
        return UNKNOWN
    return _plus(amount, f"{abs(amount):,.0f} bps")


def difference(amount: float | None, unit: Unit, currency: str = "USD") -> str:
    """A difference in the metric's own unit with its sign: `+$1.2M`."""
    if amount is None:
        return UNKNOWN
    return _plus(amount, exact(abs(amount), unit, currency))


def _plus(amount: float, digits: str) -> str:
    if not any(c in digits for c in "123456789"):
        return digits
    return ("+" if amount > 0 else MINUS) + digits


def box_cells(box: Box, currency: str = "USD") -> tuple[str, ...]:
    """The ten cells of a box score, in the order of `BOX_HEADERS`."""
    unit = box.unit
    return (
        exact(box.last_week, unit, currency),
        change(box.wow, unit, currency),
        change(box.yoy, unit, currency),
        exact(box.mtd, unit, currency),
        change(box.mtd_yoy, unit, currency),
        exact(box.qtd, unit, currency),
        change(box.qtd_yoy, unit, currency),
        exact(box.ytd, unit, currency),
        change(box.ytd_yoy, unit, currency),
        change(box.vs_target, unit, currency),
    )


def cell(row: Row, place: int, currency: str = "USD") -> str:
    """One cell of a table as people read it."""
    return figure(row.values[place], row.unit, currency)


def figure(value: float | str | None, unit: CellUnit | None, currency: str = "USD") -> str:
    """A value, a change or a word as a table shows it; `—` for an unknown one."""
    if value is None:
        return UNKNOWN
    if isinstance(value, str):
        return value
    match unit:
        case "percent":
            return percent(value)
        case "bps":
            return bps(value)
        case "text" | None:
            return exact(value, "number", currency)
        case _:
            return exact(value, unit, currency)
