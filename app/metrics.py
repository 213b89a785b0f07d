"""What a desk counts, for Prometheus: requests, answers and how long their steps took, the index, the line."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import generate_latest

from rag.types import Answer

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The counters of one server. Names and labels hold nothing of a question or a document."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        own = {"namespace": "briefdesk", "registry": self.registry}
        self._requests = Counter("http_requests", "Requests by their kind and status", ["kind", "status"], **own)
        self._answers = Counter("answers", "Answers by mode and result", ["mode", "result"], **own)
        self._unsupported = Counter("unsupported_sentences", "Sentences shown that nothing supports", **own)
        self._sentences = Counter("sentences", "Sentences shown", **own)
        self._steps = Histogram("step_seconds", "Time of an answer by step", ["step"], buckets=_SECONDS, **own)
        self._waited = Histogram("line_seconds", "Time in line before an answer", buckets=_SECONDS, **own)
        self._own = own

    def request(self, kind: str, status: int) -> None:
        self._requests.labels(kind, str(status)).inc()

    def waited(self, seconds: float) -> None:
        self._waited.observe(seconds)

    def answer(self, answer: Answer) -> None:
        """Counts an answer that is complete."""
        mode = "extractive" if answer.mode == "extractive" else "model"
        self._answers.labels(mode, "abstained" if answer.abstained else "answered").inc()
        self._sentences.inc(len(answer.sentences))
        self._unsupported.inc(sum(not sentence.supported for sentence in answer.sentences))
        for step, ms in answer.timings_ms.items():
            self._steps.labels(step).observe(ms / 1000)

    def gauge(self, name: str, what: str, value: Callable[[], float]) -> None:
        """A number that is asked for when the metrics are read."""
        Gauge(name, what, **self._own).set_function(value)

    def text(self) -> bytes:
        """All of them in Prometheus's text format."""
        return generate_latest(self.registry)
