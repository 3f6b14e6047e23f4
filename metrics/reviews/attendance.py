"""Who was in the meeting of a week.

Source: wbr-method.md section 4.1.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from metrics.definitions import Definitions
from metrics.errors import DecisionError
from metrics.reviews.duties import checked
from metrics.reviews.statement import Statement, of_family, somebody
from metrics.reviews.told import Told

MEETING = "meeting:"  # Before the week's last day, where a fact is about its meeting.


def attended(facts: Iterable[Told], week_ending: date) -> tuple[str, ...]:
    """Handles of those who were there, as the newest list says; empty if nobody wrote one."""
    lists = [f for f in of_family(facts, "meeting") if f.subject == f"{MEETING}{week_ending.isoformat()}"]
    return tuple(str(person) for person in lists[-1].body["people"]) if lists else ()


def attendance(definitions: Definitions, people: Sequence[str], week_ending: date, *, by: str) -> Statement:
    """A list of those who are there; a later one takes its place.

    Raises:
        DecisionError: Nobody is named.
        NotAllowedError: The author may not record what the meeting does.
        UnknownNameError: A name is none of the people.
    """
    checked(definitions, by, "record_action", "move_week")
    handles = [somebody(definitions, person, "who is here") for person in dict.fromkeys(people)]
    if not handles:
        raise DecisionError("Nobody is named as present. Tick who is here.")
    return Statement("meeting.attended", f"{MEETING}{week_ending.isoformat()}", {"people": handles})
