"""What one cell says: a day, a moment, a number; or what is wrong with it, and the remedy.

Nothing is guessed. A blank cell is a missing value, and so is a word that people and programs write
for one: NA, N/A, NaN, null, None, or a dash alone. A value is a finite number in the signs that the
source declares; around it may stand a currency, a percent sign (5.3% is 0.053) or the accountant's
brackets ((1,234) is -1234). Everything else is refused.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from metrics.definitions import Grain

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Decimal = Literal[".", ","]
Thousands = Literal[",", ".", " ", "'", ""]

YEARS = range(1900, 2200)  # A year outside them is a typing mistake: 0026, 20226.
EPOCH = date(1970, 1, 1).toordinal()


class Fault(str):
    """What is wrong with a cell, and the remedy: `is not a date: write it like 2026-05-09`."""

    __slots__ = ()


# --- numbers ---------------------------------------------------------------------------------

BLANK = r"(?i)^(?:n/?a|nan|null|none|-|–|—)?$"
# Letters are allowed as a currency only: "SKU 12" is not twelve.
_CURRENCY = (
    r"(?:(?:A|C|CA|HK|NZ|R|S|US)?[$]|[€£¥₹]|USD|EUR|GBP|JPY|CNY|CHF|CAD|AUD|NZD|INR|SEK|NOK|DKK|PLN|CZK|HUF"
    r"|RON|TRY|ILS|BRL|MXN|ZAR|SGD|HKD|KRW|THB)"
)
_SPREADSHEET_ERROR = re.compile(r"#(?:N/A|REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA)")


@dataclass(frozen=True, slots=True)
class Signs:
    """How numbers are written: the decimal sign, and the one between thousands (empty if none)."""

    decimal: Decimal = "."
    thousands: Thousands = ""

    @property
    def digits(self) -> str:
        """A pattern of the number itself. Groups must be whole, so that `1,5` is never fifteen."""
        whole = "[0-9]+"
        if self.thousands:
            sign = re.escape(self.thousands)
            by_thousands = rf"[0-9]{{1,3}}(?:{sign}[0-9]{{3}})+"
            by_lakhs = rf"[0-9]{{1,2}}(?:{sign}[0-9]{{2}})+{sign}[0-9]{{3}}"
            whole = rf"(?:{by_thousands}|{by_lakhs}|[0-9]+)"
        point = re.escape(self.decimal)
        return rf"(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)"

    @property
    def plain(self) -> str:
        """A pattern of a number with nothing around it."""
        return rf"^[-+]?{self.digits}(?:[eE][-+]?[0-9]+)?$"

    @property
    def dressed(self) -> str:
        """A pattern of a number with brackets, a currency or a percent sign around it."""
        return (
            rf"^(?P<open>\()? ?(?P<sign>[-+])? ?(?:{_CURRENCY})? ?(?P<inner>[-+])?(?P<number>{self.digits})"
            rf" ?(?:{_CURRENCY})? ?(?P<percent>%)? ?(?P<close>\))?$"
        )

    def unsigned(self, text: pa.Array) -> pa.Array:
        """Numbers that fit the pattern, as every program writes them."""
        if self.thousands:
            text = pc.replace_substring(text, self.thousands, "")
        return text if self.decimal == "." else pc.replace_substring(text, self.decimal, ".")


_SPACES = "\N{NO-BREAK SPACE}\N{FIGURE SPACE}\N{THIN SPACE}\N{NARROW NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"
_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
_KEYBOARD = str.maketrans({**dict.fromkeys(_SPACES, " "), _MINUS: "-", _APOSTROPHE: "'"})

CONVENTIONS = (
    Signs(".", ""), Signs(".", ","), Signs(",", ""), Signs(",", "."), Signs(".", " "), Signs(",", " "),
    Signs(".", "'"), Signs(",", "'"),
)  # fmt: skip


def numbers(cells: pa.Array, signs: Signs) -> tuple[Floats, Mask]:
    """The numbers that cells say.

    Args:
        cells: Array of string.
        signs: How the source writes numbers.

    Returns:
        The values, NaN where a cell is blank or refused; and which cells are refused.
    """
    values = np.full(len(cells), np.nan)
    refused = np.zeros(len(cells), dtype=bool)
    if cells.null_count == len(cells):
        return values, refused
    if signs.decimal == "." and (quick := _cast(cells)) is not None:
        return quick, refused
    left = np.flatnonzero(_bools(cells.is_valid()))
    text = _normal(cells.drop_null())

    fits = _bools(pc.match_substring_regex(text, signs.plain))
    values[left[fits]] = _floats(signs.unsigned(text.filter(pa.array(fits))))
    left, text = left[~fits], text.filter(pa.array(~fits))

    blank = _bools(pc.match_substring_regex(text, BLANK))
    left, text = left[~blank], text.filter(pa.array(~blank))

    if len(left):
        values[left] = _dressed(text, signs)
        refused[left] = np.isnan(values[left])
    infinite = np.isinf(values)
    values[infinite] = np.nan
    return values + 0.0, refused | infinite  # Minus zero becomes zero.


def _cast(cells: pa.Array) -> Floats | None:
    """All cells at once if each is a finite number or null; else None."""
    try:
        values = _floats(pc.cast(cells, pa.float64()))
    except pa.ArrowInvalid:
        return None
    finite = np.isfinite(values)
    return values + 0.0 if np.count_nonzero(finite) == len(cells) - cells.null_count else None


def _normal(text: pa.Array) -> pa.Array:
    """Typographers' spaces, minus and apostrophe as the keyboard has them; no outer spaces."""
    text = pc.replace_substring_regex(text, f"[{_SPACES}]", " ")
    text = pc.replace_substring(text, _MINUS, "-")
    text = pc.replace_substring(text, _APOSTROPHE, "'")
    return pc.utf8_trim_whitespace(text)


