"""Cutting a document into passages: whole sentences, under one heading, never more than the model reads."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.load import Block, Loaded
from rag.embedding import Embedder
from rag.markup import COLUMN, cells_of, without_markup, without_targets
from rag.sections import lists_works
from rag.types import Document, Passage
from rag.words import has_cjk

VERSION = 5  # part of the recipe: raised when the same text would be cut, or found, differently
_SPECIAL = 2  # the model's own first and last token
_MARGIN = 4  # white space and list marks between sentences
_HEADING = 8  # part of what the model reads that a heading path may be
_COLUMNS = 8  # part of what the model reads that the names of a table's columns may be
_FARTHEST = 20_000  # characters: so far below a heading, with none between, the text is no longer about it
_LONGEST = 2  # a "sentence" of more than so many targets is a table, a list or a log without line ends, and is cut
# Within a paragraph of Markdown, line ends that are kept: two spaces before them, or a label behind them.
_BOLD = r"(?:\*\*|__)"
_NEW_LINE = re.compile(rf"(?:[ \t]{{2,}}|\\)\n|\n(?=[ \t]*{_BOLD}[^*_\n]{{1,60}}(?:[:：]{_BOLD}|{_BOLD}[ \t]*[:：]))")
_CLOSES = re.compile(r"(?:\*{1,3}|_{1,3})(?=\s)")  # marks that close what stands before a sentence
_LABEL = re.compile(rf"{_BOLD}[^*_\n]{{1,60}}(?:\.{_BOLD}?|{_BOLD}\.)")
# Where such a stretch may be cut, the best first: lines (also those of a text within a text), ends of sentences,
# lesser marks, words.
_BREAKS = (
    re.compile(r"(?:\\n|\n)+\s*"),
    re.compile(r"[.!?;:]['\")\]]*\s+|[。！？；：]['\"”’）]*"),
    re.compile(r"[,|]\s+|\s-\s|[，、]"),
    re.compile(r"\s+"),
)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence, or a part of one too long for the model, with the heading path it stands under."""

    start: int
    end: int
    tokens: int
    heading: str
    page: int | None


def recipe(embedder: Embedder, target_tokens: int) -> str:
    """Names how passages are cut, so that a changed setting or model cuts them anew."""
    return f"v{VERSION}:{target_tokens}:{embedder.fingerprint}"


def chunk(document: Document, loaded: Loaded, embedder: Embedder, target_tokens: int) -> tuple[list[Passage], int]:
    """The passages of `document`, in order, about `target_tokens` word pieces each, and how many those are in all.

    `document.text[p.start:p.end] == p.text` for each, and what is embedded of it (heading path and text) is never
    longer than the model reads.
    """
    passages: list[Passage] = []
    pieces = _pieces(document, loaded, embedder, target_tokens)
    for group in _groups(pieces, target_tokens):
        start, end, heading = group[0].start, group[-1].end, group[0].heading
        passages.append(
            Passage(
                id=_passage_id(document.id, start, end, heading),
                document_id=document.id,
                start=start,
                end=end,
                text=document.text[start:end],
                heading=heading,
                page=group[0].page,
                ordinal=len(passages),
                sentences=tuple((piece.start, piece.end) for piece in group),
            )
        )
    return passages, sum(piece.tokens for piece in pieces)


def trim(text: str, embedder: Embedder, max_tokens: int) -> str:
    """`text`, cut after `max_tokens` word pieces."""
    spans = embedder.token_spans(text)
    return text if len(spans) <= max_tokens else text[: spans[max_tokens - 1][1]].rstrip()


