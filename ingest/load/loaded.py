"""What every reader returns: canonical text, its blocks, and the metadata it found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from rag.errors import SourceRefusedError

Kind = Literal["heading", "paragraph", "item", "row", "code"]


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the canonical text that is one thing: a paragraph, a list item, a table row, a heading."""

    start: int
    end: int
    kind: Kind
    level: int = 0  # of a heading: 1 is the highest


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file as read. `meta` holds what the file says of itself: title, publisher, date, language, url, ..."""

    text: str
    blocks: tuple[Block, ...]
    meta: dict[str, Any] = field(default_factory=dict)
    pages: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()  # what a user should know of how it was read


Piece = tuple[str, Kind, int]  # content, kind, level of a heading


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
        blocks.append(Block(position, position + len(content), kind, level))
        text.append(content)
        position += len(content)
    bounds = [blocks[start].start if start < len(blocks) else position for start in page_starts]
    pages = tuple(zip(bounds, [*bounds[1:], position], strict=True)) if bounds else ()
    return Loaded("".join(text), tuple(blocks), dict(meta or {}), pages)


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
