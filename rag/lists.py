"""The lists of a document around a sentence: the one it stands in, and the one it introduces."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from rag.types import Document, ItemList

_NEAR = 200  # lists that begin between one and its items are not more


def list_with(document: Document, position: int) -> ItemList | None:
    """The innermost list with an item to which `position` belongs."""
    return next((one for one in _begun(document, position) if position < one.end), None)


def items_with(document: Document, position: int) -> ItemList | None:
    """The same among the lists of items proper."""
    around = (one for one in _begun(document, position) if not one.of_sections)
    return next((one for one in around if any(a <= position < b for a, b in one.items)), None)


def list_led_by(document: Document, start: int, end: int) -> ItemList | None:
    """The list that start:end, one sentence, is there to introduce.

    An item that is a sentence of its own ("Trains run hourly.") is more than the head of what stands below it.
    """
    after = document.lists[_place(document, end) :][:_NEAR]
    found = next((one for one in after if one.lead and start <= one.lead[0] and one.lead[1] == end), None)
    if found and document.text[end - 1] in ".!?" and items_with(document, start):
        return None
    return found


def introduction(document: Document, around: ItemList) -> str:
    """What introduces a list; empty where nothing does."""
    return document.text[slice(*around.lead)] if around.lead else ""


def item_above(document: Document, position: int) -> tuple[int, int] | None:
    """The item that the list at `position` stands within, if it does."""
    around = items_with(document, position)
    return around.lead if around and around.lead and items_with(document, around.lead[0]) else None


def _place(document: Document, position: int) -> int:
    """How many lists begin at `position` or before."""
    return bisect_right(document.lists, position, key=lambda one: one.items[0][0])


def _begun(document: Document, position: int) -> Iterator[ItemList]:
    """The lists that begin before `position`, the last first."""
    place = _place(document, position)
    return reversed(document.lists[max(place - _NEAR, 0) : place])
