"""Who speaks for a metric, and the acts of the loop that `rights` may leave out.

Source: wbr-method.md section 8.
"""

from collections.abc import Sequence

from metrics.definitions import RIGHTS_BY_DEFAULT, Definitions
from metrics.errors import NotAllowedError
from metrics.reviews import rights
from metrics.reviews.statement import declared, listed, named, somebody


def with_defaults(definitions: Definitions) -> Definitions:
    """The definitions, with the loop's acts given to their usual roles where no role has them."""
    given = {act for acts in definitions.rights.values() for act in acts}
    missing = {act: roles for act, roles in RIGHTS_BY_DEFAULT.items() if act not in given}
    if not missing or not definitions.people:
        return definitions
    roles = dict.fromkeys([*definitions.rights, *(r for many in missing.values() for r in many)])
    granted = {
        role: (*definitions.rights.get(role, ()), *(act for act, to in missing.items() if role in to))
        for role in roles
    }
    return definitions.model_copy(update={"rights": granted})


def may(definitions: Definitions, person: str, act: str) -> bool:
    """Whether a person may do it."""
    return rights.may(with_defaults(definitions), person, act)


def checked(definitions: Definitions, person: str, *acts: str) -> None:
    """Refuse who may do none of some acts; the first of them is the one spoken of.

    Raises:
        UnknownNameError: People are declared, and this is none of them.
        NotAllowedError: None of the person's roles has the right.
    """
    granted = with_defaults(definitions)
    if not person.strip() or not any(rights.may(granted, person, act) for act in acts):
        rights.checked(granted, person, acts[0])


def speaks(definitions: Definitions, person: str, metric: str, speakers: Sequence[str], doing: str) -> None:
    """Refuse who does not speak for a metric: its owner, or the deputy while the dates hold.

    Args:
        definitions: Of the workspace.
        person: Who wants to.
        metric: Its id.
        speakers: The owner and the deputy of the day; empty if nobody owns it.
        doing: The act in words: `answer for it`.

    Raises:
        UnknownNameError: People are declared, and this is none of them.
        NotAllowedError: Another one owns the metric, or nobody does.
    """
    name = declared(definitions, metric).name
    if not person.strip():
        raise NotAllowedError("Nobody is named as the one who decides. Say who you are first.")
    if not definitions.people:
        return
    handle = somebody(definitions, person, "who decides")
    if handle in speakers:
        return
    if not speakers:
        raise NotAllowedError(
            f"Nobody owns {name}, so nobody can {doing}. Assign an owner first: wbr assign {metric} PERSON."
        )
    owners = listed([named(definitions, s) for s in speakers], "or")
    raise NotAllowedError(
        f"{named(definitions, handle)} does not own {name} and cannot {doing}: only {owners} can. "
        "The owner may name a deputy, or hand the metric over."
    )
