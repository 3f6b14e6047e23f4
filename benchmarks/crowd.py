"""What the benchmarks of many visitors share: times per action, the server's memory, the demo to visit."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

ROOT = Path(__file__).resolve().parents[1]
WEEK = "2026-05-09"
SPEAKER, ANSWERED = "dov.stern", "failed_checkouts"  # An exception of that week, and who answers for it.


@dataclass
class Tally:
    """What was done and how long it took; threads may share it.

    Attributes:
        seconds: Of each action, by its name.
        wrong: What went wrong, in words.
    """

    seconds: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def add(self, action: str, seconds: float) -> None:
        """Note how long an action took."""
        with self._lock:
            self.seconds.setdefault(action, []).append(seconds)

    @contextmanager
    def noting(self, what: str) -> Iterator[None]:
        """Note whatever goes wrong inside; the crowd goes on."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - an error of any kind is the finding
            with self._lock:
                self.wrong.append(f"{what}: {type(error).__name__}: {str(error)[:300]}")

    def told(self) -> str:
        """A line an action: median, 95th percentile, worst, count."""
        lines = [f"{'':28} {'p50':>8}  {'p95':>8}  {'worst':>8}   count, ms"]
        for action, found in sorted(self.seconds.items()):
            ordered = sorted(found)
            p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
            three = (statistics.median(ordered), p95, ordered[-1])
            lines.append(f"{action:28} {'  '.join(f'{s * 1000:8.0f}' for s in three)}  {len(ordered):6}")
        return "\n".join([*lines, f"errors: {len(self.wrong)}", *self.wrong[:10]])


def memory(process: int) -> float:
    """Megabytes that a process holds."""
    told = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(next(line for line in told.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def processor(process: int) -> float:
    """Seconds of processor that a process has used."""
    told = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def busy() -> str:
    """How loaded the machine is, in words."""
    one, five, _ = os.getloadavg()
    return f"load of the machine {one:.1f} (1 min), {five:.1f} (5 min) on {os.cpu_count()} processors"


def wbr(folder: Path, *words: str) -> float:
    """Run a command in a process of its own; seconds it took.

    Raises:
        RuntimeError: It ended with an error.
    """
    begun = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-m", "metrics.cli", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(f"wbr {' '.join(words)}: {ran.stderr.strip()[:300]}")
    return time.perf_counter() - begun


def demo(folder: Path) -> Path:
    """The demo company, built in a process of its own if it is not there."""
    if not folder.exists():
        wbr(folder.parent, "demo", str(folder), "--no-serve")
    return folder
