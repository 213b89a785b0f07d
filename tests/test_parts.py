"""Small parts: words, tokens, glossary, questions, settings, the viewer."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from app.sources import Source
from app.viewer import render_document, render_source
from eval.fit import lexicon, synonyms
from rag.chinese import to_english
from rag.errors import UsageError
from rag.glossary import Glossary, Term, load_glossary
from rag.grammar import plain_verbs
from rag.query import answer_type, covers, understand
from rag.settings import load_settings
from rag.thesaurus import says
from rag.types import Document
from rag.words import index_terms, stem, words
from tests.conftest import CHECKOUT

GLOSSARY = Glossary(
    (
        Term(("new quality productive forces", "NPF"), ("新质生产力",)),
        Term(("European Union", "EU"), ("欧盟",)),
        Term(("Chengdu",), ("成都",)),
    )
)


def test_words_are_stemmed_and_chinese_is_paired() -> None:
    assert index_terms("Chengdu's R&D figures: 3,632.68") == ["chengdu", "r&d", "figur", "3632.68"]
    assert index_terms("新质生产力") == ["新质", "质生", "生产", "产力"]
    assert [(w.start, w.text) for w in words("a 成都b")] == [(0, "a"), (2, "成都"), (4, "b")]


def test_tokens_are_counted_with_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    from rag import tokens

    tokens.encoding.cache_clear()
    monkeypatch.setattr(socket.socket, "connect", lambda *a: pytest.fail("nothing may be fetched"))
    assert tokens.count_tokens("hello world") == 2
    assert tokens.count_tokens("<|endoftext|>") > 1


def test_an_acronym_is_only_met_in_capitals() -> None:
    assert [m.term.name for m in GLOSSARY.mentions("Is the NPF new for the EU?")] == [
        "new quality productive forces",
        "European Union",
    ]
    assert GLOSSARY.mentions("the eu of it") == []


def test_periods_as_accountants_write_them_are_years() -> None:
    query = understand("Did sales grow between FY21, FY2022 and Q2'2023?", GLOSSARY)
    assert query.reading == "Did sales grow between 2021, 2022 and Q2 2023?"
    assert {need.text for need in query.needs if need.kind == "number"} >= {"2021", "2022", "2023"}


def test_a_question_knows_what_it_needs() -> None:
    query = understand("How much did Vietnam spend on the NPF in 2019?", GLOSSARY)
    assert query.answer_type == "quantity"
    assert "new quality productive forces" in query.reading
    assert {(need.text, need.kind) for need in query.needs} >= {("Vietnam", "name"), ("2019", "number")}
    npf = next(need for need in query.needs if need.text == "NPF")
    assert covers(npf, frozenset({"new", "qualiti", "product", "forc"})) == 1.0
    assert covers(npf, frozenset({"new"})) < 0.5


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("When was it?", "when"),
        ("What share is it?", "quantity"),
        ("What is the unemployment rate in Chengdu?", "quantity"),
        ("Who leads it?", "who"),
        ("What are the five recommendations?", "list"),
        ("Why does it matter?", "why"),
        ("What is involution?", "definition"),
        ("Does it grow?", "other"),
        ("How and when was it founded?", "when"),
        ("In which century was it founded?", "when"),
        ("What sea lay to the east when he died?", "other"),
        ("When he died, who followed him?", "who"),
        ("What kind of contract is given when a firm builds all of it?", "other"),
        ("How old was she when she led it?", "quantity"),
        ("Which law names the person who signs?", "other"),
        ("What enemy of Doctor Who is a lord?", "other"),
        ("What did they invest in the plant?", "quantity"),
        ("What did they invest in?", "other"),
    ],
)
def test_questions_ask_for_kinds_of_answers(question: str, expected: str) -> None:
    assert answer_type(question) == expected


def test_chinese_is_read_by_glossary_and_dictionary() -> None:
    english = to_english("成都什么时候提出新质生产力?", GLOSSARY)
    assert english.startswith("Chengdu when")
    assert "new quality productive forces" in english
    assert to_english("新区是哪一年批准的？", GLOSSARY).endswith("when approve")
    listed = to_english("2009 年 8 月有多少家公司上市？", GLOSSARY)
    assert listed.startswith("how many company")  # English asks first
    assert "August 2009" in listed
    assert to_english("谁是第十季的新伙伴", Glossary()) == "who tenth season new partner"
    assert "1970s" in to_english("20世纪70年代", GLOSSARY)


def test_settings_come_from_file_variable_and_flag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("briefdesk.toml").write_text("k = 3\nthreads = 2\n")
    monkeypatch.setenv("BRIEFDESK_THREADS", "1")
    settings = load_settings(passage_tokens=50)
    assert (settings.k, settings.threads, settings.passage_tokens) == (3, 1, 50)
    Path("briefdesk.toml").write_text("colour = 3\n")
    with pytest.raises(UsageError, match="colour"):
        load_settings()


def test_a_broken_glossary_is_named(tmp_path: Path) -> None:
    path = tmp_path / "glossary.yaml"
    path.write_text("- name: no term here\n")
    with pytest.raises(UsageError, match=r"glossary\.yaml"):
        load_glossary(path)


def test_the_viewer_marks_a_quotation_and_escapes_the_rest() -> None:
    text = "# Head\n\nBefore <script>alert(1)</script> the quote [S1] after.\n\n- item one\n- item two\n"
    document = Document("id", "/a.md", "a.md", "<b>Title</b>", text, url="javascript:alert(1)")
    start = text.index("the quote")
    html = render_source(document, {"S1": Source("S1", "P", "T", "2024", "https://e.org")}, start, start + 14)
    assert "<script>" not in html
    assert "<b>Title" not in html
    assert "javascript:" not in html
    assert "<mark>the quote <a " in html
    assert html.count("<li>") == 2
    marked = render_document(document, {}, text.index("item one"), text.index("item two") + 8)
    assert marked.count("<mark>") == 2


def test_the_list_of_english_words_is_what_the_dictionary_gives() -> None:
    assert (CHECKOUT / "rag" / "data" / "english.txt").read_text(encoding="utf-8") == lexicon(), (
        "run `python -m eval.fit english`"
    )
    assert "exceed" in plain_verbs()


def test_words_that_mean_as_much_are_those_of_the_dictionary() -> None:
    assert (CHECKOUT / "rag" / "data" / "synonyms.txt").read_text(encoding="utf-8") == synonyms(), (
        "run `python -m eval.fit english`"
    )
    assert says(stem("imitate"), stem("copy")) == says(stem("copy"), stem("imitate")) == 1.0
    assert 0 < says(stem("emulate"), stem("imitate")) < 1.0
    assert says(stem("ban"), stem("permit")) == 0.0
