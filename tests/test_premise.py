"""What an answer of a kind must hold, and what a question takes for granted: what comes near and does not answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.pipeline import ingest
from rag.answers import State
from rag.chain import Desk
from rag.embedding import Embedder
from rag.expects import fits, may_be_why, names_nobody
from rag.extract import figures, ranked
from rag.glossary import Glossary
from rag.markup import without_marks
from rag.nouns import noun_asked_for
from rag.premise import turns_round
from rag.query import covers, understand
from rag.scoring import need_weights
from rag.settings import load_settings
from rag.stated import Text
from rag.values import spans_of_years
from rag.words import stems_of

TEXT = """Sources give two lengths for the quay of Alba. The reason for the difference is that the quay was rebuilt in between.

The Harbour Office of Lindmoor was founded in 1963. Its head explained the dredging to the council in May 2021.

The port of Alba was dredged in June 2021. Corvo waits. The dredging was paid for by Greta Vanhorn.

The Lindmoor-Alba Bay is 90 kilometres wide. Some 48,000 people live there, on both shores.

Alba has 12,000 inhabitants. A pilot is of use when the fog comes down, and when the quay is full.

The yearbook of Lindmoor was printed in 1999 at the expense of the Harbour Office.

When the board of Lindmoor met in May 2026, the catch target was 40 tonnes.

The ship Sula was launched at Lindmoor in 1984, to the sound of bells.

The papers of the board show which dangers the pilots face.

