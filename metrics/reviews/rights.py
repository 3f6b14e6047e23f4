"""Who may do what.

Source: wbr-method.md section 8.
"""

from metrics.definitions import RIGHTS, RIGHTS_BY_DEFAULT, Definitions
from metrics.errors import NotAllowedError, UnknownNameError, hint

# What an act is called in a sentence: "may not declare a divider".
WORDS = {
    "publish": "publish a deck",
    "move_week": "move the week on",
    "assign_owner": "assign an owner",
    "record_action": "record an action",
    "park": "park a topic",
    "certify": "certify a value",
    "dispute": "dispute a value",
    "set_target": "set a target",
    "set_goal_status": "set the status of a goal",
    "load": "load numbers",
    "undo_load": "take a load back",
    "define": "define a metric",
    "declare_divider": "declare a divider or take a point out of the limits",
    "test_link": "test a link",
    "answer": "answer for a metric",
    "promote_watch": "promote or dismiss a watch",
    "propose_target": "propose a target",
    "propose_version": "propose a new version of a metric",
    "hand_over": "hand a metric over",
    "add_annotation": "add an annotation",
    "grant_role": "grant or take away a role",
    "edit_link": "state or retire a link",
    "issue_token": "issue a token to a program",
    "erase_person": "erase a person",
    "read_confidential": "read confidential metrics",
}

# Roles that read or speak and need not stand in `rights`.
READERS = ("executive", "customer_service", "listener")


def acts() -> dict[str, str]:
    """Everything that needs a right, in words."""
    return {**{act: act.replace("_", " ") for act in RIGHTS_BY_DEFAULT}, **WORDS}


def all_roles(definitions: Definitions) -> frozenset[str]:
    """Every role that somebody can have."""
    held = (role for person in definitions.people.values() for role in person.roles)
    return frozenset((*definitions.rights, *RIGHTS, *READERS, *held))


def roles_with(definitions: Definitions, act: str) -> tuple[str, ...]:
    """The roles whose people may do it."""
    return tuple(role for role, acts in definitions.rights.items() if act in acts)


def may(definitions: Definitions, person: str, act: str) -> bool:
    """Whether a person may do it. Where no people are declared, everybody may do everything."""
    if not definitions.people:
        return True
    known = definitions.people.get(person)
    return known is not None and any(role in known.roles for role in roles_with(definitions, act))


def checked(definitions: Definitions, person: str, act: str) -> None:
    """Refuse what a person may not do.

    Raises:
        UnknownNameError: People are declared, and this is none of them.
        NotAllowedError: None of the person's roles has the right; the message names those that do.
    """
    if not person.strip():
        raise NotAllowedError("Nobody is named as the one who decides. Say who you are first.")
    if may(definitions, person, act):
        return
    known = definitions.people.get(person)
    if known is None:
        raise UnknownNameError(f"{person!r} is not among people. {hint(person, definitions.people)}")
    roles = " or ".join(role.replace("_", " ") for role in roles_with(definitions, act)) or "nobody"
    has = (
        f"the role {own}" if (own := ", ".join(role.replace("_", " ") for role in known.roles)) else "no role"
    )
    raise NotAllowedError(
        f"{known.name} may not {WORDS.get(act, act.replace('_', ' '))}: that is for {roles}, and "
        f"{known.name} has {has}. Ask one of them, or change `rights` or the person's `roles`."
    )
