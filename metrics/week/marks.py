"""Signals on the deck: marks in place, and the week's exceptions told once each.

Source: wbr-method.md section 6.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from metrics import text
from metrics.deck import Block, Case, Marked, Row, Section
from metrics.flywheel import Group, Moved, groups, moved_behind, pulls
from metrics.history import Signal, Verdicts, happenings
from metrics.registry import Registry
from metrics.signals import expected_by_chance
from metrics.signals.values import JUDGED
from metrics.six_twelve import Box

WEEKLY = "weeks_table"  # Its rows of values end with the week reviewed.


def marked(
    sections: Sequence[Section], verdicts: Verdicts, registry: Registry, week_ending: date
) -> tuple[Section, ...]:
    """The sections with what the engine says beside each metric's chart or row of values."""
    known = pulls(registry.definitions)
    numbers = _numbers(sections)

    def chart(block: Block) -> Block:
        if block.metric is None or (signal := verdicts.at(block.metric, week_ending)) is None:
            return block
        behind = moved_behind(block.metric, week_ending, verdicts, known)
        box = next((b for b in block.chart.box if b.metric == block.metric), None) if block.chart else None
        return replace(
            block,
            signal=signal,
            behind=behind,
            told=sentence(signal, verdicts, registry),
            drivers=tuple(_driver(moved, registry, numbers) for moved in behind),
            on_target="" if box is None else _on_target(signal, box),
        )

    def row(of: Row) -> Row:
        if of.metric is None or not of.states:
            return of
        signal = verdicts.at(of.metric, week_ending)
        return of if signal is None else replace(of, signal=signal, told=sentence(signal, verdicts, registry))

    def told(block: Block) -> Block:
        if block.kind == "six_twelve":
            return chart(block)
        if block.kind == WEEKLY and block.table is not None:
            return replace(block, table=replace(block.table, rows=tuple(map(row, block.table.rows))))
        return block

    return tuple(replace(s, blocks=tuple(told(b) for b in s.blocks)) for s in sections)


def sentence(signal: Signal, verdicts: Verdicts, registry: Registry) -> str:
    """What the engine says of a metric in a week, in words."""
    metric = registry.definitions.metrics[signal.metric]
    events = [
        each.name
        for each in happenings(registry, signal.metric)
        if each.kind == "recurring" and signal.week_ending in each.week_endings
    ]
    weeks = verdicts.told.values(signal.metric)[np.array(verdicts.told.weeks) < signal.week_ending]
    return text.verdict(
        signal,
        metric.unit,
        registry.definitions.company.currency,
        events=events,
        weeks=int(np.isfinite(weeks).sum()),
    )


def _on_target(signal: Signal, box: Box) -> str:
    """Target and range together; empty without a judgement, a target, or a direction."""
    if signal.state not in JUDGED or signal.low is None or signal.high is None:
        return ""
    apart = box.vs_target
    if apart.difference is None or (apart.good is None and apart.difference) or box.last_week is None:
        return ""
    promised = box.last_week - apart.difference
    return text.against_target(
        inside=signal.tier != "exception",
        met=apart.good is not False,
        within_reach=signal.low <= promised <= signal.high,
    )


def _numbers(sections: Sequence[Section]) -> dict[str, int]:
    """The first chart of each metric; of one that has none, the first table."""
    blocks = [b for s in sections for b in s.blocks]
    found: dict[str, int] = {}
    for block in sorted(blocks, key=lambda b: b.kind != "six_twelve"):
        for metric in _shown_in(block):
            found.setdefault(metric, block.number)
    return found


def _shown_in(block: Block) -> Iterator[str]:
    """The metrics that a block marks: of its chart, or of its rows of values."""
    if block.kind == "six_twelve" and block.metric:
        yield block.metric
    if block.kind == WEEKLY and block.table is not None:
        yield from (row.metric for row in block.table.rows if row.metric and row.states)


def _driver(moved: Moved, registry: Registry, numbers: dict[str, int]) -> Marked:
    metric = moved.pull.driver
    name = registry.definitions.metrics[metric].name
    return Marked(metric, name, numbers.get(metric), moved.signal, text.driver(moved, name))


def told_once(
    sections: Sequence[Section], verdicts: Verdicts | None, registry: Registry, week_ending: date
) -> tuple[tuple[Group, ...], tuple[float, float]]:
    """The groups of exceptions that the deck shows, and what chance alone brings."""
    if verdicts is None:
        return (), (0.0, 0.0)
    shown = _numbers(sections)
    found = []
    for group in groups(week_ending, verdicts, pulls(registry.definitions)):
        members = [s for s in (group.lead, *group.others) if s.metric in shown]
        if members:
            found.append(replace(group, lead=members[0], others=tuple(members[1:])))
    told = (verdicts.at(metric, week_ending) for metric in shown)
    judged = sum(signal.state in JUDGED for signal in told if signal is not None)
    return tuple(found), expected_by_chance(judged)


def cases(
    found: Sequence[Group], sections: Sequence[Section], verdicts: Verdicts | None, registry: Registry
) -> tuple[Case, ...]:
    """The groups in words, each exception with the block that shows it."""
    if verdicts is None:
        return ()
    numbers = _numbers(sections)

    def said(signal: Signal) -> Marked:
        name = registry.definitions.metrics[signal.metric].name
        told = sentence(signal, verdicts, registry)
        return Marked(signal.metric, name, numbers.get(signal.metric), signal, told)

    return tuple(
        Case(
            said(group.lead),
            tuple(map(said, group.others)),
            tuple(_driver(moved, registry, numbers) for moved in group.behind),
            text.caution(len(group.others), len(group.behind)),
        )
        for group in found
    )
