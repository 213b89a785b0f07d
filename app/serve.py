"""Starting the page: the port, the index, the models, then the server."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import time

from rag.errors import BriefdeskError, UsageError
from rag.settings import Settings

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def check_port(host: str, port: int) -> None:
    """Raises BriefdeskError when nothing can listen there; asked before the models load, so the answer is quick."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise BriefdeskError(
            f"cannot listen on {host} port {port} ({error.strerror or error}); choose another with --port"
        ) from error


def needs_accounts(settings: Settings, host: str, *, insecure: bool) -> bool:
    """Whether whoever opens the page must log in.

    Raises UsageError when they must and nobody has an account, or when the two settings contradict each other.
    """
    from app.accounts import USERS, Accounts

    on = settings.auth == "on" or (settings.auth == "auto" and not is_loopback(host))
    if insecure and settings.auth == "on":
        raise UsageError("--insecure and BRIEFDESK_AUTH=on contradict each other; leave one out")
    if not on or insecure:
        if settings.auth == "off" and not is_loopback(host) and not insecure:
            raise UsageError(f"without accounts anyone who reaches {host} may read and change; say so with --insecure")
        return False
    if not Accounts(settings.home / USERS).names():
        raise UsageError(
            f"whoever reaches {host} must log in, and nobody has an account; add one with "
            "`briefdesk users add NAME --role editor`, or leave the page open to all with --insecure"
        )
    return True


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def allowed_hosts(settings: Settings, host: str) -> tuple[str, ...]:
    """The names that a request may be for; none where any will do.

    A page on this machine only answers to this machine's names: another site's name that is made to lead here would
    let that site read it (DNS rebinding).
    """
    named = tuple(name.strip().lower() for name in settings.hosts.split(",") if name.strip())
    return (*_LOOPBACK, host, *named) if named or is_loopback(host) else ()


def serve_page(settings: Settings, host: str, port: int, *, insecure: bool = False) -> None:
    """Serves the page until interrupted. Brings the index up to date first, and mends it where it is damaged."""
    begin = time.perf_counter()
    accounts = needs_accounts(settings, host, insecure=insecure)
    # What is uploaded lies in the home, where `briefdesk forget` finds it, and only until it is added. Another page may
    # be open on the same home, at another port.
    uploads = settings.home / "tmp" / str(port)
    shutil.rmtree(uploads, ignore_errors=True)
    os.environ["GRADIO_TEMP_DIR"] = str(uploads.resolve())
    from app.accounts import USERS, Accounts
    from app.guard import Rules
    from app.limits import Limits
    from app.progress import ingest_with_progress, print_report
    from app.server import build_app, run
    from app.service import Service
    from ingest.pipeline import is_stale
    from rag.chain import Desk
    from rag.store.doctor import mend_index

    embedder = settings.embedder()
    if is_stale(settings, embedder):
        print_report(ingest_with_progress((), settings, embedder))
    for line in mend_index(settings.home, embedder, settings.chroma):
        print(f"mended from the catalog: {line}", flush=True)
    limited = accounts or not is_loopback(host)
    limits = Limits(settings.requests_per_minute, settings.questions_per_minute) if limited else Limits()
    service = Service(Desk(settings, embedder), limits)
    rules = Rules(allowed_hosts(settings, host), Accounts(settings.home / USERS) if accounts else None)
    app = build_app(service, rules, limits)
    service.desk.warm_up()

    def started() -> None:
        print(
            f"briefdesk is at http://{host}:{port} (ready in {time.perf_counter() - begin:.1f} s; stop with Ctrl+C)",
            flush=True,
        )

    try:
        run(app, service, host, port, proxies=settings.proxies, started=started)
    finally:
        service.desk.close()
