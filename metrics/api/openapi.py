"""The OpenAPI document, written from the models that check the requests."""

from functools import cache
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from metrics.api.addresses import ADDRESSES, BASE, DOCUMENT, PUSH_TO
from metrics.api.problems import MEDIA_TYPE
from metrics.api.questions import Push, Question
from metrics.api.shapes import ProblemShape, ReceivedShape

KEY_PATTERN = r"^[A-Za-z0-9._:/+-]{1,100}$"
_REF = "#/components/schemas/{model}"
_WHY = {
    "400": "A parameter is unknown or cannot be read.",
    "401": "No token, or one that lets nobody in.",
    "403": "The token, or its person, may not.",
    "404": "There is no such week, deck, metric, series or edition.",
    "409": "It cannot be asked so, or was done already.",
    "429": "Too many questions; `Retry-After` says when to ask again.",
    "503": "The workspace cannot be read at the moment, or too many ask at once.",
    "504": "It took too long.",
}
_WHY_PUSH = {
    "400": "The body is not JSON, or the key cannot be read.",
    "401": _WHY["401"],
    "403": _WHY["403"],
    "404": "There is no such source.",
    "409": "The key was used for other values, or its load was taken back.",
    "413": "The body is too large.",
    "415": "The body is not application/json.",
    "422": "Values are refused, each by its place and field; nothing was loaded.",
    "429": _WHY["429"],
    "503": "The store cannot be written at the moment.",
    "504": _WHY["504"],
}


@cache
def document() -> dict[str, Any]:
    """The document, the same for every workspace."""
    models: list[type[BaseModel]] = [*(a.shape for a in ADDRESSES), ReceivedShape, ProblemShape]
    shown: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [
        (model, "serialization") for model in models
    ]
    _, schemas = models_json_schema(
        [*shown, (Push, "validation")],
        ref_template=_REF,
        by_alias=True,
    )
    paths: dict[str, Any] = {}
    for address in ADDRESSES:
        paths[address.path] = {
            "get": {
                "operationId": f"get_{address.path[1:]}",
                "summary": address.summary,
                "parameters": _parameters(address.question),
                "responses": {
                    "200": _answer("The answer.", address.shape.__name__, tagged=True),
                    "304": {"description": "It is as `If-None-Match` says."},
                    **_problems(_WHY),
                },
            }
        }
    paths[PUSH_TO]["post"] = _push()
    paths[DOCUMENT] = {
        "get": {
            "operationId": "get_openapi",
            "summary": "This document",
            "security": [],
            "responses": {
                "200": {
                    "description": "The document.",
                    "content": {"application/json": {"schema": {"type": "object"}}},
                }
            },
        }
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sixtwelve",
            "version": "1",
            "description": "A weekly business review, for other programs. Values are in each metric's own "
            "unit, percent changes are fractions, bps changes are basis points; null is unknown and never "
            "stands for zero. Every answer carries a stamp: the week, what was known when, whether it was "
            "published, who certified it. A token acts in the name of a person and sees what that person "
            "sees.",
        },
        "servers": [{"url": BASE}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`wbr token create` makes one; it begins with `sxt_`.",
                }
            },
            "schemas": schemas["$defs"],
        },
    }


def _parameters(question: type[Question]) -> list[dict[str, Any]]:
    told = question.model_json_schema(by_alias=True)
    return [
        {
            "name": name,
            "in": "query",
            "required": name in told.get("required", ()),
            "description": schema.get("description", ""),
            "schema": _schema(schema),
        }
        for name, schema in told.get("properties", {}).items()
    ]


def _schema(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter's schema: that it may be left out is said beside it, so null is no choice."""
    kept = {k: v for k, v in schema.items() if k not in ("title", "description")}
    choices = kept.get("anyOf")
    if choices:
        real = [choice for choice in choices if choice != {"type": "null"}]
        if len(real) == 1:
            kept.pop("anyOf")
            kept |= real[0]
        else:
            kept["anyOf"] = real
    if kept.get("default", 0) is None:
        kept.pop("default")
    return kept


def _push() -> dict[str, Any]:
    received = _answer("Loaded; nothing was new.", ReceivedShape.__name__)
    return {
        "operationId": "push_observations",
        "summary": "Values for a source that is declared with `push: true`; all are loaded, or none",
        "description": "Needs the scope `push:SOURCE`, and a person who may load. Told again, the same "
        "values change nothing. With an `Idempotency-Key` a push that is repeated is answered as the first "
        "was, also after other values came in between.",
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "Name of this push in your words.",
                "schema": {"type": "string", "pattern": KEY_PATTERN},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": _REF.format(model=Push.__name__)}}},
        },
        "responses": {
            "200": received,
            "201": {**received, "description": "Loaded."},
            **_problems(_WHY_PUSH),
        },
    }


def _answer(description: str, shape: str, *, tagged: bool = False) -> dict[str, Any]:
    told: dict[str, Any] = {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": _REF.format(model=shape)}}},
    }
    if tagged:
        told["headers"] = {
            "ETag": {
                "description": "Changes with the data, the decisions and the reader.",
                "schema": {"type": "string"},
            }
        }
    return told


def _problems(why: dict[str, str]) -> dict[str, Any]:
    ref = {"$ref": _REF.format(model=ProblemShape.__name__)}
    return {
        status: {"description": words, "content": {MEDIA_TYPE: {"schema": ref}}}
        for status, words in why.items()
    }
