"""A workspace whose metrics are awkward to judge, each in its own way."""

from datetime import date, timedelta
from pathlib import Path
from random import Random

FIRST = date(2025, 1, 5)  # A Sunday; weeks end on Saturday.
WEEKS = 70
LAST_WEEK = date(2026, 5, 9)
SEED = 3
LEAP = 40  # The week of the outlier.

DEFINITIONS = """
company: {name: Odd Shop, currency: USD, time_zone: UTC, now: 2026-05-12T07:00}
calendar: {week_ends_on: saturday}
people:
  ada: {name: Ada Moss, roles: [owner]}
  yuki: {name: Yuki Mori, roles: [analyst]}
  zoe: {name: Zoe Lind, roles: [analyst]}
events:
  - {name: Fair, kind: one_off, week_endings: [2026-01-10], scope: [steady], because: a fair in town}
sources:
  days:
    csv: days.csv
    date: {column: day}
    series: {steady: steady, three: three, zero: zero, same: same, never: never, leap: leap, late: late, debt: debt, stock: stock, few: few, moved: moved}
  months: {csv: months.csv, date: {column: month}, grain: month, series: {monthly: monthly}}
metrics:
"""
KINDS = {
    # id          name                    unit       days become   more
    "steady":   ("Steady",              "number", "total", ""),
    "three":    ("Three weeks old",     "number", "total", ""),
    "zero":     ("Always zero",         "count", "total", ""),
    "same":     ("Always the same",     "number", "total", ""),
    "never":    ("Never told",          "number", "total", ""),
    "leap":     ("One leap",            "number", "total", ""),
    "late":     ("Began last autumn",   "number", "total", ""),
    "debt":     ("Money below zero",    "currency", "total", ""),
    "stock":    ("Stock of subscribers", "number", "latest", ", stock: true"),
    "few":      ("Few events",          "count", "total", ""),
    "moved":    ("Moved to a new level", "number", "total", ""),
    "monthly":  ("Told by the month",   "number", "total", ""),
    "gone":     ("Retired",             "number", "total", ", state: retired, series: steady"),
}  # fmt: skip


def an_odd_shop(folder: Path) -> Path:
    """A loaded workspace of the metrics above, over 70 weeks."""
    from metrics import open_workspace

    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for name, (title, unit, how, more) in KINDS.items():
        series = "steady" if "series: steady" in more else name
        rest = more.replace(", series: steady", "")
        lines.append(
            f"  {name}: {{name: {title}, kind: output, owner: ada, unit: {unit}, better: up, "
            f"measure: {{how: {how}, series: {series}}}{rest}}}"
        )
    (folder / "workspace.yaml").write_text(DEFINITIONS + "\n".join(lines) + "\n", encoding="utf-8")
    names = [n for n in KINDS if n not in ("monthly", "gone")]
    rows = [",".join(["day", *names])]
    chances, stock = {name: Random(f"{name} {SEED}") for name in names}, 1000.0
    for week in range(WEEKS):
        noise = {name: chance.gauss(0, 1) for name, chance in chances.items()}
        stock += 5 + noise["stock"]
        value = {
            "steady": 700 + 14 * noise["steady"],
            "three": 70.0 if week >= WEEKS - 3 else None,
            "zero": 0.0,
            "same": 70.0,
            "never": None,
            "leap": 1e12 if week == LEAP else 700 + 14 * noise["leap"],
            "late": 700 + 14 * noise["late"] if week >= 40 else None,
            "debt": 70 * noise["debt"],
            "stock": stock * 7,
            "few": float(chances["few"].randrange(5)),
            "moved": 700 + 14 * noise["moved"] + (70 if week >= WEEKS - 14 else 0),
        }
        for day in range(7):
            told = ("" if value[n] is None else f"{value[n] / 7:.6g}" for n in names)
            rows.append(",".join([str(FIRST + timedelta(days=7 * week + day)), *told]))
    (folder / "days.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    months = [f"2025-{month:02d}-01,{100 + month}" for month in range(1, 13)]
    (folder / "months.csv").write_text("\n".join(["month,monthly", *months]) + "\n", encoding="utf-8")
    open_workspace(folder).load(by="test")
    return folder