def _dressed(text: pa.Array, signs: Signs) -> Floats:
    """Numbers with something around them; NaN where a text is none."""
    values = np.full(len(text), np.nan)
    parts = pc.extract_regex(text, signs.dressed)
    found = _bools(parts.is_valid())
    there = {
        key: _bools(pc.not_equal(parts.field(key), ""))
        for key in ("open", "close", "sign", "inner", "percent")
    }
    negations = np.sum([there["open"], there["sign"], there["inner"]], axis=0)
    found &= (there["open"] == there["close"]) & (negations < 2)
    if not found.any():
        return values
    kept = parts.filter(pa.array(found))
    number = signs.unsigned(kept.field("number"))
    # 5.3e-2 is read as exactly 0.053, which 5.3 ÷ 100 need not be.
    exponent = pa.array(np.where(there["percent"][found], "e-2", ""), pa.string())
    values[found] = _floats(pc.binary_join_element_wise(number, exponent, ""))
    minus = pc.or_(pc.equal(parts.field("sign"), "-"), pc.equal(parts.field("inner"), "-"))
    negative = found & (there["open"] | _bools(minus))
    values[negative] *= -1
    return values


def number_fault(cell: str, signs: Signs) -> Fault:
    """Why `numbers` refused a cell, and the remedy."""
    text = cell.translate(_KEYBOARD).strip()
    if _SPREADSHEET_ERROR.fullmatch(text):
        return Fault(
            "is a spreadsheet's error: mend the formula, or leave the cell empty if the value is not known"
        )
    if text and not text.strip("#"):
        return Fault("is a number hidden by a column too narrow: widen the column before exporting")
    if re.fullmatch(r"(?i)[-+]?(?:inf|infinity|∞)", text) or _fits(text, signs):
        return Fault("is not a finite number: leave the cell empty if the value is not known")
    remedies = []
    for other in CONVENTIONS:
        needed = (not other.thousands or other.thousands in text) and (
            other.decimal == "." or other.decimal in text
        )
        if needed and _fits(text, other):
            declared = [f'decimal: "{other.decimal}"'] if other.decimal != signs.decimal else []
            declared += [f'thousands: "{other.thousands}"'] if other.thousands != signs.thousands else []
            remedies.append(f"`{', '.join(declared)}`")
    if remedies:
        which = " or ".join(remedies)
        return Fault(
            f"has signs that the source does not declare: declare {which}, or write the number plainly"
        )
    return Fault("is not a number: write a number, or leave the cell empty if the value is not known")


@lru_cache(maxsize=64)
def _patterns(signs: Signs) -> tuple[re.Pattern[str], re.Pattern[str]]:
    return re.compile(signs.plain), re.compile(signs.dressed)


