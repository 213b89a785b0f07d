"""As much grammar as holding one sentence against another needs: names, verbs, clauses, denials, opposites."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from rag.values import MONTHS, Date, Quantity, dates, quantities
from rag.wordlists import lines_of
from rag.words import STOPWORDS, Word, has_cjk, irregular_forms, stem, without_owner, words


def names(text: str) -> list[Word]:
    """Words written as names: a capital inside a sentence, or at its start when the word is no English word."""
    found: list[Word] = []
    for i, word in enumerate(words(text)):
        if word.kind != "word" or not word.text[0].isupper() or not _says_something(word) or len(word.text) < 2:
            continue
        if word.text.lower() in MONTHS or text[word.end : word.end + 1].isdigit():  # CO2
            continue
        begins = i == 0 or re.search(r"[.!?:;。！？：]\s*[\"“‘'(]*$", text[: word.start]) is not None
        if not begins or word.text.isupper() or not may_be_english(word.text):
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


@cache
def _opposites() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    sides = [line.split("|") for line in lines_of("opposites.txt") if "|" in line]
    return tuple((frozenset(map(stem, one.split())), frozenset(map(stem, other.split()))) for one, other in sides)


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
            )
            or (known and _is_plural(every, i) and after not in ("of", "") and word.text[0].islower())
            or (known and before in _BEFORE_VERBS)
            or (_is_third_person(lowered) and (after in _AFTER_VERBS or after[:1].isdigit()) and lowered == word.text)
            or (before in _PERFECT and lowered.endswith(("en", "wn", "un")))
        ):
            found.add(word.start)
    return frozenset(found)


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


# -- polarity and contrast

_NEGATORS = frozenset(
    "not no never neither nor none nobody nothing without cannot hardly fails fail failed failing lacks lack lacked "
    "lacking refuses refused unable barely".split()
)
# What excuses a sentence whose quotation denies outright, and denies nothing by itself.
_HALF_DENIED = frozenset(
    "rarely seldom scarcely little few avoid avoids avoided escape escapes escaped spared free absent".split()
)
_DIRECTION_OF = {
    stem(word): group
    for group, members in {
        "north": "north northern", "south": "south southern", "east": "east eastern", "west": "west western",
        "centre": "central centre center middle", "coast": "coast coastal", "inland": "inland interior",
        "northeast": "northeast northeastern", "northwest": "northwest northwestern",
        "southeast": "southeast southeastern", "southwest": "southwest southwestern",
    }.items()
    for word in members.split()
}  # fmt: skip
DIRECTIONS = frozenset(_DIRECTION_OF)
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
    return bool(verbs(text) or any(quantity.unit != "rank" for quantity in quantities(text)))


def _says(text: str) -> bool:
    """Whether there is a verb or a value: "the agreement between Avaria and the Union" is one thing."""
    return bool(verbs(text) or quantities(text) or dates(text))


_CONTRASTS = frozenset(
    {("rather", "than"), ("instead", "of"), ("contrast", "to"), ("apart", "from"), ("other", "than")}
)


_ENDS_DENIAL = frozenset("with in for by from at on as".split())
_LEADS_DENIED = frozenset("able likely yet expected want intend plan planned seem ready willing allowed even".split())


@dataclass(frozen=True, slots=True)
class Denial:
    """What a text denies: `core` are the stems right behind a negation, `scope` all that it reaches."""

    core: frozenset[str]
    scope: frozenset[str]


def denials(text: str) -> Denial:
    """What the negations of `text` govern.

    "Did not" and "no" reach over their clause; "rather than", "unlike" and "not by" only over what follows them.
    """
    core: set[str] = set()
    scope: set[str] = set()
    for clause in clauses(text):
        every = words(clause.text)
        for i, word in enumerate(every):
            lowered = word.text.lower().replace("’", "'")
            after = every[i + 1].text.lower() if i + 1 < len(every) else ""
            contrast = (lowered, after) in _CONTRASTS or lowered in ("unlike", "outside", "except", "exempt")
            if lowered == "not" and after == "from":
                continue  # "exempt from this, but not from that"
            if lowered in _HALF_DENIED or (lowered, after) == ("out", "of"):
                scope.update(w.stem for w in every[i + 1 :] if not w.is_stopword)
            if not (contrast or lowered in _NEGATORS or lowered.endswith("n't")) or after == "only":
                continue
            # "and not by the caterer", ", not the agency": a noun phrase is denied and no verb.
            contrast = contrast or (lowered == "not" and _is_apart(every, i))
            reached = [w for w in (every[i + 1 :] if contrast else every) if not w.is_stopword]
            core.update(w.stem for w in _denied_first(every[i + 1 :], lowered))
            scope.update(w.stem for w in reached)
    return Denial(frozenset(core), frozenset(scope))


def _denied_first(behind: Sequence[Word], negator: str) -> list[Word]:
    """What a negation denies first: one verb ("not stopped X"), or a noun with its adjective ("no apparent reason")."""
    told: list[Word] = []
    for word in behind:
        if told and word.text.lower() in _ENDS_DENIAL:
            break
        if not word.is_stopword and word.kind != "number":
            told.append(word)
    first = told[0].text.lower() if told else ""
    alone = negator in ("not", "never", "cannot") or negator.endswith("n't")
    return told[:1] if alone and not (first.endswith("ly") or first in _LEADS_DENIED) else told[:2]


def _is_apart(every: Sequence[Word], i: int) -> bool:
    """Whether the "not" at `i` stands at the start of its clause, or before an article or preposition."""
    behind = every[i + 1].text.lower() if i + 1 < len(every) else ""
    before = every[i - 1].text.lower() if i else ""
    return i == 0 or (before in ("and", "but") and behind in ("the", "a", "an", "by", "in", "of", "to", "for"))


def opposed(said: frozenset[str], held: frozenset[str], elsewhere: frozenset[str]) -> str:
    """A word of `held` whose opposite is in `said` while it is not itself said; empty when there is none."""
    return opposite(said, held, elsewhere) or _elsewhither(said, held)


def opposite(said: frozenset[str], held: frozenset[str], elsewhere: frozenset[str]) -> str:
    """As `opposed`, but of directions only east and west, north and south, coast and inland exclude one another.

    It counts only when the quotation, `elsewhere`, does not say the word of the sentence too ("grew before falling").
    """
    for one, other in _opposites():
        for mine, theirs in ((one, other), (other, one)):
            if said & mine and held & theirs and not said & theirs and not held & mine and not elsewhere & mine & said:
                return min(held & theirs)
    for word in held - said:
        for prefix in ("un", "in", "il", "im", "ir", "dis", "non"):
            if word.startswith(prefix) and len(word) > len(prefix) + 2 and word[len(prefix) :] in said - held:
                return word
            if prefix + word in said and len(prefix + word) > 4 and prefix + word not in held:
                return word
    return ""


def turned_round(said: Sequence[str], held: Sequence[str]) -> str:
    """A word of one after whose opposite it comes, and before it in the other: "first falls, then rises"."""
    if not {"then", "first"} & set(said) or {"before", "after"} & {*said, *held}:
        return ""
    for one, other in _opposites():
        at = [
            [next((i for i, s in enumerate(stems) if s in side), -1) for side in (one, other)] for stems in (said, held)
        ]
        if min(at[0] + at[1]) >= 0 and (at[0][0] < at[0][1]) != (at[1][0] < at[1][1]):
            return said[max(at[0])]
    return ""


def _elsewhither(said: frozenset[str], held: frozenset[str]) -> str:
    """A word of `held` for a direction, where both name directions and none that is the same."""
    mine_at = {_DIRECTION_OF[s] for s in said if s in _DIRECTION_OF}
    theirs_at = {_DIRECTION_OF[s]: s for s in held if s in _DIRECTION_OF}
    return min(theirs_at.values()) if mine_at and theirs_at and not mine_at & set(theirs_at) else ""


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
