"""Which documents a question is asked of: by document, publisher, language and date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from rag.errors import UsageError
from rag.types import Listing


@dataclass(frozen=True, slots=True)
class Filter:
    """What a document must match; an empty part matches all, and of a list one is enough.

    `documents` are names, titles or ids, with * and ? as in file names; `publishers` and `languages` likewise. Case
    does not matter. `since` and `until` are dates as precise as known (2024, 2024-06, 2024-06-30), both included; a
    document without a date does not match a filter that names one.
    """

    documents: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    since: str = ""
    until: str = ""

    def __bool__(self) -> bool:
        return bool(self.documents or self.publishers or self.languages or self.since or self.until)

    def matches(self, listing: Listing) -> bool:
        if self.documents and not _any(self.documents, (listing.name, listing.title, listing.id)):
            return False
        if self.publishers and not _any(self.publishers, (listing.publisher,)):
            return False
        if self.languages and not _any(self.languages, (listing.language,)):
            return False
        # A date of 2024 stands for the whole of 2024: it is in every span that shares a day with that year.
        if self.since and not (listing.date and _padded(listing.date, "9") >= _padded(self.since, "0")):
            return False
        return not self.until or bool(listing.date and _padded(listing.date, "0") <= _padded(self.until, "9"))

    def select(self, listings: Iterable[Listing]) -> list[str]:
        """The ids of the documents that match.

        Raises UsageError when none does, naming what there is to choose from.
        """
        for name in ("since", "until"):
            if (date := getattr(self, name)) and not _is_date(date):
                raise UsageError(f"{name} is {date!r}; write a date like 2024, 2024-06 or 2024-06-30")
        listings = list(listings)
        found = [listing.id for listing in listings if self.matches(listing)]
        if not found:
            raise UsageError(f"no document matches {self}; there are {_choices(listings)}")
        return found

    def among(self, listings: Iterable[Listing]) -> list[str] | None:
        """As `select`; None where nothing is filtered."""
        return self.select(listings) if self else None

    def __str__(self) -> str:
        parts = [
            f"{name} {' or '.join(values)}"
            for name, values in (
                ("document", self.documents), ("publisher", self.publishers), ("language", self.languages),
                ("since", (self.since,)), ("until", (self.until,)),
            )
            if any(values)
        ]  # fmt: skip
        return ", ".join(parts)


ALL = Filter()


def _any(patterns: Iterable[str], values: Iterable[str]) -> bool:
    folded = [value.casefold() for value in values]
    return any(fnmatchcase(value, pattern.casefold()) for pattern in patterns for value in folded)


def _is_date(text: str) -> bool:
    year, *rest = text.split("-")
    return (
        len(year) == 4
        and len(rest) <= 2
        and all(part.isdecimal() for part in (year, *rest))
        and all(len(part) == 2 for part in rest)
    )


def _padded(date: str, digit: str) -> str:
    return date.replace("-", "")[:8].ljust(8, digit)


def _choices(listings: Iterable[Listing]) -> str:
    listings = list(listings)
    publishers = sorted({listing.publisher for listing in listings if listing.publisher})
    languages = sorted({listing.language for listing in listings if listing.language})
    dates = sorted(listing.date for listing in listings if listing.date)
    parts = [f"{len(listings)} documents"]
    if publishers:
        parts.append(f"publishers {', '.join(publishers[:6])}" + (", ..." if len(publishers) > 6 else ""))
    if languages:
        parts.append(f"languages {', '.join(languages)}")
    if dates:
        parts.append(f"dates {dates[0]} to {dates[-1]}")
    return "; ".join(parts)
