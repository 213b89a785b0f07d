"""Fetching from addresses: polite, bounded, kept. Against a server on loopback."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ingest import fetch as fetch_module
from ingest.fetch import Fetcher
from ingest.pipeline import ingest
from ingest.reach import Reach
from rag.embedding import Embedder
from rag.errors import SourceRefusedError
from rag.settings import Settings
from tests.conftest import free_port

PAGE = (
    200,
    {"Content-Type": "text/html; charset=utf-8"},
    b"<main><h1>Inland</h1><p>The inland grows by rail.</p></main>",
)
LOCAL = Reach(["127.0.0.1"])  # a host of our own that may be read: where the server of these tests is
Reply = tuple[int, dict[str, str], bytes]


class Site:
    """Says what each path is told to; keeps count of who asked for what."""

    def __init__(self) -> None:
        self.pages: dict[str, Reply | Callable[[Any], Reply]] = {}
        self.asked: list[tuple[str, float]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append((self.path, time.monotonic()))
                page = site.pages.get(self.path, (404, {}, b"no"))
                status, headers, body = page(self) if callable(page) else page
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in headers:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def count(self, path: str) -> int:
        return sum(asked == path for asked, _ in self.asked)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


def test_a_page_is_fetched_kept_and_asked_for_again_only_if_it_changed(site: Site, tmp_path: Path) -> None:
    def page(request: Any) -> Reply:
        if request.headers.get("If-None-Match") == '"1"':
            return 304, {}, b""
        return PAGE[0], {**PAGE[1], "ETag": '"1"'}, PAGE[2]

    site.pages["/a"] = page
    fetcher = Fetcher(tmp_path, LOCAL, pause_s=0)
    first = fetcher.fetch(f"{site.url}/a")
    assert (first.name, first.data) == ("page.html", PAGE[2])
    assert fetcher.fetch(f"{site.url}/a") == first
    (record,) = tmp_path.glob("*.json")
    assert '"fetched_at"' in record.read_text()
    assert '"sha256"' in record.read_text()
    assert site.count("/robots.txt") == 1


def test_robots_txt_is_obeyed(site: Site, tmp_path: Path) -> None:
    site.pages["/robots.txt"] = (200, {}, b"User-agent: *\nDisallow: /private\n")
    site.pages["/private/a"] = site.pages["/public"] = PAGE
    fetcher = Fetcher(tmp_path, LOCAL, pause_s=0)
    fetcher.fetch(f"{site.url}/public")
    with pytest.raises(SourceRefusedError, match=r"robots\.txt"):
        fetcher.fetch(f"{site.url}/private/a")
    assert site.count("/private/a") == 0


def test_robots_txt_is_read_whole_when_a_page_is_asked_for_again(site: Site, tmp_path: Path) -> None:
    def unless_asked_with_conditions(request: Any) -> Reply:
        conditional = request.headers.get("If-None-Match") or request.headers.get("If-Modified-Since")
        return (304, {}, b"") if conditional else (200, {}, b"User-agent: *\nDisallow: /a\n")

    site.pages["/a"] = (PAGE[0], {**PAGE[1], "ETag": '"1"', "Last-Modified": "Mon, 30 Jun 2025 10:00:00 GMT"}, PAGE[2])
    Fetcher(tmp_path, LOCAL, pause_s=0).fetch(f"{site.url}/a")
    site.pages["/robots.txt"] = unless_asked_with_conditions
    with pytest.raises(SourceRefusedError, match=r"robots\.txt"):
        Fetcher(tmp_path, LOCAL, pause_s=0).fetch(f"{site.url}/a")


def test_a_busy_server_is_asked_again_and_a_missing_page_is_not(site: Site, tmp_path: Path) -> None:
    replies = iter([(503, {"Retry-After": "1"}, b""), (429, {}, b""), PAGE])
    site.pages["/busy"] = lambda request: next(replies)
    fetcher = Fetcher(tmp_path, LOCAL, pause_s=0.01)
    assert fetcher.fetch(f"{site.url}/busy").data == PAGE[2]
    assert site.count("/busy") == 3
    with pytest.raises(SourceRefusedError, match="404"):
        fetcher.fetch(f"{site.url}/none")
    assert site.count("/none") == 1
    site.pages["/long"] = (503, {"Retry-After": "3600"}, b"")
    with pytest.raises(SourceRefusedError, match="503"):
        fetcher.fetch(f"{site.url}/long")
    assert site.count("/long") == 1


def test_what_is_too_large_or_of_no_readable_type_or_too_slow_is_refused(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetcher = Fetcher(tmp_path, LOCAL, pause_s=0, timeout_s=0.5)
    site.pages["/image"] = (200, {"Content-Type": "image/png"}, b"PNG")
    with pytest.raises(SourceRefusedError, match="image/png"):
        fetcher.fetch(f"{site.url}/image")
    monkeypatch.setattr(fetch_module, "MAX_BYTES", 1000)
    site.pages["/large"] = (200, {"Content-Type": "text/html"}, b"x" * 5000)
    with pytest.raises(SourceRefusedError, match="larger than"):
        fetcher.fetch(f"{site.url}/large")

    def slow(request: Any) -> Reply:
        time.sleep(1.5)
        return PAGE

    site.pages["/slow"] = slow
    with pytest.raises(SourceRefusedError, match="could not be fetched"):
        fetcher.fetch(f"{site.url}/slow")
    with pytest.raises(SourceRefusedError, match="could not be fetched"):
        fetcher.fetch(f"http://127.0.0.1:{free_port()}/nobody")
    assert list(tmp_path.iterdir()) == []


def test_requests_to_one_host_keep_a_distance(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock of its own: the machine's may be held up between the pause and the request."""

    class Clock:
        now = 0.0

        def monotonic(self) -> float:
            return self.now

        def sleep(self, seconds: float) -> None:
            self.now += seconds

    clock, times = Clock(), list[float]()

    def page(_: object) -> Reply:
        times.append(clock.now)
        return PAGE

    monkeypatch.setattr(fetch_module, "time", clock)
    site.pages["/robots.txt"] = site.pages["/a"] = site.pages["/b"] = page
    fetcher = Fetcher(tmp_path, LOCAL, pause_s=0.2)
    fetcher.fetch(f"{site.url}/a")
    fetcher.fetch(f"{site.url}/b")
    assert len(times) == 3
    assert all(later - earlier >= 0.2 - 1e-9 for earlier, later in pairwise(times))


