"""Where sources differ: another value for one quantity, and events that overtook what an earlier source expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from rag.cite import cite
from rag.grammar import content, names
from rag.markup import without_marks
from rag.types import Citation, Difference, Document, Hit
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
# A text that says itself that values differ, or that one has taken another's place.
_TOLD = re.compile(
    r"\b(?:sources|figures|estimates|reports|values|numbers|accounts)\s(?:\w+\s){0,2}?"
    r"(?:differ|disagree|diverge|contradict|conflict)\b|"
    r"\b(?:earlier|early|preliminary|provisional|revised|corrected)\s"
    r"(?:figure|value|estimate|number|count)s?\b|"
    r"\b(?:replace|revise|correct|supersede)[sd]?\b[^.]*?\b(?:figure|value|estimate|number|count)s?\b",
    re.IGNORECASE,
)
_BESIDE = 2  # sentences of its paragraph before and behind that may hold the values
_NEAR = 300  # characters to the sentence of another paragraph that it may speak of
_FAR_OFF = Decimal("1.5")  # a value so many times as large is of something else
_BASE = re.compile(r"\b(than|compared (?:with|to)|against|up from|down from)\b.*$", re.IGNORECASE | re.DOTALL)
_SAME_SUBJECT = 0.6  # share of the longer one's words that both must hold, names left out
_MAX = 2  # differences shown with an answer


def differences(
    asked: str, citations: Sequence[Citation], hits: Sequence[Hit], spelled_out: Callable[[str], str]
) -> list[Difference]:
    """What the passages beside an answer say otherwise than its quotations, at most two, numbered after these.

    `asked` is the question; `spelled_out` makes two spellings of one thing the same.
    """
    found: list[Difference] = []
    read = {hit.document.id: hit.document for hit in hits}
    told_in = {key: _tellings(document, hits) for key, document in read.items()}
    for citation in citations:
        for hit in hits:
            told = told_in[hit.document.id]
            for start, end in hit.passage.sentences:
                if any(_overlap(start, end, hit.document.id, other) for other in citations) or len(found) == _MAX:
                    continue
                quote = hit.document.text[start:end]
                note = (
                    _another_value(citation, spelled_out(quote), hit, spelled_out)
                    or _value_told(citation, quote, hit, [one for one in told if start in one.begins], asked)
                    or _overtaken(citation, quote, hit)
                )
                if note and not any(other.note.split("; since")[0] == note.split("; since")[0] for other in found):
                    number = len(citations) + len(found) + 1
                    found.append(Difference(note, cite(number, hit.document, hit.passage, start, end)))
    return found


def looked_ahead_to(citations: Sequence[Citation]) -> list[str]:
    """What the quotations expect, by name: "15th Five-Year Plan"."""
    found = [_runs(citation.quote) for citation in citations if _AHEAD.search(citation.quote)]
    named = sorted({run for runs in found for run in runs if any(c.isdigit() for c in run) or run.count(" ") > 1})
    return named[:_MAX]


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
    return _two_values(citation, mine[a.start : a.end], hit, theirs[b.start : b.end])


@dataclass(frozen=True, slots=True)
class _Telling:
    """A place whose text says that values differ: where its sentences begin, its values, the years it is about."""

    begins: frozenset[int]
    values: tuple[Quantity, ...]
    years: frozenset[int]


def _tellings(document: Document, hits: Sequence[Hit]) -> list[_Telling]:
    text = document.text
    spans = sorted({span for hit in hits if hit.document.id == document.id for span in hit.passage.sentences})
    found: list[_Telling] = []
    for i, (start, end) in enumerate(spans):
        if _TOLD.search(text, start, end):
            window = spans[max(0, i - _BESIDE) : i + _BESIDE + 1]
            beside = [span for span in window if _together(text, span, (start, end))]
            values = _values_of(text, beside)
            first = spans.index(beside[0])
            if len(values) < 2 and first and beside[0][0] - spans[first - 1][1] < _NEAR:  # the other stands above it
                beside = spans[first - 1 : first + len(beside)]
                values = _values_of(text, beside)
            found.append(_Telling(frozenset(a for a, _ in beside), values, _years(text[start:end])))
    return found


def _values_of(text: str, spans: Sequence[tuple[int, int]]) -> tuple[Quantity, ...]:
    return tuple(value for span in spans for value in _values(text[slice(*span)]) if value.unit)


def _together(text: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two sentences stand in one paragraph."""
    return "\n\n" not in text[min(one[1], other[1]) : max(one[0], other[0])]


def _value_told(citation: Citation, theirs: str, hit: Hit, tellings: Sequence[_Telling], asked: str) -> str:
    """The two values, when a text that tells of a difference names the cited value, and this sentence another."""
    mine, others = citation.quote, _values(theirs)
    years, asked_years = _years(mine), _years(asked)
    told = [value for one in tellings if not (years and one.years) or years & one.years for value in one.values]
    own = [a for a in _values(mine) if any(a.same_as(b) for b in told)]
    shared = [word.end for word in names(theirs) if word.stem in _named(mine) | _named(asked)]
    if any(a.same_as(b) for a in own for b in others) or (_named(theirs) and not shared):  # it is about something else
        return ""
    # Of several the one beside the year that was asked for, and behind what both sentences are about.
    years_at = [date.start for date in dates(mine) if date.year in asked_years]
    for a in sorted(own, key=lambda a: min((abs(a.start - at) for at in years_at), default=0)):
        for b in sorted(others, key=lambda b: b.start < min(shared, default=0)):
            if a.unit == b.unit and max(a.value, b.value) < _FAR_OFF * min(a.value, b.value):
                return _two_values(citation, mine[a.start : a.end], hit, theirs[b.start : b.end])
    return ""


def _two_values(citation: Citation, mine: str, hit: Hit, theirs: str) -> str:
    here = _named_source(citation.document.title, citation.document.date)
    if citation.document.id == hit.document.id:
        return f"the sources differ: {mine.strip()} or {theirs.strip()}, both in {here}"
    there = _named_source(hit.document.title, hit.document.date)
    return f"the sources differ: {mine.strip()} in {here}, {theirs.strip()} in {there}"


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
