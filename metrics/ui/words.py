"""A definition in plain words: how a metric is measured, what it promises, what moves it."""

from collections.abc import Iterator
from datetime import date, datetime

from metrics import text
from metrics.definitions import (
    BandTarget,
    CeilingTarget,
    Definitions,
    Difference,
    First,
    FloorTarget,
    Growth,
    InputMetric,
    Latest,
    LinearTarget,
    Link,
    Maximum,
    Mean,
    Measure,
    Metric,
    Minimum,
    Operand,
    Percentile,
    PlanTarget,
    Product,
    Quotient,
    Ratio,
    SeriesTarget,
    StepTarget,
    Sum,
    Target,
    TargetOf,
    Total,
    Unit,
    Withheld,
)

KINDS = {
    "input": "Input: a team can act on it this week",
    "output": "Output: it follows from the inputs",
    "context": "Context: shown to explain, nobody answers for its level",
}
BETTER = {
    "up": "Higher is better",
    "down": "Lower is better",
    "band": "Best within a band",
    "none": "Neither",
}
STATES = {
    "proposed": "proposed",
    "defined": "defined, not yet measured",
    "measured": "measured",
    "analysed": "analysed",
    "improving": "being improved",
    "in_control": "in control",
    "questioned": "questioned",
    "retired": "retired: kept with its history, out of every deck",
}
UNITS = {
    "count": "a count",
    "fraction": "a share, in percent",
    "number": "a number",
    "days": "days",
    "hours": "hours",
    "seconds": "seconds",
    "milliseconds": "milliseconds",
    "score": "a score",
}


def day(when: date) -> str:
    """`Sat 9 May 2026`."""
    return text.day(when)


def moment(when: datetime) -> str:
    """`Mon 11 May 2026, 07:00`."""
    return f"{text.day(when.date())}, {when:%H:%M}"


def plain(words: str) -> str:
    """Words from outside, harmless where Markdown is read: nothing in them marks anything up."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-.!|$~:&" else " " if c in "\r\n" else c for c in words)


def unit(metric: Metric, currency: str) -> str:
    """What a value counts."""
    counts = f"money, in {currency}" if metric.unit == "currency" else UNITS[metric.unit]
    return counts if metric.scale == 1 else f"{counts}; × {text.full(metric.scale, 'number')}"


def owner(metric: Metric, definitions: Definitions) -> str:
    """Who explains it in the room."""
    return person(metric.owner, definitions) if metric.owner else "nobody"


def person(handle: str, definitions: Definitions) -> str:
    """A person's name, or the handle of one who is not declared."""
    known = definitions.people.get(handle)
    return known.name if known else handle


# --- how it is measured ------------------------------------------------------------------------


def measured(measure: Measure | Withheld, definitions: Definitions) -> str:
    """How the days of a period become one value: `orders ÷ sessions, total ÷ total`."""
    if isinstance(measure, Withheld):
        return "computed from other metrics"
    match measure:
        case Total(series=series):
            said = f"{_series(series)}, added up over the days"
        case Latest(series=series):
            said = f"{_series(series)} on the last day of the period"
        case First(series=series):
            said = f"{_series(series)} on the first day of the period"
        case Mean(series=series):
            said = f"{_series(series)}, averaged over the days"
        case Minimum(series=series):
            said = f"{_series(series)}, the smallest day"
        case Maximum(series=series):
            said = f"{_series(series)}, the largest day"
        case Ratio(numerator=over, denominator=under):
            said = f"{_series(over)} ÷ {_series(under)}, total ÷ total"
        case Percentile(samples=samples, at=at):
            said = f"{_ordinal(at)} percentile of all {_series(samples)} of the period"
        case Growth(of=of):
            return f"{_name(of, definitions)} against the same period a year earlier"
        case Sum(of=of):
            return " + ".join(_operands(of, definitions))
        case Difference(of=of):
            return " − ".join(_operands(of, definitions))
        case Product(of=of):
            return " × ".join(_operands(of, definitions))
        case Quotient(of=of):
            return " ÷ ".join(_operands(of, definitions))
    only = [f"{key} is {value}" for key, value in measure.where.items()]
    where = f"; only where {text.listed(only)}" if only else ""
    rolling = f"; over the last {measure.rolling_weeks} weeks" if measure.rolling_weeks else ""
    return f"{said}{where}{rolling}"


