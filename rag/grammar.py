"""As much grammar as holding one sentence against another needs: names, verbs, clauses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from rag.places import countries
from rag.values import MONTHS, Date, Quantity, dates, quantities
from rag.wordlists import lines_of
from rag.words import STOPWORDS, Word, has_cjk, irregular_forms, stem, stems_of, without_owner, words

MEASURES = stems_of("R&D GDP GNP GNI VAT AI IT ICT CO2")  # written as names, and nobody's

SUPERLATIVE = (
    "larg|small|high|low|bigg|great|fast|slow|rich|poor|old|young|new|strong|weak|long|short|cheap"  # and -est
)


def names(text: str) -> list[Word]:
    """Words written as names: a capital inside a sentence, or at its start when the word is no English word.

    China is one at the start of a sentence too.
    """
    found: list[Word] = []
    for i, word in enumerate(words(text)):
        if word.kind != "word" or not word.text[0].isupper() or not _says_something(word) or len(word.text) < 2:
            continue
        if word.text.lower() in MONTHS or text[word.end : word.end + 1].isdigit():  # CO2
            continue
        begins = i == 0 or re.search(r"[.!?:;。！？：]\s*[\"“‘'(]*$", text[: word.start]) is not None
        country = without_owner(word.text) in countries()
        if not begins or word.text.isupper() or country or not may_be_english(word.text):
            found.append(word)
    return found


def runs(text: str, chosen: Sequence[Word]) -> list[tuple[int, int]]:
    """Where in `text` the stretches are in which one chosen word follows the other."""
    found: list[tuple[int, int]] = []
    for word in chosen:
        if found and not text[found[-1][1] : word.start].strip(" -'’"):
            found[-1] = (found[-1][0], word.end)
        else:
            found.append((word.start, word.end))
    return found


@cache
def _lexicon() -> tuple[frozenset[str], frozenset[str]]:
    """English words and, among them, verbs, taken from the Chinese-English dictionary by `python -m eval.fit english`.

    To read them from the dictionary itself takes more than a second and the memory of 120,000 entries.
    """
    entries = [line.split(" ") for line in lines_of("english.txt")]
    return frozenset(entry[0] for entry in entries), frozenset(entry[0] for entry in entries if len(entry) > 1)


@cache
def _common_english() -> frozenset[str]:
    """English words that the Chinese-English dictionary writes in lower case: what is not among them may be a name."""
    found = STOPWORDS | _lexicon()[0]
    return found | {inflected for word in found for inflected in (f"{word}s", f"{word}ed", f"{word}ing")}


def is_english(word: str) -> bool:
    """Whether the dictionary has a word in lower case, in any of its plain forms."""
    return word.lower().removesuffix("'s") in _common_english()


_ENDINGS = ("d", "r", "rs", "es", "er", "ers", "ly", "al", "ness", "ist", "ists", "ism")  # and -s, -ed, -ing
_BRITISH = re.compile(r"(?:(?<=[lrtdn])(?P<our>our)|(?P<is>is)(?=e|ing|ation)|(?P<ys>ys)(?=e|ing))")


def may_be_english(word: str) -> bool:
    """As `is_english`, in British spelling too (labour, summarise) and with endings (referenced, quickly, fewer)."""
    base = without_owner(word)
    american = _BRITISH.sub(lambda match: {"our": "or", "is": "iz", "ys": "yz"}[match.lastgroup or ""], base)
    forms = [american, base, *(base.removesuffix(ending) for ending in _ENDINGS if base.endswith(ending))]
    return any(is_english(form) for form in forms)


@cache
def verb_stems() -> frozenset[str]:
    """Stems of the plain verbs."""
    return frozenset(map(stem, plain_verbs()))


def plain_verbs() -> frozenset[str]:
    """English verbs as that dictionary gives them: to exceed."""
    return _lexicon()[1]


_BEFORE_VERBS = frozenset(
    "to will would can could may might must should shall has have had is are was were be been being not does do did "
    "also who which it they he she never".split()
)
_AFTER_VERBS = frozenset(
    "the a an to that its his her their no on in by for from of about into with as at up down out over more less most "
    "many few several all".split()
)
_HELPED = re.compile(r"\W*(\w+\s){0,3}?(do|does|did|can|could|will|would|should)\s", re.IGNORECASE)
# "The plan" and nothing more: "the plan for 2030" is another.
_PERFECT = frozenset("has have had is are was were be been being".split())


def verbs(text: str) -> frozenset[int]:
    """Where in `text` the words begin that are used as verbs, by dictionary, form and place."""
    every = words(text)
    found: set[int] = set()
    for i, word in enumerate(every):
        lowered = word.text.lower()
        if word.kind != "word" or word.is_stopword:
            continue
        before = every[i - 1].text.lower() if i else ""
        after = every[i + 1].text.lower() if i + 1 < len(every) else ""
        # The stem of "founded" is that of "found", which is a form of "find".
        known = word.stem in verb_stems() or (lowered.endswith("ed") and lowered[:-2] in plain_verbs())
        if (
            lowered in irregular_forms()
            or (
                known
                and lowered.endswith(("ed", "ing"))
                and word.text[0].islower()
                and before not in ("a", "an", "the")
                and not _is_named_ing(every, i)
            )
            or (
                lowered in plain_verbs() and _is_plural(every, i) and after not in ("of", "") and word.text[0].islower()
            )
            or (known and before in _BEFORE_VERBS)
            or (_is_third_person(lowered) and (after in _AFTER_VERBS or after[:1].isdigit()) and lowered == word.text)
            or (before in _PERFECT and lowered.endswith(("en", "wn", "un")))
        ):
            found.add(word.start)
    return frozenset(found)


_DETERMINERS = frozenset("a an the this that its his her their our my your".split())
_AFTER_NOUNS = frozenset("of in on at by with from between and or is are was were has have had will".split())


def _is_named_ing(every: Sequence[Word], i: int) -> bool:
    """Whether a word with -ing is a noun, and what goes before it says which: "the kick-off meeting in May"."""
    word, after = every[i], every[i + 1].text.lower() if i + 1 < len(every) else ""
    if not word.text.endswith("ing") or (after and after not in _AFTER_NOUNS):
        return False
    start = i - 1
    while start >= 0 and i - start <= 3 and every[start].text.lower() not in _DETERMINERS:
        if every[start].text.lower() in _BEFORE_VERBS or every[start].text.endswith(("s", "ed")):
            return False
        start -= 1
    asked = start > 0 and every[start - 1].text.lower() in _PERFECT  # "What is the company building?"
    return 0 <= start < i - 1 and i - start <= 3 and not asked


def _is_third_person(lowered: str) -> bool:
    """Whether a word is a plain verb with -s: announces, but not announcements, whose stem is the same."""
    plain = {lowered.removesuffix("s"), lowered.removesuffix("es"), lowered.removesuffix("ies") + "y"}
    return lowered.endswith("s") and not plain.isdisjoint(plain_verbs())


def bare_verb(text: str) -> frozenset[int]:
    """Where the verb of a question with "does" or "will" begins: "How does the drone plan work?"."""
    if not (asking := _HELPED.match(text)):
        return frozenset()
    every = [word for word in words(text) if word.start >= asking.end()]
    may_be = [i for i, w in enumerate(every) if i and w.stem in verb_stems() and w.text.islower() and not w.is_stopword]
    behind = [i for i in may_be if i + 1 == len(every) or every[i + 1].is_stopword or not every[i + 1].text.islower()]
    return frozenset(every[i].start for i in (behind or may_be)[:1])


def _is_plural(every: Sequence[Word], i: int) -> bool:
    """Whether what stands before word `i` is more than one: "hunters call", "38 percent stay"."""
    before = every[i - 1] if i else None
    return (
        before is not None
        and not before.is_stopword
        and (
            before.text.lower() in ("percent", "people", "women", "men", "children")
            or before.kind == "number"
            or (before.text.endswith("s") and not before.text.endswith(("ss", "us", "is")))
        )
    )


_BOUNDARY = re.compile(
    r"[;:!?。！？；：]\s|(?<!\b[A-Z])(?<!\b[DM]r)(?<!\bSt)\.\s|\s[–—-]\s|,\s|，"
    r"|\s(?=(?:while|whereas|although|though|but|unlike|and|against|nor)\s)"
    # "From 30 percent in 2000 to below 10 percent in 2019" says two things.
    r"|\s(?=(?P<to>to)\s(?:(?:over|under|below|above|about|more than|less than|nearly|almost|at least|around)\s)?"
    r"[€$£]?\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of a text between marks and conjunctions."""

    start: int
    end: int
    text: str


