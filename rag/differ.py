"""Where sources differ: another value for one quantity, and events that overtook what an earlier source expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from rag.cite import cite
from rag.expects import without_marks
from rag.grammar import content, names
from rag.types import Citation, Difference, Hit
from rag.values import Date, Quantity, dates, quantities

_AHEAD = re.compile(
    r"\b(will|forthcoming|upcoming|next|future|expected|planned|plans to|aims? to|is to|are to|due (in|by|to)|"
    r"by 20\d\d|proposed|draft|soon|awaits?|look(s|ed)? (forward|ahead))\b",
    re.IGNORECASE,
)
_HAPPENED = re.compile(
    r"\b(was|were|has been|have been)\s+(\w+ly\s+)?(adopted|passed|released|published|approved|launched|opened|"
    r"completed|signed|issued|presented|founded|set up|announced|postponed|cancelled|revised|replaced)\b|"
    r"\b(adopted|entered into force|came into force|took effect|took place|began|met in|started|ended)\b",
    re.IGNORECASE,
)
_BASE = re.compile(r"\b(than|compared (?:with|to)|against|up from|down from)\b.*$", re.IGNORECASE | re.DOTALL)
_SAME_SUBJECT = 0.6  # share of the longer one's words that both must hold, names left out
_MAX = 2  # differences shown with an answer


def differences(
    citations: Sequence[Citation], hits: Sequence[Hit], spelled_out: Callable[[str], str]
) -> list[Difference]:
    """What the passages beside an answer say otherwise than its quotations, at most two, numbered after these.

    `spelled_out` makes two spellings of one thing the same.
    """
    found: list[Difference] = []
    number = len(citations)
    for citation in citations:
        for hit, start, end in _sentences(hits):
            if any(_overlap(start, end, hit.document.id, other) for other in citations) or len(found) == _MAX:
                continue
            quote = hit.document.text[start:end]
            note = _another_value(citation, spelled_out(quote), hit, spelled_out) or _overtaken(citation, quote, hit)
            if note and not any(other.note.split("; since")[0] == note.split("; since")[0] for other in found):
                number += 1
                found.append(Difference(note, cite(number, hit.document, hit.passage, start, end)))
    return found


def looked_ahead_to(citations: Sequence[Citation]) -> list[str]:
    """What the quotations expect, by name: "15th Five-Year Plan"."""
    found = [_runs(citation.quote) for citation in citations if _AHEAD.search(citation.quote)]
    named = sorted({run for runs in found for run in runs if any(c.isdigit() for c in run) or run.count(" ") > 1})
    return named[:_MAX]


def _sentences(hits: Sequence[Hit]) -> Iterator[tuple[Hit, int, int]]:
    for hit in hits:
        for start, end in hit.passage.sentences:
            yield hit, start, end


def _overlap(start: int, end: int, document_id: str, citation: Citation) -> bool:
    return document_id == citation.document.id and start < citation.end and citation.start < end


def _another_value(citation: Citation, theirs: str, hit: Hit, spelled_out: Callable[[str], str]) -> str:
    """The two values, when both sentences give one for the same thing in the same year, and not the same one."""
    mine = spelled_out(citation.quote)
    one, other = _values(mine), _values(theirs)
    pairs = [(a, b) for a in one for b in other if a.unit and a.unit == b.unit]
    if not pairs or any(a.value == b.value for a, b in pairs) or len(one) > 2 or len(other) > 2:
        return ""
    years, their_years = _years(mine), _years(theirs)
    if years != their_years and years and their_years:
        return ""
    said, held = _subject(mine), _subject(theirs)
    own, foreign = _named(mine), _named(theirs)
    # One of them says no more than the other, and nearly as much; without a year both must say the same.
    if own != foreign or len(said & held) < max(2, min(len(said), len(held))):
        return ""
    if len(said & held) < (_SAME_SUBJECT if years and their_years else 1.0) * max(len(said), len(held)):
        return ""
    a, b = pairs[0]
    here = _named_source(citation.document.title, citation.document.date)
    there = _named_source(hit.document.title, hit.document.date)
    values = mine[a.start : a.end].strip(), theirs[b.start : b.end].strip()
    return f"the sources differ: {values[0]} in {here}, {values[1]} in {there}"


def _overtaken(citation: Citation, theirs: str, hit: Hit) -> str:
    """Whether the citation looks ahead to something that the other sentence reports as done, at a later date."""
    written = citation.document.date
    if not written or not _AHEAD.search(citation.quote) or not _HAPPENED.search(theirs):
        return ""
    done = max((_iso(date) for date in dates(theirs) if date.year), default="")
    subject = _runs(citation.quote) & _runs(theirs)
    if not subject or done <= written:
        return ""
    return (
        f"{_named_source(citation.document.title, written)} looks ahead to {max(subject, key=len)}; "
        f"since then: {_named_source(hit.document.title, hit.document.date)}"
    )


def _named_source(title: str, date: str) -> str:
    return f"{title} ({date})" if date else title


def _iso(date: Date) -> str:
    return "-".join(f"{part:02}" for part in (date.year, date.month, date.day) if part)


@lru_cache(maxsize=4096)
def _values(text: str) -> tuple[Quantity, ...]:
    return tuple(q for q in quantities(_BASE.sub("", text)) if q.unit not in ("rank", "year"))


@lru_cache(maxsize=4096)
def _years(text: str) -> frozenset[int]:
    return frozenset(date.year for date in dates(_BASE.sub("", text)) if date.year)


@lru_cache(maxsize=4096)
def _subject(text: str) -> frozenset[str]:
    return frozenset(word.stem for word in content(without_marks(text))) - _named(text)


@lru_cache(maxsize=4096)
def _named(text: str) -> frozenset[str]:
    return frozenset(word.stem for word in names(without_marks(text)))


@lru_cache(maxsize=4096)
def _runs(text: str) -> frozenset[str]:
    """Names of several words, with a number before them: "15th Five-Year Plan"."""
    plain = re.sub(r"\b(The|A|An|In|For|On|At|By)\s(?=[A-Z])", "", text)
    return frozenset(re.findall(r"(?:\b\d+(?:st|nd|rd|th)\s)?\b[A-Z][\w’'-]+(?:[ -][A-Z][\w’'-]+)+", plain))
