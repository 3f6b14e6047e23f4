"""A deck with its lists of what people said, for files: answers, actions, links with their evidence.

A page shows these where they belong and asks for them there; a file has to carry them.
"""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from metrics.deck import ActionItem, Deck, Reply, StatedLink
from metrics.reviews.answers import WORDS
from metrics.reviews.statement import named

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

KEPT = timedelta(days=365)  # Closed actions are told for a year, as the effects of long ones come late.


def recorded(house: "Workspace", deck: Deck) -> Deck:
    """The deck with its answers, actions and links, which speak of the whole: a segment alone has none."""
    if house.slice is not None:
        return deck
    return replace(
        deck, replies=_replies(house, deck), actions=_actions(house, deck), links=_links(house, deck)
    )


def _replies(house: "Workspace", deck: Deck) -> tuple[Reply, ...]:
    """The answers of the week, in the deck's order."""
    known, definitions = house.definitions.metrics, house.loop.definitions
    order = {metric: place for place, metric in enumerate(deck.metrics)}
    told = [a for a in house.loop.saying.answers(deck.week_ending) if a.metric in order and a.metric in known]
    return tuple(
        Reply(
            a.metric,
            known[a.metric].name,
            WORDS[a.kind],
            a.text,
            a.more,
            a.due,
            named(definitions, a.decided_by) if a.decided_by else "",
            tuple(known[m].name for m in a.inputs if m in known),
            named(definitions, a.by),
            a.at,
        )
        for a in sorted(told, key=lambda a: order[a.metric])
    )


def _actions(house: "Workspace", deck: Deck) -> tuple[ActionItem, ...]:
    """Actions on the deck's metrics recorded up to its week, open ones first, then by date."""
    known, definitions, today = house.definitions.metrics, house.loop.definitions, house.loop.today
    shown = frozenset(deck.metrics)
    told = [
        a
        for a in house.loop.saying.actions()
        if a.metric in shown
        and a.metric in known
        and a.effect_metric in known
        and a.week_ending <= deck.week_ending
        and (a.closed is None or a.closed.date() >= deck.week_ending - KEPT)
    ]
    return tuple(
        ActionItem(
            a.metric,
            known[a.metric].name,
            a.text,
            named(definitions, a.owner),
            a.opened.date(),
            a.due,
            a.late(today),
            a.state,
            a.result,
            f"{known[a.effect_metric].name} {a.direction}",
            a.effect_by,
            a.dissent,
        )
        for a in sorted(told, key=lambda a: (a.state != "open", a.due, a.id))
    )


def _links(house: "Workspace", deck: Deck) -> tuple[StatedLink, ...]:
    """Links that touch the deck's metrics, as they are believed, with the evidence up to its week."""
    known, shown = house.definitions.metrics, frozenset(deck.metrics)
    found = []
    for belief in house.beliefs.beliefs(deck.week_ending):
        link = belief.record.link
        if not {link.driver, link.driven} & shown or link.driver not in known or link.driven not in known:
            continue
        test = belief.test
        found.append(
            StatedLink(
                link.driver,
                known[link.driver].name,
                link.driven,
                known[link.driven].name,
                link.sign,
                link.lag_weeks,
                link.because,
                belief.record.versions[-1].since,
                test.state if test else "",
                belief.grade,
                test.n if test else 0,
                belief.words,
            )
        )
    return tuple(found)
