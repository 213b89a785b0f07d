"""Killed at random moments, the next start finds a whole index. 20 times here; `python -m eval.bench crash`, 200."""

from __future__ import annotations

from pathlib import Path

from eval.bench.crash import WORK, killed

MOST_S = 10.0


def test_twenty_kills_lose_nothing(tmp_path: Path) -> None:
    found = list(killed(tmp_path, 20, seed=2026, cold=False))
    assert [verdict for verdict in found if verdict.wrong] == []
    assert {verdict.work for verdict in found} == set(WORK)
    assert max(verdict.start_s for verdict in found) < 60  # speed is the bench's; here it must only come to an end
