"""What is installed is as it was locked, may be used by a company, and has no known hole: `make audit`.

Four questions, each answered in words. Ends with 0 if all is well, 1 if something is wrong, 2 if nothing
wrong was found but a question could not be asked: a vulnerability service that does not answer is no
clean bill of health.

Takes the folder of the programs that ask, which are installed apart from what they ask about.

Writes `dist/licences.csv` and two bills of materials, `dist/sbom.json` of everything that was locked and
`dist/sbom-server.json` of what a server installs.
"""

import csv
import json
import re
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import file_digest
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
PATIENCE = 600  # Seconds for the vulnerability service to answer for all packages.
# The GPL would ask a company to give away what it builds around this; the LGPL and MPL do not.
FORBIDDEN = re.compile(r"\b(A?GPL|GNU (AFFERO )?GENERAL PUBLIC|SSPL|BUSL|COMMONS.CLAUSE)", re.I)
KNOWN = re.compile(
    r"MIT|BSD|APACHE|ISC|PSF|PYTHON SOFTWARE|MPL|MOZILLA|ZLIB|CC0|UNLICENSE|HPND|LGPL|LESSER GENERAL", re.I
)
EXCEPTIONS = {
    "axe-playwright-python": "MIT by its file LICENSE, though its metadata say nothing; tests only.",
    "psycopg": "LGPL-3.0: used as a library that anybody may exchange, unchanged, and by import alone.",
    "psycopg-binary": "LGPL-3.0: as psycopg; only where a journal or a source is a PostgreSQL.",
}
OURS = {"sixtwelve", "pip", "setuptools", "uv"}  # The project, and what installs it.


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one question.

    Attributes:
        question: What was asked.
        wrong: What is wrong, a sentence each.
        unasked: Why it could not be answered, or `""`.
        told: What was found.
    """

    question: str
    wrong: tuple[str, ...] = ()
    unasked: str = ""
    told: str = ""


def main(auditors: Path) -> int:
    """Ask all four; tell each; the exit code."""
    DIST.mkdir(exist_ok=True)
    verdicts = [locked(), holes(auditors), licences(), bills(auditors)]
    for verdict in verdicts:
        state = "WRONG" if verdict.wrong else "NOT ASKED" if verdict.unasked else "ok"
        print(f"{verdict.question}: {state}. {verdict.unasked or verdict.told}")
        for each in verdict.wrong:
            print(f"  - {each}")
    if any(verdict.wrong for verdict in verdicts):
        return 1
    return 2 if any(verdict.unasked for verdict in verdicts) else 0


# --- the lock --------------------------------------------------------------------------------


def lock(text: str) -> dict[str, set[str]]:
    """Versions of each package of a lock file: several where they depend on the version of Python.

    Raises:
        ValueError: One has no hash.
    """
    found: dict[str, set[str]] = {}
    for part in filter(None, re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)):
        name, _, rest = part.partition("==")
        if "--hash=sha256:" not in rest:
            raise ValueError(f"{name.strip()} has no hash in the lock. Make it anew: make lock")
        found.setdefault(name, set()).add(re.split(r"[\s;\\]", rest, maxsplit=1)[0])
    return found


def locked() -> Verdict:
    """Whether the environment holds the locked versions, and files as their packages came."""
    question = "Installed as locked"
    try:
        wanted = lock((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    except ValueError as error:
        return Verdict(question, (str(error),))
    wrong: list[str] = []
    files: dict[Path, set[str]] = {}  # Two packages may bring the same file; the later one's lies there.
    for package in metadata.distributions():
        name = re.sub(r"[-_.]+", "-", package.name).lower()
        if name in OURS:
            continue
        if package.version not in (versions := wanted.get(name, set())):
            told = f"the lock has {' or '.join(sorted(versions))}" if versions else "it is not in the lock"
            wrong.append(f"{name} {package.version} is installed, but {told}.")
        for file in package.files or ():
            if file.hash is not None and file.hash.mode == "sha256":
                files.setdefault(Path(str(file.locate())), set()).add(file.hash.value)
    wrong += [f"{path} is not the file that was installed." for path in files if not _came(path, files[path])]
    told = f"{len(wanted)} packages with hashes; {len(files):,} files compared."
    return Verdict(question, tuple(wrong), told=told)


def _came(path: Path, wanted: set[str]) -> bool:
    try:
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").digest()
    except OSError:
        return False
    return urlsafe_b64encode(digest).rstrip(b"=").decode() in wanted


# --- known holes -----------------------------------------------------------------------------


def holes(auditors: Path) -> Verdict:
    """Whether a locked package has a known hole, asked of two services; the first that knows the packages."""
    question, why = "Known holes", []
    for service in ("pypi", "osv"):
        command = [auditors / "pip-audit", "--requirement", ROOT / "requirements.lock", "--require-hashes"]
        options = ["--disable-pip", "-s", service, "--format", "json", "--progress-spinner", "off"]
        try:
            run = subprocess.run([*command, *options], capture_output=True, text=True, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            why.append(f"{service} did not answer within {PATIENCE} s")
            continue
        verdict = of_service(service, run.stdout, run.stderr)
        if not verdict.unasked:
            return Verdict(question, verdict.wrong, told=verdict.told)
        why.append(verdict.unasked)
    return Verdict(question, unasked=f"Nobody could be asked: {'; '.join(why)}. Try again with a network.")


def of_service(service: str, output: str, complaint: str) -> Verdict:
    """What one service said. pip-audit ends well where a package is unknown to it; then nothing was asked."""
    question = "Known holes"
    try:
        packages: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        last = complaint.strip().splitlines()[-1][:160] if complaint.strip() else "no answer"
        return Verdict(question, unasked=f"{service}: {last}")
    asked = [one for one in packages if "skip_reason" not in one]
    if len(asked) < len(packages) or not packages:
        missing = len(packages) - len(asked)
        return Verdict(question, unasked=f"{service} knows nothing of {missing} of {len(packages)} packages")
    wrong = tuple(
        f"{one['name']} {one['version']}: {hole['id']}, mended in {_mended(hole)}."
        for one in asked
        for hole in one["vulns"]
    )
    return Verdict(question, wrong, told=f"{service} was asked about {len(asked)} packages.")


def _mended(hole: Mapping[str, Any]) -> str:
    return ", ".join(hole["fix_versions"]) or "no version yet"


# --- licences --------------------------------------------------------------------------------


def licences() -> Verdict:
    """Whether every package may be used by a company that does not publish its own code."""
    command = [
        Path(sys.executable).parent / "pip-licenses",
        "--python",
        sys.executable,
        "--from",
        "mixed",
        "--format",
        "json",
        "--with-urls",
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    packages = [one for one in json.loads(run.stdout) if one["Name"].lower() not in OURS]
    DIST.mkdir(exist_ok=True)
    with (DIST / "licences.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["package", "version", "licence", "address", "exception"])
        for one in packages:
            table.writerow(
                [one["Name"], one["Version"], one["License"], one["URL"], EXCEPTIONS.get(one["Name"], "")]
            )
    wrong = tuple(refusals({one["Name"]: one["License"] for one in packages}))
    excepted = sum(one["Name"] in EXCEPTIONS for one in packages)
    told = f"{len(packages)} packages, {excepted} by exception; dist/licences.csv lists them."
    return Verdict("Licences", wrong, told=told)


def refusals(packages: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each package whose licence may not be used, or is not known."""
    for name, licence in sorted(packages.items()):
        if name in EXCEPTIONS:
            continue
        choices = re.split(r"\bOR\b", licence)  # One of them may be chosen.
        if all(FORBIDDEN.search(choice) for choice in choices):
            yield f"{name} is {licence}. Use another package."
        elif not KNOWN.search(licence):
            yield f"{name} says {licence!r}, which is not on the list. Read it; extend KNOWN or EXCEPTIONS."
        elif re.search(r"LGPL|LESSER", licence, re.I):
            yield f"{name} is {licence}. Say in EXCEPTIONS how it is used, or use another package."


# --- bills of materials ----------------------------------------------------------------------


def bills(auditors: Path) -> Verdict:
    """Write the bills of materials in CycloneDX."""
    made: Iterable[tuple[str, list[str]]] = (
        ("sbom.json", ["environment", sys.executable, "--pyproject", str(ROOT / "pyproject.toml")]),
        ("sbom-server.json", ["requirements", str(ROOT / "deploy" / "requirements.lock")]),
    )
    counted = []
    for name, what in made:
        options = ["--output-format", "JSON", "--output-reproducible", "--output-file", str(DIST / name)]
        run = subprocess.run([auditors / "cyclonedx-py", *what, *options], capture_output=True, text=True)
        if run.returncode:
            return Verdict("Bills of materials", (f"{name}: {run.stderr.strip()[-200:]}",))
        parts = json.loads((DIST / name).read_text(encoding="utf-8"))["components"]
        counted.append(f"dist/{name} ({len(parts)} parts)")
    return Verdict("Bills of materials", told=f"{' and '.join(counted)}.")


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
