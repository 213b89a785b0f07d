"""Names that a question shortens and the documents write out, or the other way round: UMC, United Methodist Church.

Which is which is found in the passages themselves: a short form beside its long one (`rag.acronyms`), or a name whose
first letters are the short form, where that stands nowhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from rag.acronyms import BETWEEN, SHORT, SMALL, initials, introduced, mark_of, spells
from rag.query import ALIAS_WEIGHT, Need, Query
from rag.store.library import Library
from rag.types import Hit
from rag.words import Word, index_terms, stem, without_owner, words

_INTRODUCE = 8  # passages that are read for what a short form stands for
_FACTS = ("when", "who", "quantity")  # asked for in a sentence that may write out what others shorten
_SURE = 3  # letters of a short form that two words can hardly have by chance


def with_long_forms(
    query: Query, hits: Sequence[Hit], library: Library, documents: Sequence[str] | None = None
) -> Query:
    """`query` where what it shortens may be said in full, and the other way round, as the passages have it.

    What a short form stands for is looked up in `documents` (ids), or in all.
    """
    texts = [f"{hit.document.title}. {hit.passage.heading}. {hit.passage.text}" for hit in hits]
    for need in query.needs:
        short = without_owner(need.text).removesuffix("s")
        if need.kind == "name" and len(need.alternatives) == 1 and SHORT.fullmatch(short):
            stands = library.lexical.document_frequency(stem(short)) > 0
            where = _that_introduce(short, library, documents) if stands else []
            if long := _long_form(short, [*texts, *where], defined=stands):
                query = _spelled_out(query, need, long, sought=not stands or query.answer_type in _FACTS)
            if where and query.answer_type == "definition":
                query = replace(query, terms={**query.terms, mark_of(short): 1.0})
    for name in _names(query):
        short = initials(name)
        if len(short) >= _SURE and any(re.search(rf"\b{short}\b", text) for text in texts):
            query = _may_be_short(query, name, short)
    return query


def _that_introduce(short: str, library: Library, documents: Sequence[str] | None) -> list[str]:
    """The texts of a few passages that say what `short` stands for."""
    marked = library.lexical.search({mark_of(short): 1.0}, _INTRODUCE, documents)
    found = library.passages_by_id([key for key, _ in marked])
    return [passage.text for _, passage in sorted(found.items())]


def _long_form(short: str, texts: Iterable[str], *, defined: bool) -> str:
    """What `short` stands for; where it is `defined`, only beside its own definition."""
    found: Counter[str] = Counter()
    for text in texts:
        found.update(long for one, long in introduced(text) if one == short)
        if not defined:
            found.update(text[a.start : b.end] for a, b in _runs(words(text), text, short))
    return found.most_common(1)[0][0] if found else ""


def _runs(spoken: Sequence[Word], text: str, short: str) -> Iterable[tuple[Word, Word]]:
    """First and last words of the names in `text` whose first letters are `short`."""
    for i, first in enumerate(spoken):
        if first.kind != "word" or first.text[0] != short[0]:
            continue
        for last in range(i + 1, min(i + 2 * len(short), len(spoken))):
            name = spoken[i : last + 1]
            capital = all(word.text[0].isupper() or word.text.lower() in SMALL for word in name)
            if not capital:
                break
            if spells(name, text, short) and name[-1].text[0].isupper():
                yield first, name[-1]
                break


def _spelled_out(query: Query, need: Need, long: str, *, sought: bool) -> Query:
    """`query` whose `need` is met by `long` too; it is looked for only where the short form stands nowhere.

    Documents that use the short form say the long one where they do not say much of it.
    """
    stems = frozenset(index_terms(long))
    needs = tuple(replace(one, alternatives=(*one.alternatives, stems)) if one is need else one for one in query.needs)
    if not sought:
        return replace(query, needs=needs)
    terms = {**dict.fromkeys(stems, ALIAS_WEIGHT), **query.terms}
    reading = query.reading
    if any(len(stem) > 1 for stem in stems) and f"({long})" not in reading:  # U.N. says no more than UN
        reading = re.sub(rf"\b{re.escape(need.text)}", f"{need.text} ({long})", reading, count=1)
    return replace(query, needs=needs, terms=terms, reading=reading)


def _names(query: Query) -> list[list[Word]]:
    """The names of several words that a question writes out."""
    found: list[list[Word]] = [[]]
    text = query.reading
    for word in words(text):
        goes_on = bool(found[-1]) and BETWEEN.fullmatch(text[found[-1][-1].end : word.start]) is not None
        if word.text[0].isupper() and not word.text.isupper():
            found.append([*found.pop(), word] if goes_on else [word])
        elif goes_on and word.text.lower() in SMALL:
            found[-1].append(word)
        else:
            found.append([])
    return [name for name in found if len(name) >= _SURE]


def _may_be_short(query: Query, name: Sequence[Word], short: str) -> Query:
    other = frozenset({stem(short)})
    said = {word.text for word in name}
    needs = tuple(
        replace(need, alternatives=(*need.alternatives, other)) if need.text in said else need for need in query.needs
    )
    return replace(query, needs=needs, terms={stem(short): ALIAS_WEIGHT, **query.terms})
