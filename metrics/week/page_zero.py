"""Page 0: three questions answered from the week's numbers, and what is missing or late.

Source: wbr-method.md section 7.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from metrics.deck import Answer, Notice, Section
from metrics.definitions import ContextMetric, DeckOutline, Definitions, Metric, Total, metrics_in
from metrics.six_twelve import Change, Charts
from metrics.text import change as changed
from metrics.text import counted, exact, full, listed, week_ending
from metrics.text import day as spoken_day
from metrics.text import difference as signed

QUESTIONS = {
    "customers": "What did our customers experience?",
    "business": "How did the business do?",
    "targets": "Are we on track?",
}
MOST_NAMED = 3  # A line is read in one breath.


@dataclass(frozen=True, slots=True)
class Restated:
    """Days of one series that were told differently later.

    Attributes:
        series: Its name.
        days: The days, oldest first.
        difference: New minus old, all days and segments together, in the series' unit.
        metrics: The metrics that read it.
    """

    series: str
    days: tuple[date, ...]
    difference: float
    metrics: tuple[Metric, ...]


def answers(
    definitions: Definitions, outline: DeckOutline, charts: Charts, sections: Sequence[Section]
) -> tuple[Answer, ...]:
    """The three lines, in the outline's order."""
    shown = _shown(definitions, sections)
    lines = {
        "customers": _customers(definitions, charts, shown),
        "business": _business(definitions, charts, shown),
        "targets": _targets(definitions, charts, shown),
    }
    return tuple(Answer(topic, QUESTIONS[topic], lines[topic]) for topic in outline.questions_order)


def _shown(definitions: Definitions, sections: Sequence[Section]) -> list[Metric]:
    """The metrics of the deck's charts, in its order."""
    ids = dict.fromkeys(b.metric for s in sections for b in s.blocks if b.chart and b.metric)
    return [definitions.metrics[m] for m in ids]


def _customers(definitions: Definitions, charts: Charts, shown: Sequence[Metric]) -> str:
    """Rates told in customers, then how the measures that customers feel moved."""
    currency, last = definitions.company.currency, charts.frame.weeks[-1]
    told = []
    for metric in shown:
        if (hit := _in_customers(charts, metric, last)) is not None and metric.customers:
            level = exact(charts.value(metric.id, last), metric.unit, currency)
            told.append(f"{full(round(hit), 'count')} {metric.customers.words} ({metric.name} {level})")
    felt = [m for m in shown if m.as_the_customer_meets_it and m.better in ("up", "down")]
    moves = [(m, charts.change(m.id, last, charts.year_earlier(last))) for m in felt]
    known = [(m, c) for m, c in moves if c.difference is not None]
    sentences = [f"{listed(told[:MOST_NAMED])}."] if told else []
    if known:
        worse = sorted((m.name for m, c in known if c.good is False), key=str.casefold)
        some = f"{len(worse)} of {len(known)} measures that customers feel are worse than a year ago"
        named = f": {listed(worse)}" if 0 < len(worse) <= MOST_NAMED else ""
        sentences.append(f"{some}{named}." if worse else f"None of {_one(known)} is worse than a year ago.")
    if not sentences and felt:
        return "No measure that customers feel has a value for this week and the year before."
    return " ".join(sentences) or "No metric of this deck says how a customer meets it."


def _one(known: Sequence[object]) -> str:
    return f"{len(known)} measures that customers feel" if len(known) > 1 else "the measures customers feel"


def counted_customers(metric: Metric) -> Metric | None:
    """The customers that a rate speaks of, as a metric of its own."""
    if metric.customers is None:
        return None
    return ContextMetric(
        id=f"{metric.id}__customers",
        name=f"Customers of {metric.name}",
        unit="count",
        better="none",
        measure=Total(series=metric.customers.series),
    )


def _in_customers(charts: Charts, metric: Metric, place: int) -> float | None:
    """How many customers a rate means: share × the metric that counts them."""
    words, counted = metric.customers, counted_customers(metric)
    if words is None or counted is None:
        return None
    share, base = charts.value(metric.id, place), charts.value(counted.id, place)
    return None if share is None or base is None else base * (share if words.of == "share" else 1 - share)


