"""A deck as one JSON document: `sixtwelve.deck/1`.

Values are in the metric's own unit; percent changes are fractions, bps changes are basis points;
null is unknown and never stands for zero.

Source: DESIGN.md section 5.
"""

from typing import Any

from metrics.deck import Block, Deck, Table
from metrics.six_twelve import Box, Change, Line, SixTwelve
from metrics.text import summary

SCHEMA = "sixtwelve.deck/1"


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
        "blocks": blocks,
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
        "summary": summary(block.chart, currency) if block.chart else "",
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
        "rows": [
            {
                "header": row.header,
                "metric": row.metric,
                "unit": row.unit,
                "values": list(row.values),
                "states": list(row.states),
            }
            for row in table.rows
        ],
    }
