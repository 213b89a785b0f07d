"""What supports a sentence: what it claims is read rightly, and the pairs of eval/sets/claims.jsonl are told apart."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from eval.claims import CLAIMS, RETOLD, Pair, as_passage, load_pairs, measure, passed_and_caught
from rag.chain import Desk
from rag.disagree import disagreement
from rag.grammar import clauses, names, verbs
from rag.polarity import denials
from rag.premise import of_another_number, turns_round
from rag.stated import Text
from rag.values import dates, quantities

QUOTE = "China spent 3,632.68 billion yuan on research and development (R&D) in 2024 [S22]."


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("12.82 trillion yuan", "12820000000000", "yuan"),
        ("€95.5 billion", "95500000000", "euro"),
        ("RMB 26bn", "26000000000", "yuan"),
        ("3.6万亿元", "3600000000000", "yuan"),
        ("5.8 per cent", "5.8", "percent"),
        ("1,250 members", "1250", ""),
        ("fifteen partners", "15", ""),
        ("twenty-one days", "21", "day"),
        ("the eleventh session", "11", "rank"),
        ("two thirds of them", "0.667", "fraction"),
        ("one in eight", "0.125", "fraction"),
        ("it doubled", "2", "times"),
        ("185,000 square kilometres", "185000", "km2"),
    ],
)
def test_numbers_are_read_with_scale_and_unit(text: str, value: str, unit: str) -> None:
    assert [(q.value, q.unit) for q in quantities(text)] == [(Decimal(value), unit)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on 7 September 2023", [(2023, 9, 7)]),
        ("on September 7, 2023", [(2023, 9, 7)]),
        ("from 15 to 18 July 2024", [(2024, 7, 15), (2024, 7, 18)]),
        ("in May 2025", [(2025, 5, None)]),
        ("2013/14 and 2026–2030", [(2013, None, None), (2014, None, None), (2026, None, None), (2030, None, None)]),
        ("2024年3月5日", [(2024, 3, 5)]),
        ("2,024 km and 2024 km, may they", []),
    ],
)
def test_dates_are_read_as_precise_as_they_are(text: str, expected: list[object]) -> None:
    assert [(d.year, d.month, d.day) for d in dates(text)] == expected


def test_names_clauses_verbs_and_denials() -> None:
    assert [w.text for w in names("Zhejiang was asked. Losses fell in Pidu, said the EU.")] == [
        "Zhejiang",
        "Pidu",
        "EU",
    ]
    assert len(clauses("South Korea reached 5.21 percent and the United States 3.59 percent")) == 2
    assert len(clauses("The agreement between Avaria and the Union was signed")) == 1
    text = "Hunters call for a quota"
    assert [text[i : i + 4] for i in verbs(text)] == ["call"]
    assert "agenc" in denials("The minister, not the agency, sets the quota").core
    assert "quota" not in denials("The minister, not the agency, sets the quota").scope


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("China spent 3,632.68 billion yuan on R&D in 2024.", ""),
        ("In 2024 China spent 3,632.68 billion yuan on research and development.", ""),
        ("China spent 3,613 billion yuan on R&D in 2024.", "number"),
        ("China spent 3,632.68 billion yuan on R&D in 2023.", "date"),
        ("In 2024 India spent 3,632.68 billion yuan on research and development.", "name"),
        ("China did not spend 3,632.68 billion yuan on R&D in 2024.", "deny"),
        ("It was 3,632.68 billion yuan in 2024.", ""),
        ("That was more than in 2023.", "date"),
        ("China's astronauts built golden rockets with enormous wings in 2024.", "does not say"),
    ],
)
def test_a_sentence_is_supported_only_by_a_quotation_that_says_it(desk: Desk, sentence: str, reason: str) -> None:
    document, passage = as_passage("Spending", QUOTE)
    found = desk.judge.judge(sentence, passage, document)
    assert found.supported == (not reason)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("sentence", "supported"),
    [
        ("2024年中国的研发经费为36326.8亿元。", True),
        ("2023年中国的研发经费为36326.8亿元。", False),
        ("2024年印度的研发经费为36326.8亿元。", False),
        ("2024年中国的军费为36326.8亿元。", False),
    ],
)
def test_a_chinese_sentence_is_held_against_an_english_passage(desk: Desk, sentence: str, supported: bool) -> None:
    document, passage = as_passage("Spending", QUOTE)
    assert desk.judge.judge(sentence, passage, document).supported == supported


@pytest.mark.parametrize(
    ("quotation", "sentence", "said"),
    [
        # Values: as exact as a reader would say them.
        ("The area has 1,345,596 people.", "The area has 1.35 million people.", True),
        ("The area has 1,345,596 people.", "The area has 1.36 million people.", False),
        ("Surveyors took 1,204 samples.", "Surveyors took just over 1,200 samples.", True),
        ("Surveyors took 1,204 samples.", "Surveyors took more than 1,210 samples.", False),
        ("The state paid three quarters of the cost.", "The state paid 75 percent of the cost.", True),
        ("The state paid three quarters of the cost.", "The state paid 70 percent of the cost.", False),
        ("They kept the names into the nineteenth century.", "They kept the names into the 1800s.", True),
        ("They kept the names into the nineteenth century.", "They kept the names into the 1900s.", False),
        ("Three of its nine ships run on batteries.", "Nine of its three ships run on batteries.", False),
        ("Wages rise to 900 marks a month.", "Wages rise to 900 marks a week.", False),
        # Who did it: not who is only named beside it, and not who stands in another clause.
        ("Ann Hill, a former pupil of Bonn, founded the mills.", "Bonn founded the mills.", False),
        ("Ann Hill, a former pupil of Bonn, founded the mills.", "Ann Hill founded the mills.", True),
        (
            "The crew noticed a smell, which delayed the launch. Then a fire broke out.",
            "A fire delayed the launch.",
            False,
        ),
        ("They drafted a plan and asked Lunde to print it.", "Lunde drafted a plan.", False),
        ("The code was begun by his father. Corvo finished it.", "The code was begun by Corvo.", False),
        (
            "The bill passed the lower house and was rejected by the senate.",
            "It was rejected by the lower house.",
            False,
        ),
        (
            "Ferrum's works closed, and the town lost 40 percent of its people.",
            "Ferrum lost two fifths of its people.",
            True,
        ),
        (
            "The Alban settlers often married outside their French communities.",
            "Alban settlers married outsiders.",
            True,
        ),
        # What is denied, and what is not.
        ("That has not stopped Ann Hill, who will leave in May.", "Ann Hill will leave in May.", True),
        ("The plan was not written with your case in mind.", "Users adapt it to their case.", True),
        ("Everyday clothes have not generally survived.", "Everyday clothes rarely survived.", True),
        (
            "For everything else a simple majority is enough.",
            "Apart from the budget, a simple majority is enough.",
            True,
        ),
        ("Few farms have freezers.", "Most farms lack freezers.", True),
        ("Output first falls, then rises.", "Output first rises, then falls.", False),
        ("The country ranks low on the index.", "The country ranks high on the index.", False),
        ("Unions welcomed the change because no jobs were lost.", "Unions opposed the change.", False),
    ],
)
def test_what_can_be_checked_letter_by_letter(quotation: str, sentence: str, said: bool) -> None:
    reason = disagreement(Text(sentence), Text(quotation), Text(""), quotation)
    assert (reason == "") == said, reason


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "Gegen Khan ruled until 1323. During his reign the Great Code came out.",
            "The Great Code came out under Gegen Khan.",
        ),
        ("Ann Hill led the bank. Hill said that rates would rise.", "Ann Hill said that rates would rise."),
        (
            "Kenya ranks low on an index. In 2012 it had a score of 27/100.",
            "Kenya, in 2012, had a score of 27 out of 100.",
        ),
    ],
)
def test_a_quotation_takes_along_the_sentence_that_says_who_it_is(desk: Desk, text: str, sentence: str) -> None:
    document, passage = as_passage("Notes", text)
    assert desk.judge.judge(sentence, passage, document).supported


def _shares(desk: Desk, half: str, path: Path = CLAIMS) -> tuple[float, float, list[Pair]]:
    pairs = load_pairs(path, half)
    passed, caught = passed_and_caught(measure(desk.judge, pairs))
    return sum(passed) / len(passed), sum(caught) / len(caught), pairs


def test_pairs_are_told_apart(desk: Desk) -> None:
    passed, caught, pairs = _shares(desk, "development")
    assert len(pairs) >= 200
    assert passed >= 0.94
    assert caught >= 0.94


def test_held_out_pairs_are_told_apart(desk: Desk) -> None:
    """Floors a little under what was measured (0.862 and 0.968): figures are in docs/language-models.md."""
    passed, caught, pairs = _shares(desk, "test")
    assert len(pairs) >= 100
    assert passed >= 0.84
    assert caught >= 0.93


@pytest.mark.parametrize(("half", "passes", "catches"), [("development", 0.74, 0.83), ("test", 0.63, 0.75)])
def test_what_is_told_freely_is_told_apart_less_well(desk: Desk, half: str, passes: float, catches: float) -> None:
    """Floors a little under what was measured, far from the 0.95 aimed at: see docs/language-models.md."""
    passed, caught, pairs = _shares(desk, half, RETOLD)
    assert len(pairs) >= 80
    assert passed >= passes
    assert caught >= catches


@pytest.mark.parametrize("path", [CLAIMS, RETOLD])
def test_development_and_test_pairs_have_no_passage_in_common(path: Path) -> None:
    development, test = ({pair.passage.text for pair in load_pairs(path, half)} for half in ("development", "test"))
    assert development
    assert not development & test


@pytest.mark.parametrize(
    ("question", "quotation", "expected"),
    [
        ("Which ports were not dredged?", "The ports of Alba and Corvo were dredged in 2021.", True),
        ("Which ports were not dredged?", "The port of Alba was never dredged.", False),
        ("Which ports were not dredged?", "Alba and Corvo are the largest ports.", True),
        ("When was the Office of Eastern Fisheries founded?", "The Office of Western Fisheries dates from 1963.", True),
        (
            "When was the Office of Eastern Fisheries founded?",
            "The Office of Eastern Fisheries dates from 1963.",
            False,
        ),
        ("What did exports to Norway consist of?", "Imports from Norway consist of salmon.", True),
        ("Why did output rise?", "Output fell because of the drought.", True),
        ("Why did output rise after 2019?", "Output rose after it had fallen for years.", False),
        ("Why are the two tests unequal?", "The two tests are not equal, because the second takes longer.", False),
        ("Is the new bridge longer than the old one?", "The new bridge is shorter than the old one.", False),
        ("Which is dearer, sea or land?", "Land is cheaper, and the sea more expensive.", False),
        ("How much higher was output in 2020 than in 2019?", "Output in 2019 was 3 percent lower than in 2020.", False),
        ("How successful was the harvest?", "The harvest was unsuccessful.", False),
    ],
)
def test_a_question_is_not_answered_by_the_opposite(question: str, quotation: str, expected: bool) -> None:
    assert turns_round(Text(question), Text(quotation)) is expected


@pytest.mark.parametrize(
    ("question", "quotation", "expected"),
    [
        ("What did the Third Council decide?", "The Fourth Council decided to build dykes.", True),
        ("What did the Third Council decide?", "The council decided to build dykes.", False),
        ("What is the first aim?", "The second aim is safety.", True),
        ("What was spent in 2023?", "In 2024, 5 percent more was spent.", False),
        ("Which two councils met?", "Three councils met, two of them in Alba.", False),
    ],
)
def test_the_third_of_a_kind_is_not_the_fourth(question: str, quotation: str, expected: bool) -> None:
    assert of_another_number(Text(question), Text(quotation)) is expected
