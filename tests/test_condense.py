"""Follow-ups: what is left out of a question is taken from the conversation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from eval.bench import conversations
from eval.dataset import DEFAULT_SET, load_set
from eval.figures import kept
from rag.chain import Desk
from rag.condense import condense
from rag.embedding import Embedder
from rag.followup import kind_of
from rag.settings import load_settings
from rag.types import Answer, Turn
from tests.conftest import run_cli
from tests.llm_server import ScriptedModel


def turns(*questions: str) -> list[Turn]:
    return [Turn(question, Answer(question, (), (), True, "extractive")) for question in questions]


def test_it_is_nobody(desk: Desk) -> None:
    before = desk.converse(["Who coordinates the project?", "Where is he based?"])
    assert condense("When did it start?", before, desk.glossary) == "When did The ReConnect China project start?"


def test_nothing_is_before_the_first_and_next_steps_are_no_next_plan(desk: Desk) -> None:
    assert "1st Plan" in condense("And the one before?", turns("When was the 1st Plan passed?"), desk.glossary)
    assert "14th Plan" in condense("And the next steps?", turns("What is the 14th Plan?"), desk.glossary)


def test_two_that_were_asked_about_one_after_the_other_are_weighed(desk: Desk) -> None:
    before = turns("What does Alba spend on boats?", "What does the Sula Island spend on boats?")
    expected = "What do Alba and the Sula Island spend on boats?"
    assert condense("Which is higher?", before, desk.glossary) == expected
    assert condense("Which is higher?", before[:1], desk.glossary) == "Which is higher?"


@pytest.mark.parametrize(
    ("before", "question", "expected"),
    [
        ("How much did China spend on R&D in 2024?", "And in 2023?", "How much did China spend on R&D in 2023?"),
        (
            "What is the research intensity of South Korea?",
            "And Germany?",
            "What is the research intensity of Germany?",
        ),
        ("What is the role of coastal provinces?", "and in the west?", "What is the role of the west provinces?"),
        ("What is the area of Chengdu?", "What about the population?", "What is the population of Chengdu?"),
        ("How many laboratories does Sichuan have?", "And patents?", "How many patents does Sichuan have?"),
        ("What is Horizon Europe?", "How large is its budget?", "How large is Horizon Europe's budget?"),
        ("What is Tianfu New Area?", "When was it approved?", "When was Tianfu New Area approved?"),
        ("Who founded the Lindmoor Museum?", "And when?", "when was the Lindmoor Museum founded?"),
        ("Which mechanisms are new?", "Why?", "Why mechanisms are new?"),
        ("Which province spent most?", "And the least?", "Which province spent the least?"),
        ("How much does Lindmoor spend?", "By how much did that grow?", "By how much did Lindmoor grow?"),
        ("新质生产力是什么时候提出的？", "那么是谁提出的？", "新质生产力是谁提出的？"),
        ("What is the Lindmoor Plan?", "What are the main risks?", "What are the main risks of the Lindmoor Plan?"),
        ("What is the Lindmoor Plan?", "When does the plan begin?", "When does the Lindmoor Plan begin?"),
        ("What are tiger sharks?", "Tell me about their habits.", "Tell me about tiger sharks’ habits."),
        (
            "What is the Harvest Fair?",
            "How did this tradition begin?",
            "How did this tradition of the Harvest Fair begin?",
        ),
        ("What is the Harvest Fair?", "How is this financed?", "How is the Harvest Fair financed?"),
        ("What is the Lindmoor Plan?", "And when does the plan begin?", "When does the Lindmoor Plan begin?"),
        ("What are the advantages of tidal power?", "What about the risks?", "What are the risks of tidal power?"),
        ("How does tidal power work?", "Are there any benefits?", "Are there any benefits of tidal power?"),
        # Whose it is, and what of it: a growth is of the GDP, a population of who has it.
        ("What is Jiangsu's GDP in 2023?", "And its growth?", "What is the growth of Jiangsu's GDP in 2023?"),
        ("What is Lindmoor's GDP target?", "And its population?", "What is Lindmoor's population?"),
        ("What was China's R&D intensity in 2024?", "And the EU?", "What was the EU's R&D intensity in 2024?"),
        ("What did the Third Plenum decide?", "And the Fourth?", "What did the Fourth Plenum decide?"),
        ("What does Policy Brief 14 deal with?", "And number 12?", "What does Policy Brief 12 deal with?"),
        ("How much did firms spend in 2024?", "And universities?", "How much did universities spend in 2024?"),
        ("Which towns are in the Western Lindmoor Plan?", "And in the centre?", "Which towns are in the centre?"),
        # Who does it goes before where it is done.
        ("What did Siemens do in Lindmoor?", "How much did it earn?", "How much did Siemens earn?"),
        ("What did Siemens build in Lindmoor?", "Who else is active there?", "Who else is active in Lindmoor?"),
        ("Do Alba and Lindmoor cooperate?", "What do they share?", "What do Alba and Lindmoor share?"),
        ("Do Alba and Lindmoor cooperate?", "Which is larger?", "Which is larger, Alba or Lindmoor?"),
        ("Which parks are there in Lindmoor?", "Who runs them?", "Who runs the parks in Lindmoor?"),
        (
            "What is the output of Lindmoor?",
            "How does that compare with Alba?",
            "How does the output of Lindmoor compare with that of Alba?",
        ),
        (
            "What is the output of Lindmoor?",
            "Is that more than in Alba?",
            "How does the output of Lindmoor compare with that of Alba?",
        ),
        ("What are the risks of tidal power?", "How many are there?", "How many risks of tidal power are there?"),
        ("What is involution?", "Who uses that word?", "Who uses the word involution?"),
        # A verb that lacks what it is done to, a number of things that are nowhere, one of those just counted.
        ("What is the Lindmoor Plan?", "Who benefits?", "Who benefits from the Lindmoor Plan?"),
        ("What is the Lindmoor Plan?", "Can farmers take part?", "Can farmers take part in the Lindmoor Plan?"),
        ("What is the Harvest Fair?", "How many stalls are there?", "How many stalls are there in the Harvest Fair?"),
        ("How many firms are there in Alba?", "And which are foreign?", "Which firms in Alba are foreign?"),
        ("When was the 15th Plan passed?", "And the one before?", "When was the 14th Plan passed?"),
        ("What did the Fourth Plenum decide?", "And the next one?", "What did the Fifth Plenum decide?"),
        ("How much was spent in 2024?", "And the year before?", "How much was spent in 2023?"),
        # What somebody says something about is what is spoken of, and some more of it may be asked for.
        ("What does the plan say about floods?", "Give me numbers", "What numbers are there on floods?"),
        ("What is involution?", "An example, please", "What example is there of involution?"),
        ("What is brief 12 about?", "Who wrote it?", "Who wrote brief 12?"),
    ],
)
def test_a_follow_up_is_made_to_stand_alone(desk: Desk, before: str, question: str, expected: str) -> None:
    assert condense(question, turns(before), desk.glossary) == expected


@pytest.mark.parametrize(
    "question",
    [
        "What are the five recommendations to the EU?",
        "What does China expect of its provinces?",
        "Is it true that Chengdu is the capital of Sichuan?",
        "How much did China spend on R&D in 2024?",
        "新质生产力是什么？",
        "Who opposes the strategy?",
        "Which recommendation concerns standards?",
        "What drives growth?",
        "How many boats are there in the harbour?",
        "How long does it take to get a flight approved?",
        "Who said that she would step down?",
        "Which city raised its target?",
        "What office did the mayor found, and who leads it?",
        "中国其他地区怎么样？",
        "What does this brief recommend?",
    ],
)
def test_a_question_that_stands_alone_stays_as_it_is(desk: Desk, question: str) -> None:
    assert kind_of(question, turns("Who is Bart Dessein?")) == "alone"
    assert condense(question, turns("Who is Bart Dessein?"), desk.glossary) == question
    assert condense("And in 2023?", [], desk.glossary) == "And in 2023?"


def test_no_question_of_the_set_is_taken_for_a_follow_up() -> None:
    questions = [
        question for question in load_set(DEFAULT_SET) if question.half == "development" and not question.turns
    ]
    before = turns("What is Tianfu New Area?")
    assert [question.question for question in questions if kind_of(question.question, before) != "alone"] == []


def test_what_the_topic_does_not_answer_is_asked_of_everything(desk: Desk) -> None:
    before = desk.converse(["Who is Bart Dessein?"])
    assert desk.ask("What are the requirements?", turns=before).understood in (
        "What are the requirements of Bart Dessein?",
        "",
    )
    asked_of_all = desk.ask("How many members attended?", turns=before)
    assert asked_of_all.understood == ""
    assert asked_of_all.sentences == desk.ask("How many members attended?").sentences


def test_more_is_told_of_what_was_spoken_of(desk: Desk) -> None:
    before = desk.converse(["What is Horizon Europe?"])
    answer = desk.ask("Tell me more, please", turns=before)
    assert answer.understood == "Tell me about Horizon Europe."
    assert answer.sentences == desk.ask("Tell me about Horizon Europe.").sentences
    assert answer.outline is not None


def test_who_says_so_is_answered_with_the_source(desk: Desk) -> None:
    before = desk.converse(["When did the European Chips Act enter into force?"])
    answer = desk.ask("Who says so?", turns=before)
    assert answer.citations == before[0].answer.citations
    assert answer.citations[0].document.title in answer.sentences[0].text
    assert answer.sentences[0].supported


def test_another_language_needs_a_model_and_says_so(desk: Desk, corpus_home: Path, embedder: Embedder) -> None:
    before = desk.converse(["How much did China spend on R&D in 2024?"])
    plain = desk.ask("in Chinese, please", turns=before)
    assert plain.sentences == before[0].answer.sentences
    assert "without a language model" in plain.warnings[0]
    model = ScriptedModel("2024年中国的研发经费为3,632.68 billion yuan。[1]")
    with_model = Desk(load_settings(home=corpus_home, llm="openai:x", llm_base_url=model.url), embedder)
    list(with_model.stream("in Chinese, please", turns=before))
    model.close()
    assert "in Chinese" in model.requests[0]["messages"][-1]["content"]


def test_other_words_need_a_model_and_the_conversation_goes_on(desk: Desk) -> None:
    turns_so_far = desk.converse(
        ["What is Horizon Europe?", "Make it shorter", "In one sentence, please", "How large is its budget?"]
    )
    _, *shorter, budget = turns_so_far
    for reworded in shorter:
        assert "stay as they are" in reworded.answer.warnings[0]
        assert reworded.answer.understood == "What is Horizon Europe?"
    assert budget.question == "How large is Horizon Europe's budget?"


def test_what_is_compared_with_what_was_said_is_set_beside_it(desk: Desk) -> None:
    *_, compared = desk.converse(["What is the R&D intensity of South Korea?", "Is that more than in China?"])
    assert compared.answer.outline is not None
    assert compared.answer.outline.columns == ("South Korea", "China")
    assert "5.21 percent" in compared.answer.text
    assert "2.69 percent" in compared.answer.text


def test_where_figures_are_from_is_their_source(desk: Desk) -> None:
    before = desk.converse(["How many people live in Chengdu?"])
    assert desk.ask("Where are those figures from?", turns=before).citations == before[0].answer.citations


def test_an_item_may_be_asked_why(desk: Desk) -> None:
    *_, item, why = desk.converse(["What are the recommendations to the EU?", "Why the second?", "Why?"])
    assert item.question.endswith("(second)")
    assert why.question.startswith("Why increase public and private investment")
    assert "to remain competitive" in why.answer.text


def test_a_model_condenses_where_there_is_one(corpus_home: Path, embedder: Embedder) -> None:
    model = ScriptedModel()
    model.obey = lambda sent: (
        "How much did China spend on R&D in 2023?"
        if "Last question" in sent
        else "China spent 3,335.71 billion yuan on research and development in 2023. [1]"
    )
    desk = Desk(load_settings(home=corpus_home, llm="openai:x", llm_base_url=model.url), embedder)
    answer = desk.ask("And a year before?", turns=turns("How much did China spend on R&D in 2024?"))
    model.close()
    assert answer.understood == "How much did China spend on R&D in 2023?"
    assert answer.sentences[0].supported


def test_follow_ups_are_answered_as_well_as_what_they_stand_for() -> None:
    # That what is kept is what is measured, test_readme.py asks all questions to see.
    halves = kept()["follow-ups"].values()
    assert sum(half["asked"] for half in halves) >= 50
    for half in halves:
        assert half["right"] >= half["right-alone"] - 0.05 * half["asked"]


def test_the_command_knows_what_was_asked_before(corpus_home: Path, tmp_path: Path) -> None:
    before = "How much did China spend on R&D in 2024?"
    done = run_cli("ask", "And in 2023?", "--after", before, "--json", home=corpus_home)
    found = json.loads(done.stdout)
    assert found["question"] == "And in 2023?"
    assert found["understood"] == "How much did China spend on R&D in 2023?"
    assert "3,335.71" in found["answer"]
    batch = tmp_path / "batch.jsonl"
    batch.write_text(json.dumps({"question": "And in 2023?", "turns": [before]}) + "\n")
    done = run_cli("ask", "--batch", str(batch), home=corpus_home)
    assert "3,335.71" in json.loads(done.stdout)["answer"]


def test_the_bench_tells_how_conversations_are_understood(tmp_path: Path) -> None:
    asked = [
        ("What is the Lindmoor Plan?", "What is the Lindmoor Plan?"),
        ("When was it approved?", "When was the Lindmoor Plan approved?"),
        ("Who opposes the strategy?", "Who opposes the strategy?"),
    ]
    turns = [{"number": i, "raw_utterance": q, "manual_rewritten_utterance": r} for i, (q, r) in enumerate(asked, 1)]
    topics = tmp_path / "topics.json"
    topics.write_text(json.dumps([{"number": 81, "turn": turns}]))
    shown = CliRunner().invoke(conversations.command, [str(topics)]).output
    assert "1 of 1 follow-ups" in shown
    assert "1 of 1 questions that stand alone" in shown
    assert "0.800 as asked, 1.000 as understood" in shown
    topics.write_text("[1]")
    refused = CliRunner().invoke(conversations.command, [str(topics)])
    assert refused.exit_code == 1
    assert "holds no topics of TREC CAsT" in refused.output
