"""The API over HTTP: bearer tokens and nothing else, each question in a thread of its own.

A cookie lets nobody in, so that no other site can ask in a visitor's name. Work never runs in the event
loop: a few threads share it, and whoever would wait too long is told so.
"""

import gzip
import json
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from math import ceil
from typing import Any, TypeVar, get_origin

import anyio
from anyio import CapacityLimiter, to_thread
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from metrics.api import answers
from metrics.api.addresses import ADDRESSES, BASE, DOCUMENT, PUSH_TO, Address
from metrics.api.openapi import KEY_PATTERN, document
from metrics.api.pace import Buckets, Pace
from metrics.api.problems import MEDIA_TYPE, Problem, mistakes, problem, unknown_parameter
from metrics.api.questions import Push, Question
from metrics.errors import MetricsError
from metrics.ingest import Pushed
from metrics.reviews.tokens import PUSH, READ, Token
from metrics.workspace import Workspace, fingerprint

Answer = TypeVar("Answer")

LOG = logging.getLogger(__name__)
SMALL = 1_000  # Bytes below which packing saves nothing.
LONGEST_QUERY = 4_000  # Characters.
MOST_PARAMETERS = 40
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Sixtwelve"'}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process gives.

    Attributes:
        pace: What one token may ask.
        threads: Questions answered at the same time.
        waiting: Questions that may wait for a thread; more are sent away at once.
        seconds: How long a question may take, waiting included.
        body: Bytes of a push.
    """

    pace: Pace = field(default_factory=Pace)
    threads: int = 4
    waiting: int = 32
    seconds: float = 60.0
    body: int = 8 * 1024 * 1024


class Api:
    """The endpoints.

    Args:
        house: Gives the workspace as its files are now.
        limits: What one process gives.
    """

    def __init__(self, house: Callable[[], Workspace], limits: Limits) -> None:
        self._house = house
        self._limits = limits
        self._buckets = Buckets(limits.pace)
        self._threads = CapacityLimiter(limits.threads)

    # --- endpoints -----------------------------------------------------------------------------

    def read(self, address: Address) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint of an address that is read."""

        async def endpoint(request: Request) -> Response:
            token = await self._let_in(request, READ)
            return await self._worked(lambda: self._read(address, request, token))

        return endpoint

    async def push(self, request: Request) -> Response:
        """The endpoint that takes values."""
        token = await self._let_in(request, None)
        self._refuse_parameters(request)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" or request.headers.get("content-encoding", "identity") != "identity":
            raise Problem(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the values as application/json, not packed."
            )
        key = request.headers.get("idempotency-key", "")
        if key and not re.fullmatch(KEY_PATTERN, key):
            raise Problem(
                HTTPStatus.BAD_REQUEST,
                "Idempotency-Key has letters, digits and `._:/+-`, at most 100 of them.",
            )
        body = await self._body(request)
        return await self._worked(lambda: self._push(body, key, token))

    async def document(self, _request: Request) -> Response:
        """The OpenAPI document: the same for all, so nobody needs a token for it."""
        return _json(document(), {"Cache-Control": "public, max-age=3600"})

    async def start(self, _request: Request) -> Response:
        """Where to go from here."""
        told = {
            "openapi": f"{BASE}{DOCUMENT}",
            "addresses": {f"{BASE}{address.path}": address.summary for address in ADDRESSES},
        }
        return _json(told, {"Cache-Control": "public, max-age=3600"})

    # --- who asks --------------------------------------------------------------------------------

    async def _let_in(self, request: Request, scope: str | None) -> Token:
        """The token that a request bears.

        Raises:
            Problem: It bears none that lets it in, has not the scope, or asks too often.
        """
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not secret.strip():
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "Send a token: `Authorization: Bearer sxt_…`. `wbr token create` makes one. A cookie is not "
                "enough.",
                headers=CHALLENGE,
            )
        token = await self._in_thread(lambda: self._opened().whole.tokens.bearer(secret.strip()))
        if token is None:
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "This token lets nobody in: it is unknown, over, revoked, or its person is gone. "
                "`wbr token list` says which.",
                headers={"WWW-Authenticate": f'{CHALLENGE["WWW-Authenticate"]}, error="invalid_token"'},
            )
        if wait := self._buckets.wait(token.id):
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"This token asks too often. Ask again in {ceil(wait)} s.",
                headers={"Retry-After": str(ceil(wait))},
            )
        request.state.person = token.person  # For the server's log.
        if scope is not None and not token.may(scope):
            raise Problem(
                HTTPStatus.FORBIDDEN,
                f"This token may {_listed(token)}, and this needs the scope `{scope}`. Make another one.",
            )
        return token

    def _opened(self) -> Workspace:
        try:
            return self._house()
        except MetricsError as error:
            LOG.warning("The API has no workspace: %s", error)
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "The workspace has mistakes and cannot be opened. `wbr check` on the server lists them.",
                headers={"Retry-After": "30"},
            ) from error

    # --- reading -----------------------------------------------------------------------------------

    def _read(self, address: Address, request: Request, token: Token) -> Response:
        reader = self._opened().seen_by(token.person)
        asked = self._asked(address.question, request)
        tag = _tag(reader, address, asked, token)
        headers = {
            "ETag": tag,
            "Cache-Control": "private, no-cache",
            "Vary": "Authorization, Accept-Encoding",
        }
        if _known(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return _json(address.answer(reader, asked), headers, request)

    def _asked(self, model: type[Question], request: Request) -> Question:
        """The parameters of a request, checked.

        Raises:
            Problem: One is unknown, told twice, or cannot be read.
        """
        if len(request.url.query) > LONGEST_QUERY:
            raise Problem(HTTPStatus.REQUEST_URI_TOO_LONG, "The address is too long. Ask for less at once.")
        lists = {f.alias or n for n, f in model.model_fields.items() if get_origin(f.annotation) is list}
        given: dict[str, Any] = {}
        wrong = []
        for name, value in request.query_params.multi_items()[:MOST_PARAMETERS]:
            if name in lists:
                given.setdefault(name, []).append(value)
            elif name in given:
                wrong.append({"field": name[:60], "reason": "is told twice. Tell it once."})
            else:
                given[name] = value
        try:
            asked = model.model_validate(given, by_alias=True, by_name=False)
        except ValidationError as error:
            wrong += mistakes(error, model)
        if wrong:
            raise Problem(HTTPStatus.BAD_REQUEST, _summary(wrong), wrong)
        return asked

    def _refuse_parameters(self, request: Request) -> None:
        names = list(request.query_params)
        if names:
            told = unknown_parameter(names[0], Question)
            raise Problem(HTTPStatus.BAD_REQUEST, told, [{"field": names[0][:60], "reason": told}])

    # --- pushing -----------------------------------------------------------------------------------

    async def _body(self, request: Request) -> bytes:
        most = self._limits.body
        told = request.headers.get("content-length", "")
        too_large = Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"A push has at most {most // 1024 // 1024 or 1} MB. Send it in parts.",
            headers={"Connection": "close"},
        )
        if told.isdigit() and int(told) > most:
            raise too_large
        body = bytearray()
        with anyio.fail_after(self._limits.seconds):
            async for part in request.stream():
                body += part
                if len(body) > most:
                    raise too_large
        return bytes(body)

    def _push(self, body: bytes, key: str, token: Token) -> Response:
        house = self._opened().whole
        try:
            told = Push.model_validate_json(body)
        except ValidationError as error:
            wrong = mistakes(error, Push)
            if any(each["type"] == "json_invalid" for each in error.errors(include_url=False)):
                raise Problem(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {wrong[0]['reason']}") from None
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, _summary(wrong), wrong) from None
        if not token.may(f"{PUSH}{told.source}"):
            raise Problem(
                HTTPStatus.FORBIDDEN,
                f"This token may {_listed(token)}, and this needs the scope `{PUSH}{told.source}`. "
                "Make another one.",
            )
        values = [
            Pushed(v.series, v.day, v.value, v.segments, answers.the_moment(house, v.observed_at))
            for v in told.observations
        ]
        refused = [
            {"index": r.index, "field": r.field, "reason": r.reason}
            for r in house.pushing.refusals(told.source, values, by=token.person)
        ]
        if refused:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, _summary(refused), refused)
        received = house.pushing.push(told.source, values, by=token.person, key=key)
        new = received.load is not None and not received.replayed
        document = {
            "source": told.source,
            "load": received.load,
            "rows": received.rows,
            "kept": received.kept,
            "unchanged": received.unchanged,
            "restated": received.restated,
            "replayed": received.replayed,
            "data_version": received.version,
        }
        return _json(
            document, {"Cache-Control": "no-store"}, status=HTTPStatus.CREATED if new else HTTPStatus.OK
        )

    # --- threads -----------------------------------------------------------------------------------

    async def _worked(self, work: Callable[[], Response]) -> Response:
        return await self._in_thread(work)

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        """Do a piece of work outside the event loop.

        Raises:
            Problem: It failed, took too long, or too many wait already.
        """
        if self._threads.statistics().tasks_waiting >= self._limits.waiting:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "Too many questions at once. Ask again in a moment.",
                headers={"Retry-After": "2"},
            )
        try:
            with anyio.fail_after(self._limits.seconds):
                return await to_thread.run_sync(work, limiter=self._threads, abandon_on_cancel=True)
        except TimeoutError:
            raise Problem(
                HTTPStatus.GATEWAY_TIMEOUT,
                f"It took more than {self._limits.seconds:g} s and was given up. Ask for less at once, or "
                "run `wbr prepare` on the server first.",
            ) from None
        except MetricsError as error:
            told = problem(error)
            if told.status is HTTPStatus.SERVICE_UNAVAILABLE:
                LOG.warning("The API cannot answer: %s", error)
            raise told from error


