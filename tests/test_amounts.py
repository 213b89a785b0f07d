"""How fast, how many, what is aimed at, whose a figure is, and which ones there are, asked of a report on islands."""

from __future__ import annotations

import pytest

from rag.chain import Desk
from rag.chinese import to_english
from rag.embedding import Embedder
from rag.expects import asks_for_growth, says_growth
from rag.glossary import Glossary, Term
from rag.grammar import verbs
from rag.query import understand
from rag.words import words
from tests.test_premise import desk_with

REPORT = """# The islands of Avaria and their boats

## How the islands are divided

The council of Avaria speaks of three groups of islands: the outer, the middle and the inner ones. The Outer group has
four parishes: Lund, Mell, Oss and Tarn. The Inner group counts nine towns, among them Brae and Dorn.

## Boats

The yards of Avaria sold boats for 12.5 million crowns in 2031. That was 7.5 percent more than in 2030. Ferries alone
brought in 6.1 million crowns in 2031, up 2.2 percent. The output of the sector has grown by 14 percent a year.
In 2032 the yards of Avaria sold boats for 14.1 million crowns.

The word longship was first used on Tarn. Ola Brandt first used the term smallship (小船) in Lund in 2028.

## Visitors

The council wants tourism to reach 9 million crowns by 2035. Visitors left 6.4 million crowns in Avaria in 2031.
The association of boat owners printed its handbook for 2027/28, 2029/30 and 2030/31. Its spring meeting was held in
Corvo on 3 May 2031.

## Series of handbooks

These were seen, and others may have been printed.

- Handbook 1 is about sails.
- Handbook 2 is about ropes.
- Handbook 5 is about engines.

## Brae Boat Area

Brae Boat Area was marked out in 2030. It has two piers. The income of Brae Boat Area passed 3 million crowns in 2031.

## Money for boats

Budgets for boats in Avaria came to 0.4 percent of the income of the islands in 2031. The target of spending 2 percent
of the income on boats was set in Lund in 2029.

## What the council recommends

In view of the groups and how differently they grow, the council recommends the following actions:

- Repair the piers of the outer islands first.
- Buy small ferries for the middle islands.
- Train crews for the inner islands.
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Desk:
    return desk_with(tmp_path_factory.mktemp("amounts"), "islands.md", REPORT, embedder)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("By how much did boat sales in Avaria grow in 2031?", "7.5 percent more"),
        ("How many parishes does the Outer group have?", "four parishes"),
        ("How many cities does the Inner group have?", "nine towns"),
        ("What percentage of its income does Avaria want to spend on boats?", "2 percent"),
        ("How much do the yards of Avaria earn with boats?", "14.1 million crowns"),
        ("Who coined the term smallship?", "Ola Brandt first used the term"),
        ("Which groups are there?", "the outer, the middle and the inner"),
        ("What groups does Avaria have?", "the outer, the middle and the inner"),
    ],
)
def test_the_sentence_that_says_it_goes_first(desk: Desk, question: str, expected: str) -> None:
    answer = desk.ask(question)
    assert not answer.abstained
    assert expected in " ".join(answer.citations[0].quote.split())


@pytest.mark.parametrize("question", ["What actions does the council propose?", "What measures does Avaria recommend?"])
def test_actions_are_asked_for_by_any_name(desk: Desk, question: str) -> None:
    assert [one.quote for one in desk.ask(question).citations] == [
        "Repair the piers of the outer islands first.",
        "Buy small ferries for the middle islands.",
        "Train crews for the inner islands.",
    ]


def test_a_list_that_tells_of_such_things_is_all_of_them(desk: Desk) -> None:
    quotes = [one.quote for one in desk.ask("Which handbooks are in the series?").citations]
    assert quotes == ["Handbook 1 is about sails.", "Handbook 2 is about ropes.", "Handbook 5 is about engines."]


def test_what_it_is_opens_the_section_that_is_called_so(desk: Desk) -> None:
    assert desk.ask("What is the Brae Boat Area?").citations[0].quote.startswith("Brae Boat Area was marked out")


@pytest.mark.parametrize(
    "question",
    [
        "Who attended the spring meeting?",  # where it was held says nothing of that
        "How many boat owners are in Corvo?",  # the years of a handbook count nobody
        "Which island has the most visitors?",  # nothing puts one before the others
        "Who made you?",  # it makes no difference that boats are made
        "Where do you live?",
        "How fast is Corvo growing?",  # the output of the sector is not Corvo's
    ],
)
def test_what_comes_near_and_is_of_something_else_is_no_answer(desk: Desk, question: str) -> None:
    assert desk.ask(question).abstained


@pytest.mark.parametrize(
    ("question", "counted"),
    [
        ("How many EU companies are in Corvo?", "companies"),
        ("How many large foreign firms sell boats?", "firms"),
        ("How many state-owned yards went bankrupt?", "yards"),
        ("How many parishes?", "parishes"),
    ],
)
def test_how_many_counts_the_noun_before_its_verb(question: str, counted: str) -> None:
    query = understand(question, Glossary((Term(("European Union", "EU")),)))
    assert [need.text for need in query.needs if query.counts(need)] == [counted]


def test_growth_is_asked_for_by_a_verb_and_said_by_a_change() -> None:
    assert asks_for_growth("How fast did Avaria grow in 2031?")
    assert asks_for_growth("By how much did R&D (research and development) spending rise?") is False  # read as written
    assert asks_for_growth("By how much did R&D spending rise?")
    assert not asks_for_growth("How much did research and development cost?")
    assert says_growth("Sales went up 4 percent.")
    assert says_growth("Sales doubled.")
    assert not says_growth("Services were 56 percent of sales.")


def test_a_meeting_that_is_named_is_no_act() -> None:
    def acts(text: str) -> list[str]:
        return [word.text for word in words(text) if word.start in verbs(text)]

    assert acts("Who attended the spring meeting in May?") == ["attended"]
    assert acts("the yard building boats in Corvo") == ["building"]


def test_chinese_asks_for_an_amount_behind_and_english_before() -> None:
    glossary = Glossary((Term(("boat fund",), ("船舶基金",)),))
    assert to_english("船舶基金有多少？", glossary) == "how much boat fund"
    assert to_english("成都有多少人口？", glossary) == "how many population Chengdu"
