"""What stands before the page: hosts, origins, accounts, limits, sizes, and the headers of every answer.

The rules are those of OWASP's cheat sheets on cross-site request forgery, content security policy and session
management. It is plain ASGI, so that what is streamed stays a stream.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import anyio.to_thread

from app.accounts import EVERYBODY, Accounts, Sessions, User, set_user
from app.limits import Limits
from app.metrics import Metrics

log = logging.getLogger(__name__)

COOKIE = "briefdesk-session"
LOGIN, LOGOUT = "/login", "/logout"
HEALTH, READY, METRICS = "/healthz", "/readyz", "/metrics"
_PUBLIC = {LOGIN, HEALTH, READY, "/favicon.ico", "/robots.txt"}
TOO_MANY = "too many questions in a minute; wait a little"
_SAFE = {"GET", "HEAD", "OPTIONS"}
# Routes of Gradio's that nothing here uses: what is not there cannot be broken into.
_CLOSED = re.compile(
    r"^(/gradio_api)?/(proxy=|file/|vibe|run-history|runs|process_recording|deep_link|stream/|custom_component|undo-vibe"
    r"|dev/|profiling|monitoring)"
)
_UPLOAD = re.compile(r"^(/gradio_api)?/upload/?$")
# A script within a page may run when its hash is in the policy; what an attacker writes into the page is not.
_SCRIPT = re.compile(rb"<script(?![^>]*\bsrc\s*=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with no-referrer a browser would not say that our own form is ours
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a desk asks of a request. `hosts` may be named in it, none meaning any; without `accounts`, anyone may."""

    hosts: tuple[str, ...] = ()
    accounts: Accounts | None = None
    body_bytes: int = 100_000_000


