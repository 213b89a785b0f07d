"""Starting the page: the port, the index, the models, then the server."""

from __future__ import annotations

import io
import os
import socket
import time
from contextlib import redirect_stdout

from rag.errors import BriefdeskError
from rag.settings import Settings


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


def serve_page(settings: Settings, host: str, port: int) -> None:
    """Serves the page until interrupted. Brings the index up to date first."""
    begin = time.perf_counter()
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from app.progress import ingest_with_progress, print_report
    from ingest.pipeline import is_stale
    from rag.chain import Desk
    from rag.store.doctor import mend_index

    embedder = settings.embedder()
    if is_stale(settings, embedder):
        print_report(ingest_with_progress((), settings, embedder))
    for line in mend_index(settings.home, embedder, settings.chroma):
        print(f"mended from the catalog: {line}", flush=True)
    desk = Desk(settings, embedder)
    from app.api import answer_in_json
    from app.ui.page import build_page, look

    page = build_page(desk)
    page.queue(default_concurrency_limit=8, max_size=64)
    desk.warm_up()
    with redirect_stdout(io.StringIO()):  # Gradio's own lines; ours says what there is
        page.launch(
            server_name=host,
            server_port=port,
            quiet=True,
            prevent_thread_lock=True,
            show_error=False,
            footer_links=[],
            mcp_server=True,
            ssr_mode=False,
            **look(),
        )
    answer_in_json(page)
    print(
        f"briefdesk is at http://{host}:{port} (ready in {time.perf_counter() - begin:.1f} s; stop with Ctrl+C)",
        flush=True,
    )
    page.block_thread()
