"""The desk for other programs: the examples of the docs, run as they stand against a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from gradio_client import Client

from tests.conftest import CHECKOUT, Served


def example(name: str, *arguments: str, home: Path | None = None) -> str:
    env = {**os.environ, **({"BRIEFDESK_HOME": str(home)} if home else {})}
    command = [sys.executable, f"docs/examples/{name}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=CHECKOUT, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_example_over_http(served: Served) -> None:
    said = example("ask_over_http.py", served.url)
    assert "3,632.68 billion yuan" in said
    assert "stands: True" in said
    assert "32 documents" in said


def test_the_example_of_mcp_tools(served: Served) -> None:
    said = example("mcp_tools.py", served.url)
    assert "tools: ['ask', 'documents', 'read_source', 'search', 'verify']" in said
    assert "price wars" in said
    assert "False the date 2023 is not in the quotation" in said


def test_the_example_of_langchain(corpus_home: Path) -> None:
    said = example("langchain_retriever.py", home=corpus_home)
    assert "low-altitude" in said
    assert "Question: What is the low-altitude economy?" in said


def test_only_named_endpoints_are_public(served: Served) -> None:
    client = Client(served.url, verbose=False)
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(named) == {"/ask", "/search", "/documents", "/read_source", "/verify"}
    assert [one["parameter_name"] for one in named["/ask"]["parameters"]] == [
        "question",
        "after",
        "documents",
        "quotations_only",
    ]


def test_a_conversation_and_a_choice_of_documents(served: Served) -> None:
    client = Client(served.url, verbose=False)
    answer = client.predict("And in 2023?", ["How much did China spend on R&D in 2024?"], api_name="/ask")
    assert "3,335.71" in answer["answer"]
    only = client.predict("What is involution?", documents=["brief-24-*"], api_name="/ask")
    assert {one["document"] for one in only["citations"]} == {"brief-24-executive-summary.txt"}


@pytest.mark.parametrize(
    ("endpoint", "argument", "reason"),
    [
        ("/ask", "", "the question is empty"),
        ("/ask", "x" * 5000, "at most 2,000 are read"),
        ("/verify", " ", "1 to 12,000 characters"),
        ("/read_source", "../../etc/passwd", "There is no document named"),
    ],
)
def test_bad_input_is_told_in_one_sentence(served: Served, endpoint: str, argument: str, reason: str) -> None:
    with pytest.raises(Exception, match=reason):
        Client(served.url, verbose=False).predict(argument, api_name=endpoint)