# --- responses ------------------------------------------------------------------------------------


def _json(
    document: dict[str, Any],
    headers: dict[str, str],
    request: Request | None = None,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    media_type: str = "application/json",
) -> Response:
    body = json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    packs = request is not None and "gzip" in request.headers.get("accept-encoding", "")
    if packs and len(body) > SMALL:
        body, headers = gzip.compress(body, 5, mtime=0), {**headers, "Content-Encoding": "gzip"}
    return Response(body, status, headers, media_type)


def _told(problem: Problem) -> Response:
    headers = {"Cache-Control": "no-store", **problem.headers}
    return _json(problem.document, headers, status=problem.status, media_type=MEDIA_TYPE)


def _tag(reader: Workspace, address: Address, asked: Question, token: Token) -> str:
    """What changes when the answer might: data, decisions, definitions, the week, the question."""
    parts = (
        reader.version,
        reader.whole.decisions_version,
        fingerprint(reader.folder),
        reader.default_week().isoformat(),
        reader.now().date().isoformat(),
        token.person,
        address.path,
        asked.model_dump_json(),
    )
    return f'W/"{sha256(chr(10).join(parts).encode()).hexdigest()[:32]}"'


def _known(header: str, tag: str) -> bool:
    """Whether `If-None-Match` names the tag; weak and strong are alike here."""
    names = [each.strip().removeprefix("W/") for each in header.split(",")]
    return "*" in names or tag.removeprefix("W/") in names


