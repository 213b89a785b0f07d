"""Answers written by a language model: checked sentence by sentence, and what happens when the model fails."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, model_validator

from rag.chain import Desk
from rag.embedding import Embedder
from rag.errors import UsageError
from rag.generate import pack, split_sentences
from rag.settings import load_settings
from tests.conftest import run_cli
from tests.llm_server import ScriptedModel, waited
from tests.test_answers import assert_sound

QUESTION = "How much did China spend on R&D in 2024?"
RIGHT = "China spent 3,632.68 billion yuan on research and development in 2024."


@pytest.fixture
def scripted() -> Iterator[ScriptedModel]:
    model = ScriptedModel(RIGHT + " [1]")
    yield model
    model.close()


def with_model(corpus_home: Path, embedder: Embedder, model: ScriptedModel, **flags: object) -> Desk:
    flags = {"llm": "openai:scripted", "llm_base_url": model.url, **flags}
    return Desk(load_settings(home=corpus_home, **flags), embedder)


def test_a_model_s_sentences_are_checked_one_by_one(
    corpus_home: Path, embedder: Embedder, scripted: ScriptedModel
) -> None:
    scripted.text = f"{RIGHT} [1] It spent 9,999 billion yuan on moon bases. [1]"
    desk = with_model(corpus_home, embedder, scripted)
    grown = list(desk.stream(QUESTION))
    answer = grown[-1]
    assert_sound(answer)
    assert len(grown) >= 2, "sentences appear as they come"
    assert [sentence.supported for sentence in answer.sentences] == [True, False]
    assert answer.sentences[1].reason
    assert answer.mode == "openai:scripted"
    assert '"passage": 1' in scripted.requests[0]["messages"][-1]["content"]
    assert scripted.requests[0]["stream"] is True


def test_strict_drops_what_no_quotation_supports(
    corpus_home: Path, embedder: Embedder, scripted: ScriptedModel
) -> None:
    scripted.text = f"It spent 9,999 billion yuan on moon bases. [1] {RIGHT} [1]"
    answer = with_model(corpus_home, embedder, scripted, strict=True).ask(QUESTION)
    assert_sound(answer)
    assert [sentence.text for sentence in answer.sentences] == [RIGHT]
    assert "1 sentence that no quotation supports left out" in answer.warnings


@pytest.mark.parametrize("numbers", ["", " [99]", " [2, 77]", " [7]"])
def test_missing_and_invented_numbers_are_repaired_from_the_evidence(
    corpus_home: Path, embedder: Embedder, scripted: ScriptedModel, numbers: str
) -> None:
    scripted.text = RIGHT + numbers
    answer = with_model(corpus_home, embedder, scripted).ask(QUESTION)
    assert_sound(answer)
    assert answer.sentences[0].supported
    assert "3,632.68" in answer.citations[0].quote


def test_a_model_that_invents_everything_becomes_an_abstention(
    corpus_home: Path, embedder: Embedder, scripted: ScriptedModel
) -> None:
    scripted.text = "The moon is made of green cheese. [1]"
    answer = with_model(corpus_home, embedder, scripted).ask(QUESTION)
    assert answer.abstained
    assert "no passage supports" in answer.warnings[0]


def test_a_model_that_does_not_know_says_so(corpus_home: Path, embedder: Embedder, scripted: ScriptedModel) -> None:
    scripted.text = "The documents do not say."
    answer = with_model(corpus_home, embedder, scripted).ask(QUESTION)
    assert answer.abstained
    assert not answer.warnings
    assert answer.mode == "openai:scripted"


@pytest.mark.parametrize(
    ("play", "why"),
    [
        ("401", "the key was refused"),
        ("429", "too many requests"),
        ("500", "the server answered 500"),
        ("cut", "language model"),
        ("end", "broke off"),
        ("hang", "it took too long"),
        ("tools", "empty answer"),
        ("page", "language model"),
    ],
)
def test_a_failing_model_ends_in_quotations_and_says_why(
    corpus_home: Path, embedder: Embedder, scripted: ScriptedModel, play: str, why: str
) -> None:
    scripted.plays = [play]
    scripted.retry_after = "0"
    answer = with_model(corpus_home, embedder, scripted, llm_timeout_s=1).ask(QUESTION)
    assert_sound(answer)
    assert answer.mode == "extractive"
    assert "3,632.68" in answer.text
    assert why in answer.warnings[0]
    assert len(answer.warnings) == 1
    assert len(answer.warnings[0].splitlines()) == 1


def test_without_a_key_the_answer_is_made_of_quotations(
    corpus_home: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    answer = Desk(load_settings(home=corpus_home, llm="openai:gpt-4.1-mini"), embedder).ask(QUESTION)
    assert_sound(answer)
    assert answer.mode == "extractive"
    assert "cannot be set up" in answer.warnings[0]
    assert len(answer.warnings[0].splitlines()) == 1


def test_a_missing_key_that_the_provider_reports_as_a_validation_error_ends_in_quotations_and_is_not_shown(
    corpus_home: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Provider(BaseModel):
        api_key: str

        @model_validator(mode="after")
        def _refuse(self) -> Provider:
            raise ValueError("API key required.")

    monkeypatch.setattr("langchain.chat_models.init_chat_model", lambda *_, **__: Provider(api_key="sk-canary-4712"))
    answer = Desk(load_settings(home=corpus_home, llm="google_genai:any"), embedder).ask(QUESTION)
    assert_sound(answer)
    assert answer.mode == "extractive"
    assert answer.warnings[0].startswith("the language model google_genai:any cannot be set up (API key required);")
    assert "canary" not in answer.warnings[0]


@pytest.mark.parametrize("llm", ["anthropic:any", "nobody:any"])
def test_a_provider_without_its_package_is_wrong_use(corpus_home: Path, embedder: Embedder, llm: str) -> None:
    with pytest.raises(UsageError, match=r"langchain-anthropic|no provider of that name"):
        Desk(load_settings(home=corpus_home, llm=llm), embedder)


@pytest.mark.parametrize("play", ["429", "500", "cut", "end"])
def test_what_may_pass_is_tried_again(
    corpus_home: Path, embedder: Embedder, scripted: ScriptedModel, play: str
) -> None:
    scripted.plays = [play, ""]
    scripted.retry_after = "0"
    answer = with_model(corpus_home, embedder, scripted).ask(QUESTION)
    assert answer.mode == "openai:scripted"
    assert answer.text == RIGHT
    assert len(scripted.requests) == 2


def test_an_empty_reply_ends_in_quotations(corpus_home: Path, embedder: Embedder, scripted: ScriptedModel) -> None:
    scripted.text = ""
    answer = with_model(corpus_home, embedder, scripted).ask(QUESTION)
    assert answer.mode == "extractive"
    assert "empty answer" in answer.warnings[0]


def test_a_model_that_goes_on_and_on_is_stopped(corpus_home: Path, embedder: Embedder, scripted: ScriptedModel) -> None:
    scripted.text = "and so on " * 5000
    answer = with_model(corpus_home, embedder, scripted).ask(QUESTION)
    assert answer.mode == "extractive"
    assert "was stopped" in answer.warnings[0]


def test_who_stops_listening_stops_the_model(corpus_home: Path, embedder: Embedder, scripted: ScriptedModel) -> None:
    scripted.text = f"{RIGHT} [1] " * 200
    scripted.pause_s = 0.01
    growing = with_model(corpus_home, embedder, scripted).stream(QUESTION)
    next(growing)
    growing.close()
    assert waited(scripted.closed_by_client.is_set)


def test_a_model_is_named_as_provider_and_model(corpus_home: Path, embedder: Embedder) -> None:
    with pytest.raises(UsageError, match="provider:model"):
        Desk(load_settings(home=corpus_home, llm="gpt"), embedder)


def test_the_key_goes_to_the_server_and_nowhere_else(
    corpus_home: Path,
    embedder: Embedder,
    scripted: ScriptedModel,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-4711")
    caplog.set_level(logging.DEBUG)
    scripted.plays = ["401"]
    answer = with_model(corpus_home, embedder, scripted).ask(QUESTION)
    assert scripted.keys == ["Bearer sk-canary-4711"]
    assert "canary" not in repr(answer) + caplog.text


def test_tokens_are_the_provider_s_or_else_counted_and_cost_follows_from_prices(
    corpus_home: Path, embedder: Embedder, scripted: ScriptedModel
) -> None:
    desk = with_model(corpus_home, embedder, scripted, llm_prices="0.40/1.60")
    counted = desk.ask(QUESTION).usage
    assert counted is not None
    assert not counted.counted
    assert counted.input_tokens > 300
    assert 10 < counted.output_tokens < 40
    scripted.usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    told = desk.ask(QUESTION).usage
    assert told is not None
    assert told.counted
    assert (told.input_tokens, told.output_tokens) == (1000, 100)
    assert told.cost == pytest.approx(0.00056)


def test_the_command_shows_marks_and_tokens(corpus_home: Path, scripted: ScriptedModel) -> None:
    scripted.text = f"{RIGHT} [1] Vietnam spent 7 billion. [2]"
    env = {"BRIEFDESK_LLM_BASE_URL": scripted.url}
    done = run_cli("ask", QUESTION, "--llm", "openai:scripted", home=corpus_home, env=env)
    assert "not supported" in done.stdout
    assert "tokens read" in done.stdout
    strict = run_cli("ask", QUESTION, "--llm", "openai:scripted", "--strict", home=corpus_home, env=env)
    assert "Vietnam" not in strict.stdout


def test_passages_are_packed_into_the_budget_best_at_both_ends(desk: Desk) -> None:
    hits, _ = desk.search("Chengdu", 12)
    packed = pack(hits, 600)
    assert 1 < len(packed) < 12
    assert packed[0] == hits[0]
    assert packed[-1] == hits[1]


def test_sentences_of_a_stream_keep_their_numbers() -> None:
    text = "It rose to 2.69 percent. [1] Dr. Smith said so [2].\n- An item [3]\nThe rest"
    assert split_sentences(text) == [
        "It rose to 2.69 percent. [1]",
        "Dr. Smith said so [2].",
        "- An item [3]",
        "The rest",
    ]