class Guard:
    """The middleware. Refuses in one sentence of JSON; leads a reader who has not logged in to where they can.

    `head` holds the scripts that Gradio puts into the page when it is in the browser already.
    """

    def __init__(
        self, app: App, *, rules: Rules, limits: Limits, sessions: Sessions, metrics: Metrics, head: str = ""
    ) -> None:
        self._app, self._rules, self._sessions, self._metrics = app, rules, sessions, metrics
        self._scripts = _SCRIPT.findall(head.encode())
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing here speaks WebSocket
            await send({"type": "websocket.close", "code": 1008})
            return
        answer = _Answer(send, self._metrics, scope, self._scripts)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope, headers)
        user = await self._user(scope, headers) if refusal is None and self._rules.accounts else EVERYBODY
        if refusal is None and scope["path"] not in _PUBLIC:
            refusal = self._refusal_of(user, scope, headers)
        if refusal is not None:
            await _refuse(answer, headers, *refusal)
            return
        user = user or EVERYBODY
        set_user(user)
        scope["briefdesk.user"] = user
        if scope["path"] == "/":  # its scripts are looked at on their way out, so they must not be packed
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        body = _Body(receive, self._rules.body_bytes)
        try:
            await self._app(scope, body, answer)
        except _TooLargeError:
            if not answer.begun:
                await _refuse(answer, headers, 413, _too_large(self._rules.body_bytes))

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        """Why a request is not even asked who it is from."""
        host = headers.get("host", "")
        if self._rules.hosts and _name_of(f"//{host}") not in self._rules.hosts:
            return 421, f"this desk is not known as {host[:100]}; whoever runs it can name it in BRIEFDESK_HOSTS"
        no_login = scope["path"] in (LOGIN, LOGOUT) and not self._rules.accounts
        if no_login or _CLOSED.match(scope["path"]):
            return 404, "there is nothing here"
        if scope["method"] not in _SAFE:
            origin = headers.get("origin")
            if (origin and urlsplit(origin).netloc != host) or headers.get("sec-fetch-site") == "cross-site":
                return 403, "this was sent by another site"
        if int(headers.get("content-length") or 0) > self._rules.body_bytes:
            return 413, _too_large(self._rules.body_bytes)
        if not self._limits.may_request(address_of(scope)):
            return 429, "too many requests from this address; try again in a minute"
        return None

    def _refusal_of(self, user: User | None, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        """Why a user may not do what they ask for; None for `user` means that nobody has logged in."""
        if user is None:
            return 401, "log in first"
        if _UPLOAD.match(scope["path"]) and not user.may_edit:
            return 403, "your account may read and ask; adding documents needs an editor's"
        asks = scope["method"] not in _SAFE and kind_of(scope["path"]) in ("call", "run", "api", "mcp")
        if asks and not self._limits.may_ask(user.name or address_of(scope)):
            return 429, TOO_MANY
        return None

    async def _user(self, scope: Scope, headers: dict[str, str]) -> User | None:
        """Who a request is from: by the session of a browser, or by the name and password that a program sends."""
        accounts = self._rules.accounts
        assert accounts is not None
        known = self._sessions.user(cookie_of(headers.get("cookie", "")))
        credentials = headers.get("authorization", "")
        if known is None and credentials[:6].lower() == "basic ":
            known = self._sessions.remembered(credentials)
            if known is None:
                given, _, password = _decoded(credentials[6:]).partition(":")
                if not self._limits.may_try(address_of(scope), given):
                    return None
                if await anyio.to_thread.run_sync(accounts.check, given, password):
                    known = given, accounts.mark(given)
                    self._sessions.remember(credentials, *known)
        if known is None or accounts.mark(known[0]) != known[1]:  # removed, or given another password since
            return None
        return accounts.user(known[0])


class _Answer:
    """Sends an answer with the headers that each must have, and counts it."""

    def __init__(self, send: Send, metrics: Metrics, scope: Scope, scripts: Sequence[bytes]) -> None:
        self._send, self._metrics, self._scope, self._scripts = send, metrics, scope, scripts
        self._page: Message | None = None  # the start of a page, held back until its scripts are known
        self._content = bytearray()
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            self._metrics.request(kind_of(self._scope["path"]), message["status"])
            kept = [(k, v) for k, v in message.get("headers", []) if k.lower() not in (b"server", b"x-powered-by")]
            message["headers"] = kept
            kind = next((value for name, value in kept if name.lower() == b"content-type"), b"")
            if kind.startswith(b"text/html"):
                self._page = message
                return
            self._finish(message, policy(()))
        elif message["type"] == "http.response.body" and self._page is not None:
            self._content += message.get("body", b"")
            if message.get("more_body"):
                return
            content = bytes(self._content)
            start, self._page = self._page, None
            self._finish(start, policy([*_SCRIPT.findall(content), *self._scripts]))
            await self._send(start)
            message = {"type": "http.response.body", "body": content}
        await self._send(message)

    def _finish(self, message: Message, content_policy: str) -> None:
        known = {name.lower() for name, _ in message["headers"]}
        wanted = {**_HEADERS, "content-security-policy": content_policy}
        if self._scope.get("scheme") == "https":
            wanted["strict-transport-security"] = "max-age=31536000"
        if b"cache-control" not in known:
            wanted["cache-control"] = "no-store"
        message["headers"] += [
            (name.encode(), value.encode()) for name, value in wanted.items() if name.encode() not in known
        ]


class _TooLargeError(Exception):
    """More was sent than was announced, and than may be."""


class _Body:
    """What is sent to us, up to a size."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._left = receive, most

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _TooLargeError
        return message


def policy(scripts: Sequence[bytes]) -> str:
    """The content security policy of a page with these scripts in it.

    Gradio makes functions of the text of its components' scripts, which needs unsafe-eval; styles are set from scripts.
    """
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(one).digest()).decode()}'" for one in scripts)
    return (
        f"default-src 'self'; script-src 'self' 'unsafe-eval' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; media-src 'self' blob:; "
        "object-src 'none'; frame-src 'none'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
    )


def kind_of(path: str) -> str:
    """A request's kind, for counting: a handful, whatever is asked for."""
    parts = [part for part in path.split("/") if part]
    if not parts:
        return "page"
    if parts[0] == "gradio_api" and len(parts) > 1:
        known = {"queue", "call", "run", "component_server", "upload", "mcp", "file", "heartbeat"}
        return parts[1].split("=")[0] if parts[1].split("=")[0] in known else "api"
    return {"assets": "static", "static": "static", "svelte": "static"}.get(parts[0], "page")


def address_of(scope: Scope) -> str:
    """The address a request is from; of IPv6 the network, which one house has to itself."""
    host = (scope.get("client") or ("unknown",))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else host


def cookie_of(header: str) -> str:
    """The secret in the Cookie header; empty when there is none."""
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


async def _refuse(send: Send, headers: dict[str, str], status: int, said: str) -> None:
    fields = [(b"content-type", b"application/json")]
    body = json.dumps({"error": said}).encode()
    if status == 401 and "text/html" in headers.get("accept", ""):
        status, fields, body = 303, [(b"location", LOGIN.encode())], b""
    elif status == 401:
        fields.append((b"www-authenticate", b'Basic realm="briefdesk"'))
    elif status == 429:
        fields.append((b"retry-after", b"60"))
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


def _name_of(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _decoded(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode("utf-8")
    except ValueError:
        return ""


def _too_large(most: int) -> str:
    return f"this is larger than {most // 1_000_000} MB"
