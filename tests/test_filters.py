"""Asking some documents only: what a filter matches, and that search, answer, retriever and commands keep to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.chain import Desk
from rag.errors import UsageError
from rag.filters import Filter
from rag.retriever import LibraryRetriever
from rag.types import Listing
from tests.conftest import run_cli


def listing(**known: str) -> Listing:
    basis = dict.fromkeys(("id", "recipe", "source", "name", "title", "publisher", "date", "language", "group"), "")
    return Listing(**{**basis, **known}, pages=0, added_at="", tokens=0, passages=0)


@pytest.mark.parametrize(
    ("only", "date", "expected"),
    [
        (Filter(since="2024"), "2024-01-01", True),
        (Filter(since="2024-06"), "2024-05-31", False),
        (Filter(since="2024-06-15"), "2024-06", True),  # a month shares a day with the span
        (Filter(until="2024-06"), "2024-06-30", True),
        (Filter(until="2023"), "2024", False),
        (Filter(since="2020", until="2026"), "", False),
        (Filter(), "", True),
    ],
)
def test_dates_match_as_precisely_as_they_are_known(only: Filter, date: str, expected: bool) -> None:
    assert only.matches(listing(date=date)) is expected


def test_names_match_like_file_names_and_what_matches_nothing_is_said() -> None:
    one = listing(id="1", name="brief.txt", title="The Brief", publisher="ReConnect China", language="en")
    assert Filter(documents=("BRIEF*",)).matches(one)
    assert Filter(documents=("the brief",), publishers=("reconnect*", "other")).matches(one)
    assert not Filter(languages=("zh",)).matches(one)
    with pytest.raises(UsageError, match="publishers ReConnect China"):
        Filter(publishers=("nobody",)).select([one])
    with pytest.raises(UsageError, match="2024-06-30"):
        Filter(since="June").select([one])


def test_a_filter_holds_in_search_answer_and_retriever(desk: Desk) -> None:
    question = "How much did China spend on R&D in 2024?"
    only = Filter(documents=("11-*",))
    hits, _ = desk.search(question, 20, only)
    assert {hit.document.name for hit in hits} == {"11-figures-research-spending-2024.md"}
    assert {c.document.name for c in desk.ask(question, only).citations} == {"11-figures-research-spending-2024.md"}
    found = LibraryRetriever(desk=desk, k=3, only=only).invoke(question)
    assert {document.metadata["document"] for document in found} == {"11-figures-research-spending-2024.md"}


def test_a_large_filter_finds_what_a_small_one_finds(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from rag import retrieve

    only = Filter(documents=("1*", "2*"))
    exact = [hit.passage.id for hit in desk.search("low-altitude economy", 5, only)[0]]
    monkeypatch.setattr(retrieve, "_EXACT", 0)
    assert [hit.passage.id for hit in desk.search("low-altitude economy", 5, only)[0]] == exact


def test_filters_are_options_of_the_commands(corpus_home: Path) -> None:
    done = run_cli(
        "search", "Chengdu", "-k", "30", "--json", "--publisher", "ReConnect China", "--since", "2025", home=corpus_home
    )
    assert '"document": "brief-24-executive-summary.txt"' in done.stdout
    assert ".md" not in done.stdout
    refused = run_cli("ask", "Chengdu?", "--language", "fr", home=corpus_home)
    assert refused.returncode == 2
    assert "no document matches language fr" in refused.stderr
