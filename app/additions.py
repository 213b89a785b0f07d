"""Documents that a reader adds, takes out and puts back: files are kept in the home, addresses are fetched."""

from __future__ import annotations

import logging
import queue
import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.pipeline import ingest, remove, restore
from ingest.report import Report
from ingest.sources import is_address
from rag.chain import Desk
from rag.errors import BriefdeskError, UsageError
from rag.types import Listing

UPLOADS = "uploads"
_WAIT_S = 60.0  # for another writer: a reader of the page would only press again
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stage:
    """How far an addition is: `done` of `total` documents (load), passages (embed) or indexes (store)."""

    name: str
    done: int
    total: int


def add(desk: Desk, files: Sequence[Path], addresses: Sequence[str]) -> Iterator[Stage | Report | BriefdeskError]:
    """Ingests files (copied into the home) and addresses: stages as they pass, then the report or the error."""
    for address in addresses:
        if not is_address(address):
            yield UsageError(f"{address[:200]} is no address; it must begin with http:// or https://")
            return
    try:
        _ = desk.library  # a home that was removed is not begun anew with one document
    except BriefdeskError as error:
        yield error
        return
    try:
        sources = [str(_kept(desk.settings.home / UPLOADS, path)) for path in files] + list(addresses)
    except OSError as error:
        yield UsageError(f"the file cannot be kept in {desk.settings.home} ({error.strerror})")
        return
    if not sources:
        yield UsageError("choose a file or give an address first")
        return
    told: queue.Queue[Stage | Report | BriefdeskError] = queue.Queue()

    def work() -> None:
        try:
            report = ingest(
                sources,
                desk.settings,
                desk.embedder,
                wait_s=_WAIT_S,
                progress=lambda *stage: told.put(Stage(*stage)),
            )
            told.put(report)
        except BriefdeskError as error:
            told.put(error)
        except Exception as error:  # the page must be told of any end
            log.exception("adding")
            told.put(BriefdeskError(f"the addition failed ({type(error).__name__}); the log has the details"))

    threading.Thread(target=work, name="briefdesk-add", daemon=True).start()
    while True:
        found = told.get()
        yield found
        if not isinstance(found, Stage):
            return


def _kept(folder: Path, path: Path) -> Path:
    """A copy of an uploaded file in `folder`, under its own name; the same file again is the same copy."""
    folder.mkdir(parents=True, exist_ok=True)
    data = path.read_bytes()
    for number in range(1, 1000):
        name = path.name if number == 1 else f"{path.stem}-{number}{path.suffix}"
        kept = folder / name
        if not kept.exists():
            shutil.copyfile(path, kept)
            return kept
        if kept.read_bytes() == data:
            return kept
    raise OSError(0, "there are a thousand files of this name")


def is_removable(desk: Desk, listing: Listing) -> bool:
    """Whether the page may take it out: what lies in the corpus folder comes back with the next start."""
    return not Path(listing.source).is_relative_to(desk.settings.corpus.resolve())


def take_out(desk: Desk, document_id: str) -> Listing:
    """Removes a document from the index; an uploaded file stays in the home, so that it can be put back.

    Raises UsageError when it is not there or belongs to the corpus folder.
    """
    listing = desk.library.listings.get(document_id)
    if listing is None:
        raise UsageError("this document is no longer in the library")
    if not is_removable(desk, listing):
        raise UsageError(f"{listing.name} lies in the corpus folder; delete the file there and run `briefdesk ingest`")
    remove(desk.settings, desk.embedder, [listing.source], wait_s=_WAIT_S)
    return listing


def put_back(desk: Desk, source: str) -> bool:
    """Undoes `take_out`, also after other changes as long as the file is there; whether it could."""
    if restore(desk.settings, desk.embedder, [source], wait_s=_WAIT_S):
        return True
    if Path(source).is_file() and Path(source).is_relative_to((desk.settings.home / UPLOADS).resolve()):
        return not ingest([source], desk.settings, desk.embedder, wait_s=_WAIT_S).refused
    return False
