"""What drove a change, in words.

Source: analytics.md section 5, "Sentences".
"""

from collections.abc import Sequence

from metrics import text
from metrics.attribution import UNALLOCATED, Contribution
from metrics.definitions import Unit
from metrics.periods import Calendar, Period
from metrics.workspace.drivers import FACTORS, Change, Comparison, Split

NAMED = 3  # Parts told in the sentence; the table has all.
TOLD = ("no_value", "new_definition", "no_data")  # Reasons that the headline tells.
ARITHMETIC = "Arithmetic, not cause."

COMPARED = {
    "week_before": "Week on week",
    "week_year_earlier": "Week on the year",
    "month_before": "Month on month",
    "month_year_earlier": "Month on the year",
    "quarter_year_earlier": "Quarter to date on the year",
    "year_year_earlier": "Year to date on the year",
}


def comparison(of: Comparison, calendar: Calendar) -> str:
    """`Week on the year: week ending 9 May against week ending 10 May 2025 (Easter)`."""
    event = f" ({of.event})" if of.event else ""
    told = f"{period(of.after, calendar)} against {period(of.before, calendar)}"
    return f"{COMPARED[of.name]}: {told}{event}"


def period(of: Period, calendar: Calendar) -> str:
    """A period in few words: `week ending Sat 9 May 2026`, `April 2026`, `1 Jan to 9 May 2026`."""
    if calendar.week_of(of.last) == of:
        return f"week ending {text.day(of.last)}"
    if calendar.month_of(of.last) == of:
        return text.month(of.last, calendar.month_label(of))
    first, last = (text.day(day).split(" ", 1)[1] for day in (of.first, of.last))
    same_year = of.first.year == of.last.year
    return f"{first.rsplit(' ', 1)[0] if same_year else first} to {last}"


def short(of: Period, calendar: Calendar) -> str:
    """A period in fewer words, for an axis: `9 May 2026`, `April 2026`."""
    told = period(of, calendar)
    return told.removeprefix("week ending ").split(" ", 1)[1] if told.startswith("week") else told


def moved(amount: float | None, unit: Unit, currency: str) -> str:
    """A contribution with its sign, in the metric's unit; of a fraction in basis points."""
    if amount is None:
        return text.UNKNOWN
    if unit != "fraction":
        return text.difference(amount, unit, currency)
    points = amount * 1e4
    if 0 < abs(points) < 9.95:
        digits = f"{abs(points):.1f}"
        return (("+" if points > 0 else text.MINUS) if digits != "0.0" else "") + f"{digits} bps"
    return text.bps(points)


def dimension(by: str) -> str:
    """What a split is called."""
    return "What it is computed from" if by == FACTORS else f"By {by.replace('_', ' ')}"


def marked(segment: str, split: Split) -> str:
    """A part's name, and that few were counted of it."""
    return part(segment, split) + (" (few counted)" if segment in split.small else "")


def part(segment: str, split: Split) -> str:
    """A part's name as people read it."""
    if segment == UNALLOCATED:
        return "in no factor" if split.of_factors else "in no segment"
    return split.names.get(segment, segment.replace("_", " "))


def headline(change: Change, currency: str) -> str:
    """`Conversion fell 19 bps, from 2.94% to 2.75%.`"""
    unit, amount = change.metric.unit, change.amount
    if change.why_not in ("new_definition", "no_data"):
        return why_not(change)
    if amount is None or change.from_value is None or change.to_value is None:
        missing = change.before if change.from_value is None else change.after
        return (
            f"{change.metric.name} has no value from {text.day(missing.first)} to {text.day(missing.last)}."
        )
    start, end = (text.exact(value, unit, currency) for value in (change.from_value, change.to_value))
    told = moved(abs(amount), unit, currency).removeprefix("+")
    if not any(c in told for c in "123456789"):
        return f"{change.metric.name} did not change: {end} in both."
    share = ""
    if unit != "fraction" and change.from_value > 0:
        share = f" ({text.percent(amount / change.from_value)})"
    return f"{change.metric.name} {'rose' if amount > 0 else 'fell'} {told}{share}, from {start} to {end}."


