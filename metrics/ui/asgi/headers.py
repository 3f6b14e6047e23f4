"""The headers of every response, and what of them depends on how it travels.

Source: platform.md section 1, "Baseline config and CSP".
"""

import re
from base64 import b64encode
from hashlib import sha256

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from metrics.ui.asgi.asked import PAGE
from metrics.ui.asgi.shell import TOLD_SHELL


def _inline_scripts() -> str:
    """Hashes of the scripts of the shell and of a refusal's page, so that those and no others run."""
    found = re.findall(r"<script>(.*?)</script>", TOLD_SHELL.decode() + PAGE, re.DOTALL)
    return "".join(f" 'sha256-{b64encode(sha256(one.encode()).digest()).decode()}'" for one in found)


POLICY = (
    "default-src 'self'; "
    f"script-src 'self' 'wasm-unsafe-eval' blob: data:{_inline_scripts()}; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; "
    "font-src 'self' data:; "
    "connect-src 'self' {own}; "
    "worker-src 'self' blob:; "
    "object-src 'none'; "
    "base-uri 'self'; "
    "form-action 'self'; "
    "frame-ancestors 'self'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
STRICTLY = "max-age=31536000"  # A year of HTTPS only, told to browsers that came by HTTPS.


class SecurityHeaders:
    """Adds `HEADERS` to every HTTP response, whoever made it; marks cookies where HTTPS carries them.

    Whether it does, a trusted proxy says in `X-Forwarded-Proto`; uvicorn believes no other address
    (`FORWARDED_ALLOW_IPS`, by default this machine).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; put the headers on its response."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        secure = scope.get("scheme") in ("https", "wss")
        policy = _policy(Headers(scope=scope).get("host", ""))

        async def with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers["Content-Security-Policy"] = policy
                if secure:
                    headers["Strict-Transport-Security"] = STRICTLY
                    message["headers"] = [
                        (name, _secure(value) if name.lower() == b"set-cookie" else value)
                        for name, value in message["headers"]
                    ]
            await send(message)

        await self._app(scope, receive, with_headers)


def _policy(host: str) -> str:
    """The policy for one host: sockets go to it alone. Not every browser takes 'self' to mean them too."""
    return POLICY.replace("{own}", f"ws://{host} wss://{host}" if _HOST.fullmatch(host) else "")


def _secure(cookie: bytes) -> bytes:
    marked = any(part.strip().lower() == b"secure" for part in cookie.split(b";"))
    return cookie if marked else cookie + b"; Secure"