def sentence_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Character ranges of the sentences of text[start:end], white space around them left out."""
    from sentencex import get_sentence_boundaries

    content = text[start:end]
    spans: list[tuple[int, int]] = []
    for boundary in get_sentence_boundaries("zh" if has_cjk(content) else "en", content):
        a, b = start + int(boundary["start_index"]), start + int(boundary["end_index"])
        while a < b and text[a].isspace():
            a += 1
        while b > a and text[b - 1].isspace():
            b -= 1
        if a == b:
            continue
        if spans and (closes := _CLOSES.match(text, a, b)):  # **Track the review.** The clause
            spans[-1] = (spans[-1][0], closes.end())
            a = closes.end() + len(text[closes.end() : b]) - len(text[closes.end() : b].lstrip())
        if spans and not any(c.isalnum() for c in text[a:b]):
            spans[-1] = (spans[-1][0], b)  # a closing bracket or quotation mark belongs to the sentence before
        else:
            spans.append((a, b))
    return spans


def _pieces(document: Document, loaded: Loaded, embedder: Embedder, target_tokens: int) -> list[_Piece]:
    title = document.title
    spans: list[tuple[int, int, str]] = []
    path: list[tuple[int, str]] = []
    said_at = 0
    columns = ""
    for block in loaded.blocks:
        if block.kind == "heading":
            name = " ".join(without_markup(document.text[block.start : block.end]).split()).rstrip(":： ")
            path = [(level, heading) for level, heading in path if level < block.level]
            path.append((block.level, name))
            said_at = block.end
            continue
        if block.start - said_at > _FARTHEST:
            path = []
        if block.kind == "columns":
            names = COLUMN.join(cells_of(without_markup(document.text[block.start : block.end])))
            columns = trim(names, embedder, embedder.max_tokens // _COLUMNS)
            continue
        heading = _heading([name for _, name in path], title, embedder)
        columns = columns if block.kind == "row" else ""
        heading = " > ".join(filter(None, (heading, columns)))
        # A work is named as a whole: author, year, title.
        parts = [(block.start, block.end)] if lists_works(heading) else block_sentences(document.text, block)
        spans.extend((a, b, heading) for a, b in parts)

    counts = embedder.count([without_targets(document.text[a:b]) for a, b, _ in spans])
    headings = sorted({heading for _, _, heading in spans})
    prefixes = [Passage("", "", 0, 0, "", heading).prefix(document) for heading in headings]
    prefix_tokens = dict(zip(headings, embedder.count(prefixes), strict=True))
    starts = [start for start, _ in loaded.pages]
    pieces: list[_Piece] = []
    for (a, b, heading), count in zip(spans, counts, strict=True):
        budget = embedder.max_tokens - _SPECIAL - _MARGIN - prefix_tokens[heading]
        if count <= min(budget, _LONGEST * target_tokens):
            cut = [(a, b, count)]
        else:
            cut = list(_split(document.text, a, b, min(budget, target_tokens), embedder))
        pieces.extend(_Piece(x, y, size, heading, _page(starts, x)) for x, y, size in cut)
    return pieces


def block_sentences(text: str, block: Block) -> list[tuple[int, int]]:
    """Character ranges of the sentences of a block; of code its lines, of a table its rows."""
    if block.kind == "code":  # code has lines, not sentences
        spans, position = [], block.start
        for line in text[block.start : block.end].split("\n"):
            if line.strip():
                spans.append((position, position + len(line)))
            position += len(line) + 1
        return spans
    if block.kind == "row":
        return [(block.start, block.end)]
    edges = [block.start, *(m.end() for m in _NEW_LINE.finditer(text, block.start, block.end)), block.end]
    return [span for a, b in pairwise(edges) for span in _with_their_labels(text, sentence_spans(text, a, b))]


def _with_their_labels(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """`spans`, a label that opens them in one with what it is the label of: "Cost. About 500 euros"."""
    if len(spans) > 1 and _LABEL.fullmatch(text, *spans[0]) and "\n" not in text[spans[0][1] : spans[1][0]]:
        return [(spans[0][0], spans[1][1]), *spans[2:]]
    return list(spans)


def _heading(path: Sequence[str], title: str, embedder: Embedder) -> str:
    """The heading path as one line; the title is not said twice, and long paths keep their last steps."""
    steps = [name for name in path if name.casefold() != title.casefold()]
    limit = embedder.max_tokens // _HEADING
    while len(steps) > 1 and embedder.count([" > ".join(steps)])[0] > limit:
        steps = steps[1:]
    return trim(" > ".join(steps), embedder, limit)


def _split(text: str, start: int, end: int, most: int, embedder: Embedder) -> Iterator[tuple[int, int, int]]:
    """Start, end and size of the parts, of at most `most` word pieces, of a sentence that is too long."""
    tokens = [(start + a, start + b) for a, b in embedder.token_spans(text[start:end])]
    begin = 0
    while begin < len(tokens):
        stop = min(begin + most, len(tokens))
        if stop < len(tokens):
            stop = _break(text, tokens, begin + most // 2, stop)
        yield tokens[begin][0], tokens[stop - 1][1], stop - begin
        begin = stop


def _break(text: str, tokens: Sequence[tuple[int, int]], low: int, high: int) -> int:
    """Where between the tokens at `low` and `high` to cut: the last of the strongest breaks there."""
    first, last = tokens[low][0], tokens[high][0]
    for breaks in _BREAKS:
        ends = [match.end() for match in breaks.finditer(text, first, last) if match.end() <= last]
        if ends:
            return bisect_left(tokens, (ends[-1], 0), low, high)
    return high


def _groups(pieces: Sequence[_Piece], target_tokens: int) -> Iterator[list[_Piece]]:
    group: list[_Piece] = []
    size = 0
    for piece in pieces:
        together = group and (piece.heading, piece.page) == (group[0].heading, group[0].page)
        if group and (not together or size + piece.tokens > target_tokens):
            yield group
            group, size = [], 0
        group.append(piece)
        size += piece.tokens + 1
    if group:
        yield group


def _page(starts: Sequence[int], position: int) -> int | None:
    """The 1-based page that `position` is on; None where the format has no pages."""
    return bisect_right(starts, position) or None


def _passage_id(document_id: str, start: int, end: int, heading: str) -> str:
    return hashlib.sha256(f"{VERSION}\0{document_id}\0{start}\0{end}\0{heading}".encode()).hexdigest()[:16]