def _business(definitions: Definitions, charts: Charts, shown: Sequence[Metric]) -> str:
    """The metrics of the flywheel's hub, or else the first outputs of the deck."""
    hub = {m for node in definitions.nodes if node.hub for m in node.metrics}
    outputs = [m for m in shown if m.kind == "output" and m.measure.how != "growth"]
    spoken: Sequence[Metric] = [m for m in outputs if m.id in hub] or outputs or shown
    chosen = sorted(spoken, key=lambda m: m.unit != "currency")  # Money first: the room asks for it.
    currency, last = definitions.company.currency, charts.frame.weeks[-1]
    lines = []
    for metric in chosen[:MOST_NAMED]:
        value = charts.value(metric.id, last)
        if value is None:
            lines.append(f"{metric.name} has no value yet")
            continue
        against = [
            (charts.change(metric.id, last, charts.frame.weeks[-2]), "on the week"),
            (charts.change(metric.id, last, charts.year_earlier(last)), "on the year"),
        ]
        lines.append(
            f"{metric.name} {exact(value, metric.unit, currency)}{_moves(metric, against, currency)}"
        )
    return f"{'; '.join(lines)}." if lines else "No output metric is in this deck."


def _moves(metric: Metric, moves: Iterable[tuple[Change, str]], currency: str) -> str:
    told = [f"{changed(c, metric.unit, currency)} {words}" for c, words in moves if c.difference is not None]
    return f" ({', '.join(told)})" if told else ""


def _targets(definitions: Definitions, charts: Charts, shown: Sequence[Metric]) -> str:
    """How many metrics with a target reached it, and which are furthest away."""
    from_target = [(m, _against_target(charts, m)) for m in shown]
    judged = [(m, c) for m, c in from_target if c is not None]
    if not judged:
        return "No metric of this deck has a target for this week."
    missed = [(m, c) for m, c in judged if c.good is False]
    line = f"{len(judged) - len(missed)} of {len(judged)} metrics with a target reached it this week."
    missed.sort(key=lambda each: -_relative(charts, *each))
    currency = definitions.company.currency
    worst = [f"{m.name} ({changed(c, m.unit, currency)})" for m, c in missed[:MOST_NAMED]]
    return f"{line} Furthest away: {listed(worst)}." if worst else line


def _against_target(charts: Charts, metric: Metric) -> Change | None:
    box = charts.against_target(metric.id)
    return box if box.difference is not None and metric.better in ("up", "down") else None


def _relative(charts: Charts, metric: Metric, change: Change) -> float:
    """Distance as a share of the target, so that percent and basis points can be put in one order."""
    target = charts.target(metric.id, charts.frame.weeks[-1])
    return abs((change.difference or 0.0) / target) if target else 0.0


def notices(
    definitions: Definitions,
    outline: DeckOutline,
    charts: Charts,
    sections: Sequence[Section],
    restated: Sequence[Restated],
) -> tuple[Notice, ...]:
    """What the room should know about the deck itself, most serious first.

    The company's own deck tells of every metric; a team's of those it shows.
    """
    shown = _shown(definitions, sections)
    own = {m for s in outline.sections for b in s.blocks for m in metrics_in(b)} if outline.team else None
    return (
        *_without_week(charts, shown),
        *_incomplete(charts, shown),
        *_without_data(charts, shown),
        *_ownerless(definitions, own),
        *(_unplaced(definitions) if own is None else ()),
        *(_corrected(definitions, each) for each in _of_deck(restated, own)),
    )


def _of_deck(restated: Iterable[Restated], own: Collection[str] | None) -> Iterator[Restated]:
    """The corrections that a deck's metrics read."""
    for each in restated:
        metrics = tuple(m for m in each.metrics if own is None or m.id in own)
        if metrics:
            yield replace(each, metrics=metrics)


