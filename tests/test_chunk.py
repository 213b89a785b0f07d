"""Passages: whole sentences, never longer than the model reads, the same on any machine."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.chunk import chunk, sentence_spans
from ingest.load import load
from rag.embedding import Embedder
from rag.types import Document, Passage

EMBEDDER = Embedder()


def cut(source: str, name: str = "a.md", title: str = "Title", target: int = 72) -> tuple[Document, list[Passage]]:
    loaded = load(source.encode(), name)
    document = Document("id", "/a.md", name, title, loaded.text)
    passages, tokens = chunk(document, loaded, EMBEDDER, target)
    assert tokens == sum(EMBEDDER.count([passage.read for passage in passages]))
    return document, passages


def assert_sound(document: Document, passages: list[Passage]) -> None:
    texts = [passage.embedded_text(document) for passage in passages]
    for passage, tokens in zip(passages, EMBEDDER.count(texts), strict=True):
        assert tokens + 2 <= EMBEDDER.max_tokens
        assert document.text[passage.start : passage.end] == passage.text
        assert passage.text
        for a, b in passage.sentences:
            assert passage.start <= a < b <= passage.end
    assert [passage.ordinal for passage in passages] == list(range(len(passages)))
    assert all(a.end <= b.start for a, b in pairwise(passages))


def test_passages_stay_under_one_heading_and_carry_its_path() -> None:
    document, passages = cut("# Title\n\nOne.\n\n## Second\n\nTwo.\n\n### Third\n\nThree.\n\n## Fourth\n\nFour.\n")
    assert [(p.heading, p.text) for p in passages] == [
        ("", "One."),
        ("Second", "Two."),
        ("Second > Third", "Three."),
        ("Fourth", "Four."),
    ]
    assert_sound(document, passages)


def test_a_sentence_longer_than_the_model_reads_is_cut_between_words() -> None:
    document, passages = cut("word " * 1500 + ".")
    assert len(passages) > 5
    assert_sound(document, passages)
    assert "".join(p.text.replace(" ", "") for p in passages).rstrip(".") == "word" * 1500


def test_chinese_is_cut_at_its_own_punctuation() -> None:
    document, passages = cut("成都是四川的省会。它的计划强调农业、科学和技术！你知道吗？" * 30)
    assert_sound(document, passages)
    assert {document.text[a:b] for p in passages for a, b in p.sentences} == {
        "成都是四川的省会。",
        "它的计划强调农业、科学和技术！",
        "你知道吗？",
    }


def test_long_titles_and_headings_leave_room_for_the_text() -> None:
    document, passages = cut("# " + "heading words " * 200 + "\n\nThe text itself.\n")
    assert_sound(document, passages)
    assert passages[0].text == "The text itself."


def test_ids_depend_on_nothing_but_the_content() -> None:
    one, other = (cut("# A\n\nSome text. More text.\n")[1] for _ in range(2))
    assert [p.id for p in one] == [p.id for p in other]


def test_sentences_keep_abbreviations_and_decimals_whole() -> None:
    text = "It rose to 2.69 percent, says Dr. Smith of the U.S. agency. Then it fell."
    assert [text[a:b] for a, b in sentence_spans(text, 0, len(text))] == [text[:59], text[60:]]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=2000))
def test_any_text_gives_sound_passages(text: str) -> None:
    document, passages = cut("Start. " + text, name="a.txt")
    assert_sound(document, passages)
