"""What is indexed and with what."""

from __future__ import annotations

from typing import Any

from ingest.pipeline import is_stale
from rag.embedding import Embedder
from rag.settings import Settings
from rag.store.catalog import Catalog


def status_json(settings: Settings) -> dict[str, Any]:
    catalog = Catalog(settings.home / "catalog.sqlite")
    try:
        members = catalog.members(catalog.generation)
        documents = catalog.documents(members.values())
        embedder = Embedder(settings.model, settings.threads)
        return {
            "home": str(settings.home.resolve()),
            "generation": catalog.generation,
            "documents": [
                {
                    "document": document.name,
                    "title": document.title,
                    "publisher": document.publisher,
                    "date": document.date,
                    "language": document.language,
                    "pages": len(document.pages) or None,
                    "source": document.source,
                    "added_at": catalog.added_at(document),
                }
                for document in sorted(documents.values(), key=lambda d: d.name)
            ],
            "passages": len(catalog.passages(documents)),
            "model": catalog.meta("model_name"),
            "model_fingerprint": catalog.meta("model_fingerprint"),
            "dimension": int(catalog.meta("model_dimension") or 0),
            "corpus_is_stale": bool(members)
            and catalog.meta("model_fingerprint") == embedder.fingerprint
            and is_stale(settings, embedder),
            "disk_bytes": sum(p.stat().st_size for p in settings.home.rglob("*") if p.is_file()),
        }
    finally:
        catalog.close()


def status_text(found: dict[str, Any]) -> str:
    lines = [
        f"home        {found['home']} ({found['disk_bytes'] / 1e6:.1f} MB)",
        f"index       generation {found['generation']}, {len(found['documents'])} documents, "
        f"{found['passages']} passages",
        f"model       {found['model']} ({found['dimension']} dimensions, weights {found['model_fingerprint']})",
        "corpus      " + ("changed since; run `briefdesk ingest`" if found["corpus_is_stale"] else "as indexed"),
        "",
    ]
    for document in found["documents"]:
        details = ", ".join(part for part in (document["publisher"], document["date"]) if part)
        lines.append(f"{document['document']}  {document['title']}" + (f" ({details})" if details else ""))
    return "\n".join(lines)
