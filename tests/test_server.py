"""The vectors on a Chroma server: the same answers, clear messages, recovery. And ingestion on a Ray cluster."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.pipeline import ingest, is_stale
from rag.chain import Desk
from rag.embedding import Embedder
from rag.errors import StoreError, UsageError
from rag.settings import Settings, load_settings
from rag.store.catalog import Catalog
from rag.store.doctor import Examination, examine
from tests.conftest import CHECKOUT, Served, free_port, run_cli

QUESTIONS = (
    "Which mechanisms are new?",
    "How much did China spend on R&D in 2024?",
    "What is the capital of Australia?",
)


class ChromaServer:
    """A real `chroma run` on loopback, that can be stopped and started again on its data."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        command = [
            str(Path(sys.executable).parent / "chroma"),
            "run",
            "--path",
            str(self.folder),
            "--host",
            "127.0.0.1",
        ]
        self._process = subprocess.Popen(
            [*command, "--port", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "ANONYMIZED_TELEMETRY": "False"},
        )
        for _ in range(300):
            assert self._process.poll() is None, "chroma run ended by itself"
            try:
                urllib.request.urlopen(f"{self.url}/api/v2/heartbeat", timeout=1)
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("chroma run did not come up")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(timeout=15)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    server = ChromaServer(tmp_path_factory.mktemp("chroma"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def on_server(
    server: ChromaServer, corpus_home: Path, tmp_path_factory: pytest.TempPathFactory, embedder: Embedder
) -> Settings:
    """A home whose vectors were brought from its folder to the server."""
    home = tmp_path_factory.mktemp("remote") / "home"
    shutil.copytree(corpus_home, home)
    settings = load_settings(home=home, chroma_url=server.url)
    assert is_stale(settings, embedder)
    report = ingest([], settings, embedder)
    assert (len(report.unchanged), len(report.added)) == (32, 0)
    assert not is_stale(settings, embedder)
    return settings


def found(desk: Desk, question: str) -> list[tuple[str, float]]:
    return [(hit.passage.id, round(hit.score, 4)) for hit in desk.search(question, 10)[0]]


def test_a_server_and_the_embedded_store_answer_alike(on_server: Settings, desk: Desk, embedder: Embedder) -> None:
    remote = Desk(on_server, embedder)
    for question in QUESTIONS:
        assert found(remote, question) == found(desk, question)
        assert remote.ask(question).text == desk.ask(question).text
    assert examine(on_server.home, embedder, repair=False, server=on_server.chroma) == Examination()
    remote.close()


def test_changes_reach_the_server_and_stale_passages_leave_it(
    server: ChromaServer, settings: Settings, embedder: Embedder
) -> None:
    settings = settings.model_copy(update={"chroma_url": server.url})
    (settings.corpus / "one.md").write_text("# One\n\nPandas live in Chengdu.\n")
    (settings.corpus / "two.md").write_text("# Two\n\nRail lines reach Chongqing.\n")
    ingest([], settings, embedder)
    reader = Desk(settings, embedder)
    assert len(reader.library.vectors.ids()) == 2
    (settings.corpus / "two.md").unlink()
    (settings.corpus / "one.md").write_text("# One\n\nPandas moved to Ya'an.\n")
    ingest([], settings, embedder)
    assert len(reader.library.vectors.ids()) == 1
    assert reader.search("Where do pandas live?", 5)[0][0].passage.text == "Pandas moved to Ya'an."
    reader.close()


def test_a_server_that_dies_is_named_and_comes_back_without_a_restart(
    tmp_path: Path, corpus_home: Path, embedder: Embedder
) -> None:
    server = ChromaServer(tmp_path / "data")
    shutil.copytree(corpus_home, tmp_path / "home")
    settings = load_settings(home=tmp_path / "home", chroma_url=server.url)
    try:
        ingest([], settings, embedder)
        desk = Desk(settings, embedder)
        before = found(desk, QUESTIONS[0])
        server.stop()
        with pytest.raises(StoreError, match="does not answer"):
            desk.search(QUESTIONS[0], 10)
        server.start()
        assert found(desk, QUESTIONS[0]) == before
        desk.close()
    finally:
        server.stop()
    done = run_cli("ask", "Chengdu?", home=tmp_path / "home", env={"BRIEFDESK_CHROMA_URL": server.url})
    assert done.returncode == 1
    assert f"the Chroma server {server.url} does not answer" in done.stderr


def test_two_pages_on_one_server_answer_alike(on_server: Settings, server: ChromaServer) -> None:
    import json

    answers = []
    pages = [Served(on_server.home, env={"BRIEFDESK_CHROMA_URL": server.url}) for _ in range(2)]
    try:
        for _ in pages:
            done = run_cli("ask", QUESTIONS[0], "--json", home=on_server.home, env={"BRIEFDESK_CHROMA_URL": server.url})
            answers.append(json.loads(done.stdout)["answer"])
        for page in pages:
            with urllib.request.urlopen(page.url, timeout=20) as reply:
                assert reply.status == 200
    finally:
        for page in pages:
            page.stop()
    assert answers[0] == answers[1] != ""


def test_vectors_that_are_elsewhere_or_an_address_that_is_none_are_named(
    on_server: Settings, corpus_home: Path, embedder: Embedder
) -> None:
    with pytest.raises(StoreError, match="briefdesk ingest"):
        Desk(load_settings(home=on_server.home), embedder)
    with pytest.raises(UsageError, match="chroma_url"):
        load_settings(home=on_server.home, chroma_url="localhost")


@pytest.fixture
def cluster() -> Iterator[Any]:
    """A Ray cluster of two nodes on this machine."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] = "0"
    ray = pytest.importorskip("ray", reason='Ray is not installed; pip install "briefdesk[ray]"')
    from ray.cluster_utils import Cluster

    env = {"env_vars": {"PYTHONPATH": str(CHECKOUT), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}}
    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 2, "object_store_memory": 200_000_000, "include_dashboard": False},
    )
    cluster.add_node(num_cpus=2, object_store_memory=200_000_000)
    ray.init(address=cluster.address, log_to_driver=False, runtime_env=env)
    assert len(ray.nodes()) == 2
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def test_a_cluster_makes_the_same_index_as_this_machine(cluster: Any, tmp_path: Path, embedder: Embedder) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for i in range(12):
        (corpus / f"{i}.md").write_text(f"# Note {i}\n\n" + f"Province {i} builds ports, roads and {i} schools. " * 8)
    (corpus / "broken.pdf").write_bytes(b"no pdf")
    homes = [load_settings(home=tmp_path / name, corpus=corpus) for name in ("here", "there")]
    here = ingest([], homes[0], embedder)
    there = ingest([], homes[1], embedder, ray=cluster.address)
    assert len(there.added) == 12
    assert here.refused == there.refused
    assert (here.passages, here.tokens) == (there.passages, there.tokens)
    stored = []
    for settings in homes:
        catalog = Catalog(settings.home / "catalog.sqlite")
        hashes: dict[str, str] = {}
        for member in catalog.members(catalog.generation).values():
            hashes.update(catalog.content_hashes(member.document_id, member.recipe))
        vectors = catalog.vectors(list(hashes.values()), embedder.fingerprint)
        stored.append({key: vectors[content] for key, content in hashes.items()})
        catalog.close()
    assert stored[0].keys() == stored[1].keys()
    assert all(np.allclose(stored[0][key], stored[1][key], atol=1e-5) for key in stored[0])


def test_a_cluster_that_is_not_there_is_named(settings: Settings, embedder: Embedder) -> None:
    (settings.corpus / "a.md").write_text("Text.\n")
    with pytest.raises(UsageError, match="no Ray cluster at"):
        ingest([], settings, embedder, ray="127.0.0.1:1")
