"""The audit of what is installed: what it refuses, and that it never takes silence for health."""

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import pytest

from tests.serving import ROOT


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = spec_from_file_location("audit", ROOT / "deploy" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["audit"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# fmt: off
LICENCES = [
    ("free to use",                       "MIT",                                      False),
    ("the same in other words",           "Apache Software License; BSD License",     False),
    ("changes to its files are given",    "Mozilla Public License 2.0 (MPL 2.0)",     False),
    ("all is to be given",                "GPL-3.0-only",                             True),
    ("the same in words",                 "GNU General Public License v3 (GPLv3)",    True),
    ("over a network too",                "AGPL-3.0",                                 True),
    ("in words",                          "GNU Affero General Public License v3",     True),
    ("not open",                          "SSPL-1.0",                                 True),
    ("one may be chosen",                 "GPL-2.0-only OR MIT",                      False),
    ("both hold",                         "MIT AND GPL-2.0-only",                     True),
    ("a library nobody spoke for",        "LGPL-3.0-only",                            True),
    ("not said",                          "UNKNOWN",                                  True),
    ("made up",                           "Be nice",                                  True),
]
# fmt: on


@pytest.mark.parametrize("licence, refused", [c[1:] for c in LICENCES], ids=[c[0] for c in LICENCES])
def test_licences(audit, licence, refused):
    assert bool(list(audit.refusals({"a-package": licence}))) == refused


def test_a_package_that_was_spoken_for_passes_and_each_exception_has_a_reason(audit):
    assert list(audit.refusals({"psycopg": "LGPL-3.0-only"})) == []
    assert all(len(reason) > 30 for reason in audit.EXCEPTIONS.values())


def answer(*packages: dict[str, object]) -> str:
    return json.dumps({"dependencies": packages})


WELL = {"name": "a", "version": "1", "vulns": []}
HOLE = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}
SKIPPED = {"name": "c", "skip_reason": "Dependency not found and could not be audited: c (3)"}


def test_a_known_hole_is_told_with_its_remedy(audit):
    assert audit.of_service("pypi", answer(WELL, HOLE), "").wrong == ("b 2: PYSEC-1, mended in 3.",)


@pytest.mark.parametrize(
    "output", ["", "{}", "<html>blocked</html>", answer(), answer(WELL, SKIPPED), answer(SKIPPED)]
)
def test_silence_is_no_health(audit, output):
    verdict = audit.of_service("pypi", output, "ConnectionError: no route")
    assert verdict.unasked.startswith("pypi")
    assert verdict.wrong == ()


def test_all_that_were_asked_are_well(audit):
    assert audit.of_service("pypi", answer(WELL), "").unasked == ""


def test_a_lock_without_a_hash_is_refused(audit):
    text = "a==1 \\\n    --hash=sha256:0\nb==2 ; python_version < '3.12' \\\n    --hash=sha256:1\n"
    text += "b==3 ; python_version >= '3.12' \\\n    --hash=sha256:2\n"
    assert audit.lock(text) == {"a": {"1"}, "b": {"2", "3"}}
    with pytest.raises(ValueError, match="a has no hash"):
        audit.lock("a==1\n")


def test_the_project_may_use_what_it_installs(audit):
    assert audit.licences().wrong == ()
