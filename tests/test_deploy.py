"""The container's recipe: rules that a reader would check, and its promise that nothing else is written to."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.absent import absent
from tests.browser import a_shop
from tests.serving import ROOT, serving
from tests.visitor import Visitor

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = YAML(typ="safe").load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
# Everything is read-only but the workspace and the folder for temporary files; no capability is left.
READ_ONLY = """
set -e
mount --make-rprivate /
mount --bind "$WORKSPACE_HERE" "$WORKSPACE_HERE"
mount --bind "$TMPDIR" "$TMPDIR"
findmnt -rn -o TARGET | while read -r each; do
    case "$each" in
        "$WORKSPACE_HERE"|"$TMPDIR"|/proc*|/sys*|/dev*) ;;
        *) mount -o remount,bind,ro "$each" 2>/dev/null || true ;;
    esac
done
if touch "$ROOT_HERE/.written" 2>/dev/null; then rm "$ROOT_HERE/.written"; echo "not read-only" >&2; exit 97; fi
cd "$WORKSPACE_HERE"
exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs "$@"
"""


def steps(word: str) -> list[str]:
    """What follows an instruction of the Dockerfile, continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", DOCKERFILE)
    return re.findall(rf"^{word} (.*)$", joined, re.MULTILINE)


def test_the_image_has_two_stages_of_a_pinned_base_and_ends_as_nobody():
    assert len(steps("FROM")) == 2
    assert all(re.fullmatch(r"python:3\.\d+-slim-\w+( AS build)?", one) for one in steps("FROM"))
    assert steps("USER") == ["10001:10001"]
    assert DOCKERFILE.index("USER 10001") > DOCKERFILE.rindex("RUN ")


def test_what_is_installed_is_locked_and_hashed_and_names_no_index():
    [install] = [one for one in steps("RUN") if " install --no-cache-dir" in one]
    assert "--require-hashes" in install
    assert "--only-binary :all:" in install
    assert not re.search(r"https?://|--(extra-)?index-url", DOCKERFILE.replace("http://127.0.0.1:8501", ""))
    assert not steps("ADD")


def test_the_server_installs_a_part_of_the_lock_and_nothing_of_tests():
    def packages(name: str) -> dict[str, str]:
        text = (ROOT / name).read_text(encoding="utf-8")
        parts = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
        found = {}
        for part in filter(None, parts):
            name = part.split("==")[0]
            found[name] = " ".join(sorted(re.findall(r"==\S+|sha256:\w+", part)))
            assert "sha256:" in part, name
        return found

    whole, server = packages("requirements.lock"), packages("deploy/requirements.lock")
    assert {name for name in server if server[name] != whole.get(name)} == set()
    assert not {"pytest", "playwright", "mypy", "pip-audit"} & set(server)
    assert {"streamlit", "duckdb", "psycopg", "typst", "prometheus-client"} <= set(server)


def test_only_what_is_needed_is_sent_to_the_builder():
    told = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert told[1] == "*"
    for one in steps("COPY"):
        if not one.startswith("--from"):
            source = one.split()[0]
            assert (ROOT / source).exists()
            assert any(
                line.lstrip("!") in (source, f"{source}/config.toml") for line in told if line.startswith("!")
            )
    assert "**/secrets.toml" in told


def test_health_is_checked_inside():
    assert "127.0.0.1:8501/healthz" in steps("HEALTHCHECK")[0]


@pytest.mark.parametrize("name", ["proxy", "review", "database"])
def test_no_container_gains_rights_and_images_are_pinned(name):
    service = COMPOSE["services"][name]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert re.search(r":[\w.-]+$", service["image"]) or "build" in service


def test_the_review_is_read_only_without_capabilities_and_reached_by_the_proxy_alone():
    review = COMPOSE["services"]["review"]
    assert review["read_only"] is True
    assert review["cap_drop"] == ["ALL"]
    assert [name for name, one in COMPOSE["services"].items() if "ports" in one] == ["proxy"]
    assert COMPOSE["networks"]["back"] == {"internal": True}
    assert COMPOSE["services"]["database"]["networks"] == ["back"]
    assert (
        review["environment"]["FORWARDED_ALLOW_IPS"]
        == COMPOSE["services"]["proxy"]["networks"]["front"]["ipv4_address"]
    )


def test_secrets_travel_by_file():
    for service in COMPOSE["services"].values():
        for name, value in (service.get("environment") or {}).items():
            if re.search(r"PASSWORD|JOURNAL|TOKEN|LOGIN", name):
                assert str(value).startswith("/run/secrets/")
                assert str(value).removeprefix("/run/secrets/") in service["secrets"]
    assert all(list(one) == ["file"] for one in COMPOSE["secrets"].values())
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_the_server_works_where_only_the_workspace_and_temporary_files_can_be_written(tmp_path):
    alone = ["unshare", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], capture_output=True).returncode:
        alone = ["unshare", "--mount", "--user", "--map-root-user"]
        if (
            shutil.which("unshare") is None
            or subprocess.run([*alone, "true"], capture_output=True).returncode
        ):
            absent("This machine lets nobody make a file system read-only for one process.")
    folder = a_shop(tmp_path / "shop")
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    told = {
        "WORKSPACE_HERE": str(folder),
        "ROOT_HERE": str(ROOT),
        "TMPDIR": str(scratch),
        "HOME": str(scratch),
    }
    with serving(folder, environment=told, before=[*alone, "sh", "-c", READ_ONLY, "sh"]) as server:
        assert server.ask("/healthz").json()["status"] == "ok"
        for page in ("", "metric", "owners", "goals", "sources", "flywheel", "correlations"):
            with Visitor(server.address, page) as visit:
                assert visit.broken == []
                assert "read-only" not in visit.text.lower()
        assert "Traceback" not in server.log
    assert not list(Path(ROOT).glob(".written"))
