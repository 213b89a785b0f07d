"""The words, in tantivy (BM25). Derived: everything here can be rebuilt from the catalog.

Text is cut into stems by `rag.words` before it gets here, so that the index and the answerer mean the same by a
word, Chinese included.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FIELD = "words"
_HEAP_BYTES = 128_000_000


class Change:
    """Passages on their way into and out of the index."""

    def __init__(self, writer: Any, document: Any) -> None:
        self._writer, self._document = writer, document

    def add(self, passage_id: str, document_id: str, stems: Iterable[str]) -> None:
        """Adds a passage with the stems of its text, its heading and its document's title."""
        document = self._document()
        document.add_text("id", passage_id)
        document.add_text("document", document_id)
        document.add_text(_FIELD, " ".join(stems))
        self._writer.add_document(document)

    def remove(self, passage_id: str) -> None:
        self._writer.delete_documents_by_term("id", passage_id)


class LexicalStore:
    """A tantivy index in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        import tantivy

        self._tantivy = tantivy
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        builder.add_text_field("document", tokenizer_name="raw", index_option="basic")
        builder.add_text_field(_FIELD, tokenizer_name="whitespace", index_option="freq")
        self._schema: Any = builder.build()
        folder.mkdir(parents=True, exist_ok=True)
        self._index: Any = tantivy.Index(self._schema, path=str(folder))
        self._searcher: Any = self._index.searcher()

    @contextmanager
    def changing(self) -> Iterator[Change]:
        """What is added and removed within, in one commit at its end."""
        writer = self._index.writer(heap_size=_HEAP_BYTES, num_threads=1)
        yield Change(writer, self._tantivy.Document)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def search(
        self, terms: Mapping[str, float], count: int, documents: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        """The `count` best (passage id, BM25 score) for weighted stems, best first; only of `documents` if given."""
        query, occur = self._tantivy.Query, self._tantivy.Occur
        parts = [
            (occur.Should, query.boost_query(query.term_query(self._schema, _FIELD, term, "freq"), weight))
            for term, weight in terms.items()
        ]
        if not parts:
            return []
        wanted = query.boolean_query(parts)
        if documents is not None:
            among = query.const_score_query(query.term_set_query(self._schema, "document", list(documents)), 0.0)
            wanted = query.boolean_query([(occur.Must, wanted), (occur.Must, among)])
        hits = self._searcher.search(wanted, count, count=False).hits
        return [(self._searcher.doc(address)["id"][0], float(score)) for score, address in hits]

    def document_frequency(self, term: str) -> int:
        """Number of passages that hold the stem `term`, in their text or above it."""
        return int(self._searcher.doc_freq(_FIELD, term))

    def beginning_with(self, prefix: str) -> list[tuple[str, int]]:
        """The stems that begin so, each with the number of its passages, the most frequent first."""
        return [(str(term), int(count)) for term, count in self._searcher.terms_with_prefix(_FIELD, prefix)]

    def count(self) -> int:
        return int(self._searcher.num_docs)

    def ids(self) -> set[str]:
        query = self._tantivy.Query.all_query()
        total = self.count()
        hits = self._searcher.search(query, max(total, 1), count=False).hits
        return {self._searcher.doc(address)["id"][0] for _, address in hits}