def _corrected(definitions: Definitions, restated: Restated) -> Notice:
    """Which days changed since they were first told, by how much, and which charts show it."""
    days = restated.days
    when = spoken_day(days[0]) if len(days) == 1 else f"{spoken_day(days[0])} to {spoken_day(days[-1])}"
    total = next((m for m in restated.metrics if m.measure.how == "total"), None)
    amount = ""
    if total is not None:
        currency = definitions.company.currency
        amount = f" by {signed(restated.difference * total.scale, total.unit, currency)} in all"
    text = (
        f"Corrected since first told: {counted(len(days), 'day')} ({when}) of {restated.series}{amount}; "
        f"shown in {_names(restated.metrics)}."
    )
    return Notice("restated", text, tuple(m.id for m in restated.metrics))


def _names(metrics: Iterable[Metric]) -> str:
    """Up to eight names, then a count."""
    names = [m.name for m in metrics]
    return listed(names) if len(names) <= 8 else f"{', '.join(names[:7])} and {len(names) - 7} more"


def _expected(charts: Charts, metric: Metric) -> bool:
    return charts.days(metric.id, charts.frame.weeks[-1])[1] > 0


def _without_week(charts: Charts, shown: Sequence[Metric]) -> Iterator[Notice]:
    """Metrics that had data before and have none for the week reviewed."""
    weeks, ending = charts.frame.weeks, charts.frame.ending
    late = [
        m
        for m in shown
        if _expected(charts, m)
        and charts.state(m.id, weeks[-1]) == "missing"
        and any(charts.state(m.id, i) not in ("missing",) for i in charts.frame.weeks[:-1])
    ]
    if not late:
        return
    if len(late) == len(shown):
        text = f"Nothing is loaded for the {week_ending(ending)}: every chart ends in an empty week."
    else:
        text = f"No data yet for the {week_ending(ending)}: {_names(late)}."
    yield Notice("late", text, tuple(m.id for m in late))


def _incomplete(charts: Charts, shown: Sequence[Metric]) -> Iterator[Notice]:
    """Weeks with some days missing; metrics that miss the same days are told once."""
    found: dict[tuple[date, int, int], list[Metric]] = {}
    for metric in shown:
        for place in charts.frame.weeks:
            if charts.state(metric.id, place) == "partial":
                present, expected = charts.days(metric.id, place)
                ending = charts.frame.windows[place].period.last
                found.setdefault((ending, present, expected), []).append(metric)
    for (ending, present, expected), metrics in sorted(found.items(), reverse=True):
        text = f"Incomplete {week_ending(ending)}, {present} of {expected} days: {_names(metrics)}."
        yield Notice("incomplete", text, tuple(m.id for m in metrics))


def _without_data(charts: Charts, shown: Sequence[Metric]) -> Iterator[Notice]:
    empty = [
        m for m in shown if all(charts.state(m.id, i) == "missing" for i in range(len(charts.frame.windows)))
    ]
    if empty:
        unknown = charts.rolled.unknown
        why = f" No source holds {listed(unknown[:5])}." if unknown else ""
        yield Notice("no_data", f"No data at all: {_names(empty)}.{why}", tuple(m.id for m in empty))


def _ownerless(definitions: Definitions, own: Collection[str] | None) -> Iterator[Notice]:
    known = [m for m in definitions.metrics.values() if own is None or m.id in own]
    without = [m for m in known if m.owner is None and not m.retired]
    if without and definitions.require_owner:
        text = f"Kept out of the deck, because nobody owns them: {_names(without)}."
        yield Notice("no_owner", text, tuple(m.id for m in without))


def _unplaced(definitions: Definitions) -> Iterator[Notice]:
    placed = definitions.placed
    loose = [
        m
        for m in definitions.metrics.values()
        if m.id not in placed and not m.retired and (m.owner or not definitions.require_owner)
    ]
    if loose:
        yield Notice("unplaced", f"In no deck: {_names(loose)}.", tuple(m.id for m in loose))