def test_the_type_is_told_by_the_server_and_else_by_the_address(site: Site, tmp_path: Path) -> None:
    fetcher = Fetcher(tmp_path, LOCAL, pause_s=0)
    site.pages["/report.docx"] = (200, {"Content-Type": "application/octet-stream"}, b"PK")
    site.pages["/notes.md"] = (200, {"Content-Type": "text/plain"}, b"# Notes")
    site.pages["/paper"] = (200, {"Content-Type": "application/pdf"}, b"%PDF")
    names = [fetcher.fetch(f"{site.url}/{path}").name for path in ("report.docx", "notes.md", "paper")]
    assert names == ["page.docx", "page.md", "page.pdf"]


def test_the_list_of_sources_is_fetched_and_what_cannot_be_reached_is_named(
    site: Site, settings: Settings, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_module, "_PAUSE_S", 0.0)
    site.pages["/good"] = PAGE
    settings = settings.model_copy(update={"private_hosts": "127.0.0.1"})
    listing = settings.corpus / "sources.yaml"
    listing.write_text(
        f'- {{id: S1, url: "{site.url}/good", title: "A source", publisher: "A paper", date: "2024-05-01"}}\n'
        f'- {{id: S2, url: "{site.url}/gone", title: "Gone", publisher: "B", date: "2024"}}\n'
    )
    report = ingest([], settings, embedder, listing=listing)
    assert report.added == [f"{site.url}/good"]
    assert [(refusal["source"], "404" in refusal["reason"]) for refusal in report.refused] == [
        (f"{site.url}/gone", True)
    ]
    from rag.chain import Desk

    desk = Desk(settings, embedder)
    (listed,) = desk.library.listings.values()
    assert (listed.title, listed.publisher, listed.date) == ("A source", "A paper", "2024-05-01")
    hits, _ = desk.search("How does the inland grow?", 1)
    assert hits[0].passage.text == "The inland grows by rail."
    desk.close()
    assert ingest([], settings, embedder, listing=listing).unchanged == [f"{site.url}/good"]
