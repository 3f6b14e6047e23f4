"""A 6-12 chart in words: the reading of each place, and its text alternative."""

from dataclasses import dataclass

from metrics.history import Signal
from metrics.six_twelve import Line, SixTwelve
from metrics.text.amounts import UNKNOWN, change, exact, full
from metrics.text.dates import day, long_week, month, week_ending
from metrics.text.marks import mark
from metrics.text.words import listed, sentence, state


@dataclass(frozen=True, slots=True)
class Place:
    """All that one place of a chart says: the text of its tooltip and its row of the table.

    Attributes:
        when: `week ending Sat 9 May 2026`.
        facts: (what, reading) in order; only what the place has.
    """

    when: str
    facts: tuple[tuple[str, str], ...]


def places(
    chart: SixTwelve, currency: str = "USD", signal: Signal | None = None, told: str = ""
) -> tuple[Place, ...]:
    """The 18 places of a chart in words, weeks first, oldest first.

    Args:
        chart: What it shows.
        currency: ISO code of amounts.
        signal: What the engine says of the primary line's last week.
        told: The same in a sentence.
    """
    primary = chart.lines[0]
    second = next((line for line in chart.lines if line.role == "secondary"), None)
    target = next((line for line in chart.lines if line.role == "target"), None)
    found = []
    for i, ending in enumerate(chart.axis.week_endings):
        facts = [("Value", _reading(primary, primary.weeks[i], currency))]
        if why := _told(primary, i):
            facts.append(("State", why))
        facts.append(("Year earlier", _reading(primary, primary.weeks_year_earlier[i], currency)))
        event = primary.paired_by[i]
        compared = day(primary.compared_with[i])
        facts.append(
            ("Compared with", f"{event}, week ending {compared}" if event else f"week ending {compared}")
        )
        if target is not None:
            facts.append(("Target", _reading(target, target.weeks[i], currency)))
        if second is not None:
            facts.append((second.name, _reading(second, second.weeks[i], currency)))
        if signal is not None and ending == signal.week_ending:
            facts.append(("Signal", f"{mark(signal)}: {told}" if signal.marked else told))
        facts += [(f"Note {note.number}", note.text) for note in chart.annotations if note.week == i]
        found.append(Place(f"{long_week(chart.axis.weeks[i])}, ending {day(ending)}", tuple(facts)))
    for i, ending in enumerate(chart.axis.month_ends):
        facts = [("Value", _reading(primary, primary.months[i], currency))]
        why = primary.months_state[i]
        if why != "complete":
            facts.append(("State", state(why, primary.months_days[i])))
        facts.append(("Year earlier", _reading(primary, primary.months_year_earlier[i], currency)))
        if target is not None:
            facts.append(("Target", _reading(target, target.months[i], currency)))
        if second is not None:
            facts.append((second.name, _reading(second, second.months[i], currency)))
        facts += [(f"Note {note.number}", note.text) for note in chart.annotations if note.month == i]
        found.append(Place(month(ending, chart.axis.months[i]), tuple(facts)))
    return tuple(found)


def _reading(line: Line, value: float | None, currency: str) -> str:
    return UNKNOWN if value is None else full(value, line.unit, currency)


def _told(line: Line, place: int) -> str:
    why = line.weeks_state[place]
    if why == "complete":
        return ""
    return state(why, line.weeks_days[place])


def summary(chart: SixTwelve, currency: str = "USD", signal: Signal | None = None, told: str = "") -> str:
    """A chart in a few plain sentences: its text alternative.

    A mark comes first, then the last value and its moves, whether it is within its range, where weeks and
    months went from and to, and which places are no final values.

    Args:
        chart: What it shows.
        currency: ISO code of amounts.
        signal: What the engine says of the primary line's last week.
        told: The same in a sentence.
    """
    line, box = chart.lines[0], chart.box[0]
    unit = line.unit
    last = f"{line.name}: last week {exact(box.last_week, unit, currency)}"
    if box.last_week is None:
        why = state(line.weeks_state[-1], line.weeks_days[-1]) or "no value"
        last = f"{line.name}: last week has no final value ({why})"
    moves = [
        f"{change(move, unit, currency)} {against}"
        for move, against in (
            (box.wow, "on the week"),
            (box.yoy, "on the year"),
            (box.vs_target, "against target"),
        )
        if move.amount is not None or move.note is not None
    ]
    sentences = [f"{mark(signal)}: {told}."] if signal is not None and signal.marked else []
    sentences.append(f"{last}{', ' + listed(moves) if moves else ''}.")
    if signal is not None and signal.tier == "none":
        sentences.append("Within its expected range.")
    weeks = [value for value in line.weeks if value is not None]
    if len(weeks) > 1:
        sentences.append(
            f"Weeks go from {exact(weeks[0], unit, currency)} to {exact(weeks[-1], unit, currency)}."
        )
    known = [(value, place) for place, value in enumerate(line.months) if value is not None]
    names = [month(end, name) for end, name in zip(chart.axis.month_ends, chart.axis.months, strict=True)]
    if len(known) > 1:
        (first, start), (final, end) = known[0], known[-1]
        (low, lowest), (high, highest) = min(known), max(known)
        sentences.append(
            f"Months go from {exact(first, unit, currency)} in {names[start]} "
            f"to {exact(final, unit, currency)} in {names[end]}; "
            f"lowest {exact(low, unit, currency)} in {names[lowest]}, "
            f"highest {exact(high, unit, currency)} in {names[highest]}."
        )
    by_state: dict[str, list[str]] = {}
    for place, why in enumerate(line.weeks_state):
        if why != "complete":
            told = state(why, line.weeks_days[place])
            by_state.setdefault(told, []).append(week_ending(chart.axis.week_endings[place]))
    sentences += [sentence(f"{listed(weeks)}: {told}.") for told, weeks in by_state.items()]
    if line.break_week is not None or line.break_month is not None:
        sentences.append("A new definition begins within the chart.")
    return " ".join(sentences)