def _fits(text: str, signs: Signs) -> bool:
    """Is a text a number in these signs? The same as `numbers`, for one cell without a column around it."""
    plain, dressed = _patterns(signs)
    if plain.match(text):
        return True
    if (parts := dressed.match(text)) is None:
        return False
    negations = sum(parts[key] is not None for key in ("open", "sign", "inner"))
    return (parts["open"] is None) == (parts["close"] is None) and negations < 2


def _bools(array: pa.Array) -> Mask:
    return np.asarray(array.fill_null(False).to_numpy(zero_copy_only=False), dtype=bool)


def _floats(array: pa.Array) -> Floats:
    if not pa.types.is_floating(array.type):
        array = pc.cast(array, pa.float64())
    return np.array(array.to_numpy(zero_copy_only=False), dtype=np.float64)


# --- days ------------------------------------------------------------------------------------

_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TIME = re.compile(
    r"(?:T| +|, +)(?:[01]?\d|2[0-3]):[0-5]\d(?::(?:[0-5]\d|60)(?:[.,]\d+)?)?(?: ?[ap]m)?"
    r"(?: ?(?:Z|UTC|GMT|[-+]\d\d:?(?:\d\d)?))?$",
    re.IGNORECASE | re.ASCII,
)
_WEEKDAY = re.compile(r"([a-z]{3,9})\.?,? +(?=\S)", re.IGNORECASE | re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", re.ASCII)
_EIGHT_DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_DAY_NAMED_MONTH = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th)?(?:[-/ ]|\. ?)([a-z]{3,9})(?:[-/ ]|[.,] ?)(\d{4})", re.IGNORECASE | re.ASCII
)
_NAMED_MONTH_DAY = re.compile(
    r"([a-z]{3,9})\.?[- ](\d{1,2})(?:st|nd|rd|th)?(?:, ?|[- ])(\d{4})", re.IGNORECASE | re.ASCII
)
_YEAR_MONTH = re.compile(r"(\d{4})[-/.]?(\d\d)", re.ASCII)
_NAMED_MONTH = re.compile(r"([a-z]{3,9})\.?[-/ ,]+(\d{4})", re.IGNORECASE | re.ASCII)
_NUMERIC = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d\d)", re.ASCII)
_SHORT_YEAR = re.compile(r"\d{1,2}([-/ ])[a-z]{3,9}\1\d\d", re.IGNORECASE | re.ASCII)

_NOT_A_DATE = "is not a date: write it like 2026-05-09, or declare its `format`"
_MIDDLE = 15  # Stands for a month without a day: a fiscal month of weeks is named for the days it mostly has.


def day(cell: str, format_: str | None = None, grain: Grain = "day") -> date | Fault:
    """The day that a cell names; a time of day and a zone are cut off, the day as written is kept.

    Args:
        cell: Not blank.
        format_: As `strptime` reads it; None to read ISO dates and dates with the month's English name.
        grain: Only a monthly source may name a month without a day; its 15th is returned.
    """
    text = " ".join(cell.split())
    if format_ is not None:
        found = _formatted(text, format_, grain)
    else:
        bare = _TIME.sub("", text)
        found = _written(bare, grain)
    if isinstance(found, date) and found.year not in YEARS:
        return Fault(f"is a day of the year {found.year}: correct the year")
    return found


def _formatted(text: str, format_: str, grain: Grain) -> date | Fault:
    names_day = re.search(r"%[dejcxDuwaA]", format_.replace("%%", ""))
    for candidate in dict.fromkeys((text, _TIME.sub("", text))):
        try:
            found = datetime.strptime(candidate, format_).date()
        except ValueError:
            continue
        if names_day:
            return found
        return found.replace(day=_MIDDLE) if grain == "month" else _only_a_month(grain)
    return Fault(
        f"is not written in the format {format_!r} that the source declares: correct the one or the other"
    )


