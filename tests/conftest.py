"""Real parts for the tests: the bundled model, an index of the shipped corpus, a Chromium."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ingest.pipeline import ingest
from rag.chain import Desk
from rag.embedding import Embedder
from rag.settings import Settings, load_settings

os.environ["HF_HUB_OFFLINE"] = "1"
for name in [name for name in os.environ if name.startswith("BRIEFDESK_") and name != "BRIEFDESK_BENCH"]:
    del os.environ[name]  # a developer's own settings must not decide a test

CHECKOUT = Path(__file__).resolve().parent.parent


# Files with much work. Begun last, one of them would keep one process busy while the other has nothing.
_LONG = frozenset(
    f"test_{name}"
    for name in "crash eval harness line privacy readme schema server state_machine trouble two_at_once".split()
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files begin first; tests that drive a browser run by themselves, or they would wait for the processor."""
    items.sort(key=lambda item: item.path.stem not in _LONG)
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return Embedder()


@pytest.fixture(scope="session")
def corpus_home(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Path:
    """A home with the shipped corpus in it. Tests that write take a copy."""
    home = tmp_path_factory.mktemp("corpus") / "home"
    report = ingest([], load_settings(home=home), embedder)
    assert not report.refused
    return home


@pytest.fixture(scope="session")
def desk(corpus_home: Path, embedder: Embedder) -> Iterator[Desk]:
    desk = Desk(load_settings(home=corpus_home), embedder)
    yield desk
    desk.close()


@pytest.fixture
def own_home(tmp_path: Path, corpus_home: Path) -> Path:
    """A home with the shipped corpus that a test may write to."""
    return Path(shutil.copytree(corpus_home, tmp_path / "own"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An empty home, and an empty folder as corpus."""
    (tmp_path / "corpus").mkdir()
    return load_settings(home=tmp_path / "home", corpus=tmp_path / "corpus")


def run_cli(*arguments: str, home: Path | None = None, env: dict[str, str] | None = None) -> Any:
    """The command as a user runs it; returns the finished process."""
    command = [sys.executable, "-m", "app.cli", *arguments]
    if home is not None:
        command += ["--home", str(home)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, cwd=CHECKOUT, env={**os.environ, **(env or {})}
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """A running page and where it is."""

    def __init__(self, home: Path, *flags: str, env: dict[str, str] | None = None) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve", "--port", str(self.port), "--home", str(home), *flags],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=CHECKOUT,
            env={**os.environ, **(env or {})},
        )
        for _ in range(600):
            if self._process.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.2)
        self.stop()
        raise AssertionError(f"the page did not come up:\n{self.output()}")

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait(self, seconds: float) -> int:
        """Its exit status, once it has stopped."""
        return self._process.wait(timeout=seconds)

    def output(self) -> str:
        self._log.seek(0)
        return self._log.read()

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=15)


@pytest.fixture(scope="session")
def served(corpus_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("served") / "home"
    shutil.copytree(corpus_home, home)
    served = Served(home)
    yield served
    served.stop()


CHROMIUM_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


def chromium_path() -> str | None:
    return next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Playwright's way to a Chromium. Without one these tests are skipped, except in CI, where that is a failure."""
    path = chromium_path()
    if path is None:
        reason = "no Chromium on this machine; install it (Debian: chromium) to run the browser tests"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="session")
def browser(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Chromium that the tests share."""
    context = open_browser(chromium, tmp_path_factory.mktemp("chromium"))
    yield context
    context.close()


def open_browser(chromium: Any, folder: Path, **options: Any) -> Any:
    """A Chromium of its own, with nothing from before."""
    return chromium.launch_persistent_context(
        folder,
        executable_path=chromium_path(),
        args=CHROMIUM_FLAGS,
        viewport={"width": 1360, "height": 860},
        **options,
    )


BROWSER_TIMEOUT_MS = 15_000


def open_page(browser: Any, url: str, faults: list[str]) -> Any:
    """A fresh page, with an empty store, whose console errors, script errors and requests to other hosts are noted."""
    page = browser.new_page()
    page.set_default_timeout(BROWSER_TIMEOUT_MS)

    def check_console(message: Any) -> None:
        # A reload cuts off the stream of events that the page was listening to, which is no fault of the page.
        if message.type == "error" and "AbortError" not in message.text:
            faults.append(f"console: {message.text}")

    def check_host(request: Any) -> None:
        if request.url.startswith("http") and urlsplit(request.url).netloc != urlsplit(url).netloc:
            faults.append(f"request to another host: {request.url}")

    page.on("console", check_console)
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on("request", check_host)
    page.goto(url)
    page.evaluate("localStorage.clear(); sessionStorage.clear()")
    page.goto(url)
    page.wait_for_selector(".bd-suggestion")
    page.wait_for_function("document.querySelector('#bd-ask')?.dataset.shown")
    return page


@pytest.fixture
def page(browser: Any, served: Served) -> Iterator[Any]:
    """The page, fresh; a test fails on a console error, a script error, or a request to another host."""
    faults: list[str] = []
    page = open_page(browser, served.url, faults)
    yield page
    page.close()
    assert faults == []
