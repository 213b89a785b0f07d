"""The shipped corpus is what it says it is."""

from __future__ import annotations

import hashlib
import re

import pytest
import yaml

from rag.glossary import load_glossary
from tests.conftest import CHECKOUT

CORPUS = CHECKOUT / "corpus"
NOTES = sorted((CORPUS / "notes").glob("*.md"))
SOURCES = {entry["id"]: entry for entry in yaml.safe_load((CORPUS / "sources.yaml").read_text(encoding="utf-8"))}
_MARK = re.compile(r"\[(S\d+(?:, S\d+)*)\]")


def test_the_brief_is_the_published_text_unaltered() -> None:
    digest = hashlib.sha256((CORPUS / "brief-24-executive-summary.txt").read_bytes()).hexdigest()
    assert digest == "5eaf656634ef994cde9c626b440a3ff0692e54b70ff79830b3bd4e5c1310ce7c"


def test_there_are_notes_in_every_group() -> None:
    assert len(NOTES) >= 24
    groups = {note.name.split("-")[1] for note in NOTES}
    assert groups == {"concept", "regions", "figures", "chengdu", "plans", "bottlenecks", "eu", "project"}


@pytest.mark.parametrize("note", NOTES, ids=lambda note: note.stem)
def test_a_note_is_of_the_right_length_and_names_its_sources(note: object) -> None:
    text = note.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    _, front, body = text.split("---\n", 2)
    meta = yaml.safe_load(front)
    assert {"title", "date", "topics", "sources", "group"} <= meta.keys()
    assert 150 <= len(_MARK.sub("", body).split()) <= 600
    used = {key for match in _MARK.finditer(body) for key in match.group(1).split(", ")}
    assert used == set(meta["sources"])
    assert used <= SOURCES.keys()


@pytest.mark.parametrize("note", NOTES, ids=lambda note: note.stem)
def test_every_claim_of_a_note_ends_with_its_source(note: object) -> None:
    from ingest.chunk import sentence_spans
    from ingest.load import load

    loaded = load(note.read_bytes(), note.name)  # type: ignore[attr-defined]
    for block in loaded.blocks:
        if block.kind == "heading":
            continue
        for a, b in sentence_spans(loaded.text, block.start, block.end):
            sentence = loaded.text[a:b]
            # Sentences about the notes themselves (how to read them) claim nothing about the world.
            about_itself = re.search(
                r"\b(this note|this library|the notes|the file of sources|this list)\b", sentence, re.I
            )
            introduces = sentence.endswith(":")
            assert _MARK.search(sentence) or about_itself or introduces or note.stem.startswith("31"), sentence  # type: ignore[attr-defined]


def test_a_source_id_leads_to_publisher_title_and_address() -> None:
    assert len(SOURCES) >= 68
    for entry in SOURCES.values():
        assert entry["publisher"]
        assert entry["title"]
        assert entry["url"].startswith("http")


def test_the_glossary_holds_terms_with_acronyms_chinese_and_pinyin() -> None:
    terms = load_glossary(CORPUS / "glossary.yaml").terms
    assert len(terms) >= 60
    assert all(term.definition and term.chinese and term.pinyin and term.source in SOURCES for term in terms)
    forms = {form for term in terms for form in term.forms}
    assert {"NPF", "STI", "FYP"} <= forms
