"""Fetching a document from an address, within limits of time and size."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlsplit

from ingest.load import SUFFIXES
from rag.errors import SourceRefusedError

TIMEOUT_S = 20.0
MAX_BYTES = 50_000_000
_TYPES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "application/pdf": ".pdf",
}


def is_address(source: str) -> bool:
    return source.startswith(("http://", "https://"))


def fetch(url: str) -> tuple[bytes, str]:
    """The bytes at `url` and a name whose suffix tells the format.

    Raises SourceRefusedError with the reason: no answer, an error status, too large, or a type without a reader.
    """
    import httpx

    try:
        with (
            httpx.Client(timeout=TIMEOUT_S, follow_redirects=True, headers={"User-Agent": "briefdesk"}) as client,
            client.stream("GET", url) as response,
        ):
            if response.is_error:
                raise SourceRefusedError(f"the server answered {response.status_code} {response.reason_phrase}")
            data = b""
            for part in response.iter_bytes():
                data += part
                if len(data) > MAX_BYTES:
                    raise SourceRefusedError(f"it is larger than {MAX_BYTES // 1_000_000} MB")
            content_type = response.headers.get("content-type", "").split(";")[0].strip().lower()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceRefusedError(f"it could not be fetched ({error or type(error).__name__})") from error
    suffix = PurePosixPath(urlsplit(url).path).suffix.lower()
    if content_type in _TYPES and (suffix not in SUFFIXES or content_type != "text/plain"):
        suffix = _TYPES[content_type]
    if suffix not in SUFFIXES:
        raise SourceRefusedError(f"there is no reader for its type {content_type or 'unknown'}")
    return data, f"page{suffix}"
