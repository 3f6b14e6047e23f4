"""Who may do what, told in words."""

import pytest

from metrics.definitions import Definitions
from metrics.errors import NotAllowedError, UnknownNameError
from metrics.reviews.rights import checked, may

WITH_PEOPLE = Definitions.model_validate(
    {
        "company": {"name": "Acme", "currency": "USD", "time_zone": "UTC"},
        "people": {
            "priya": {"name": "Priya Raman", "roles": ["deck_owner", "finance"]},
            "yuki": {"name": "Yuki Mori", "roles": ["analyst"]},
            "ines": {"name": "Ines Okafor"},
        },
    }
)
ALONE = Definitions.model_validate({"company": {"name": "Acme", "currency": "USD", "time_zone": "UTC"}})


@pytest.mark.parametrize(
    "person, act, allowed",
    [
        ("priya", "certify", True),
        ("priya", "publish", True),
        ("priya", "declare_divider", False),
        ("yuki", "declare_divider", True),
        ("yuki", "certify", False),
        ("ines", "answer", False),
        ("nobody", "answer", False),
    ],
)
def test_a_person_may_what_one_of_their_roles_may(person, act, allowed):
    assert may(WITH_PEOPLE, person, act) is allowed


def test_where_no_people_are_declared_everybody_may_everything():
    checked(ALONE, "whoever", "publish")


@pytest.mark.parametrize(
    "person, error, words",
    [
        ("yuki", NotAllowedError, "Yuki Mori may not certify a value: that is for finance"),
        ("ines", NotAllowedError, "Ines Okafor has no role"),
        ("yukii", UnknownNameError, "'yukii' is not among people. Did you mean 'yuki'?"),
        (" ", NotAllowedError, "Say who you are first"),
    ],
)
def test_a_refusal_says_who_may(person, error, words):
    with pytest.raises(error) as refused:
        checked(WITH_PEOPLE, person, "certify")
    assert words in str(refused.value)
