"""Fetching a document from an address, politely: robots.txt, a pause between requests, limits of time and size.

What was fetched is kept in the home with its date and hash, and asked for again only if the server says it changed.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from ingest.load import CONTENT_TYPES, SUFFIXES
from ingest.reach import Reach
from ingest.sources import Raw
from rag.errors import SourceRefusedError
from rag.settings import Settings

AGENT = "briefdesk"
TIMEOUT_S = 20.0
LONGEST_S = 120.0  # for one file, however slowly it comes
MAX_BYTES = 50_000_000
TRIES = 3
_PAUSE_S = 1.0  # between two requests to one host, unless robots.txt asks for more
_LONGEST_PAUSE_S = 30.0  # that a server may ask us to wait before we give up
_TRY_AGAIN = {408, 425, 429, 500, 502, 503, 504}
# Types that say nothing: the name in the address knows better.
_VAGUE = {"", "application/octet-stream", "text/plain", "binary/octet-stream", "application/zip"}


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a kept file: where it came from, when, and what the server said of it."""

    url: str
    fetched_at: str
    sha256: str
    content_type: str
    name: str
    etag: str = ""
    last_modified: str = ""


class Fetcher:
    """Fetches addresses and keeps what they gave in `folder`. One run has one, so that it remembers whom it asked when.

    `pause_s` is the time between two requests to one host. `reach` says which hosts may be asked: by default those of
    the public internet.
    """

    def __init__(
        self, folder: Path, reach: Reach | None = None, *, pause_s: float = _PAUSE_S, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._folder, self._pause_s, self._timeout_s = folder, pause_s, timeout_s
        self._reach = reach or Reach()
        self._robots: dict[str, RobotFileParser | None] = {}
        self._asked: dict[str, float] = {}

    @classmethod
    def of(cls, settings: Settings) -> Fetcher:
        """The one of a home, which asks whom the settings let it ask."""
        return cls(settings.home / "fetched", Reach(settings.private_hosts.split(",")))

    def fetch(self, url: str) -> Raw:
        """What is at `url`.

        Raises SourceRefusedError with the reason: no answer, an error status, a host that is not public, forbidden by
        robots.txt, too large, too slow, or a type without a reader.
        """
        import httpx

        kept = self._kept(url)
        known = {"If-None-Match": kept[0].etag, "If-Modified-Since": kept[0].last_modified} if kept else {}
        unless = {name: value for name, value in known.items() if value}  # of the page, not of its site's robots.txt
        if urlsplit(url).username or urlsplit(url).password:
            raise SourceRefusedError("there is a name or a password in the address, which would be shown as its source")
        try:
            with self._reach.client(timeout_s=self._timeout_s, headers={"User-Agent": AGENT}) as client:
                if not self._allowed(client, url):
                    raise SourceRefusedError("the site's robots.txt asks programs to keep out")
                status, answer, data = self._get(client, url, unless)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceRefusedError(f"it could not be fetched ({str(error) or type(error).__name__})") from error
        if status == 304 and kept:
            return Raw(kept[1], kept[0].name, {})
        content_type = answer.get("content-type", "").split(";")[0].strip().lower()
        record = Record(
            url=url,
            fetched_at=datetime.now(UTC).isoformat(timespec="seconds"),
            sha256=hashlib.sha256(data).hexdigest(),
            content_type=content_type,
            name=_name(url, content_type),
            etag=answer.get("etag", ""),
            last_modified=answer.get("last-modified", ""),
        )
        self._keep(record, data)
        return Raw(data, record.name, {})

    def forget(self, url: str) -> None:
        """Deletes what was kept of `url`."""
        for path in self._paths(url):
            path.unlink(missing_ok=True)

    def _get(self, client: Any, url: str, headers: dict[str, str]) -> tuple[int, Any, bytes]:
        """Status, headers and content; tried again when the server is busy or the line is cut."""
        import httpx

        for attempt in range(1, TRIES + 1):
            self._wait(urlsplit(url).netloc)
            pause_s = 2.0 ** (attempt - 1)
            try:
                with client.stream("GET", url, headers=headers) as response:
                    if response.status_code == 304:
                        return 304, response.headers, b""
                    if not response.is_error:
                        return response.status_code, response.headers, _content(response)
                    failure = SourceRefusedError(f"the server answered {response.status_code} {response.reason_phrase}")
                    if response.status_code not in _TRY_AGAIN:
                        raise failure
                    pause_s = max(pause_s, _retry_after_s(response.headers.get("retry-after", "")))
            except httpx.TransportError as error:
                failure = SourceRefusedError(f"it could not be fetched ({str(error) or type(error).__name__})")
            if attempt == TRIES or pause_s > _LONGEST_PAUSE_S:
                raise failure
            time.sleep(pause_s * min(self._pause_s, 1.0))
        raise AssertionError("unreachable")

    def _allowed(self, client: Any, url: str) -> bool:
        """Whether the site's robots.txt lets us; a site without one lets everybody (RFC 9309, section 2.3.1)."""
        import httpx

        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        if site not in self._robots:
            parser: RobotFileParser | None = RobotFileParser()
            try:
                self._wait(parts.netloc)
                answer = client.get(f"{site}/robots.txt")
                if answer.status_code >= 500:
                    raise SourceRefusedError(f"the site's robots.txt cannot be read ({answer.status_code})")
                assert parser is not None
                parser.parse(answer.text.splitlines() if answer.is_success else [])
            except httpx.HTTPError:
                parser = None  # the request for the page itself will say what is wrong
            self._robots[site] = parser
        known = self._robots[site]
        return known is None or known.can_fetch(AGENT, url)

    def _wait(self, host: str) -> None:
        parser = next((p for site, p in self._robots.items() if urlsplit(site).netloc == host and p), None)
        asked = float(parser.crawl_delay(AGENT) or 0) if parser else 0.0
        pause_s = min(max(self._pause_s, asked), _LONGEST_PAUSE_S)
        wait_s = self._asked.get(host, 0.0) + pause_s - time.monotonic()
        if host in self._asked and wait_s > 0:
            time.sleep(wait_s)
        self._asked[host] = time.monotonic()

    def _paths(self, url: str) -> tuple[Path, Path]:
        key = hashlib.sha256(url.encode()).hexdigest()[:24]
        return self._folder / f"{key}.json", self._folder / f"{key}.data"

    def _kept(self, url: str) -> tuple[Record, bytes] | None:
        about, content = self._paths(url)
        try:
            record = Record(**json.loads(about.read_text()))
            data = content.read_bytes()
        except (OSError, ValueError, TypeError):
            return None
        return (record, data) if hashlib.sha256(data).hexdigest() == record.sha256 else None

    def _keep(self, record: Record, data: bytes) -> None:
        about, content = self._paths(record.url)
        self._folder.mkdir(parents=True, exist_ok=True)
        content.write_bytes(data)
        about.write_text(json.dumps(asdict(record), ensure_ascii=False, indent=1))


def _content(response: Any) -> bytes:
    limit = f"it is larger than {MAX_BYTES // 1_000_000} MB"
    if int(response.headers.get("content-length") or 0) > MAX_BYTES:
        raise SourceRefusedError(limit)
    parts: list[bytes] = []
    size = 0
    deadline = time.monotonic() + LONGEST_S
    for part in response.iter_bytes():
        parts.append(part)
        size += len(part)
        if size > MAX_BYTES:
            raise SourceRefusedError(limit)
        if time.monotonic() > deadline:
            raise SourceRefusedError(f"it took longer than {LONGEST_S:.0f} s")
    return b"".join(parts)


def _name(url: str, content_type: str) -> str:
    """A name whose suffix tells the format: by the content type, by the address where the type says nothing."""
    suffix = PurePosixPath(urlsplit(url).path).suffix.lower()
    if content_type in CONTENT_TYPES and not (content_type in _VAGUE and suffix in SUFFIXES):
        suffix = CONTENT_TYPES[content_type]
    elif content_type not in _VAGUE or suffix not in SUFFIXES:
        raise SourceRefusedError(f"there is no reader for its type {content_type or 'unknown'}")
    return f"page{suffix}"


def _retry_after_s(value: str) -> float:
    """Seconds that a Retry-After header asks for, which is a number or a date (RFC 9110, section 10.2.3)."""
    if value.strip().isdecimal():
        return float(value)
    try:
        return max((parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return 0.0
