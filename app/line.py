"""Who answers next: a few at a time, the others in line, each told how many are before them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from rag.errors import BriefdeskError


class BusyError(BriefdeskError):
    """So many are waiting that another would wait too long, or the desk is about to stop."""


@dataclass(eq=False)
class Line:
    """`at_once` are served together, up to `longest` wait. All of it happens in one event loop."""

    at_once: int
    longest: int
    _busy: int = 0
    _waiting: deque[asyncio.Event] = field(default_factory=deque)
    _closed: bool = False

    @property
    def busy(self) -> int:
        """How many are being served."""
        return self._busy

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def close(self) -> None:
        """Lets nobody join any more; whoever waits or is being served comes to the end."""
        self._closed = True

    async def wait(self) -> AsyncIterator[int]:
        """How many are before the caller, each time that changes, until it is their turn; then `leave` must follow.

        Raises BusyError at once when they cannot join. Whoever stops waiting leaves the line.
        """
        if self._closed:
            raise BusyError("the desk is about to stop; ask again in a minute")
        if len(self._waiting) >= self.longest:
            raise BusyError(f"busy: {len(self._waiting)} people are waiting already; try again in a minute")
        if self._busy < self.at_once and not self._waiting:
            self._busy += 1
            return
        mine = asyncio.Event()
        self._waiting.append(mine)
        admitted, said = False, -1
        try:
            while True:
                before = self._busy + self._waiting.index(mine)
                if before != said:
                    yield before
                said = before
                await mine.wait()
                mine.clear()
                if self._busy < self.at_once and self._waiting[0] is mine:
                    self._waiting.popleft()
                    self._busy += 1
                    admitted = True
                    self._move()
                    return
        finally:
            if not admitted and mine in self._waiting:
                self._waiting.remove(mine)
                self._move()

    def leave(self) -> None:
        """Ends what `wait` began."""
        self._busy -= 1
        self._move()

    def _move(self) -> None:
        for event in self._waiting:
            event.set()
