"""A deck as one JSON document, `sixtwelve.deck/1`; a week's signals as another, `sixtwelve.signals/1`.

Values are in the metric's own unit; percent changes are fractions, bps changes are basis points;
null is unknown and never stands for zero.

Source: DESIGN.md section 5.
"""

from collections.abc import Sequence
from typing import Any

from metrics.deck import ActionItem, Block, Case, Deck, Marked, Reply, Row, StatedLink, Table
from metrics.flywheel import Moved
from metrics.history import Signal
from metrics.signals import Tier
from metrics.six_twelve import Box, Change, Line, SixTwelve
from metrics.text import summary
from metrics.wheel import Wheel

SCHEMA = "sixtwelve.deck/1"
SIGNALS_SCHEMA = "sixtwelve.signals/1"


def as_json(deck: Deck) -> dict[str, Any]:
    """The deck in the form other programs read."""
    blocks: list[dict[str, Any]] = []
    for section in deck.sections:
        blocks.append(
            {
                "number": None,
                "kind": "section",
                "title": section.title,
                "metric": None,
                "node": section.node,
            }
        )
        blocks.extend(_block(block, deck.currency) for block in section.blocks)
    return {
        "schema": SCHEMA,
        "company": deck.company,
        "currency": deck.currency,
        "time_zone": deck.time_zone,
        "deck": deck.name,
        "title": deck.title,
        "week_ending": deck.week_ending.isoformat(),
        "week_label": deck.week_label,
        "as_of": deck.as_of.isoformat() if deck.as_of else None,
        "version": deck.version,
        "answers": [{"topic": a.topic, "question": a.question, "text": a.text} for a in deck.answers],
        "notices": [{"kind": n.kind, "text": n.text, "metrics": list(n.metrics)} for n in deck.notices],
        "exceptions": _metrics(deck.exceptions, "exception"),
        "watches": _metrics(deck.watches, "watch"),
        "by_chance": {"exceptions": deck.by_chance[0], "watches": deck.by_chance[1]},
        "groups": [_case(case) for case in deck.cases],
        "state": deck.state,
        "asked": [{"kind": a.kind, "text": a.text, "metric": a.metric, "late": a.late} for a in deck.asked],
        "changed": list(deck.changed),
        "flywheel": _wheel(deck.wheel) if deck.wheel else None,
        "owner_answers": [_reply(reply) for reply in deck.replies],
        "actions": [_action(action) for action in deck.actions],
        "links": [_link(link) for link in deck.links],
        "blocks": blocks,
    }


def _wheel(wheel: Wheel) -> dict[str, Any]:
    return {
        "nodes": [
            {
                "id": node.id,
                "name": node.name,
                "metrics": list(node.metrics),
                "exceptions": list(node.exceptions),
                "watches": list(node.watches),
            }
            for node in wheel.nodes
        ],
        "edges": [list(edge) for edge in wheel.edges],
    }


def _reply(reply: Reply) -> dict[str, Any]:
    return {
        "metric": reply.metric,
        "name": reply.name,
        "kind": reply.kind,
        "text": reply.text,
        "more": reply.more,
        "due": reply.due.isoformat() if reply.due else None,
        "decided_by": reply.decided_by,
        "through": list(reply.through),
        "by": reply.by,
        "at": reply.at.isoformat(),
    }


def _action(action: ActionItem) -> dict[str, Any]:
    return {
        "metric": action.metric,
        "name": action.name,
        "text": action.text,
        "owner": action.owner,
        "opened": action.opened.isoformat(),
        "due": action.due.isoformat(),
        "late": action.late,
        "state": action.state,
        "result": action.result,
        "should_move": action.should_move,
        "effect_by": action.effect_by.isoformat(),
        "dissent": action.dissent,
    }


def _link(link: StatedLink) -> dict[str, Any]:
    return {
        "driver": link.driver,
        "driver_name": link.driver_name,
        "driven": link.driven,
        "driven_name": link.driven_name,
        "sign": link.sign,
        "lag_weeks": list(link.lag_weeks),
        "because": link.because,
        "stated": link.stated.isoformat() if link.stated else None,
        "state": link.state,
        "grade": link.grade,
        "weeks": link.weeks,
        "sentence": link.words,
    }


def _metrics(blocks: Sequence[Block], tier: Tier) -> list[str]:
    """The metrics of one tier, in the deck's order."""
    found: dict[str, None] = {}
    for block in blocks:
        rows = block.table.rows if block.table else ()
        for signal in (block.signal, *(row.signal for row in rows)):
            if signal is not None and signal.tier == tier:
                found[signal.metric] = None
    return list(found)


def _case(case: Case) -> dict[str, Any]:
    return {
        "lead": _marked(case.lead),
        "others": [_marked(one) for one in case.others],
        "behind": [_marked(one) for one in case.behind],
        "caution": case.caution,
    }


def _marked(one: Marked) -> dict[str, Any]:
    return {
        "metric": one.metric,
        "name": one.name,
        "number": one.number,
        "week_ending": one.signal.week_ending.isoformat(),
        "sentence": one.told,
    }


