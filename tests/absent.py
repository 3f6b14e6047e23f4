"""What a machine lacks: a test says so and is left out there, and fails where everything must be run."""

import os
from typing import NoReturn

import pytest


def absent(sentence: str) -> NoReturn:
    """Leave the test out, with the reason; under CI=true nothing is left out."""
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)
