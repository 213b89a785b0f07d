"""Answering with a list of the documents, whole or one item of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rag.expects import asks_which_ones, gives_advice, only_names_works
from rag.lists import introduction, list_led_by, list_with
from rag.nouns import is_general
from rag.ordinal import Nth, asked_for, lists_such, with_what_is_below
from rag.premise import advises_another
from rag.query import Query, covers
from rag.scoring import Candidate
from rag.sections import below_heading
from rag.types import ItemList
from rag.unsaid import kinds_asked_for
from rag.values import quantities
from rag.words import stems_of, words

MAX_LIST = 12
_NEAR = 0.9  # share of the best score that some item of a list must reach, or its introduction
_LEAD = 0.5  # share of the question that must stand above a list
_ALL = 0.9  # share from which on all of it does: European says Europe
_OPENS = 4  # words of an item among which its number stands: "Policy Brief 7 deals"
_STANDS_OUT = 0.12  # an item this far ahead of the next is what the question is about

# What a list of advice may be asked for as.
_ACTIONS = stems_of("action measure step proposal suggestion demand request")


def wants_list(query: Query) -> bool:
    """Whether a list, or one item of it, is asked for."""
    return query.answer_type == "list" or bool(asked_for(query.reading))


def one_item(query: Query, weights: Sequence[float], places: Sequence[Candidate]) -> list[Candidate]:
    """The item that a question asks for by its place in a list: "the second recommendation"."""
    for nth in asked_for(query.reading):
        such = [
            one
            for one in _lists_at(query, weights, places, nth.said)
            if lists_such(one.around, one.at.hit.document, one.at.hit.passage.heading, nth.noun)
        ]
        best = max(such, key=lambda one: one.lead, default=None)
        if best and (item := _numbered_item(best, nth)):
            start, end = with_what_is_below(best.at.hit.document, item)
            return [replace(best.at, start=start, end=end)]
    return []


def _numbered_item(one: _Listed, nth: Nth) -> tuple[int, int] | None:
    """The item that is asked for: by the number it opens with, where most of them do ("Brief 7"), else by its place."""
    text, items = one.at.hit.document.text, one.around.items
    opens = {item: words(text[slice(*item)])[:_OPENS] for item in items}
    numbers = {
        b.stem: item
        for item, spoken in opens.items()
        for a, b in pairwise(spoken)
        if (a.stem, b.kind) == (nth.noun, "number")
    }
    return numbers.get(str(nth.place + 1)) if 2 * len(numbers) > len(items) else nth.range_in(one.around)


@dataclass(frozen=True, slots=True)
class _Listed:
    """A list at a place, and the share of the question that title, heading and introduction say."""

    at: Candidate
    around: ItemList
    lead: float


def _lists_at(
    query: Query, weights: Sequence[float], places: Sequence[Candidate], place: str = ""
) -> Iterator[_Listed]:
    """The lists of at most MAX_LIST items that sentences stand in or introduce, each once.

    `place` is the word of the question that says which item is asked for: a list need not say it.
    """
    total = sum(weights) or 1.0
    advice = gives_advice(query.reading)  # then any word for it is said by any other
    seen: set[tuple[str, int]] = set()
    for at in places:
        document = at.hit.document
        for around in (list_led_by(document, at.start, at.end), list_with(document, at.start)):
            if not around or not 2 <= len(around.items) <= MAX_LIST or (document.id, around.items[0][0]) in seen:
                continue
            seen.add((document.id, around.items[0][0]))
            above = introduction(document, around)
            # Numbered sections are as often no list to a reader: their heading must be what is asked for.
            if around.of_sections and not (_names_what_is_asked(query, above) and _names_the_things(query, above)):
                continue
            if advises_another(query, above) or only_names_works(query, at.hit.passage.section):
                continue
            head = stems_of(f"{document.title} {at.hit.passage.heading} {above}")
            met = [
                1.0
                if need.text.lower() == place
                or _counts(need.text, around.items)
                or (advice and gives_advice(above) and (need.own <= _ACTIONS or gives_advice(need.text)))
                else covers(need, head)
                for need in query.needs
            ]
            yield _Listed(at, around, sum(w * share for w, share in zip(weights, met, strict=True)) / total)


def as_list(
    query: Query, weights: Sequence[float], candidates: Sequence[Candidate], beyond: Sequence[Candidate]
) -> list[Candidate]:
    """All items of the list that a question for a list is answered by, in their order; empty when there is none.

    A list answers when title, heading and introduction say what the question asks, better than any single sentence
    does, and when no single item stands out (then the question is about that item), unless it says how many it wants.
    `beyond` are places further down, where only a list that all of the question stands above is taken; so it is where
    "which ones?" is asked, and then its items must name them.
    """
    elsewhere = [*candidates, *beyond]
    if query.answer_type != "list":
        such = (one for one in _lists_at(query, weights, elsewhere) if one.lead >= _ALL and _holds_such(query, one))
        return _items(next(such, None)) if asks_which_ones(query) else []
    near = [one for one in candidates if one.score >= _NEAR * candidates[0].score]
    enough = max(_LEAD, candidates[0].features["lexical"] - 0.3)
    best: _Listed | None = None
    for one in _lists_at(query, weights, near):
        if gives_advice(query.reading) and not gives_advice(_above(one)):
            continue
        if _is_advice_only(query, _above(one)):
            continue
        items, document = one.around.items, one.at.hit.document
        inside = [c for c in candidates if c.hit.document == document and items[0][0] <= c.start < one.around.end]
        stands_out = len(inside) > 1 and inside[0].score - inside[1].score > _STANDS_OUT
        stands_out = stands_out and not _counts(query.text, items)
        if one.lead >= enough and (best is None or one.lead > best.lead) and not stands_out:
            best = one
    for one in _lists_at(query, weights, elsewhere):
        told = _names_what_is_asked(query, _above(one)) or _holds_such(query, one)
        if told and one.lead >= _ALL and (best is None or one.lead > best.lead):
            best = one
    return _items(best)


def _items(one: _Listed | None) -> list[Candidate]:
    return [replace(one.at, start=a, end=b) for a, b in one.around.items] if one else []


def _holds_such(query: Query, one: _Listed) -> bool:
    """Whether the items open with what they are asked for as: "Which briefs ...?", "Brief 4 deals with ..."."""
    first = min(query.needs, key=lambda need: query.reading.find(need.text), default=None)
    text, items = one.at.hit.document.text, one.around.items
    named = [item for item in items if first and first.own <= stems_of(_opening(text[slice(*item)]))]
    return 2 * len(named) > len(items)


def _opening(item: str) -> str:
    return " ".join(word.text for word in words(item)[:_OPENS])


def _is_advice_only(query: Query, above: str) -> bool:
    """Whether a list is of what should be done, and things are asked for: regions, not measures."""
    things = kinds_asked_for(query.reading) - _ACTIONS
    if not things or gives_advice(query.reading) or not gives_advice(above):
        return False
    return not things & {word.stem for word in words(above)[-1:]}


def _above(one: _Listed) -> str:
    """What says what a list is of: what introduces it, and the heading where nothing stands between."""
    document, section = one.at.hit.document, one.at.hit.passage.section
    lead = introduction(document, one.around)
    first = one.around.lead[0] if one.around.lead else one.around.items[0][0]
    return f"{section} {lead}" if not lead or below_heading(document, section, first) else lead


def _names_what_is_asked(query: Query, above: str) -> bool:
    """Whether what stands above a list says what a question wants a list of, or that it is advice as well."""
    stems = stems_of(above)
    advises = bool(gives_advice(query.reading) and gives_advice(above))
    return advises or any(need.kind == "word" and need.own <= stems for need in query.needs)


def _names_the_things(query: Query, above: str) -> bool:
    """Whether it says what the things are called that are asked for: sources, of "the sources of flexibility"."""
    things = [need for need in query.needs if need.kind == "word" and not any(map(is_general, words(need.text)))]
    first = min(things, key=lambda need: query.reading.find(need.text), default=None)
    return first is None or bool(first.own & stems_of(above)) or bool(gives_advice(above))


def _counts(text: str, items: Sequence[tuple[int, int]]) -> bool:
    """Whether `text` names the number of items: "the five recommendations" are all five."""
    return any(quantity.value == len(items) for quantity in quantities(text))
