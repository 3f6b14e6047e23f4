"""States, lists and counts in words."""

from collections.abc import Iterable

from metrics.six_twelve import State


def state(why: State, days: tuple[int, int] | None = None) -> str:
    """Why a period has no final value, in words; empty for a complete one."""
    match why:
        case "complete":
            return ""
        case "partial":
            return f"incomplete: {days[0]} of {days[1]} days" if days else "incomplete"
        case "missing":
            return "no data"
        case "undefined":
            return "undefined: division by zero"
        case "immature":
            return "immature: will still move"


def listed(items: Iterable[str]) -> str:
    """`a, b and c`."""
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last


def sentence(words: str) -> str:
    """Words with a capital letter first; the rest stays."""
    return words[:1].upper() + words[1:]
