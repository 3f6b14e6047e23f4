"""The JSON Schema by which an editor completes and explains workspace files as they are written."""

import re
from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

from metrics.definitions import Definition, Definitions


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of one workspace file.

    Nothing is required at the top, because the files of a workspace are read as one. A metric has no `id`:
    its key is its id. What the definitions say about their fields is shown where the field is written. Name
    the schema in a file's first line: `# yaml-language-server: $schema=wbr.schema.json`.
    """
    found = Definitions.model_json_schema(by_alias=True)
    found.pop("required", None)
    parts: dict[str, Any] = found["$defs"]
    for name in ("InputMetric", "OutputMetric", "ContextMetric"):
        parts[name]["properties"].pop("id")
        parts[name]["required"].remove("id")
    blocks = parts["Section"]["properties"]["blocks"]
    metric_id = {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "description": "A metric's 6-12 chart."}
    blocks["items"] = {"anyOf": [metric_id, *blocks["items"]["oneOf"]]}
    for model in _models(Definition):
        if part := found if model is Definitions else parts.get(model.__name__):
            _explain(part, model)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **found,
        "title": "Workspace of a weekly business review",
    }


def _models(model: type[Definition]) -> Iterator[type[Definition]]:
    """A model and all that build on it."""
    yield model
    for more in model.__subclasses__():
        yield from _models(more)


def _explain(part: dict[str, Any], model: type[Definition]) -> None:
    """Put what a model's docstring says about an attribute beside the field; the rest is the model's own."""
    fields = part.get("properties", {})
    part["description"] = cleandoc(model.__doc__ or "").partition("\nAttributes:\n")[0].strip()
    for base in model.__mro__:
        _, _, attributes = cleandoc(base.__doc__ or "").partition("\nAttributes:\n")
        for name, words in re.findall(r"^    (\w+): (.*(?:\n      .*)*)", attributes, re.MULTILINE):
            if name in fields:
                fields[name].setdefault("description", " ".join(words.split()))
    branches = [name for name, field in fields.items() if "const" in field]
    if branches:  # An editor tells the branches of a union apart by them, though each has a default.
        part["required"] = list(dict.fromkeys((*branches, *part.get("required", ()))))
