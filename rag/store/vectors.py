"""The vectors, in Chroma: embedded in the home, or on a server. Derived: all of it can be rebuilt from the catalog."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from rag.embedding import Floats
from rag.errors import StoreError
from rag.store.backup import copy_database
from rag.store.connection import reading

COLLECTION = "passages"
_BATCH = 2000  # below Chroma's limit of variables in one statement
_PAGE = 50_000  # ids listed at a time
# ef_search: the index looks at this many candidates, and never fewer than are asked for.
_INDEX = {"space": "ip", "ef_search": 200, "ef_construction": 100}
# Chroma writes its whole index anew each so many vectors (at a million, a thousand times two gigabytes by default), and
# reads those since then one by one when it is opened. A twentieth of all of them keeps both small. A small index is
# written once: one that was never written is begun anew, in its files, by every reader that opens it.
_SYNCED, _BATCH_SIZE = 1000, 100
_THE_SAME = 0.999  # a cosine


@dataclass(frozen=True, slots=True)
class Server:
    """A Chroma server: its address, and what Chroma Cloud wants besides."""

    url: str
    token: str = ""
    tenant: str = ""
    database: str = ""


class VectorStore:
    """One Chroma collection: passage id -> unit vector.

    Raises StoreError from every call when a server does not answer, or has lost the collection.
    """

    def __init__(self, client: Any, collection: Any, where: str) -> None:
        self._client, self._collection, self._where = client, collection, where

    @classmethod
    def in_folder(cls, folder: Path, expected: int = 0) -> VectorStore:
        """The store embedded in this process, in a folder of its own. A new one is laid out for `expected` vectors."""
        import chromadb
        from chromadb.api.shared_system_client import SharedSystemClient
        from chromadb.config import Settings

        try:
            client: Any = chromadb.PersistentClient(
                path=str(folder), settings=Settings(anonymized_telemetry=False, allow_reset=False)
            )
        except Exception:
            # Half started (on a full disk), it would be handed out again for this path.
            SharedSystemClient._identifier_to_system.pop(str(folder), None)
            raise
        often = max(_SYNCED, expected // 20)
        synced = min(often, expected) if expected > 1 else often
        configuration = {
            **_INDEX,
            "sync_threshold": synced,
            "batch_size": min(max(_BATCH_SIZE, expected // 1000), synced),
        }
        collection = client.get_or_create_collection(
            COLLECTION, embedding_function=None, configuration={"hnsw": configuration}
        )
        return cls(client, collection, str(folder))

    @classmethod
    def on_server(cls, server: Server, name: str, *, create: bool = False) -> VectorStore:
        """The collection `name` on a server; it must be there unless `create`."""
        with _explained(server.url):
            client = _client_of(server)
            if create:
                collection = client.get_or_create_collection(
                    name, embedding_function=None, configuration={"hnsw": _INDEX}
                )
            else:
                collection = client.get_collection(name, embedding_function=None)
        return cls(client, collection, server.url)

    @staticmethod
    def drop(server: Server, name: str) -> None:
        """Deletes the collection `name` from a server, with all that its log still holds."""
        from chromadb.errors import NotFoundError

        with _explained(server.url):
            client = _client_of(server)
            with suppress(NotFoundError):
                client.delete_collection(name)
            client.close()

    def add(self, ids: Sequence[str], vectors: Floats) -> None:
        with _explained(self._where):
            for begin in range(0, len(ids), _BATCH):
                part = slice(begin, begin + _BATCH)
                self._collection.upsert(ids=list(ids[part]), embeddings=vectors[part])

    def remove(self, ids: Sequence[str]) -> None:
        with _explained(self._where):
            for begin in range(0, len(ids), _BATCH):
                self._collection.delete(ids=list(ids[begin : begin + _BATCH]))

    def search(self, vector: Floats, count: int) -> list[tuple[str, float]]:
        """The `count` nearest (passage id, cosine), best first."""
        with _explained(self._where):
            result = self._collection.query(query_embeddings=[vector], n_results=count, include=["distances"])
        # With the inner product Chroma's distance is 1 - cosine.
        return [(key, 1.0 - distance) for key, distance in zip(result["ids"][0], result["distances"][0], strict=True)]

    def lost(self, ids: Sequence[str], vectors: Floats) -> list[str]:
        """Those of `ids` that a search with their own vector does not find, though the store lists them."""
        missing: list[str] = []
        for key, vector in zip(ids, vectors, strict=True):
            found = self.search(vector, 10)
            # Many passages may say the same; then any ten of them are the nearest.
            if key not in dict(found) and not (len(found) == 10 and found[-1][1] > _THE_SAME):
                missing.append(key)
        return missing

    def ids(self) -> set[str]:
        found: set[str] = set()
        with _explained(self._where):
            while page := self._collection.get(include=[], limit=_PAGE, offset=len(found))["ids"]:
                found.update(page)
        return found

    def count(self) -> int:
        with _explained(self._where):
            return int(self._collection.count())

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # An open client of a folder is handed out again for the same path, also when other files lie there by then.
        self.close()


def copy_vectors(source: Path, to: Path) -> None:
    """Copies a Chroma folder. A reader writes to its database when it opens it, so that is copied as SQLite does it."""
    shutil.copytree(source, to, ignore=shutil.ignore_patterns("*.sqlite3*"))
    for database in source.glob("*.sqlite3"):
        with closing(reading(database)) as db:
            copy_database(db, to / database.name)


def _client_of(server: Server) -> Any:
    import chromadb
    from chromadb.config import Settings

    address = urlsplit(server.url)
    ssl = address.scheme == "https"
    return chromadb.HttpClient(
        host=address.hostname or "",
        port=address.port or (443 if ssl else 8000),
        ssl=ssl,
        headers={"x-chroma-token": server.token} if server.token else None,
        settings=Settings(anonymized_telemetry=False),
        **({"tenant": server.tenant} if server.tenant else {}),
        **({"database": server.database} if server.database else {}),
    )


@contextmanager
def _explained(where: str) -> Iterator[None]:
    """Turns what a server or the line to it raises into one sentence. A folder's errors stay as they are."""
    if not where.startswith("http"):
        yield
        return
    import httpx
    from chromadb.errors import AuthorizationError, ChromaError, NotFoundError

    try:
        yield
    except NotFoundError as error:
        raise StoreError(
            f"the Chroma server {where} does not hold this library's vectors; run `briefdesk doctor --repair`"
        ) from error
    except AuthorizationError as error:
        raise StoreError(f"the Chroma server {where} refuses the token; check BRIEFDESK_CHROMA_TOKEN") from error
    except (ChromaError, httpx.HTTPError, ValueError, OSError) as error:  # chromadb raises ValueError when refused
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise StoreError(
            f"the Chroma server {where} does not answer ({reason}); start it and ask again, "
            "or unset BRIEFDESK_CHROMA_URL and run `briefdesk doctor --repair`"
        ) from error
