"""The typeface of what leaves for paper: the bundled one, and those a company adds.

A PDF that everybody can read (PDF/UA) holds no character that its fonts cannot show. What they lack is
printed as a square, and the reader is told.
"""

import struct
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from metrics.errors import SourceError
from metrics.export import Fonts
from metrics.text import counted, listed

FAMILY = "Liberation Sans"  # Arial's widths, which the labels are placed by; its figures are tabular.
BUNDLED = Path(str(files("metrics.export").joinpath("fonts")))
KINDS = (".ttf", ".otf", ".ttc")
SQUARE = "\u25a1"
STAND_INS = {"₹": "Rs", "₽": "RUB", "₺": "TRY", "฿": "THB"}  # Signs that the bundled typeface is older than.
LAID_OUT = frozenset("\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069")
LONGEST = 30  # Characters of a word that a narrow column must hold; a longer one may break anywhere.
MAY_BREAK = "\u200b"
NAMED = 4  # Missing characters that are named.


@dataclass(frozen=True, slots=True)
class Typeface:
    """Fonts and what they can show.

    Attributes:
        folders: Where the font files are.
        covered: Every character they have a glyph for.
    """

    folders: tuple[Path, ...]
    covered: frozenset[int]

    def without(self, words: str) -> str:
        """Words in which a square stands for what cannot be shown."""
        odd = self._odd(words)
        return words.translate({ord(c): self._shown(c) for c in odd}) if odd else words

    def missing(self, words: str) -> list[str]:
        """The characters of some words that cannot be shown, in order."""
        odd = self._odd(words)
        if not odd:
            return []
        return [c for c in dict.fromkeys(words) if c in odd and self._shown(c) == SQUARE]

    def _odd(self, words: str) -> set[str]:
        """The characters of some words that do not stand as they are."""
        return {c for c in set(words) if ord(c) not in self.covered or not c.isprintable()}

    def _shown(self, character: str) -> str:
        if ord(character) in self.covered and character.isprintable():
            return character
        if character in STAND_INS:
            return STAND_INS[character]
        if character in LAID_OUT:
            return "" if character.startswith(("\u202a", "\u202d", "\u202e")) else character
        match unicodedata.category(character):
            case "Cc" | "Zl" | "Zp" | "Zs":
                return " "
            case "Cf" | "Mn" | "Me":
                return ""  # Joins or dresses a character that is told as missing itself.
            case _:
                return SQUARE


def told(missing: Sequence[str]) -> str:
    """What the reader is told of characters that could not be printed; empty if there were none."""
    if not missing:
        return ""
    codes = [f"U+{ord(c):04X} {unicodedata.name(c, 'unnamed').lower()}" for c in missing[:NAMED]]
    more = len(missing) - NAMED
    named = listed([*codes, *([f"{more} more"] if more > 0 else [])])
    be, them = ("is", "it") if len(missing) == 1 else ("are", "them")
    return (
        f"{counted(len(missing), 'character')} could not be printed and {be} shown as {SQUARE}: {named}. "
        f"A font that has {them}, put into the workspace's folder fonts, is used."
    )


def breakable(words: str) -> str:
    """Words of which none is too long for a column: a very long one may break."""
    if len(words) <= LONGEST:
        return words
    return " ".join(
        word
        if len(word) <= LONGEST
        else MAY_BREAK.join(word[n : n + LONGEST // 2] for n in range(0, len(word), LONGEST // 2))
        for word in words.split(" ")
    )


@lru_cache(maxsize=8)
def typeface(more: Fonts | None = None) -> Typeface:
    """The bundled typeface, and a company's own fonts after it.

    Args:
        more: A folder of `.ttf`, `.otf` and `.ttc` files; None for none.

    Raises:
        SourceError: A file of that folder is no font that can be read.
    """
    folders = (BUNDLED, more.folder) if more is not None else (BUNDLED,)
    covered: set[int] = set()
    for folder in folders:
        for path in sorted(p for p in folder.iterdir() if p.suffix.lower() in KINDS):
            try:
                covered |= set(_characters(path.read_bytes()))
            except (OSError, struct.error, IndexError) as error:
                raise SourceError(
                    f"{path} is no font that can be read. Take it out of the folder."
                ) from error
    return Typeface(folders, frozenset(covered))


# --- the table of characters in a font file ---------------------------------------------------


def _characters(data: bytes) -> Iterator[int]:
    """The characters that a font file has glyphs for: its `cmap` tables of formats 4 and 12.

    Source: OpenType 1.9, tables "Font collections" and "cmap".
    """
    offsets: tuple[int, ...] = (0,)
    if data[:4] == b"ttcf":
        (count,) = struct.unpack_from(">I", data, 8)
        offsets = struct.unpack_from(f">{count}I", data, 12)
    for offset in offsets:
        (tables,) = struct.unpack_from(">H", data, offset + 4)
        for n in range(tables):
            tag, _, start, _ = struct.unpack_from(">4sIII", data, offset + 12 + 16 * n)
            if tag == b"cmap":
                yield from _mapped(data, start)


def _mapped(data: bytes, start: int) -> Iterator[int]:
    (count,) = struct.unpack_from(">H", data, start + 2)
    for n in range(count):
        _, _, offset = struct.unpack_from(">HHI", data, start + 4 + 8 * n)
        at = start + offset
        (kind,) = struct.unpack_from(">H", data, at)
        if kind == 4:
            yield from _of_segments(data, at)
        elif kind == 12:
            (groups,) = struct.unpack_from(">I", data, at + 12)
            for g in range(groups):
                first, last, glyph = struct.unpack_from(">III", data, at + 16 + 12 * g)
                yield from range(first + (glyph == 0), last + 1)


def _of_segments(data: bytes, at: int) -> Iterator[int]:
    (twice,) = struct.unpack_from(">H", data, at + 6)
    count = twice // 2
    ends = struct.unpack_from(f">{count}H", data, at + 14)
    starts = struct.unpack_from(f">{count}H", data, at + 16 + twice)
    deltas = struct.unpack_from(f">{count}H", data, at + 16 + 2 * twice)
    place = at + 16 + 3 * twice
    ranges = struct.unpack_from(f">{count}H", data, place)
    for n, (first, last, delta, reach) in enumerate(zip(starts, ends, deltas, ranges, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code
            if reach:
                (glyph,) = struct.unpack_from(">H", data, place + 2 * n + reach + 2 * (code - first))
                if glyph == 0:
                    continue
            if (glyph + delta) & 0xFFFF:
                yield code
