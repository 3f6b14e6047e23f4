"""The addresses of the API: what each takes, what answers it, and what the answer looks like."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from metrics.api import answers, questions, shapes
from metrics.workspace import Workspace

BASE = "/api/v1"
PUSH_TO = "/observations"
DOCUMENT = "/openapi.json"


@dataclass(frozen=True, slots=True)
class Address:
    """One address that is read.

    Attributes:
        path: Below `BASE`.
        question: The model of its parameters.
        answer: What answers.
        shape: The model of the answer.
        summary: What it is for, in a few words.
    """

    path: str
    question: type[questions.Question]
    answer: Callable[[Workspace, Any], dict[str, Any]]
    shape: type[BaseModel]
    summary: str


ADDRESSES: tuple[Address, ...] = (
    Address("/deck", questions.DeckQuestion, answers.deck, shapes.DeckShape, "One week's deck"),
    Address(
        "/metrics",
        questions.MetricsQuestion,
        answers.metrics,
        shapes.MetricsShape,
        "The metrics and how each is counted",
    ),
    Address(
        "/signals",
        questions.SignalsQuestion,
        answers.signals,
        shapes.SignalsShape,
        "What is signal and what is noise in one week",
    ),
    Address(
        "/links",
        questions.LinksQuestion,
        answers.links,
        shapes.LinksShape,
        "What is believed to drive what, and whether the data agree",
    ),
    Address(
        "/owners",
        questions.OwnersQuestion,
        answers.owners,
        shapes.OwnersShape,
        "Who answers for what today",
    ),
    Address(
        "/observations",
        questions.ObservationsQuestion,
        answers.observations,
        shapes.ObservationsShape,
        "Values of one metric by day, week, month, quarter or year",
    ),
    Address(
        "/series",
        questions.SeriesQuestion,
        answers.series,
        shapes.SeriesShape,
        "Stored values of one series, by day and segments",
    ),
)
