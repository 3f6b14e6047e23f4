"""Signals on the deck: marks in place, and the week's exceptions told once each.

Source: wbr-method.md section 6.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from metrics.deck import Block, Section
from metrics.flywheel import Group, groups, moved_behind, pulls
from metrics.history import Verdicts
from metrics.registry import Registry
from metrics.signals import expected_by_chance
from metrics.signals.values import JUDGED


def marked(
    sections: Sequence[Section], verdicts: Verdicts, registry: Registry, week_ending: date
) -> tuple[Section, ...]:
    """The sections with what the engine says beside each metric's chart."""
    known = pulls(registry.definitions)

    def told(block: Block) -> Block:
        if block.metric is None or block.kind != "six_twelve":
            return block
        signal = verdicts.at(block.metric, week_ending)
        behind = moved_behind(block.metric, week_ending, verdicts, known)
        return replace(block, signal=signal, behind=behind)

    return tuple(replace(s, blocks=tuple(told(b) for b in s.blocks)) for s in sections)


def told_once(
    sections: Sequence[Section], verdicts: Verdicts | None, registry: Registry, week_ending: date
) -> tuple[tuple[Group, ...], tuple[float, float]]:
    """The groups whose lead or other members the deck shows, and what chance alone brings."""
    if verdicts is None:
        return (), (0.0, 0.0)
    shown = {b.metric: b.signal for s in sections for b in s.blocks if b.signal is not None}
    found = []
    for group in groups(week_ending, verdicts, pulls(registry.definitions)):
        members = [s for s in (group.lead, *group.others) if s.metric in shown]
        if members:
            found.append(replace(group, lead=members[0], others=tuple(members[1:])))
    judged = sum(signal.state in JUDGED for signal in shown.values() if signal)
    return tuple(found), expected_by_chance(judged)
