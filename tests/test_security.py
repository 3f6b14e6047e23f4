"""SECURITY.md promises what tests hold: every row names tests, and each of them is there."""

import re

from tests.serving import ROOT

TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+\w?|–) \| (.+) \|$", TEXT, re.MULTILINE)


def test_every_attack_and_fault_has_a_row():
    numbers = {int(re.sub(r"\D", "", number)) for number, _ in ROWS if number != "–"}
    assert numbers == set(range(1, 34))


def test_every_row_names_tests_that_are_there():
    missing = []
    for number, rest in ROWS:
        named = re.findall(r"(tests/\w+\.py)(?:::(\w+))?", rest)
        if not named:
            missing.append(f"row {number} names no test")
        for file, test in named:
            path = ROOT / file
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            if not text or (test and not re.search(rf"^def {test}\(", text, re.MULTILINE)):
                missing.append(f"row {number}: {file}::{test}")
    assert missing == []
