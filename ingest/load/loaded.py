"""What every reader returns: canonical text, its blocks, and the metadata it found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from rag.errors import SourceRefusedError

# "more" goes on with the item before it; "columns" is what names those of the rows behind it, where they do not.
Kind = Literal["heading", "paragraph", "item", "more", "row", "columns", "code"]


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the canonical text that is one thing: a paragraph, a list item, a table row, a heading."""

    start: int
    end: int
    kind: Kind
    level: int = 0  # of a heading: 1 is the highest; of an item: 1 is that of a list within none


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file as read. `meta` holds what the file says of itself: title, publisher, date, language, url, ..."""

    text: str
    blocks: tuple[Block, ...]
    meta: dict[str, Any] = field(default_factory=dict)
    pages: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()  # what a user should know of how it was read


# A line with the number of a page at its end or at its beginning.
_PAGE_LINE = re.compile(
    r"(?P<before>[^\n]{0,150}?)[\s|–—-]*(?P<page>\d{1,4})[\s|–—-]*|"
    r"[\s–—-]*(?P<first>\d{1,4})[\s|–—-]+(?P<rest>[^\n]{1,150}?)"
)
_PAGES, _PAGE_WORDS, _PAGE_APART = 3, 3, 200  # lines, words besides the number, characters between two

Piece = tuple[str, Kind, int]  # content, kind, level
# What stands before an item where it is typed: a bullet, a number, a letter.
ITEM = re.compile(r"[ \t]*(?:[-*+•·–▪◦●■\uf0b7\uf0a7]|\d{1,3}[.)]|\([a-z0-9]{1,3}\))[ \t]+(?=\S)")


def assemble(pieces: Iterable[Piece], meta: Mapping[str, Any] | None = None, page_starts: Sequence[int] = ()) -> Loaded:
    """A file whose canonical text is made of `pieces`, a blank line between two of them.

    `page_starts` are, page by page (or slide, sheet), the number of the piece it begins with.
    """
    text: list[str] = []
    blocks: list[Block] = []
    position = 0
    for content, kind, level in pieces:
        if blocks:
            text.append("\n\n")
            position += 2
        typed = ITEM.match(content) if kind in ("paragraph", "item") else None
        start = position + (typed.end() if typed else 0)
        blocks.append(Block(start, position + len(content), "item" if typed else kind, level or int(typed is not None)))
        text.append(content)
        position += len(content)
    bounds = [blocks[start].start if start < len(blocks) else position for start in page_starts]
    pages = tuple(zip(bounds, [*bounds[1:], position], strict=True)) if bounds else ()
    return Loaded("".join(text), tuple(blocks), dict(meta or {}), pages)


def before_item(text: str, start: int) -> str:
    """What stands on its line before an item that begins at `start`: its mark, and how far that is indented."""
    return text[text.rfind("\n", 0, start) + 1 : start]


def with_levels(blocks: Sequence[Block], marks: Sequence[tuple[float, str] | None], near: float = 0) -> list[Block]:
    """`blocks` with the levels of those that are items, by where their marks stand and what they are.

    `marks` has for each item its distance from the left, of which `near` makes no difference, and its mark; None for
    what is no item. Dashes below a number are a list within its item, also where they are not indented.
    """
    found: list[Block] = []
    around: list[tuple[float, str]] = []
    for block, mark in zip(blocks, marks, strict=True):
        if mark is None:
            if block.kind == "heading":
                around.clear()
            found.append(block)
            continue
        left, kind = mark[0], "1" if mark[1][:1].isdigit() else mark[1][:1]
        while around and around[-1][0] > left + near:
            around.pop()
        same = next((i for i, (x, k) in enumerate(around) if k == kind and abs(x - left) <= near), None)
        around[len(around) if same is None else same :] = [(left, kind)]
        found.append(Block(block.start, block.end, "item", len(around)))
    return found


def without_page_lines(text: str, blocks: Sequence[Block]) -> list[Block]:
    """`blocks` without the lines that a converter left of page after page: the same words with the page's number.

    "Recommendation 1" and "Recommendation 2" are none: what stands on every page says more than what is numbered.
    """
    seen: dict[str, list[tuple[int, Block]]] = {}
    for block in blocks:
        match = _PAGE_LINE.fullmatch(text, block.start, block.end) if block.kind in ("heading", "paragraph") else None
        said = one_line(match["before"] or match["rest"] or "") if match else ""
        if match and (not said or len(said.split()) >= _PAGE_WORDS):
            seen.setdefault(said, []).append((int(match["page"] or match["first"]), block))
    dropped: set[int] = set()
    for found in seen.values():
        grows = [b[0] == a[0] + 1 and b[1].start - a[1].end >= _PAGE_APART for a, b in pairwise(found)]
        if len(found) >= _PAGES and all(grows):
            dropped.update(block.start for _, block in found)
    return [block for block in blocks if block.start not in dropped]


def one_line(text: str) -> str:
    return " ".join(text.split())


def decode(data: bytes) -> str:
    """`data` as text with `\\n` line ends.

    Raises SourceRefusedError when it is not text.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        if b"\0" in data:
            raise SourceRefusedError("it is not a text file: it holds null bytes; check its name and content")
        encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        best = from_bytes(data).best()
        if best is None or best.percent_chaos > 20:
            raise SourceRefusedError(
                "it is not text in a known encoding; save it as UTF-8, or check its name and content"
            ) from None
        text = str(best)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    controls = sum(1 for c in text[:10_000] if ord(c) < 32 and c not in "\n\t\f\v")
    if controls > len(text[:10_000]) / 100:
        raise SourceRefusedError("it is not a text file: it is full of control characters; check its name and content")
    return text


def storable(text: str) -> str:
    """`text` with a mark for each half of a character that has lost its other half; as long as before."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    return text


def plain_meta(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Short texts and lists of them: what a file says of itself may be anything, and refer to itself."""
    found: dict[str, Any] = {}
    for name, value in meta.items():
        values = value if isinstance(value, list | tuple) else [value]
        plain = [storable(str(one))[:1000] for one in values[:50] if not isinstance(one, dict | list | tuple | set)]
        if plain:
            found[str(name)] = plain if isinstance(value, list | tuple) else plain[0]
    return found
