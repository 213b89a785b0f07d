"""The lists of a document: which items belong together, and what introduces them.

Also numbered sections are a list where a heading stands above them: "1. Coordinate permits" under "Recommendations".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ingest.chunk import block_sentences
from ingest.load import Block, before_item
from rag.types import ItemList
from rag.values import quantities

_NUMBER = re.compile(r"\(?(\d{1,3})[.)]?[ \t]+$")  # before an item
_NUMBERED = re.compile(r"(?:[^\W\d_]+ )?\(?(\d{1,2})[.):][ \t]+\S")  # "3. Publish a map", "Recommendation 3: ..."
_INTRODUCES = re.compile(r"[:：]\W*$|\b(following|below|these|as follows)\b", re.IGNORECASE)
_HEAD_WORDS = 12  # of a line that is no sentence: what stands above a list, and is no heading


@dataclass
class _Open:
    """A list that may go on. `number` is that of its last item; None where they are not numbered."""

    level: int
    lead: tuple[int, int] | None
    number: int | None
    items: list[tuple[int, int]] = field(default_factory=list)
    end: int = 0


def lists_of(text: str, blocks: Sequence[Block]) -> tuple[ItemList, ...]:
    """The lists of a text, in the order in which they begin; one item is a list only within another item."""
    found = [*_item_lists(text, blocks), *_section_lists(text, blocks)]
    return tuple(sorted(found, key=lambda one: (one.items[0], -one.end)))


def _item_lists(text: str, blocks: Sequence[Block]) -> Iterator[ItemList]:
    """Lists of what is marked as items.

    A numbered one goes on behind the paragraphs that explain its items, until a heading ends it.
    """
    found: list[_Open] = []
    around: list[_Open] = []
    before: Block | None = None  # the paragraph before
    apart = False  # whether something stands between the last item and the next
    for block in blocks:
        if block.kind == "more":
            for one in around:
                one.end = block.end
            continue
        if block.kind != "item":
            around = [] if block.kind == "heading" else around
            before, apart = (block if block.kind == "paragraph" else None), True
            continue
        match = _NUMBER.search(before_item(text, block.start))
        number = int(match.group(1)) if match else None
        if apart:
            around = _that_go_on(around, block.level, number)
        while around and around[-1].level > block.level:
            around.pop()
        if around and around[-1].level == block.level and not _goes_on(around[-1], number):
            around.pop()
        if not around or around[-1].level < block.level:
            lead = around[-1].items[-1] if around else _lead(text, before)
            around.append(_Open(block.level, lead, number))
            found.append(around[-1])
        around[-1].items.append((block.start, block.end))
        around[-1].number = number
        for one in around:
            one.end = block.end
        before, apart = None, False
    for one in found:
        if len(one.items) > 1 or (one.lead and one.level > 1):
            yield ItemList(tuple(one.items), one.end, _that_leads(text, one))


def _goes_on(one: _Open, number: int | None) -> bool:
    return (one.number is None) == (number is None) and (number is None or number != 1)


def _that_go_on(around: Sequence[_Open], level: int, number: int | None) -> list[_Open]:
    """The lists around an item that has a paragraph before it: those up to the one that it is the next number of."""
    for i, one in enumerate(around):
        if one.level == level and number is not None and one.number is not None and number == one.number + 1:
            return list(around[: i + 1])
    return []


def _lead(text: str, before: Block | None) -> tuple[int, int] | None:
    """The last sentence of the paragraph before a list."""
    spans = block_sentences(text, before) if before else []
    return spans[-1] if spans else None


def _that_leads(text: str, one: _Open) -> tuple[int, int] | None:
    """The lead of a list; of one within none only a sentence that points to it or counts its items, or a short line."""
    if one.lead is None or one.level > 1:
        return one.lead
    said = text[slice(*one.lead)]
    short = said[-1] not in ".!?。！？" and len(said.split()) <= _HEAD_WORDS
    counts = any(quantity.value == len(one.items) for quantity in quantities(said))
    return one.lead if short or counts or _INTRODUCES.search(said) else None


def _section_lists(text: str, blocks: Sequence[Block]) -> Iterator[ItemList]:
    """Lists of numbered headings, or paragraphs, below a heading; what stands below each of them belongs to it."""
    above: list[Block] = []  # the headings around a block
    found: dict[tuple[int, str, int], ItemList] = {}  # by the heading above, and what is numbered
    for block in blocks:
        if block.kind == "heading":
            ended = {head.start for head in above if head.level >= block.level}
            for key in [key for key in found if key[0] in ended]:
                yield from _of_several(replace(found.pop(key), end=block.start))
            above = [head for head in above if head.level < block.level]
        numbered = _NUMBERED.match(text, block.start, block.end) if block.kind in ("heading", "paragraph") else None
        if numbered and above:
            key = above[-1].start, block.kind, block.level
            lead = (above[-1].start, above[-1].end)
            one = found.get(key, ItemList((), len(text), lead, of_sections=True))
            if int(numbered.group(1)) == len(one.items) + 1:
                found[key] = replace(one, items=(*one.items, (block.start, block.end)))
        if block.kind == "heading":
            above.append(block)
    for one in found.values():
        yield from _of_several(one)


def _of_several(one: ItemList) -> Iterator[ItemList]:
    if len(one.items) > 1:
        yield one
