"""Random sequences of what can happen to a home; after each step catalog, Chroma, tantivy and columns agree."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ingest.pipeline import ingest, remove, restore
from rag.embedding import Embedder
from rag.errors import EmptyIndexError
from rag.settings import load_settings
from rag.store.backup import backups, put_back
from rag.store.catalog import Catalog
from rag.store.columns import ColumnsWriter
from rag.store.doctor import examine
from rag.store.lexical import LexicalStore
from rag.store.library import Library
from rag.store.vectors import VectorStore
from rag.store.writer import locked

NAMES = ("one", "two", "three", "four")
ANIMALS = ("pandas", "cranes", "otters", "herons", "badgers")


class Killed(BaseException):
    """Stands for the end of the process: nothing that handles errors may hold it up."""


# Where a run can be cut off: between any two writes to a store. Real kills, at any moment, are in test_crash.
CUTS: dict[str, tuple[type, str]] = {
    "document": (Catalog, "add_document"),
    "vectors": (Catalog, "add_vectors"),
    "switch": (Catalog, "switch"),
    "sweep": (Catalog, "sweep"),
    "chroma": (VectorStore, "add"),
    "chroma removal": (VectorStore, "remove"),
    "tantivy": (LexicalStore, "ids"),
    "columns": (ColumnsWriter, "close"),
}
ONE_SENTENCE = st.tuples(st.sampled_from(ANIMALS), st.integers(1, 99))
CONTENT = st.lists(ONE_SENTENCE, min_size=1, max_size=3)


class Home(RuleBasedStateMachine):
    """`files` is what lies in the corpus, `live` what must be indexed of it."""

    embedder: Embedder
    steps = 0

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="briefdesk-machine-"))
        self.settings = load_settings(home=self.folder / "home", corpus=self.folder / "corpus", threads=1)
        self.settings.corpus.mkdir()
        self.live: dict[str, str] = {}
        self.library: Library | None = None
        self.seen: dict[str, str] = {}

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            if self.library:
                self.library.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self.settings.corpus / f"{name}.md"

    def _write(self, name: str, content: list[tuple[str, int]]) -> str:
        text = f"# Note {name}\n\n" + "\n\n".join(f"The reserve counts {n} {animal}." for animal, n in content) + "\n"
        self._path(name).write_text(text)
        return text

    def _on_disk(self) -> dict[str, str]:
        return {path.stem: path.read_text() for path in self.settings.corpus.glob("*.md")}

    def _ingest(self) -> None:
        ingest([str(self.settings.corpus)], self.settings, self.embedder)

    # -- what happens

    @rule(name=st.sampled_from(NAMES), content=CONTENT)
    def add_or_change(self, name: str, content: list[tuple[str, int]]) -> None:
        self._write(name, content)
        self._ingest()
        self.live = self._on_disk()

    @precondition(lambda self: len(self.live) > 1)
    @rule(data=st.data())
    def take_out(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.live)))
        assert remove(self.settings, self.embedder, [str(self._path(name).resolve())])
        del self.live[name]

    @precondition(lambda self: len(self.live) > 1)
    @rule(data=st.data())
    def take_out_and_put_back(self, data: st.DataObject) -> None:
        source = str(self._path(data.draw(st.sampled_from(sorted(self.live)))).resolve())
        assert remove(self.settings, self.embedder, [source]) == [source]
        assert restore(self.settings, self.embedder, [source]) == [source]

    @precondition(lambda self: self.live)
    @rule()
    def rebuild(self) -> None:
        ingest([], self.settings, self.embedder, rebuild=True)
        self.live = self._on_disk()

    @rule(
        name=st.sampled_from(NAMES),
        content=CONTENT,
        cut=st.sampled_from(sorted(CUTS)),
        before=st.booleans(),
        nth=st.integers(0, 2),
    )
    def crash(self, name: str, content: list[tuple[str, int]], cut: str, before: bool, nth: int) -> None:
        """A run cut off before or after the `nth` of its writes of one kind: the old index stays, or the new."""
        earlier = self._path(name).read_text() if self._path(name).exists() else None
        self._write(name, content)
        with cut_off(*CUTS[cut], before=before, nth=nth):
            self._ingest()
        if self._indexed() != self.live:
            assert self._indexed() == self._on_disk()
            self.live = self._on_disk()
        elif earlier is None:
            self._path(name).unlink()
        else:
            self._path(name).write_text(earlier)

    @rule()
    def reopen(self) -> None:
        """Who reads keeps the generation they opened, whatever was written since."""
        if self.library:
            assert self._read(self.library) == self.seen
            self.library.close()
        try:
            self.library = Library(self.settings.home, self.embedder)
            self.seen = self._read(self.library)
        except EmptyIndexError:
            self.library = None

    @precondition(lambda self: self.live)
    @rule(animal=st.sampled_from(ANIMALS))
    def search(self, animal: str) -> None:
        library = Library(self.settings.home, self.embedder)
        found = {key for key, _ in library.lexical.search({animal: 1.0, animal.rstrip("s"): 1.0}, 50)}
        texts = library.passages_by_id(sorted(library.lexical.ids()))
        assert found == {key for key, passage in texts.items() if animal in passage.text}
        vector = self.embedder.embed_query(f"How many {animal}?").vector
        assert {key for key, _ in library.vectors.search(vector, library.passage_count())} == set(texts)
        library.close()

    @precondition(lambda self: self.live and backups(self.settings.home))
    @rule()
    def restore_backup(self) -> None:
        """The catalog of before the last run, with its index built anew."""
        home = self.settings.home
        with locked(home):
            put_back(home, backups(home)[0].path)
        examine(home, self.embedder, repair=True)
        self.live = self._indexed()
        for path in self.settings.corpus.glob("*.md"):
            path.unlink()
        for name, text in self.live.items():
            self._path(name).write_text(text)

    # -- what always holds

    @invariant()
    def the_stores_agree(self) -> None:
        if not hasattr(self, "folder"):
            return
        Home.steps += 1
        assert self._indexed() == self.live
        if self.live:
            assert not examine(self.settings.home, self.embedder, repair=False).findings

    def _indexed(self) -> dict[str, str]:
        try:
            library = Library(self.settings.home, self.embedder)
        except EmptyIndexError:
            return {}
        try:
            return self._read(library)
        finally:
            library.close()

    def _read(self, library: Library) -> dict[str, str]:
        rows = {f"{key:016x}" for key in library.columns.ids.tolist()}
        passages = {p.id: p for document in library.documents.values() for p in library.catalog.passages(document)}
        assert library.vectors.ids() == library.lexical.ids() == rows == set(passages)
        return {Path(document.source).stem: document.text for document in library.documents.values()}


class cut_off:  # noqa: N801 - reads as a statement
    """Ends what runs within it before or after the `nth` call of a method, as a kill would."""

    def __init__(self, owner: type, name: str, *, before: bool, nth: int) -> None:
        self.owner, self.name, self.before, self.left = owner, name, before, nth
        self.plain: Callable[..., Any] = getattr(owner, name)

    def __enter__(self) -> None:
        def cut(*arguments: Any, **named: Any) -> Any:
            self.left -= 1
            if self.left < 0 and self.before:
                raise Killed
            found = self.plain(*arguments, **named)
            if self.left < 0:
                raise Killed
            return found

        setattr(self.owner, self.name, cut)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        setattr(self.owner, self.name, self.plain)
        return kind is Killed


def test_the_stores_always_agree(embedder: Embedder) -> None:
    """At least 300 steps; hypothesis chooses what happens, and keeps and repeats what it finds."""
    machine = type("WithModel", (Home,), {"embedder": embedder})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
    assert Home.steps >= 300


@pytest.mark.parametrize("cut", sorted(CUTS))
@pytest.mark.parametrize("before", [True, False])
def test_a_run_cut_off_at_each_write(embedder: Embedder, cut: str, before: bool) -> None:
    """Each place once, so that none depends on what hypothesis draws."""
    home = Home()
    home.embedder = embedder
    home.begin()
    try:
        home.add_or_change("one", [("pandas", 3)])
        home.add_or_change("two", [("cranes", 5)])
        home.reopen()
        home.crash("two", [("otters", 7)], cut, before, 0)
        home.the_stores_agree()
        home.reopen()
        home.add_or_change("three", [("herons", 9)])
        home.the_stores_agree()
    finally:
        home.teardown()
