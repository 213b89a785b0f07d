"""Questions as people type them: words spelled wrongly, names shortened or written out, dates and ranks in any form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.fit import known_names
from ingest.pipeline import ingest
from rag.acronyms import spells
from rag.chain import Desk
from rag.embedding import Embedder
from rag.glossary import Glossary
from rag.query import understand
from rag.settings import CHECKOUT, load_settings
from rag.spelling import respelled
from rag.words import is_derived, stem, words
from tests.conftest import run_cli

TEXT = """The North Sea Cable Authority (NSCA) was set up in Lindmoor in 1931. It repairs what ships tear.

The NSCA pays 41 million crowns to the fishermen of Corvo each year.

The Harbour Board of Lindmoor was founded in the tenth century, and closed in 1998.

Recommendations were adopted in Alba by Vilhelm Tarrenfeld. The committee analysed labour and programmes there.

Baskervale lies in the hills. Baskerdale lies on the coast.

The lighthouse burned from 1870 to 1939. Its lamp held nine litres. A ship was lost in 1612, near the third buoy.
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Desk:
    folder = tmp_path_factory.mktemp("cables")
    (folder / "cables.txt").write_text(TEXT, encoding="utf-8")
    (folder / "cables.yaml").write_text("publisher: Institute Brunnhild\n", encoding="utf-8")
    settings = load_settings(home=folder / "home", llm="")
    ingest([str(folder / "cables.txt")], settings, embedder)
    return Desk(settings, embedder)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Who is Vilhelm Tarenfeld?", "Who is Vilhelm Tarrenfeld?"),
        ("Who is tarrenfield?", "Who is Tarrenfeld?"),
        ("What did Linmdoor's board do?", "What did Lindmoor's board do?"),
        ("Which recomendations were adopted?", "Which recommendations were adopted?"),
        ("Waht was set up, and wehn?", "What was set up, and when?"),
        ("Where is Baskerbale?", "Where is Baskerbale?"),  # it may be either
        ("Who summarised the labor programs?", "Who summarised the labor programs?"),  # words, if not in the documents
        ("Is Shaanxi like Lindmoor?", "Is Shaanxi like Lindmoor?"),  # a name of its own
        ("Where is NSKA?", "Where is NSKA?"),
        ("Qui sont les pecheurs ?", "Qui sont les pecheurs ?"),
        ("Linmdoor", "Lindmoor"),
        ("Welche Behorde repariert die Seekabel der Fischer?", "Welche Behorde repariert die Seekabel der Fischer?"),
    ],
)
def test_a_word_that_is_nowhere_is_read_as_the_one_it_must_be(desk: Desk, typed: str, meant: str) -> None:
    assert respelled(typed, desk.library, desk.glossary) == meant


def test_what_was_read_is_said_and_what_was_typed_is_kept(desk: Desk) -> None:
    typed = "When was the Harbour Board of Linmdoor founded?"
    answer = desk.ask(typed)
    assert answer.question == typed
    assert answer.understood == "When was the Harbour Board of Lindmoor founded?"
    assert "tenth century" in answer.text
    assert not desk.ask("When was the Harbour Board of Lindmoor founded?").understood
    found = json.loads(run_cli("ask", "--json", typed, home=desk.settings.home).stdout)
    assert (found["question"], found["understood"]) == (typed, answer.understood)


def test_a_name_is_no_other_name_because_it_is_spelled_alike() -> None:
    assert is_derived(stem("Sichuanese"), stem("Sichuan"))
    assert is_derived(stem("Mongolia"), stem("Mongolian"))
    assert not is_derived(stem("Chengde"), stem("Chengdu"))
    assert not is_derived(stem("Shan"), stem("Shanxi"))


def test_one_city_is_not_answered_by_another(corpus_home: Path, embedder: Embedder) -> None:
    shipped = Desk(load_settings(home=corpus_home), embedder)
    assert not shipped.ask("What gross domestic product does Chengdu aim at?").abstained
    assert shipped.ask("What gross domestic product does Chengde aim at?").abstained
    shipped.close()


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("When was the North Sea Cable Authority set up?", "1931"),
        ("How much does the North Sea Cable Authority pay to Corvo?", "41 million"),  # the document has NSCA there
        ("What does the NSCA repair?", "what ships tear"),
        ("When was the HB of Lindmoor closed?", "1998"),  # nowhere so, but the letters of a name
        ("In which century was the Harbour Board founded?", "tenth century"),
        ("How long did the lighthouse burn?", "from 1870 to 1939"),
        ("When was a ship lost near the 3rd buoy?", "1612"),
        ("What does Brunnhild say the North Sea Cable Authority repairs?", "what ships tear"),  # its publisher
        ("How many litres did the lamp hold?", "nine litres"),
    ],
)
def test_names_dates_and_ranks_are_found_in_any_form(desk: Desk, question: str, said: str) -> None:
    answer = desk.ask(question)
    assert not answer.abstained
    assert said in answer.text


@pytest.mark.parametrize(
    ("name", "short", "expected"),
    [
        ("United Methodist Church", "UMC", True),
        ("Taskforce of United Methodists on Abortion and Sexuality", "TUMAS", True),
        ("Engineering News-Record", "ENR", True),
        ("U.N.", "UN", True),
        ("United Methodist Church", "UMO", False),
        ("Unity. More cakes", "UMC", True),
        ("Unity, more cakes", "UMC", False),
        ("of United Churches", "UC", False),
    ],
)
def test_a_short_form_is_spelled_by_the_first_letters(name: str, short: str, expected: bool) -> None:
    assert spells(words(name), name, short) == expected


def test_ranks_and_decades_are_what_they_are_however_written() -> None:
    query = understand("Who came third in the '80s, and who 10th in the U.S.?", Glossary())
    assert query.reading == "Who came third in the 1980s, and who 10th in the US?"
    spelled = {need.text: set(need.alternatives) for need in query.needs}
    assert frozenset({"tenth"}) in spelled["10"]
    assert frozenset({"3"}) in spelled["third"]
    assert frozenset({"us"}) in spelled["US"]
    assert "th" not in spelled


def test_the_form_of_an_answer_need_not_be_said() -> None:
    needs = {need.text for need in understand("In what year did the percentage of long cables fall?", Glossary()).needs}
    assert needs == {"percentage", "long", "cables", "fall"}
    assert {need.text for need in understand("How long is it?", Glossary()).needs} == set()


def test_the_list_of_names_is_what_the_dictionary_gives() -> None:
    assert (CHECKOUT / "rag" / "data" / "names.txt").read_text(encoding="utf-8") == known_names(), (
        "run `python -m eval.fit english`"
    )
