"""From a question to a verified answer, on the shipped corpus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag import cite
from rag.chain import Desk
from rag.embedding import Embedder
from rag.errors import UsageError
from rag.generate import pack, split_sentences
from rag.settings import load_settings
from rag.types import Answer
from tests.llm_server import ScriptedModel

BRIEF = "brief-24-executive-summary.txt"


def assert_sound(answer: Answer) -> None:
    """What holds of every answer: quotations stand to the character, and every sentence names one."""
    numbers = [citation.number for citation in answer.citations]
    assert numbers == list(range(1, len(numbers) + 1))
    for citation in answer.citations:
        assert citation.document.text[citation.start : citation.end] == citation.quote
    for sentence in answer.sentences:
        assert set(sentence.citations) <= set(numbers)
        assert sentence.citations or not sentence.supported


def test_an_answer_is_quoted_from_the_documents(desk: Desk) -> None:
    answer = desk.ask("How much did China spend on R&D in 2024?")
    assert_sound(answer)
    assert "3,632.68" in answer.text
    assert answer.mode == "extractive"
    assert all(sentence.supported for sentence in answer.sentences)
    assert set(answer.timings_ms) == {"understand", "retrieve", "answer", "verify", "total"}


def test_a_list_is_answered_with_all_its_items_from_the_brief(desk: Desk) -> None:
    answer = desk.ask("What are the five recommendations to the EU?")
    assert_sound(answer)
    assert len(answer.sentences) == 5
    assert {citation.document.name for citation in answer.citations} == {BRIEF}


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of Australia?",
        "How much did Vietnam spend on R&D in 2024?",
        "What was China's R&D intensity in 1998?",
    ],
)
def test_what_the_documents_do_not_hold_is_not_answered(desk: Desk, question: str) -> None:
    answer = desk.ask(question)
    assert_sound(answer)
    assert answer.abstained
    assert not answer.sentences
    assert answer.citations, "the nearest passages are shown"


def test_a_chinese_question_finds_an_english_document(desk: Desk) -> None:
    answer = desk.ask("2024年中国的研发经费是多少？")
    assert_sound(answer)
    assert "3,632.68" in answer.text


def test_an_acronym_is_spelled_out(desk: Desk) -> None:
    hits, _ = desk.search("What does NPF aim at?", 5)
    assert any("New Quality Productive Forces" in hit.passage.text for hit in hits)


def test_a_sentence_that_leans_on_the_one_before_takes_it_along(desk: Desk) -> None:
    answer = desk.ask("Did the 14th Five-Year Plan set a growth rate?")
    assert_sound(answer)
    assert any("no fixed growth rate" in s.text and "14th Five-Year Plan" in s.text for s in answer.sentences)


@pytest.mark.parametrize("question", ["", "   ", "???", "x" * 10_000])
def test_a_question_that_is_none_is_refused(desk: Desk, question: str) -> None:
    with pytest.raises(UsageError):
        desk.ask(question)


def test_the_retriever_is_a_langchain_retriever(desk: Desk) -> None:
    from langchain_core.retrievers import BaseRetriever

    from rag.retriever import LibraryRetriever

    retriever = LibraryRetriever(desk=desk, k=3)
    assert isinstance(retriever, BaseRetriever)
    documents = retriever.invoke("Which mechanisms are new?")
    assert len(documents) == 3
    for document in documents:
        text = desk.library.documents[document.metadata["document_id"]].text
        assert text[document.metadata["start"] : document.metadata["end"]] == document.page_content


def test_the_chain_is_a_langchain_runnable(desk: Desk) -> None:
    answer = desk.chain.invoke("Who coordinates ReConnect China?")
    assert isinstance(answer, Answer)
    assert "Ghent University" in answer.text


# -- with a language model


@pytest.fixture
def scripted() -> Iterator[ScriptedModel]:
    model = ScriptedModel()
    yield model
    model.close()


def with_model(corpus_home: Path, embedder: Embedder, model: ScriptedModel) -> Desk:
    return Desk(load_settings(home=corpus_home, llm="openai:scripted", llm_base_url=model.url), embedder)


def test_a_model_s_sentences_are_checked_one_by_one(
    corpus_home: Path, embedder: Embedder, scripted: ScriptedModel
) -> None:
    scripted.text = (
        "China spent 3,632.68 billion yuan on research and development in 2024. [1] "
        "It spent 9,999 billion yuan on moon bases. [1]"
    )
    desk = with_model(corpus_home, embedder, scripted)
    grown = list(desk.stream("How much did China spend on R&D in 2024?"))
    answer = grown[-1]
    assert_sound(answer)
    assert len(grown) >= 2, "sentences appear as they come"
    assert [sentence.supported for sentence in answer.sentences] == [True, False]
    assert answer.sentences[1].reason
    assert answer.mode == "openai:scripted"
    sent = scripted.requests[0]["messages"]
    assert "Passages:" in sent[-1]["content"]
    assert scripted.requests[0]["stream"] is True


def test_a_model_that_invents_everything_becomes_an_abstention(
    corpus_home: Path, embedder: Embedder, scripted: ScriptedModel
) -> None:
    scripted.text = "The moon is made of green cheese. [1]"
    answer = with_model(corpus_home, embedder, scripted).ask("How much did China spend on R&D in 2024?")
    assert answer.abstained
    assert "no passage supports" in answer.warnings[0]


def test_a_model_that_does_not_know_says_so(corpus_home: Path, embedder: Embedder, scripted: ScriptedModel) -> None:
    scripted.text = "The documents do not say."
    answer = with_model(corpus_home, embedder, scripted).ask("How much did China spend on R&D in 2024?")
    assert answer.abstained
    assert answer.mode == "openai:scripted"


@pytest.mark.parametrize(("status", "why"), [(401, "the key was refused"), (500, "the server answered 500")])
def test_a_failing_model_ends_in_quotations_and_says_why(
    corpus_home: Path, embedder: Embedder, scripted: ScriptedModel, status: int, why: str
) -> None:
    scripted.status = status
    answer = with_model(corpus_home, embedder, scripted).ask("How much did China spend on R&D in 2024?")
    assert_sound(answer)
    assert answer.mode == "extractive"
    assert "3,632.68" in answer.text
    assert why in answer.warnings[0]


def test_an_empty_reply_ends_in_quotations(corpus_home: Path, embedder: Embedder, scripted: ScriptedModel) -> None:
    answer = with_model(corpus_home, embedder, scripted).ask("How much did China spend on R&D in 2024?")
    assert answer.mode == "extractive"
    assert "empty answer" in answer.warnings[0]


def test_a_model_is_named_as_provider_and_model(corpus_home: Path, embedder: Embedder) -> None:
    with pytest.raises(UsageError, match="provider:model"):
        Desk(load_settings(home=corpus_home, llm="gpt"), embedder)


def test_passages_are_packed_into_the_budget_best_at_both_ends(desk: Desk) -> None:
    hits, _ = desk.search("Chengdu", 12)
    packed = pack(hits, 600)
    assert 1 < len(packed) < 12
    assert packed[0] == hits[0]
    assert packed[-1] == hits[1]


def test_sentences_of_a_stream_keep_their_numbers() -> None:
    text = "It rose to 2.69 percent. [1] Dr. Smith said so [2]. The rest"
    assert split_sentences(text) == ["It rose to 2.69 percent. [1]", "Dr. Smith said so [2].", "The rest"]


# -- verification


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("China spent 3,632.68 billion yuan on R&D in 2024.", ""),
        ("In 2024 China spent 3,632.68 billion yuan on research and development.", ""),
        ("China spent 3,613 billion yuan on R&D in 2024.", "number"),
        ("China spent 3,632.68 billion yuan on R&D in 2023.", "number"),
        ("In 2024 India spent 3,632.68 billion yuan on research and development.", "name"),
        ("China did not spend 3,632.68 billion yuan on R&D in 2024.", "negated"),
        ("China built 2024 moon rockets for 3,632.68 astronauts with enormous golden wings.", "words"),
    ],
)
def test_a_sentence_is_supported_only_by_a_quotation_that_says_it(sentence: str, reason: str) -> None:
    quote = "China spent 3,632.68 billion yuan on research and development (R&D) in 2024 [S22]."
    found = cite.unsupported(sentence, quote)
    assert reason in found if reason else found == ""
