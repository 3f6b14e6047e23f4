"""Who may import whom, where each library lives, and what the documents promise."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from metrics import errors

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "metrics"

# A room sees only the lines above its own.
LINES = [
    {"errors", "shipped", "health"},
    {"credentials", "periods", "definitions"},
    {"registry", "rollup", "signals", "attribution", "pacing", "reviews", "correlation"},
    {"history"},
    {"six_twelve", "flywheel", "owners", "wheel"},
    {"deck"},
    {"text"},
    {"week", "ingest", "store", "journal", "draw", "demo"},
    {"export", "notify", "engines"},
    {"workspace"},
    {"api"},
    {"ui"},
    {"cli"},
]
LINE = {room: number for number, rooms in enumerate(LINES) for room in rooms}
PURE = {"errors", "periods", "definitions", "rollup", "six_twelve", "deck", "text", "week"}

AT_HOME = {
    "streamlit": {"ui"},
    "prometheus_client": {"ui"},
    "starlette": {"ui", "api"},
    "uvicorn": {"ui", "api"},
    "mcp": {"api"},
    "duckdb": {"ingest", "store", "rollup", "engines"},
    "altair": {"draw"},
    "sqlalchemy": {"journal", "ingest"},  # `ingest` asks the databases of users.
    "sqlglot": {"ingest", "engines"},
    "statsmodels": {"pacing"},
    "httpx": {"notify"},
    "smtplib": {"notify"},
    "typer": {"cli"},
    "rich": {"cli"},
    "ruamel": {"registry", "ingest"},  # `ingest` reads the peer's configuration.
    "pydantic": {"definitions", "registry", "api"},
    "python_calamine": {"ingest"},
    "pptx": {"export"},
    "typst": {"export"},
    "xlsxwriter": {"export"},
    "pyarrow": {"ingest", "store", "engines", "demo"},
}
CLOCKS = {"today", "now", "utcnow", "time"}


def modules() -> Iterator[tuple[str, Path, ast.Module]]:
    """Room, path and syntax tree of each module of the package."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts == ("__init__",):
            continue  # The door of the library: hands over to `workspace`.
        yield parts[0], path, ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    """Dotted names a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            if node.module == "metrics":
                yield from (f"metrics.{alias.name}" for alias in node.names)
            else:
                yield node.module


def test_every_room_has_a_line():
    assert {room for room, _, _ in modules()} - {"sql"} == set(LINE)


def test_a_room_imports_only_from_lines_above():
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for room, path, tree in modules()
        for name in imports(tree)
        if name.startswith("metrics.")
        and (seen := name.split(".")[1]) != room
        and seen not in {"open_workspace", "sql"}
        and not LINE[seen] < LINE[room]
    ]
    assert wrong == []


def test_each_library_has_its_homes():
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for room, path, tree in modules()
        for name in imports(tree)
        if (homes := AT_HOME.get(name.split(".")[0])) and room not in homes
    ]
    assert wrong == []


def test_pages_see_the_ui_and_streamlit_only():
    allowed = {"metrics.ui", "streamlit", *sys.stdlib_module_names}
    wrong = [
        f"{path.name} imports {name}"
        for path in [ROOT / "dashboard.py", *sorted((ROOT / "pages").glob("*.py"))]
        for name in imports(ast.parse(path.read_text(encoding="utf-8")))
        if name.split(".")[0] not in allowed and not name.startswith("metrics.ui")
    ]
    assert wrong == []


def test_pure_rooms_know_no_clock_no_file_and_no_environment():
    wrong = []
    for room, path, tree in modules():
        if room not in PURE:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                named = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
                if node.func.attr in CLOCKS and named in {"datetime", "date", "time"}:
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} reads the clock")
                if named == "os" or node.func.attr in {"open", "write_text"}:
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} touches the machine")
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} opens a file")
    assert wrong == []


def test_the_clock_is_read_in_the_last_line_only():
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for room, path, tree in modules()
        if room not in {"ui", "cli"}
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"today", "utcnow", "now"}
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"datetime", "date"}
    ]
    assert wrong == []


def test_every_statement_says_what_it_takes_and_returns():
    for path in sorted((PACKAGE / "sql").glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        assert re.search(r"^-- Takes ", text, re.MULTILINE), path.name
        assert re.search(r"^-- (Returns|Writes|Does) ", text, re.MULTILINE), path.name


def test_no_statement_is_put_together_from_values():
    """SQL in f-strings is allowed only for identifiers of the code's own, where the line says so."""
    wrong = []
    for _, path, tree in modules():
        lines = path.read_text(encoding="utf-8").splitlines()
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in {"execute", "sql"}
                and node.args
                and isinstance(node.args[0], ast.JoinedStr)
                and "identifier" not in "\n".join(lines[node.lineno - 4 : node.end_lineno])
            ):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []


def test_the_tree_of_errors_is_drawn_as_it_is():
    drawn = re.findall(r"^[│ ├└─]*([A-Z]\w+Error)", errors.__doc__ or "", re.MULTILINE)
    classes = [
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.MetricsError)
    ]
    assert drawn == classes or set(drawn) == set(classes)
    assert all(issubclass(getattr(errors, name), errors.MetricsError) for name in drawn)


def test_every_command_is_in_the_readme():
    from metrics.cli import app

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = [c.name or (c.callback.__name__ if c.callback else "") for c in app.registered_commands]
    assert [name for name in named if f"wbr {name}" not in text] == []
    assert [t for t in ("make demo", "make test") if t not in text] == []


@pytest.mark.parametrize(
    "name", ["README.md", "METHOD.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs/deploy.md"]
)
def test_documents_link_only_to_what_is_there(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text)
    assert [link for link in links if not ((ROOT / name).parent / link).exists()] == []


def test_no_file_names_a_registry_or_a_machines_folder():
    import subprocess

    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    machine = re.compile(r"(?<![\w.])/(?:work|root|home)/\w")
    registry = re.compile("|".join((r"py" r"pi\.org", r"python" r"hosted\.org", r"npm" r"js\.org")))
    wrong = []
    for name in listed.splitlines():
        path = ROOT / name
        if path.suffix in {".png", ".parquet", ".xlsx", ".woff2"} or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if machine.search(text) or registry.search(text):
            wrong.append(name)
    assert wrong == []
