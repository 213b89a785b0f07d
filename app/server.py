"""The web server around the page: health, metrics, logging in and out, and stopping without cutting anybody off."""

from __future__ import annotations

import asyncio
import logging
import signal
from html import escape
from types import FrameType
from typing import Any

import anyio.to_thread
import gradio as gr
import uvicorn
from fastapi import FastAPI, Form, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from app.accounts import Accounts, Sessions
from app.api import answer_in_json
from app.guard import COOKIE, HEALTH, LOGIN, LOGOUT, METRICS, READY, Guard, Rules, address_of, cookie_of
from app.limits import Limits
from app.service import Service
from app.texts import ASSETS
from app.ui.page import build_page, look
from rag.errors import BriefdeskError

log = logging.getLogger(__name__)

GRACE_S = 30.0  # that answers may take when the server is told to stop
_MAX_UPLOAD = "200mb"
_VISITS = 200


def build_app(service: Service, rules: Rules, limits: Limits) -> FastAPI:
    """The page with all that stands before it, as one ASGI application."""
    sessions = Sessions()
    page, shown = build_page(service), look()
    # Gradio keeps a copy of the page's texts for each visit and each call, ten thousand of them: a gigabyte. Nothing
    # here is kept for a visit, so that whoever comes back misses nothing.
    page.state_session_capacity = _VISITS
    page.queue(default_concurrency_limit=8, max_size=500)  # whom we let wait is told by the line

    app = FastAPI(title="briefdesk", docs_url=None, redoc_url=None, openapi_url=None)
    _add_health(app, service)
    if rules.accounts:
        _add_login(app, rules.accounts, sessions, limits)
    # Closed to other sites; without this Gradio would let any site ask in a visitor's name.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    app.add_middleware(
        Guard, rules=rules, limits=limits, sessions=sessions, metrics=service.metrics, head=shown["head"]
    )  # type: ignore[arg-type]  # Starlette's type of a middleware knows no arguments by name
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        show_error=False,
        footer_links=[],
        run_history=False,
        mcp_server=True,
        ssr_mode=False,
        max_file_size=_MAX_UPLOAD,
        enable_monitoring=False,
        auth_dependency=(lambda request: request.scope["briefdesk.user"].label) if rules.accounts else None,
        **shown,
    )
    answer_in_json(page)
    return app


class Server(uvicorn.Server):
    """uvicorn, which on the first signal answers what was asked before it stops, and on the second stops at once."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service
        self._draining = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._draining:
            super().handle_exit(sig, frame)
            self.force_exit = True
            return
        self._draining = True
        self._service.close()
        self._stopping = asyncio.get_running_loop().create_task(self._drain(sig))

    async def _drain(self, sig: int) -> None:
        log.info("stopping on %s", signal.Signals(sig).name)
        deadline = asyncio.get_running_loop().time() + GRACE_S
        while not self._service.idle and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)  # the last piece of an answer is on its way through Gradio's queue
        self.should_exit = True


def run(app: FastAPI, service: Service, host: str, port: int, *, proxies: str, started: Any) -> None:
    """Serves until a signal. `started` is called when it listens; `proxies` may say for whom they ask."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or "127.0.0.1",
        timeout_graceful_shutdown=2,  # browsers keep a line open for as long as they live
    )
    server = Server(config, service)

    async def serve() -> None:
        running = asyncio.get_running_loop().create_task(server.serve())
        while not server.started and not running.done():
            await asyncio.sleep(0.02)
        if server.started:
            started()
        await running

    asyncio.run(serve())


def _add_health(app: FastAPI, service: Service) -> None:
    @app.get(HEALTH)
    async def alive() -> dict[str, str]:
        return {"status": "alive"}

    @app.get(READY)
    async def ready() -> Response:
        try:
            found = await anyio.to_thread.run_sync(service.ready)
        except BriefdeskError as error:
            return JSONResponse({"status": "not ready", "reason": str(error)}, status_code=503)
        return JSONResponse({"status": "ready", **found})

    @app.get(METRICS)
    async def metrics() -> Response:
        text = await anyio.to_thread.run_sync(service.metrics.text)
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


def _add_login(app: FastAPI, accounts: Accounts, sessions: Sessions, limits: Limits) -> None:
    def page(said: str = "", name: str = "") -> str:
        template = (ASSETS / "login.html").read_text(encoding="utf-8")
        return template.replace("{said}", escape(said)).replace("{name}", escape(name))

    @app.get(LOGIN)
    async def form() -> HTMLResponse:
        return HTMLResponse(page())

    @app.post(LOGIN)
    async def log_in(request: Request, name: str = Form("", max_length=64), password: str = Form("")) -> Response:
        if not limits.may_try(address_of(request.scope), name):
            log.warning("too many attempts to log in from %s", address_of(request.scope))
            said = "Too many attempts; wait five minutes. · 尝试次数过多，请五分钟后再试。"
            return HTMLResponse(page(said, name), status_code=429)
        user = await anyio.to_thread.run_sync(accounts.check, name, password)
        if user is None:
            log.warning("a failed attempt to log in from %s", address_of(request.scope))
            return HTMLResponse(page("Name or password is not right. · 用户名或密码不正确。", name), status_code=401)
        sessions.end(cookie_of(request.headers.get("cookie", "")))
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(
            COOKIE,
            sessions.begin(user.name, accounts.mark(user.name)),
            max_age=int(sessions.longest_s),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer

    @app.post(LOGOUT)
    async def log_out(request: Request) -> Response:
        sessions.end(cookie_of(request.headers.get("cookie", "")))
        answer = RedirectResponse(LOGIN, status_code=303)
        answer.delete_cookie(COOKIE)
        return answer
