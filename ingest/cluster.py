"""Loading, chunking and embedding on a Ray cluster. Each node reads the sources by their paths or addresses."""

from __future__ import annotations

import os
import pickle
import socket
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ingest.fetch import Fetcher
from ingest.prepare import Prepared, Task, prepare
from ingest.reader import Reader
from rag.embedding import Embedder, Floats
from rag.errors import UsageError
from rag.settings import Settings
from rag.store.catalog import content_hash

_IN_ONE_STEP = 4  # sources a worker takes at a time


class _Worker:
    """What runs on a node: one embedding model, and the way of a document up to its vectors."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._embedder = settings.embedder()
        self._reader = Reader(**settings.reading)
        self._fetch = Fetcher.of(settings).fetch

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        results = [self._one(pickle.loads(task)) for task in batch["task"]]
        return {"result": np.array([pickle.dumps(result) for result in results], dtype=object)}

    def _one(self, task: Task) -> tuple[Prepared, dict[str, Floats]]:
        prepared = prepare(task, self._embedder, self._settings.passage_tokens, self._fetch, self._reader.read)
        if prepared.document is None:
            return prepared, {}
        texts = {content_hash(text): text for p in prepared.passages for text in [p.embedded_text(prepared.document)]}
        return prepared, dict(zip(texts, self._embedder.embed(list(texts.values())), strict=True))


def _reachable(address: str) -> None:
    """Raises OSError when nobody listens at host:port; Ray itself would go on trying for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.removeprefix("ray://"), int(port)), timeout=5).close()


def prepared_on(
    address: str, tasks: Sequence[Task], settings: Settings, embedder: Embedder
) -> Iterator[tuple[Prepared, dict[str, Floats]]]:
    """Each source prepared and its passages embedded, in the order of `tasks`, by a Ray Data job.

    `address` is that of a running cluster ("auto" finds the one on this machine), or "local" for one that is started
    here. Raises UsageError when Ray is not installed or the cluster is not there.
    """
    try:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        import ray
    except ImportError as error:
        raise UsageError('Ray is not installed; run `pip install "briefdesk[ray]"`') from error
    ours = not ray.is_initialized()
    if ours:
        try:
            _reachable(address)
            ray.init(address=None if address == "local" else address, log_to_driver=False, logging_level="WARNING")
        except (OSError, ValueError, RuntimeError) as error:
            reason = (str(error).splitlines() or [""])[0]
            raise UsageError(f"there is no Ray cluster at {address} ({reason}); see `ray status`") from error
    try:
        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        workers = max(1, int(ray.cluster_resources().get("CPU", 1)) - 1)
        dataset = ray.data.from_items([{"task": pickle.dumps(task)} for task in tasks]).map_batches(
            _Worker,
            fn_constructor_args=(settings.model_copy(update={"threads": settings.threads or 1}),),
            batch_size=_IN_ONE_STEP,
            batch_format="numpy",
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=max(1, min(workers, len(tasks)))),
        )
        for row in dataset.iter_rows():
            yield pickle.loads(row["result"])
    finally:
        if ours:
            ray.shutdown()
