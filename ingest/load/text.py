"""Plain text. Blank lines part paragraphs; so do line ends, unless the lines were wrapped to a width."""

from __future__ import annotations

from itertools import zip_longest

from ingest.load.loaded import ITEM, Block, Loaded, before_item, decode, with_levels, without_page_lines

_WIDEST_WRAP = 110  # a line longer than this was not wrapped by hand or by a mail program


def load(data: bytes) -> Loaded:
    text = decode(data)
    return Loaded(text, tuple(without_page_lines(text, text_blocks(text, 0, len(text)))))


def text_blocks(text: str, begin: int, end: int) -> list[Block]:
    """The blocks of text[begin:end], by its lines."""
    lines = _lines(text, begin, end)
    longest = max((b - a for a, b in lines), default=0)
    wrapped = 40 < longest <= _WIDEST_WRAP
    blocks: list[Block] = []
    current: list[tuple[int, int]] = []

    def close() -> None:
        if current:
            blocks.append(_block(text, current[0][0], current[-1][1], len(current)))
            current.clear()

    for a, b in lines:
        if a == b:
            close()
            continue
        if current and (
            not wrapped
            or ITEM.match(text, a, b)
            # A short line that ends a sentence ends a paragraph, when the next begins like a new one.
            or (current[-1][1] - current[-1][0] < 0.7 * longest and text[current[-1][1] - 1] in ".!?:。！？：")
        ):
            close()
        current.append((a, b))
    close()
    return with_levels(_only_leading(blocks), [_mark(text, block) for block in blocks])


def _only_leading(blocks: list[Block]) -> list[Block]:
    """A heading is above something; a short line above another one, or at the end, is text."""
    return [
        Block(block.start, block.end, "paragraph")
        if block.kind == "heading" and (following is None or following.kind == "heading")
        else block
        for block, following in zip_longest(blocks, blocks[1:])
    ]


def _mark(text: str, block: Block) -> tuple[float, str] | None:
    """How far from the left an item is marked, in characters, and by what."""
    if block.kind != "item":
        return None
    head = before_item(text, block.start).expandtabs()
    return len(head) - len(head.lstrip()), head.strip()


def _lines(text: str, begin: int, end: int) -> list[tuple[int, int]]:
    """Character ranges of the lines, white space at both ends left out."""
    found: list[tuple[int, int]] = []
    position = begin
    for line in text[begin:end].split("\n"):
        left = len(line) - len(line.lstrip())
        found.append((position + left, max(position + left, position + len(line.rstrip()))))
        position += len(line) + 1
    return found


def _block(text: str, start: int, end: int, lines: int) -> Block:
    if item := ITEM.match(text, start, end):
        return Block(item.end(), end, "item")
    content = text[start:end]
    looks_like_heading = (
        lines == 1
        and len(content) <= 80
        and len(content.split()) <= 12
        and (content.endswith((":", "：")) or content[-1] not in ".!?,;。！？，；")
        and any(c.isalpha() for c in content)
        and not content[0].islower()
    )
    return Block(start, end, "heading", 2) if looks_like_heading else Block(start, end, "paragraph")