def story(change: Change, split: Split, currency: str) -> str:
    """What the parts did, in two or three sentences."""
    made, unit = split.made, change.metric.unit
    if made.state != "ok":
        return unsplit(split)
    named = sorted((c for c in made.contributions if c.segment != UNALLOCATED), key=lambda c: -abs(c.total))
    shown = text.listed(f"{part(c.segment, split)} {moved(c.total, unit, currency)}" for c in named[:NAMED])
    sentences = [f"{shown[:1].upper()}{shown[1:]}."]
    if made.rate is not None and made.mix is not None and made.change:
        sentences.append(_rate_and_mix(change, split, named, currency))
    ordinary = [c for c in named if c.greyed]
    if ordinary and len(ordinary) == len(named):
        sentences.append("Every part stayed inside its own expected range, so nothing here needs explaining.")
    elif ordinary:
        inside = text.listed(part(c.segment, split) for c in ordinary[:NAMED])
        others = f" and {len(ordinary) - NAMED} more" if len(ordinary) > NAMED else ""
        sentences.append(f"{inside[:1].upper()}{inside[1:]}{others} stayed inside their own expected range.")
    sentences.append(ARITHMETIC)
    return " ".join(filter(None, sentences))


def _rate_and_mix(change: Change, split: Split, named: Sequence[Contribution], currency: str) -> str:
    made, unit = split.made, change.metric.unit
    amount = made.change or 0.0
    own = [
        (c.after or 0.0) - (c.before or 0.0) for c in named if c.before is not None and c.after is not None
    ]
    told = f"mix {moved(made.mix, unit, currency)}, rates {moved(made.rate, unit, currency)}"
    against = own and (all(o > 0 for o in own) if amount < 0 else all(o < 0 for o in own))
    if not against:
        return f"In all: {told}."
    heavier = max(named, key=lambda c: (c.weight_after or 0.0) - (c.weight_before or 0.0))
    which = "both" if len(own) == 2 else "all"
    return (
        f"It {'fell' if amount < 0 else 'rose'} although {which} {'rose' if amount < 0 else 'fell'}: "
        f"{part(heavier.segment, split)} grew from {heavier.weight_before or 0:.0%} to "
        f"{heavier.weight_after or 0:.0%} of the whole ({told})."
    )


def unsplit(split: Split) -> str:
    """Why a split says nothing."""
    which = text.listed(part(name, split) for name in split.made.because) if split.made.because else ""
    match split.made.state:
        case "incomplete":
            return f"{which or 'A part'} has no value in one of the periods, so the change cannot be split."
        case "undefined":
            return "The denominators add up to zero in one of the periods, so there is no rate to split."
        case "refused":
            return f"{which or 'A denominator'} is negative, and a negative weight explains nothing."
        case _:
            return "There are fewer than two parts, so there is nothing to split."


def why_not(change: Change) -> str:
    """Why a metric was not split at all, and what would help."""
    name = change.metric.name
    match change.why_not:
        case "no_segments":
            return (
                f"The series of {name} carry no segments, and it is computed from no other metrics: nothing "
                "to split. Declare `segments` at its source, or an identity under `definitions`."
            )
        case "not_a_sum":
            return (
                f"{name} cannot be split: a {_how(change)} of the whole is not made of those of its segments."
            )
        case "too_many":
            return f"{name} has more than 500 segments; those are items, not segments. Group them first."
        case "new_definition":
            return f"{name} was counted in another way in one of the periods, so they cannot be compared."
        case "no_data":
            return f"No number of {name} is loaded."
        case _:
            return f"{headline(change, 'USD')} A change is split between two complete periods only."


def _how(change: Change) -> str:
    words = {"min": "minimum", "max": "maximum", "first": "first day", "growth": "growth"}
    return words.get(change.metric.measure.how, change.metric.measure.how)