def signals_json(rows: Sequence[Marked], by_chance: tuple[float, float]) -> dict[str, Any]:
    """What the engine says of many metrics in one week, in the form other programs read."""
    return {
        "schema": SIGNALS_SCHEMA,
        "week_ending": rows[0].signal.week_ending.isoformat() if rows else None,
        "exceptions": [row.metric for row in rows if row.signal.tier == "exception"],
        "by_chance": {"exceptions": by_chance[0], "watches": by_chance[1]},
        "rows": [{**_signal(row.signal, row.told), "name": row.name} for row in rows],
    }


def _signal(signal: Signal, sentence: str) -> dict[str, Any]:
    """What the engine says of one metric in one week; values in the metric's own unit."""
    return {
        "metric": signal.metric,
        "week_ending": signal.week_ending.isoformat(),
        "value": signal.value,
        "expected": signal.expected,
        "low": signal.low,
        "high": signal.high,
        "z": signal.z,
        "tier": signal.tier,
        "reasons": [reason.rule for reason in signal.reasons],
        "n": signal.n,
        "state": signal.state,
        "direction": signal.reasons[0].direction if signal.reasons else None,
        "since": {reason.rule: reason.since.isoformat() for reason in signal.reasons},
        "favourable": signal.favourable,
        "weight": signal.weight,
        "sentence": sentence,
    }


def _moved(moved: Moved) -> dict[str, Any]:
    return {
        "metric": moved.pull.driver,
        "sign": moved.pull.sign,
        "lag_weeks": moved.lag,
        "week_ending": moved.signal.week_ending.isoformat(),
        "tier": moved.signal.tier,
    }


def _block(block: Block, currency: str) -> dict[str, Any]:
    form: dict[str, Any] = {
        "number": block.number,
        "kind": block.kind,
        "title": block.title,
        "metric": block.metric,
        "code": block.code,
        "metric_kind": block.metric_kind,
        "owner": block.owner,
        "summary": summary(block.chart, currency, block.signal, block.told) if block.chart else "",
        "signal": _signal(block.signal, block.told) if block.signal else None,
        "behind": [_moved(moved) for moved in block.behind],
        "on_target": block.on_target,
        "meaning": block.meaning,
        "said": None,
    }
    if block.said:
        form["said"] = {
            "stamps": list(block.said.stamps),
            "answer": block.said.answer,
            "by": block.said.by,
            "remarks": list(block.said.remarks),
            "stories": list(block.said.stories),
        }
    if block.chart:
        form |= _chart(block.chart)
    if block.table:
        form |= _table(block.table)
    return form


def _chart(chart: SixTwelve) -> dict[str, Any]:
    return {
        "axis": {
            "weeks": list(chart.axis.weeks),
            "months": list(chart.axis.months),
            "week_endings": [d.isoformat() for d in chart.axis.week_endings],
            "month_ends": [d.isoformat() for d in chart.axis.month_ends],
            "kind": chart.axis.kind,
        },
        "two_axes": chart.two_axes,
        "series": [_line(line) for line in chart.lines],
        "box": [_box(box) for box in chart.box],
        "annotations": [
            {"number": a.number, "day": a.day.isoformat(), "week": a.week, "month": a.month, "text": a.text}
            for a in chart.annotations
        ],
        "stamps": list(chart.stamps),
        "notes": list(chart.notes),
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "metric": line.metric,
        "name": line.name,
        "role": line.role,
        "unit": line.unit,
        "weeks": list(line.weeks),
        "weeks_year_earlier": list(line.weeks_year_earlier),
        "months": list(line.months),
        "months_year_earlier": list(line.months_year_earlier),
        "weeks_state": list(line.weeks_state),
        "months_state": list(line.months_state),
        "weeks_days": [list(d) for d in line.weeks_days],
        "months_days": [list(d) for d in line.months_days],
        "compared_with": [d.isoformat() for d in line.compared_with],
        "paired_by": list(line.paired_by),
        "break_week": line.break_week,
        "break_month": line.break_month,
        "weeks_incomplete": list(line.weeks_incomplete),
    }


def _box(box: Box) -> dict[str, Any]:
    def amount(change: Change) -> float | None:
        return change.amount

    return {
        "metric": box.metric,
        "last_week": box.last_week,
        "wow": amount(box.wow),
        "yoy": amount(box.yoy),
        "mtd": box.mtd,
        "mtd_yoy": amount(box.mtd_yoy),
        "qtd": box.qtd,
        "qtd_yoy": amount(box.qtd_yoy),
        "ytd": box.ytd,
        "ytd_yoy": amount(box.ytd_yoy),
        "vs_target": amount(box.vs_target),
        "change_unit": box.wow.unit,
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "header": table.header,
        "columns": list(table.columns),
        "rows": [_row(row) for row in table.rows],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "header": row.header,
        "metric": row.metric,
        "unit": row.unit,
        "values": list(row.values),
        "states": list(row.states),
        "signal": _signal(row.signal, row.told) if row.signal else None,
    }