def _summary(wrong: list[dict[str, Any]]) -> str:
    first = wrong[0]
    place = f"observations[{first['index']}].{first['field']}" if "index" in first else first["field"]
    more = f" And {len(wrong) - 1:,} more." if len(wrong) > 1 else ""
    return f"{f'{place}: ' if place else ''}{first['reason']}{more}"


def _listed(token: Token) -> str:
    return " and ".join(f"`{scope}`" for scope in token.scopes)


# --- the application ------------------------------------------------------------------------------


async def _problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # Registered for nothing else.
    return _told(error)


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # Registered for nothing else.
    words = {
        404: f"There is no such address. The addresses are listed at {BASE}{DOCUMENT}.",
        405: "This address cannot be asked in this way. `Allow` says how.",
    }
    status = HTTPStatus(error.status_code)
    return _told(Problem(status, words.get(error.status_code, status.phrase), headers=error.headers or {}))


async def _gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=HTTPStatus.BAD_REQUEST)  # Nobody is there to read it.


async def _fault(request: Request, error: Exception) -> Response:
    LOG.error("The API failed at %s", request.url.path, exc_info=error)
    return _told(
        Problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "Something failed that nobody foresaw. It is in the server's log; nothing was changed.",
        )
    )


def app(house: Callable[[], Workspace], limits: Limits | None = None) -> Starlette:
    """The API as an application, to be mounted where the address begins.

    Args:
        house: Gives the workspace as its files are now; asked for every question.
        limits: What one process gives.
    """
    api = Api(house, limits or Limits())
    read = {address.path: api.read(address) for address in ADDRESSES}

    async def observations(request: Request) -> Response:
        return await (api.push if request.method == "POST" else read[PUSH_TO])(request)

    return Starlette(
        routes=[
            *(
                Route(f"/v1{path}", endpoint, methods=["GET"])
                for path, endpoint in read.items()
                if path != PUSH_TO
            ),
            Route(f"/v1{PUSH_TO}", observations, methods=["GET", "POST"]),
            Route(f"/v1{DOCUMENT}", api.document, methods=["GET"]),
            Route("/v1/", api.start, methods=["GET"]),
        ],
        exception_handlers={
            Problem: _problem,
            HTTPException: _http,
            ClientDisconnect: _gone,
            Exception: _fault,
        },
    )
