"""A sending, an undo, a backup and a restore are killed, and a server in the middle of a push.

The long runs, of compactions and preparations too, are the scripts themselves: `make torture`.
"""

import subprocess
import sys

import pytest

from tests.browser import ROOT

# fmt: off
KILLED = [
    # what is killed      how                                                        what it says
    ("a sending",         ["kill_commands.py", "--kills", "1", "--only", "send"],    ["send: 1 kills"]),
    ("an undo",           ["kill_commands.py", "--kills", "1", "--only", "undo"],    ["undo: 1 kills"]),
    ("a backup",          ["kill_commands.py", "--kills", "1", "--only", "backup"],  ["backup: 1 kills"]),
    ("a restore",         ["kill_commands.py", "--kills", "2", "--only", "restore"], ["restore: 2 kills"]),
    ("a server",          ["kill_pushes.py", "--kills", "1", "--rounds", "2"],       ["push: 1 kills", "together: 2 rounds"]),
]
# fmt: on


@pytest.mark.parametrize(("words", "says"), [k[1:] for k in KILLED], ids=[k[0] for k in KILLED])
def test_what_is_killed_loses_nothing_and_leaves_nothing_half(words, says):
    script = ROOT / "tests" / "torture" / words[0]
    # A process of its own: a process that has opened a store must not fork.
    ran = subprocess.run([sys.executable, script, *words[1:]], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = [line for line in ran.stdout.splitlines() if "0 wrong" in line]
    assert [line.partition(" (")[0].partition(",")[0].partition(" of")[0] for line in told] == says
