"""A desk as a server offers it: the library and its models, who is answered next, and what is counted."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import aclosing, asynccontextmanager
from itertools import islice
from typing import Generic, TypeVar

import anyio.to_thread

from app.limits import Limits
from app.line import Line
from app.metrics import Metrics
from rag.chain import Desk
from rag.types import Answer

log = logging.getLogger(__name__)

T = TypeVar("T")

_WITH_MODEL = 16  # answers at once that wait for a language model, and hardly for us
_LONGEST_LINE = 200


class _Steps(Generic[T]):
    """An iterator that one thread goes on with while another may say that it is to end."""

    def __init__(self, work: Iterator[T]) -> None:
        self._work, self._over, self._going = work, False, threading.Lock()

    def next(self) -> list[T]:
        """The next piece, alone in a list; an empty one at the end."""
        with self._going:
            pieces = [] if self._over else list(islice(self._work, 1))
            if self._over:
                self._close()
            return pieces

    def stop(self) -> None:
        """Ends it now, or as soon as the piece is there that is being made."""
        self._over = True
        if self._going.acquire(blocking=False):
            self._close()
            self._going.release()

    def _close(self) -> None:
        if isinstance(self._work, Generator):
            self._work.close()


class Service:
    """What the page, the API and the metrics share."""

    def __init__(self, desk: Desk, limits: Limits) -> None:
        self.desk, self.limits = desk, limits
        self.metrics = Metrics()
        cores = os.cpu_count() or 1
        # Nobody who wants quotations or passages waits behind those who wait for a language model.
        self.reading = Line(max(2, cores), _LONGEST_LINE)
        self.answers = self.reading if desk.mode == "extractive" else Line(_WITH_MODEL, _LONGEST_LINE)
        lines = {self.answers, self.reading}
        self.metrics.gauge("busy", "Questions being answered", lambda: sum(line.busy for line in lines))
        self.metrics.gauge("waiting", "Questions waiting in line", lambda: sum(line.waiting for line in lines))
        self.metrics.gauge("documents", "Documents of the index", lambda: len(desk.library.listings))
        self.metrics.gauge("passages", "Passages of the index", lambda: desk.library.passage_count())
        self.metrics.gauge("generation", "Number of the generation", lambda: desk.library.generation)
        self.metrics.gauge("home_bytes", "Size of the home on the disk", self._home_bytes)

    @property
    def idle(self) -> bool:
        """Whether nobody is being answered or waits."""
        return not any(line.busy or line.waiting for line in (self.answers, self.reading))

    def close(self) -> None:
        """Takes no further questions; those that were asked are answered."""
        self.answers.close()
        self.reading.close()

    def ready(self) -> dict[str, object]:
        """What is being answered from. Raises BriefdeskError when nothing can be."""
        library = self.desk.library
        return {"generation": library.generation, "documents": len(library.listings)}

    def count(self, answer: Answer) -> None:
        """Counts and logs an answer that is complete; its question is logged only where that is switched on."""
        self.metrics.answer(answer)
        told: dict[str, object] = {"abstained": answer.abstained, "ms": round(answer.timings_ms.get("total", 0.0))}
        if self.desk.settings.log_questions:
            told["question"] = answer.question
        log.info("answered", extra=told)

    async def turn(self, line: Line, work: Callable[[], T]) -> T:
        """The result of `work`, done in a thread when it is its turn. Raises BusyError when the line is too long."""
        async with self.admitted(line):
            return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)

    @asynccontextmanager
    async def admitted(self, line: Line) -> AsyncIterator[None]:
        begin = time.perf_counter()
        async with aclosing(line.wait()) as ahead:
            async for _ in ahead:
                pass
        self.metrics.waited(time.perf_counter() - begin)
        try:
            yield
        finally:
            line.leave()

    async def told(self, line: Line, work: Iterator[T], busy: Callable[[int], T]) -> AsyncIterator[T]:
        """What `work` gives, piece by piece; before it is its turn, `busy` of how many are before it."""
        begin = time.perf_counter()
        async with aclosing(line.wait()) as ahead:
            async for before in ahead:
                yield busy(before)
        self.metrics.waited(time.perf_counter() - begin)
        steps = _Steps(work)
        try:
            while pieces := await anyio.to_thread.run_sync(steps.next, abandon_on_cancel=True):
                yield pieces[0]
        finally:
            steps.stop()
            line.leave()

    def _home_bytes(self) -> float:
        total = 0
        for folder, _, names in os.walk(self.desk.settings.home):
            for name in names:
                try:
                    total += os.stat(os.path.join(folder, name)).st_size
                except OSError:  # gone meanwhile
                    continue
        return float(total)
