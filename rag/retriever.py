"""Retrieval as a LangChain retriever, for any chain of LangChain's."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from rag.chain import Desk
from rag.filters import ALL, Filter


class LibraryRetriever(BaseRetriever):
    """Finds the `k` passages nearest to a question, in the documents that match `only`.

    Metadata trace each to its characters in its document.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)
    desk: Desk
    k: int = 8
    only: Filter = ALL

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        hits, _ = self.desk.search(query, self.k, self.only)
        found: list[Document] = []
        for hit in hits:
            metadata: dict[str, Any] = {
                "document": hit.document.name,
                "document_id": hit.document.id,
                "title": hit.document.title,
                "publisher": hit.document.publisher,
                "date": hit.document.date,
                "url": hit.document.url,
                "heading": hit.passage.heading,
                "page": hit.passage.page,
                "start": hit.passage.start,
                "end": hit.passage.end,
                "score": hit.score,
            }
            found.append(Document(page_content=hit.passage.text, metadata=metadata, id=hit.passage.id))
        return found