def _series(name: str) -> str:
    return name.replace("_", " ")


def _name(metric: str, definitions: Definitions) -> str:
    return definitions.metrics[metric].name


def _operands(of: tuple[Operand, ...], definitions: Definitions) -> Iterator[str]:
    for one in of:
        match one:
            case TargetOf(target_of=metric):
                yield f"target of {_name(metric, definitions)}"
            case str():
                yield _name(one, definitions)


def _ordinal(share: float) -> str:
    number = f"{share * 100:g}"
    if number.endswith(("11", "12", "13")):
        return f"{number}th"
    return number + {"1": "st", "2": "nd", "3": "rd"}.get(number[-1], "th")


# --- what it promises --------------------------------------------------------------------------


def target(metric: Metric, definitions: Definitions) -> str | None:
    """What somebody promised, in words; None if nobody did."""
    if table := definitions.targets.get(metric.id):
        return f"week by week in {table.csv}, set by {person(table.set_by, definitions)}: {table.because}"
    return (
        None if metric.target is None else _target(metric.target, metric.unit, definitions.company.currency)
    )


def _target(promised: Target, unit: Unit, currency: str) -> str:
    def amount(value: float) -> str:
        return text.exact(value, unit, currency)

    match promised:
        case LinearTarget(start=start, end=end):
            return (
                f"from {amount(start.value)} on {day(start.date)} in a straight line "
                f"to {amount(end.value)} on {day(end.date)}"
            )
        case StepTarget(value=value, start=start, by=by):
            return amount(value) + _since(start) + (f", due by {day(by)}" if by else "")
        case FloorTarget(value=value, start=start):
            return f"never below {amount(value)}{_since(start)}"
        case CeilingTarget(value=value, start=start):
            return f"never above {amount(value)}{_since(start)}"
        case BandTarget(low=low, high=high, value=value, tolerance=tolerance, start=start):
            if low is not None and high is not None:
                return f"between {amount(low)} and {amount(high)}{_since(start)}"
            return f"within {(tolerance or 0) * 100:g}% of {amount(value or 0)}{_since(start)}"
        case PlanTarget(year=year, total=total, spread=spread):
            shape = "evenly" if spread == "even" else "in the shape of the year before"
            return f"{amount(total)} in the fiscal year {year}, spread {shape}"
        case SeriesTarget(series=series):
            return f"the planned days of {_series(series)}"


def _since(start: date | None) -> str:
    return f", from {day(start)}" if start else ""


# --- what moves it -----------------------------------------------------------------------------


def controllable(metric: Metric, definitions: Definitions) -> str | None:
    """The action that moves an input and who orders it; None if it has none."""
    if not isinstance(metric, InputMetric) or metric.controllable is None:
        return None
    moves = metric.controllable
    days = text.counted(moves.within_days, "day")
    return f"{moves.action}; {person(moves.by, definitions)} can order it, and it shows within {days}"


def links(metric: str, definitions: Definitions) -> tuple[tuple[Link, ...], tuple[Link, ...]]:
    """The beliefs about a metric: those in which it is driven, those in which it drives."""
    return (
        tuple(link for link in definitions.links if link.driven == metric),
        tuple(link for link in definitions.links if link.driver == metric),
    )


def moves(link: Link) -> str:
    """What a belief says happens, without the names: `raises`, `lowers`."""
    return "raises" if link.sign == "+" else "lowers"


def lag(link: Link) -> str:
    """When the effect shows."""
    first, last = link.lag_weeks
    if last == 0:
        return "in the same week"
    if first == last:
        return f"{text.counted(last, 'week')} later"
    return f"within {text.counted(last, 'week')}" if first == 0 else f"{first} to {last} weeks later"
