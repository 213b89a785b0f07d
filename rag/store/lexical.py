"""The words, in tantivy (BM25). Derived: everything here can be rebuilt from the catalog.

Text is cut into stems by `rag.words` before it gets here, so that the index and the answerer mean the same by a
word, Chinese included.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rag.words import index_terms

# A section's heading says in few words what it is about; a title is repeated in every passage of its document.
BOOSTS = {"text": 1.0, "heading": 1.0, "title": 0.3}


class LexicalStore:
    """A tantivy index in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        import tantivy

        self._tantivy = tantivy
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        for field in BOOSTS:
            builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
        self._schema: Any = builder.build()
        folder.mkdir(parents=True, exist_ok=True)
        self._index: Any = tantivy.Index(self._schema, path=str(folder))
        self._searcher: Any = self._index.searcher()

    def change(self, add: Iterable[tuple[str, Mapping[str, str]]], remove: Iterable[str] = ()) -> None:
        """Adds (passage id, its fields: text, heading, title) and removes ids, in one commit."""
        writer = self._index.writer(num_threads=1)
        for key in remove:
            writer.delete_documents_by_term("id", key)
        for key, fields in add:
            document = self._tantivy.Document()
            document.add_text("id", key)
            for field, content in fields.items():
                document.add_text(field, " ".join(index_terms(content)))
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def search(self, terms: Mapping[str, float], count: int) -> list[tuple[str, float]]:
        """The `count` best (passage id, BM25 score) for weighted stems, best first."""
        query = self._tantivy.Query
        should = self._tantivy.Occur.Should
        parts = []
        for term, weight in terms.items():
            for field, boost in BOOSTS.items():
                clause = query.term_query(self._schema, field, term, "freq")
                parts.append((should, query.boost_query(clause, weight * boost)))
        if not parts:
            return []
        hits = self._searcher.search(query.boolean_query(parts), count, count=False).hits
        return [(self._searcher.doc(address)["id"][0], float(score)) for score, address in hits]

    def document_frequency(self, term: str) -> int:
        """Number of passages that hold the stem `term`, in their text or above it."""
        return max(int(self._searcher.doc_freq(field, term)) for field in BOOSTS)

    def count(self) -> int:
        return int(self._searcher.num_docs)

    def ids(self) -> set[str]:
        query = self._tantivy.Query.all_query()
        total = self.count()
        hits = self._searcher.search(query, max(total, 1), count=False).hits
        return {self._searcher.doc(address)["id"][0] for _, address in hits}
