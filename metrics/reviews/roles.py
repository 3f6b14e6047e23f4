"""Who has which role: those the definitions name, and what was granted and taken away since.

Facts: `role.granted` and `role.revoked` about `person:HANDLE`, with the role.

Source: wbr-method.md section 8.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from metrics.definitions import Definitions, Person
from metrics.errors import DecisionError, NotAllowedError
from metrics.reviews.duties import checked
from metrics.reviews.rights import all_roles
from metrics.reviews.statement import Statement, named, said, somebody
from metrics.reviews.told import Told

FAMILY: Final = "role"
GRANTED: Final = "role.granted"
REVOKED: Final = "role.revoked"
PERSON: Final = "person:"
RIGHT: Final = "grant_role"


def standing(people: Mapping[str, Person], facts: Iterable[Told]) -> dict[str, Person]:
    """The people with the roles they have now: declared ones first, then in the order granted.

    A fact about somebody who is declared no more changes nothing.
    """
    roles: dict[str, dict[str, None]] = {handle: dict.fromkeys(p.roles) for handle, p in people.items()}
    for fact in facts:
        held = roles.get(fact.subject.removeprefix(PERSON))
        role = str(fact.body.get("role", ""))
        if held is None:
            continue
        if fact.kind == GRANTED:
            held[role] = None
        elif fact.kind == REVOKED:
            held.pop(role, None)
    return {
        handle: person if tuple(roles[handle]) == person.roles
        else person.model_copy(update={"roles": tuple(roles[handle])})
        for handle, person in people.items()
    }  # fmt: skip


def granting(
    definitions: Definitions, person: str, role: str, *, by: str, because: str, seen: int | None
) -> Statement:
    """Give somebody a role.

    Args:
        definitions: With everybody's roles of now.
        person: Handle of who gets it.
        role: One that `rights` or a default gives something to, or a reader's.
        by: Who decides.
        because: Why.
        seen: Newest fact about the person's roles that the author saw.

    Raises:
        NotAllowedError: The author may not grant roles, or would grant one to themselves.
        UnknownNameError: There is no such person or role.
        DecisionError: The person has it, or no reason is given.
    """
    handle = _decidable(definitions, person, role, by)
    if role in definitions.people[handle].roles:
        raise DecisionError(f"{named(definitions, handle)} has the role {_word(role)} already.")
    if handle == by:
        raise NotAllowedError(
            f"{named(definitions, handle)} cannot grant a role to themselves. Ask somebody else who may."
        )
    return Statement(GRANTED, f"{PERSON}{handle}", {"role": role}, _why(because), seen)


def revoking(
    definitions: Definitions, person: str, role: str, *, by: str, because: str, seen: int | None
) -> Statement:
    """Take a role away; arguments and errors as for `granting`."""
    handle = _decidable(definitions, person, role, by)
    if role not in definitions.people[handle].roles:
        raise DecisionError(f"{named(definitions, handle)} does not have the role {_word(role)}.")
    return Statement(REVOKED, f"{PERSON}{handle}", {"role": role}, _why(because), seen)


def _decidable(definitions: Definitions, person: str, role: str, by: str) -> str:
    checked(definitions, by, RIGHT)
    if not definitions.people:
        raise DecisionError(
            "This workspace declares no people, so there are no roles. Declare `people` first."
        )
    handle = somebody(definitions, person, "who gets or loses the role")
    if role not in all_roles(definitions):
        known = ", ".join(sorted(all_roles(definitions)))
        raise DecisionError(f"{role!r} is no role. Roles are: {known}.")
    return handle


def _why(because: str) -> str:
    return said(because, "the reason", why="Say why: the journal keeps it.")


def _word(role: str) -> str:
    return role.replace("_", " ")