The Alba ferry ran from 1990 to 1994. The fare of the ferry rose from 3 euro in 1990 to 5 euro in 1994.
"""  # noqa: E501 - a line is a paragraph


def desk_with(folder: Path, name: str, text: str, embedder: Embedder) -> Desk:
    """A desk that has one document."""
    (folder / name).write_text(text, encoding="utf-8")
    settings = load_settings(home=folder / "home", llm="")
    ingest([str(folder / name)], settings, embedder)
    return Desk(settings, embedder)


@pytest.fixture(scope="module")
def lindmoor(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Desk:
    return desk_with(tmp_path_factory.mktemp("lindmoor"), "harbour.txt", TEXT, embedder)


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Who is the deputy governor of Jiangsu?", {"deputi", "governor"}),
        ("What is the population of Gansu?", {"popul"}),
        ("What is the tax rate in Tianfu New Area?", {"tax"}),
        ("What were the main reasons for the drop in sales?", set()),
        ("What is Gansu's budget?", {"budget"}),
        ("What is the share of services in GDP?", {"servic"}),
        ("What was the date of the operational test of the arsenal?", set()),
        ("What are the components identified in the model?", {"compon"}),
        ("What does the plan say of the coast?", set()),
    ],
)
def test_an_answer_names_the_thing_asked_for_unless_it_fills_it(question: str, asked: set[str]) -> None:
    assert noun_asked_for(question) == asked


@pytest.mark.parametrize(
    ("question", "sentence", "nobody"),
    [
        ("Who is the head of the Harbour Office?", "The head of the Harbour Office explained it.", True),
        ("Who is the head of the Harbour Office?", "Greta Vanhorn heads the Harbour Office.", False),
        ("Who approved the port of Alba?", "The port of Alba was approved in May.", True),
        ("Who approved the port of Alba?", "The port of Alba was approved by the council.", False),
        ("Who approved the port of Alba?", "The council approved the port of Alba.", False),
        ("Who published the report?", "The report published in May gives 3 percent.", True),
        ("Who published the report?", "The office published the report in May.", False),
        ("When was the port approved?", "The port was approved in May.", False),
    ],
)
def test_a_sentence_that_names_nobody_is_no_answer_to_who(question: str, sentence: str, nobody: bool) -> None:
    assert names_nobody(understand(question, Glossary(())), sentence) is nobody


def test_what_stands_above_a_sentence_is_not_turned_round_by_it() -> None:
    asked, held = Text("What drove the contraction?"), Text("The expansion of screening drove it.")
    assert turns_round(asked, held)
    assert not turns_round(asked, held, "Contraction > Overview")
    west, east = Text("Which western cities grew?"), Text("The eastern cities grew.")
    assert turns_round(west, east, "The West"), "a direction above it makes none of another"


@pytest.mark.parametrize(
    ("question", "sentence", "turned"),
    [
        ("Which quays were not closed?", "All quays were closed.", True),
        ("Which quays were not closed?", "All quays were closed with the exceptions of Alba and Corvo.", False),
        ("What did he call the quay instead of a pier?", "He held that the quay is no pier but a gift.", False),
        ("What was the early quay made of?", "The later quay was made of stone.", False),
        ("What was the earlier quay made of?", "The later quay was made of stone.", True),
    ],
)
def test_a_question_is_not_answered_by_its_opposite(question: str, sentence: str, turned: bool) -> None:
    assert turns_round(Text(question), Text(sentence)) == turned


@pytest.mark.parametrize(
    ("question", "sentence", "expected"),
    [
        ("When was it lost?", "It was lost in 1612.", 1.0),
        ("When was it lost?", "It was lost in the mid-18th century.", 1.0),
        ("When was it lost?", "It is popular since the 1990s.", 1.0),
        ("When was it lost?", "The treaty was made in 911, at Clair.", 1.0),
        ("When was it lost?", "It had 1612 planks.", -1.0),
        ("How long did it burn?", "It burned from 1870 to 1939.", 1.0),
        ("How long did it burn?", "It burned for nine days.", 1.0),
        ("How long did it burn?", "It burned 12 candles.", 0.3),
        ("How many wars were there in seven years?", "It is known as the war of seven years.", -1.0),
        ("How many drones crashed?", "A permit takes seven days, not one hour.", -1.0),
        ("How many drones crashed?", "Of 40 drones 20 percent crashed.", 1.0),
        ("How many days did it take?", "It took seven days.", 1.0),
        ("How many of the drones crashed?", "Some 20 percent did.", 1.0),
        ("How much does the ticket cost?", "The train takes 2 hours.", -1.0),
        ("How much does the ticket cost?", "A ticket is 3 euro.", 1.0),
        ("What did they invest in the plant?", "They run 4 plants.", -1.0),
        ("What share of it was lost?", "It lost 40 planks.", -1.0),
        ("What share of it was lost?", "A third was lost.", 1.0),
        ("What is the intensity of Alba?", "In 2024 it was the 12th.", -1.0),
        ("Where was it lost?", "Lindmoor led with 6.58 percent.", 0.3),
    ],
)
def test_an_answer_has_what_its_kind_has(question: str, sentence: str, expected: float) -> None:
    assert fits(understand(question, Glossary()), sentence) == expected


def test_a_name_that_ends_in_a_number_is_one() -> None:
    (need,) = understand("What is FP10?", Glossary()).needs
    assert (need.text, need.kind) == ("FP10", "name")
    assert covers(need, stems_of("FP10 follows.")) == 1.0
    assert covers(need, stems_of("There are 10 parts.")) < 0.5


def test_the_number_of_a_source_meets_no_number_of_a_question() -> None:
    text = "It rose [S22, S25], as said [3] and [note 4], in [the south]."
    assert without_marks(text) == "It rose , as said  and , in [the south]."


@pytest.mark.parametrize("question", ["So what's new about the ferry?", "Who’s there? Why doesn't it wait?"])
def test_words_drawn_together_are_no_words_to_look_for(question: str) -> None:
    assert not {"what", "who", "doesn't"} & {
        word for need in understand(question, Glossary()).needs for word in need.own
    }


def test_a_number_and_its_word_are_one() -> None:
    for question in ("What are the 5 aims?", "What are the five aims?"):
        need = next(need for need in understand(question, Glossary(())).needs if need.text in ("5", "five"))
        assert set(need.alternatives) == {frozenset({"5"}), frozenset({"five"})}


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("It was closed because of the storm.", True),
        ("It was closed to protect the ships.", True),
        ("They closed it for fear of storms.", True),
        ("About 30 percent of firms were losing money.", False),
    ],
)
def test_a_reason_is_a_cause_or_a_purpose(sentence: str, expected: bool) -> None:
    assert may_be_why(sentence) is expected


def test_why_is_answered_with_the_reason(lindmoor: Desk) -> None:
    answer = lindmoor.ask("Why do the sources give two lengths for the quay of Alba?")
    assert "rebuilt in between" in answer.text


@pytest.mark.parametrize(
    "question",
    [
        "When did the port of Alba burn?",
        "Who is the head of the Harbour Office of Lindmoor?",
        "Why was the Harbour Office of Lindmoor founded?",
        "When was the port of Corvo dredged?",
        "Who wrote the yearbook of Lindmoor?",
        "How many pilots does the port of Alba have?",
        "How many ships were dredged in Alba?",
        "How much did the dredging cost?",
        "What fines did the council of Lindmoor impose?",
        "What did the Harbour Office forbid?",
        "Which captains criticised the pilot?",
        "Who burned the yearbook of Lindmoor?",
        "Why did Corvo wait?",
        "Which dangers do the pilots face?",
    ],
)
def test_what_is_not_said_of_a_thing_that_is_spoken_of_is_left_unanswered(lindmoor: Desk, question: str) -> None:
    assert lindmoor.ask(question).abstained


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("When was the port of Alba dredged?", "June 2021"),
        ("Who paid for the dredging?", "Greta Vanhorn"),
        ("Since when has there been a Harbour Office of Lindmoor?", "1963"),
        ("How many people live in Alba?", "Alba has 12,000 inhabitants."),
        ("When is a pilot of use?", "when the fog comes down"),
        ("Which ferry ran in 1992?", "The Alba ferry ran from 1990 to 1994."),
    ],
)
def test_what_is_said_is_answered(lindmoor: Desk, question: str, said: str) -> None:
    assert said in lindmoor.ask(question).text


@pytest.mark.parametrize(
    ("question", "figure", "said"),
    [
        ("Which council closed the quay of Alba?", "act_unsaid", False),
        ("Which council reconstructed the quay of Alba?", "act_unsaid", True),  # it was rebuilt
        ("What does the council demand of the quay?", "act_unsaid", False),
        ("Which workers use the quay when the fog comes down?", "kind_unsaid", False),
        ("Which pilots are of use when the fog comes down?", "kind_unsaid", True),
        ("Which person paid for the dredging?", "kind_unsaid", True),  # a name says who
        ("Which sanctions followed the reason for the difference?", "unsaid", False),
        ("What is the reason for the difference?", "unsaid", True),
    ],
)
def test_what_a_question_takes_for_granted_is_looked_for(
    lindmoor: Desk, question: str, figure: str, said: bool
) -> None:
    state = lindmoor.retrieve(lindmoor.understand(State(question, lindmoor.library)))
    assert state.query is not None
    assert state.embedded is not None
    best = ranked(lindmoor.library, state.query, state.embedded, state.hits)[0]
    found = figures(state.query, need_weights(lindmoor.library, state.query), best)[figure]
    assert (found < 0.25) if said else (found > 0.3), (found, best.text)


@pytest.mark.parametrize(
    ("text", "year", "within"),
    [
        ("It ran from 1990 to 1994.", 1992, True),
        ("From the late 1970s to the late 1990s it grew.", 1998, True),
        ("Between March 2001 and May 2003 it rose.", 2002, True),
        ("It rose from 6 percent in 2019 to 7 percent in 2024.", 2021, False),
        ("It fell in 2019 and 2023.", 2021, False),
    ],
)
def test_a_year_is_said_by_the_span_that_it_lies_in(text: str, year: int, within: bool) -> None:
    assert any(first <= year <= last for first, last in spans_of_years(text)) is within


def test_a_name_of_several_words_is_not_said_by_the_place_in_it(tmp_path: Path, embedder: Embedder) -> None:
    text = "China Mobile and China Telecom stay apart.\n\nCRRC\n\nIts revenue was 30 billion dollars in 2023.\n"
    desk = desk_with(tmp_path, "firms.txt", text, embedder)
    assert desk.ask("What is the revenue of China Mobile?").abstained
    assert "30 billion" in desk.ask("What is the revenue of CRRC?").text


def test_what_another_does_is_not_what_is_asked_of(tmp_path: Path, embedder: Embedder) -> None:
    text = "# Yards of Norwald\n\nCorvo specialises in tugs.\n\nIts quay is old.\n"
    desk = desk_with(tmp_path, "yards.md", text, embedder)
    assert desk.ask("What does Norwald specialise in?").abstained
    assert "tugs" in desk.ask("What does Corvo specialise in?").text


def test_a_figure_of_another_is_none_of_what_stands_above_it(tmp_path: Path, embedder: Embedder) -> None:
    text = (
        "# Ports of Norwald\n\n## What Norwald spends\n\nCorvo leads with 6 percent of its output.\n\n"
        "Spending on ports reached 2 percent of output.\n"
    )
    desk = desk_with(tmp_path, "ports.md", text, embedder)
    answer = desk.ask("What share of its output does Norwald spend on ports?")
    assert answer.text.startswith("Spending on ports reached 2 percent")
    assert "Corvo" not in answer.text


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What was the catch target of Lindmoor for 2025?", False),
        ("What was the catch target of Lindmoor for 2026?", True),
        ("Which ship was launched at Lindmoor in the 1980s?", True),
        ("Which ship was launched at Lindmoor in the 1970s?", False),
    ],
)
def test_what_is_said_of_another_year_is_no_answer(lindmoor: Desk, question: str, said: bool) -> None:
    assert lindmoor.ask(question).abstained != said


def test_where_is_not_said_by_who(lindmoor: Desk) -> None:
    assert lindmoor.ask("Where is Greta Vanhorn based?").abstained
    assert "Lindmoor" in lindmoor.ask("Where was the ship Sula launched?").text
