"""What is indexed and with what."""

from __future__ import annotations

from typing import Any

from ingest.pipeline import is_stale
from rag.settings import Settings
from rag.store.catalog import Catalog


def status_json(settings: Settings) -> dict[str, Any]:
    catalog = Catalog(settings.home / "catalog.sqlite")
    try:
        listings = catalog.listings(catalog.generation)
        embedder = settings.embedder()
        return {
            "home": str(settings.home.resolve()),
            "generation": catalog.generation,
            "documents": [
                {
                    "document": listing.name,
                    "title": listing.title,
                    "publisher": listing.publisher,
                    "date": listing.date,
                    "language": listing.language,
                    "pages": listing.pages or None,
                    "passages": listing.passages,
                    "source": listing.source,
                    "added_at": listing.added_at,
                }
                for listing in sorted(listings.values(), key=lambda listing: listing.name)
            ],
            "passages": sum(listing.passages for listing in listings.values()),
            "vectors_at": catalog.meta("vectors_at") or "home",
            "model": catalog.meta("model_name"),
            "model_fingerprint": catalog.meta("model_fingerprint"),
            "dimension": int(catalog.meta("model_dimension") or 0),
            "corpus_is_stale": bool(listings)
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