# "In less developed areas, new hubs emerge": the phrase before the comma belongs to what follows.
_LEADS_IN = re.compile(
    r"\s*(?:(?:but|and|yet|while|whereas)\s+)?(?:in|on|at|by|for|from|since|under|during|within|after|before|among|of|"
    r"with|between|over)\s[^,]*,\s*",
    re.IGNORECASE,
)


def clauses(text: str, *, coarse: bool = False) -> list[Clause]:
    """The clauses of `text`, which they cover from end to end; `coarse` leaves "from 30 to 10 percent" in one."""
    found: list[Clause] = []
    begin = 0
    for match in [*_BOUNDARY.finditer(text), None]:
        cut = match.end() if match else len(text)
        part = text[begin:cut]
        # "1,250" and "Sweden, Belgium and Austria": a cut that leaves fewer than two words is none.
        whole = len(words(part)) >= 2 and not _LEADS_IN.fullmatch(part)
        joins = match and match.group().isspace() and text[cut : cut + 4].lower() == "and "
        if match and ((coarse and match["to"]) or (joins and not _says(part))):
            continue
        if joins and coarse and not _tells(text[cut:].split(",")[0]):
            continue  # "names and surnames": what is joined tells nothing of its own
        if part.strip() and (whole or match is None):
            found.append(Clause(begin, cut, part))
            begin = cut
    return found


def _tells(text: str) -> bool:
    """Whether there is a verb or an amount: more than a rank or a date, which what is joined may have."""
    return bool(verbs(text) or any(quantity.unit != "rank" for quantity in quantities(text)))


def _says(text: str) -> bool:
    """Whether there is a verb or a value: "the agreement between Avaria and the Union" is one thing."""
    return bool(verbs(text) or quantities(text) or dates(text))


def content(text: str) -> list[Word]:
    """The words of `text` that carry its subject: no function words, no numbers, no dates."""
    blank = list(text)
    taken: list[Quantity | Date] = [*quantities(text), *dates(text)]
    for one in taken:
        if not has_cjk(text[one.start : one.end]):
            blank[one.start : one.end] = " " * (one.end - one.start)
    return [word for word in words("".join(blank)) if _says_something(word) and word.kind != "number"]


def _says_something(word: Word) -> bool:
    """US and IT are names, us and it are not."""
    return not word.is_stopword or (len(word.text) > 1 and word.text.isupper())
