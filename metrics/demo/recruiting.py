"""The numbers of the recruiting template: three years of one company's candidates, from a fixed seed.

Each candidate applies on a day and gets as far as chance and the company's habits let them. `funnel.csv`
counts what became of those who applied on a day, so a young day is still too low; `work.csv` counts what
was done on a day. The files in `data/recruiting` were written by this; a test holds them against it.

Planted: from 15 March 2026 interviewers are lent to a product launch. Fewer loops are held within a week of
the screen, candidates wait longer, fewer of them accept. In the week of 9 May 2026 feedback is late.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from math import cos, pi
from random import Random

SEED = 1994
FIRST = date(2023, 5, 14)  # A Sunday; weeks end on Saturday.
LAST = date(2026, 5, 9)
LENT = date(2026, 3, 15)  # Interviewers are lent to the launch from here on.
LATE_FEEDBACK = date(2026, 5, 3)
BY_WEEKDAY = (1.25, 1.3, 1.2, 1.1, 0.85, 0.25, 0.2)  # Monday first; people apply at work.
PER_DAY = 80.0

FUNNEL = ("applied", "screened", "looped", "offered", "accepted")
WORK = (
    "messages_sent", "messages_answered", "referred", "applications", "looked_at_in_time", "loops",
    "loops_in_week",
    "loops_with_bar_raiser", "feedback_due", "feedback_in_time", "offers", "offers_in_time", "hires",
    "days_to_hire", "survey_answers", "survey_points", "bar_raisers", "open_roles", "hours_of_interviews",
)  # fmt: skip


def files() -> dict[str, str]:
    """The source files by name."""
    chance = Random(SEED)
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    funnel = {day: Counter[str]() for day in days}
    work = {day: Counter[str]() for day in days}
    for day in days:
        for _ in range(_applicants(chance, day)):
            _candidate(chance, day, funnel, work)
        _by_day(chance, day, work[day])
    return {
        "funnel.csv": _table(FUNNEL, funnel),
        "work.csv": _table(WORK, work),
    }


def _table(columns: tuple[str, ...], told: dict[date, Counter[str]]) -> str:
    lines = [",".join(("day", *columns))]
    lines += [",".join((day.isoformat(), *(str(row[c]) for c in columns))) for day, row in told.items()]
    return "\n".join(lines) + "\n"


def _slow(day: date) -> bool:
    """Days around the turn of the year on which hardly anybody applies or interviews."""
    return (day.month, day.day) >= (12, 22) or (day.month, day.day) <= (1, 3)


def _applicants(chance: Random, day: date) -> int:
    years = (day - FIRST).days / 365.25
    season = 1 + 0.12 * cos(2 * pi * (day.timetuple().tm_yday - 25) / 365.25)
    expected = PER_DAY * BY_WEEKDAY[day.weekday()] * 1.11**years * season * (0.4 if _slow(day) else 1.0)
    return max(0, round(chance.gauss(expected, expected**0.5)))


def _candidate(
    chance: Random, day: date, funnel: dict[date, Counter[str]], work: dict[date, Counter[str]]
) -> None:
    """One candidate from the application to wherever it ends; what lies after the last day is not known."""
    funnel[day]["applied"] += 1
    work[day]["applications"] += 1
    referred = chance.random() < 0.14
    work[day]["referred"] += referred
    work[day]["looked_at_in_time"] += chance.random() < 0.83
    if chance.random() > (0.42 if referred else 0.22):
        return
    screen = _later(chance, day, 2, 11)
    if screen > LAST:
        return
    funnel[day]["screened"] += 1
    if chance.random() > 0.36:
        return
    quick = chance.random() < (0.58 if screen >= LENT else 0.78)
    loop = _later(chance, screen, 3, 7) if quick else _later(chance, screen, 9, 22)
    if loop > LAST:
        return
    funnel[day]["looped"] += 1
    _loop(chance, loop, work[loop], quick=quick)
    if chance.random() > (0.34 if referred else 0.27):
        return
    in_time = chance.random() < 0.88
    offer = _later(chance, loop, 1, 2) if in_time else _later(chance, loop, 3, 9)
    if offer > LAST:
        return
    funnel[day]["offered"] += 1
    work[offer]["offers"] += 1
    work[offer]["offers_in_time"] += in_time
    if chance.random() > (0.86 if quick else 0.62):
        return
    answer = _later(chance, offer, 2, 12)
    if answer > LAST:
        return
    funnel[day]["accepted"] += 1
    work[answer]["hires"] += 1
    work[answer]["days_to_hire"] += (answer - day).days


def _loop(chance: Random, day: date, told: Counter[str], *, quick: bool) -> None:
    """A day of five interviews: who was there, what they wrote and when, what the candidate said of it."""
    told["loops"] += 1
    told["loops_in_week"] += quick
    told["loops_with_bar_raiser"] += chance.random() < 0.97
    told["feedback_due"] += 5
    told["feedback_in_time"] += sum(
        chance.random() < (0.52 if day >= LATE_FEEDBACK else 0.9) for _ in range(5)
    )
    told["hours_of_interviews"] += 5 + (chance.random() < 0.2)
    if chance.random() < 0.55:
        told["survey_answers"] += 1
        told["survey_points"] += min(5, max(1, round(chance.gauss(4.3 if quick else 3.7, 0.8))))


def _later(chance: Random, day: date, first: int, last: int) -> date:
    """A working day some days later."""
    found = day + timedelta(days=chance.randint(first, last))
    while found.weekday() > 4 or _slow(found):
        found += timedelta(days=1)
    return found


def _by_day(chance: Random, day: date, told: Counter[str]) -> None:
    years = (day - FIRST).days / 365.25
    if day.weekday() < 5 and not _slow(day):
        sent = max(0, round(chance.gauss(62 + 6 * years, 9)))
        told["messages_sent"] = sent
        told["messages_answered"] = sum(chance.random() < 0.21 for _ in range(sent))
    told["bar_raisers"] = round(24 + 5 * years - (4 if day >= LENT else 0))
    told["open_roles"] = round(52 + 9 * years + 6 * cos(2 * pi * day.timetuple().tm_yday / 365.25))


def write() -> Iterator[str]:
    """Write the files where the template lies, and name them: `python -m metrics.demo.recruiting`."""
    from metrics.shipped import shipped

    for name, told in files().items():
        (shipped("data") / "recruiting" / name).write_text(told, encoding="utf-8")
        yield name


if __name__ == "__main__":
    for written in write():
        print(written)
