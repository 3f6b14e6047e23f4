"""What a name tells: the id it becomes, its YAML, and what a value under that name may count.

The two drafting tools, `draft` and `wbr_app`, write with it. A guess from a name is only ever a
first proposal: the files they write say so.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence

from metrics.definitions import Better

LONGEST_ID = 72  # An id may have 80 characters; the rest is for `_2` or `_target`.

# A plain scalar that no YAML version reads as anything but text, in a block and in a flow collection.
_PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z0-9 _./()-]*[A-Za-z0-9_./()-])?")
_NOT_TEXT = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}

_CURRENCIES = {
    "usd",
    "eur",
    "gbp",
    "chf",
    "jpy",
    "cad",
    "aud",
    "nzd",
    "sek",
    "nok",
    "dkk",
    "inr",
    "cny",
    "brl",
}
_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP"}
_MONEY = {
    "revenue", "revenues", "gmv", "mrr", "arr", "turnover", "cost", "costs", "spend", "expense", "expenses",
    "profit", "cac", "price", "cash", "payroll",
}  # fmt: skip
_DOWN = {
    "churn", "churned", "cost", "costs", "expense", "expenses", "cac", "defect", "defects", "error", "errors",
    "failure", "failures", "fatals", "latency", "wait", "delay", "delays", "complaint", "complaints",
    "refund", "refunds", "return", "returns", "returned", "cancelled", "canceled", "cancellations",
    "incident", "incidents", "injuries", "downtime", "crash", "crashes", "bugs", "backlog", "noshows",
    "unsubscribes", "bounce", "downsell", "late", "lost",
}  # fmt: skip
_UP = {
    "revenue", "revenues", "gmv", "mrr", "arr", "turnover", "profit", "sales", "orders", "units", "customers",
    "users", "members", "subscribers", "sellers", "sessions", "visits", "visitors", "views", "impressions",
    "clicks", "signups", "registrations", "bookings", "conversion", "conversions", "retention", "nps", "dau",
    "wau", "mau", "downloads", "installs", "applicants", "deliveries", "rides",
}  # fmt: skip


def slug(name: str) -> str:
    """The snake_case id of a name: `PageViewsFiscal` is page_views_fiscal.

    A slash means per: `Defects/Million` is defects_per_million. Accents are dropped; a name that
    starts with a digit gets `n_` in front; a name without any Latin letter or digit becomes `metric`.
    """
    text = name.replace("/", " per ").replace("%", " pct ").replace("&", " and ").replace("ß", "ss")
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})", "_", text)
    text = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:LONGEST_ID].strip("_")
    if text in _NOT_TEXT:
        return f"metric_{text}"  # `n` or `null` as a key would not read back as a text.
    return f"n_{text}" if text[:1].isdigit() else text or "metric"


def unique_ids(names: Iterable[str]) -> dict[str, str]:
    """Name to id, in order; a second name of one id gets `_2`, a third `_3`."""
    ids: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        if name in ids:
            continue
        first = chosen = slug(name)
        count = 1
        while chosen in taken:
            count += 1
            chosen = f"{first}_{count}"
        taken.add(chosen)
        ids[name] = chosen
    return ids


def scalar(text: str) -> str:
    """`text` as YAML that reads back as exactly this text, in a block or inside brackets."""
    if _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c == " " or c.isprintable() else _escaped(c) for c in quoted)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def comment(text: str) -> str:
    """`text` on one line, so that a name with a line break cannot leave its comment."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def words(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case."""
    return tuple(slug(name).split("_"))


def currency(names: Sequence[str]) -> str | None:
    """The ISO code that one of the names states: `arr_usd`, `Sales (€)`; None if none does."""
    for name in names:
        for word in words(name):
            if word in _CURRENCIES:
                return word.upper()
        for sign, code in _SIGNS.items():
            if sign in name:
                return code
    return None


def is_money(name: str) -> bool:
    """Does the name speak of an amount of money? `price_per_unit` does, `cost_center_count` does not."""
    parts = words(name)
    if parts[-1] in {"count", "number", "pct", "percent", "rate", "ratio", "share"}:
        return False
    return currency([name]) is not None or not _MONEY.isdisjoint(parts)


def better(name: str) -> Better:
    """The direction that is good news as the name suggests it; `none` where it suggests none."""
    parts = set(words(name))
    return "down" if parts & _DOWN else "up" if parts & _UP else "none"
