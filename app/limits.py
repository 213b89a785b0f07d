"""How often anyone may ask: a user, an address, and whoever tries passwords. Kept in memory, over moving windows."""

from __future__ import annotations

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter


class Limits:
    """Limits of a minute: `requests` of an address, `questions` of a user (an address without accounts); 0 is none."""

    def __init__(self, requests: int = 0, questions: int = 0) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._requests = parse(f"{requests}/minute") if requests else None
        self._questions = parse(f"{questions}/minute") if questions else None
        self._logins = parse("10/5minutes")

    def may_request(self, address: str) -> bool:
        return self._requests is None or self._limiter.hit(self._requests, "address", address)

    def may_ask(self, who: str) -> bool:
        return self._questions is None or self._limiter.hit(self._questions, "asks", who)

    def may_try(self, address: str, name: str) -> bool:
        """Whether another attempt at a password may be made: ten in five minutes, from an address or at a name."""
        return all(self._limiter.hit(self._logins, kind, key) for kind, key in (("from", address), ("at", name)))
