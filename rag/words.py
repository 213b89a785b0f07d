"""Words as the lexical index and the answerer see them: normalised, stemmed, Chinese in pairs of characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

from rag.wordlists import lines_of

_TOKEN = re.compile(
    r"(?P<number>\d+(?:[.,]\d+)*)"
    r"|(?P<word>[^\W\d_]+(?:&[^\W\d_]+|['’][^\W\d_]{1,2}(?![^\W\d_]))*)",
    re.UNICODE,
)
_CJK = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")

# Words that carry no subject in a question. English only: Chinese function words are met as bigrams, whose
# frequency already makes them light.
STOPWORDS = frozenset(
    """a about above after again against all also am an and any are as at be because been before being below between
    both but by can cannot could did do does doing done down during each few for from further had has have having he
    her here hers him his how i if in into is it its itself just let me more most much must my no nor not now of off
    on once only or other our out over own per please same say says shall she should so some such tell than that the
    their them then there these they this those through to too under until up upon us very was we were what when where
    which while who whom whose why will with within would you your many according given give gives get gets got
    described describe mean means meant called exactly actually one ones kind kinds sort sorts""".split()
)

_CONTRACTED = frozenset(
    f"{word}{apostrophe}{rest}"
    for words, endings in (
        ("who what where when why how which that there here it he she let", "s d ll"),
        ("i you we they who", "m re ve ll d"),
    )
    for word in words.split()
    for rest in endings.split()
    for apostrophe in "'’"
) | frozenset(
    f"{word}n{apostrophe}t"
    for word in "do does did is are was were has have had could would should must need ca wo sha".split()
    for apostrophe in "'’"
)
_CARRIES_NOTHING = STOPWORDS | _CONTRACTED


_LEANS = re.compile(
    r"^(it|its|this|that|these|those|they|their|he|she|his|her|such|both|neither|there|the (two|three|four|five|same|"
    r"latter|former|sum|six|seven|approach|plan|measures?|source|programme|aim)|another|others?|however|but|instead|"
    r"in addition|moreover|also|so|thus|then)\b"
    # "Together with Chongqing it forms ...": what opens the sentence is not what it is about.
    r"|^(together with|along with|in|by|since|from|at|on|with|under|during|after|before|beside|besides|until|like|"
    r"unlike)( [^\s,;:.()]+){1,8},? (it|they|he|she)\b",
    re.I,
)


_LETTER = "A"  # an article, unless it names one of several: then this is its stem
_BEHIND_LETTER = re.compile(r"\W*$|\s*[^\w\s]|\s+(?![A-Z])\w")


class Word(NamedTuple):
    """One word of a text: its character range, its form as written, and its stem."""

    start: int
    end: int
    text: str
    stem: str
    kind: str  # "word", "number" or "cjk"

    @property
    def is_stopword(self) -> bool:
        return self.kind == "word" and self.text.lower() in _CARRIES_NOTHING and self.stem != _LETTER

    @property
    def can_stand_for_another(self) -> bool:
        """Whether it is a word of some meaning, long enough to be compared with another one."""
        return self.kind == "word" and not self.is_stopword and len(self.text) > 2


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")


def _fold(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))


@cache
def irregular_forms() -> dict[str, str]:
    """The plain form of each form that no ending gives away: grow, for grew and grown."""
    return {form: plain for plain, forms, _ in _irregular() for form in forms}


@cache
def _plain_forms() -> dict[str, str]:
    return {form: plain for plain, forms, nouns in _irregular() for form in (*forms, *nouns)}


def _irregular() -> Iterator[tuple[str, list[str], list[str]]]:
    """Plain form, other forms, and nouns of what it does, from `rag/data/irregular.txt`."""
    for line in lines_of("irregular.txt"):
        forms, _, nouns = line.partition("|")
        plain, *others = forms.split()
        yield plain, others, nouns.split()


OWNER = re.compile(r"['’]s?$")  # what makes an owner of a name, of one or of many: Sichuan's, the states'


def without_owner(text: str) -> str:
    """A word without the 's that makes an owner of it."""
    return text.replace("’", "'").removesuffix("'s")


@lru_cache(maxsize=100_000)
def stem(text: str) -> str:
    """The form two spellings of a word share: lower case, no accents, English suffixes off, grew and growth grow."""
    folded = without_owner(_fold(text))
    return str(_stemmer().stemWord(_plain_forms().get(folded, folded)))


# What makes a name of another one, as stems keep it: Sichuanese, Mongolian, Israeli, Parisian.
_MADE_FROM = re.compile(r"(s?i?e?an|n|ese?|er|i|ish|ic|ite?|ist|s)")


def is_derived(one: str, other: str) -> bool:
    """Whether of two stems of names one is made from the other: Sichuanese and Sichuan, but not Chengdu and Chengde."""
    short, long = sorted((one, other), key=len)
    return len(short) >= 4 and long.startswith(short) and _MADE_FROM.fullmatch(long, len(short)) is not None


def has_cjk(text: str) -> bool:
    return _CJK.search(text) is not None


def words(text: str) -> list[Word]:
    """The words of `text` in order. A run of Chinese gives its overlapping pairs of characters, as Lucene does."""
    return list(_words(text))


@lru_cache(maxsize=4096)  # the same few sentences are read for one question after another
def _words(text: str) -> tuple[Word, ...]:
    found: list[Word] = []
    for match in _TOKEN.finditer(text):
        start, end, token = match.start(), match.end(), match.group()
        if match.lastgroup == "number":
            found.append(Word(start, end, token, token.replace(",", "").rstrip("."), "number"))
            continue
        if token == _LETTER and _is_letter(found, text, start):
            found.append(Word(start, end, token, token, "word"))
            continue
        position = 0
        for run in _CJK.finditer(token):
            _append_latin(found, token[position : run.start()], start + position)
            _append_cjk(found, run.group(), start + run.start())
            position = run.end()
        _append_latin(found, token[position:], start + position)
    return tuple(found)


def _append_latin(found: list[Word], token: str, start: int) -> None:
    if token:
        found.append(Word(start, start + len(token), token, stem(token), "word"))


def _is_letter(found: Sequence[Word], text: str, start: int) -> bool:
    """Whether the A at `start` names one of several: "Option A" and "Annex A", but not "Is A" or "Building A House"."""
    before = found[-1] if found else None
    return (
        before is not None
        and (before.kind, before.end) == ("word", start - 1)
        and text[before.end] in " \u00a0"
        and not before.is_stopword
        and _BEHIND_LETTER.match(text, start + 1) is not None
    )


def _append_cjk(found: list[Word], run: str, start: int) -> None:
    if len(run) == 1:
        found.append(Word(start, start + 1, run, run, "cjk"))
    for i in range(len(run) - 1):
        found.append(Word(start + i, start + i + 2, run[i : i + 2], run[i : i + 2], "cjk"))


def stems_of(text: str) -> frozenset[str]:
    return frozenset(word.stem for word in words(text))


def index_terms(text: str) -> list[str]:
    """What the lexical index stores for `text`."""
    return [word.stem for word in words(text) if not word.is_stopword]


def leans_on_the_one_before(sentence: str) -> bool:
    """Whether a sentence begins with a word like "It" or "These", so that it cannot be understood alone."""
    return _LEANS.match(sentence) is not None