def _written(text: str, grain: Grain) -> date | Fault:
    if (named := _WEEKDAY.match(text)) and (weekday := _place(named[1], _WEEKDAYS)) is not None:
        found = _written(text[named.end() :], grain)
        if isinstance(found, date) and found.weekday() != weekday:
            return Fault(
                f"names a {_WEEKDAYS[weekday].title()}, and {found} is a {found:%A}: correct the date"
            )
        return found
    if match := _YEAR_FIRST.fullmatch(text):
        return _day(int(match[1]), int(match[3]), int(match[4]))
    if match := _EIGHT_DIGITS.fullmatch(text):
        return _day(int(match[1]), int(match[2]), int(match[3]))
    if (match := _DAY_NAMED_MONTH.fullmatch(text)) and (month := _place(match[2], _MONTHS)) is not None:
        return _day(int(match[3]), month + 1, int(match[1]))
    if (match := _NAMED_MONTH_DAY.fullmatch(text)) and (month := _place(match[1], _MONTHS)) is not None:
        return _day(int(match[3]), month + 1, int(match[2]))
    if (match := _NAMED_MONTH.fullmatch(text)) and (month := _place(match[1], _MONTHS)) is not None:
        return _day(int(match[2]), month + 1, _MIDDLE) if grain == "month" else _only_a_month(grain)
    if (match := _YEAR_MONTH.fullmatch(text)) and 1 <= int(match[2]) <= 12 and int(match[1]) in YEARS:
        return _day(int(match[1]), int(match[2]), _MIDDLE) if grain == "month" else _only_a_month(grain)
    return _date_fault(text)


def _date_fault(text: str) -> Fault:
    if match := _NUMERIC.fullmatch(text):
        first, sign, second = int(match[1]), match[2], int(match[3])
        year = "%Y" if len(match[4]) == 4 else "%y"
        day_first, month_first = f'"%d{sign}%m{sign}{year}"', f'"%m{sign}%d{sign}{year}"'
        if first <= 12 and second <= 12 and first != second:
            return Fault(
                f"is two days, {first} {_title(second)} and {second} {_title(first)}: "
                f"declare the date's `format: {day_first}` or `{month_first}`"
            )
        format_ = month_first if second > 12 else day_first
        return Fault(f"is a date in a format that is not declared: declare `format: {format_}`")
    if match := _SHORT_YEAR.fullmatch(text):
        return Fault(f'has a year of two digits: declare the date\'s `format: "%d{match[1]}%b{match[1]}%y"`')
    if re.fullmatch(r"\d{5}(?:\.\d+)?", text):
        return Fault(
            "is a number, perhaps a spreadsheet's count of days: format the column as a date and export again"
        )
    return Fault(_NOT_A_DATE)


def _day(year: int, month: int, day_: int) -> date | Fault:
    if 1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day_ <= monthrange(year, month)[1]:
        return date(year, month, day_)
    return Fault("is a day that no calendar has: correct the date")


def _only_a_month(grain: Grain) -> Fault:
    return Fault(
        f"names a month, and the source tells a value per {grain}: declare `grain: month`, or name the day"
    )


def _place(word: str, names: tuple[str, ...]) -> int | None:
    """Which of `names` a word of three letters or more begins."""
    word = "sep" if word.lower() == "sept" else word.lower()
    return next((place for place, name in enumerate(names) if name.startswith(word)), None)


def _title(month: int) -> str:
    return _MONTHS[month - 1].title()


def moment(cell: str, format_: str | None = None) -> datetime | Fault:
    """The moment that a cell names, in UTC and without a zone.

    A moment without a zone is taken as UTC, a day alone as its first moment in UTC.

    Args:
        cell: Not blank.
        format_: How the same source writes dates, tried if the cell is no ISO date.
    """
    text = " ".join(cell.split())
    if re.match(r"\d{4}-\d\d-\d\d[T ]\d", text):
        iso = re.sub(r" ?(?:UTC|GMT)$", "Z", text).replace(",", ".")
        iso = re.sub(r" (?=[-+]\d\d:?\d\d$)", "", iso)
        try:
            found = datetime.fromisoformat(iso)
        except ValueError:
            return Fault("is not a moment: write it like 2026-05-09T07:00:00Z")
        if found.year not in YEARS:
            return Fault(f"is in the year {found.year}: correct the year")
        return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
    written = day(text)
    if isinstance(written, Fault) and format_ is not None:
        written = day(text, format_)
    return written if isinstance(written, Fault) else datetime(written.year, written.month, written.day)
