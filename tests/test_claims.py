"""What supports a sentence: what it claims is read rightly, and the pairs of eval/sets/claims.jsonl are told apart."""

from __future__ import annotations

from decimal import Decimal

import pytest

from eval.claims import Pair, load_pairs, measure
from rag.chain import Desk
from rag.grammar import clauses, denials, names, verbs
from rag.premise import of_another_number, turns_round
from rag.stated import Text
from rag.types import Document, Passage
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
    document = Document("d", "d", "d", "Spending", QUOTE)
    passage = Passage("p", "d", 0, len(QUOTE), QUOTE, sentences=((0, len(QUOTE)),))
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
    document = Document("d", "d", "d", "Spending", QUOTE)
    passage = Passage("p", "d", 0, len(QUOTE), QUOTE, sentences=((0, len(QUOTE)),))
    assert desk.judge.judge(sentence, passage, document).supported == supported


def _shares(desk: Desk, half: str) -> tuple[float, float, list[Pair]]:
    judged = measure(desk.judge, [pair for pair in load_pairs() if pair.half == half])
    right = [found.supported for pair, found in judged if not pair.kind]
    wrong = [not found.supported for pair, found in judged if pair.kind]
    return sum(right) / len(right), sum(wrong) / len(wrong), [pair for pair, _ in judged]


def test_pairs_are_told_apart(desk: Desk) -> None:
    passed, caught, pairs = _shares(desk, "development")
    assert len(pairs) >= 200
    assert passed >= 0.94
    assert caught >= 0.94


def test_held_out_pairs_are_told_apart(desk: Desk) -> None:
    """Floors a little under what was measured (0.862 and 0.952): figures are in docs/language-models.md."""
    passed, caught, pairs = _shares(desk, "test")
    assert len(pairs) >= 100
    assert passed >= 0.84
    assert caught >= 0.93


def test_development_and_test_pairs_have_no_passage_in_common() -> None:
    halves = {
        half: {pair.passage.text for pair in load_pairs() if pair.half == half} for half in ("development", "test")
    }
    assert not halves["development"] & halves["test"]


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
