"""A small company and a journal on paper, for the rules of the weekly loop."""

from datetime import UTC, date, datetime, time

from metrics.definitions import Definitions
from metrics.journal import Fact

TODAY = date(2026, 5, 11)  # A Monday.
WEEK = date(2026, 5, 9)
LAST_WEEK = date(2026, 5, 2)


def ratio(name, kind="input", owner="dov", **more):
    return {
        "name": name,
        "kind": kind,
        "owner": owner,
        "unit": "fraction",
        "better": "up",
        "measure": {"how": "ratio", "numerator": "a", "denominator": "b"},
        **more,
    }


PEOPLE = {
    "dov": {"name": "Dov Stern", "roles": ["owner"]},
    "kate": {"name": "Kate Brandt", "roles": ["owner"]},
    "priya": {"name": "Priya Raman", "roles": ["deck_owner"]},
    "fin": {"name": "Fin Lind", "roles": ["finance"]},
    "olga": {"name": "Olga Lind", "roles": ["owner", "finance"]},
    "june": {"name": "June Abara", "roles": ["customer_service"]},
    "tess": {"name": "Tess Abara", "roles": ["customer_service"]},
    "ines": {"name": "Ines Okafor", "roles": ["executive"]},
    "yuki": {"name": "Yuki Mori", "roles": ["analyst"]},
    "lis": {"name": "Lis Ten", "roles": ["listener"]},
}


def company(people=PEOPLE, **more):
    """Two inputs that drive an output, one of context, one retired, one without an owner."""
    return Definitions.model_validate(
        {
            "company": {"name": "Acme", "time_zone": "America/New_York"},
            "people": people,
            "metrics": {
                "errors": ratio(
                    "Failed checkouts",
                    controllable={"action": "roll back the release", "by": "dov", "within_days": 1},
                    meaning="Attempts that end in an error",
                    gaming="call an error a refusal",
                    guardrails=["speed"],
                    as_the_customer_meets_it="I pressed pay and got an error",
                ),
                "speed": ratio("Page load", owner="kate"),
                "conversion": ratio("Conversion", "output", "olga"),
                "weather": ratio("Weather", "context", "kate"),
                "old_errors": ratio("Errors, old count", state="retired"),
                "orphan": ratio("Pay-outs on time", owner=None),
            },
            "links": [
                {
                    "driver": "errors",
                    "driven": "conversion",
                    "sign": "-",
                    "lag_weeks": [0, 2],
                    "because": "lost",
                }
            ],
            "nodes": [
                {"id": "growth", "name": "Growth", "metrics": ["conversion", "orphan"], "hub": True},
                {"id": "experience", "name": "Experience", "metrics": ["errors", "speed", "old_errors"]},
            ],
            "decks": {
                "company": {
                    "title": "Weekly review",
                    "sections": [
                        {"title": "Checkout", "node": "experience", "blocks": ["errors", "old_errors"]},
                        {"title": "Browse", "blocks": ["speed"]},
                        {"title": "Outside", "blocks": ["weather", "orphan"]},
                        {"title": "Results", "node": "growth", "blocks": ["conversion"]},
                    ],
                }
            },
            **more,
        }
    )


class Book:
    """A journal on paper: facts with numbers, told on a day."""

    def __init__(self):
        self.facts = []

    def say(self, statement, by="priya", day=TODAY, clock=time(12)):
        """Write a statement down as a fact."""
        fact = Fact(
            len(self.facts) + 1,
            datetime.combine(day, clock, UTC),
            by,
            statement.kind,
            statement.subject,
            dict(statement.body),
            statement.because,
            "",
            "",
        )
        self.facts.append(fact)
        return fact
