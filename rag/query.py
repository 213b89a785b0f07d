"""Understanding a question: its language, its terms spelled out, what it asks for, and what evidence must hold."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from typing import Literal

from rag.chinese import to_english
from rag.errors import UsageError
from rag.glossary import Glossary
from rag.grammar import MEASURES, verbs
from rag.orders import without_orders
from rag.places import places
from rag.values import YEAR, is_unit, other_spellings
from rag.words import Word, has_cjk, index_terms, is_derived, words

AnswerType = Literal["when", "quantity", "who", "where", "why", "list", "definition", "other"]


@dataclass(frozen=True, slots=True)
class Need:
    """Something of the question that evidence must hold.

    `alternatives` are sets of stems: one of them, whole, is enough. A name or number is not replaced by a word that
    only resembles it: Vietnam is not China, and 2019 is not 2024.
    """

    text: str
    alternatives: tuple[frozenset[str], ...]
    kind: Literal["word", "name", "number"]

    @property
    def own(self) -> frozenset[str]:
        """The spelling of the question itself."""
        return self.alternatives[0]

    @property
    def names_something(self) -> bool:
        """Whether it is a name of somebody or something; GDP is nobody's."""
        return self.kind == "name" and not self.own <= MEASURES


@dataclass(frozen=True, slots=True)
class Query:
    """A question as it is searched for.

    `reading` is the question in English with acronyms spelled out: what the model reads. `terms` are stems with
    weights: what the lexical index looks for.
    """

    text: str
    language: str
    reading: str
    terms: dict[str, float]
    needs: tuple[Need, ...]
    answer_type: AnswerType

    @property
    def spellings(self) -> frozenset[str]:
        """Stems of everything that evidence must hold, in each of its spellings."""
        return frozenset(stem for need in self.needs for alternative in need.alternatives for stem in alternative)

    def counts(self, need: Need) -> bool:
        """Whether it is what "how many" asks for."""
        return need.kind == "word" and bool(need.own & set(index_terms(_counted(self.reading))))

    @property
    def counts_things(self) -> bool:
        """Whether it asks "how many" of what is no measure: drones, not days."""
        counted = _counted(self.reading)
        return bool(counted) and not is_unit(counted)


_HOW_MANY = re.compile(r"how many (?!of\b)", re.IGNORECASE)
IN_BRACKETS = re.compile(r"[(（][^()（）]*[)）]")


@lru_cache(maxsize=256)
def _counted(question: str) -> str:
    """The noun of "how many large foreign firms are there?", firms; nothing where nothing is counted."""
    match = _HOW_MANY.match(question)
    if match is None:
        return ""
    plain = IN_BRACKETS.sub(lambda match: " " * len(match.group()), question)
    acts = {start for start in verbs(plain) if plain[start - 1] == " "}  # "state-owned firms" are firms
    spoken = [word for word in words(plain) if word.start >= match.end()]
    named = list(takewhile(lambda word: not word.is_stopword and (word is spoken[0] or word.start not in acts), spoken))
    common = [word.text for word in named if word.text.islower()]
    return (common or [word.text for word in named] or [""])[-1]


# The form of an answer, which it has and does not say: "in 2019" for "in which year?".
_FORM = re.compile(
    r"\b(?:(?:what|which)(?: (?:is|was|are|were) the)? (?P<noun>year|date|day|month|decade|name|percentage|percent|"
    r"proportion|amount|number|quantity)s?|how (?P<adjective>long|old|far|tall|big|large|high|often|fast|much|many))\b",
    re.IGNORECASE,
)
_WH = re.compile(
    r"\b(who|whom|whose|what|which|when|where|why|how)\b( and (?P<second>who|what|which|when|where)\b)?", re.IGNORECASE
)
_SUBORDINATE = re.compile(
    r"(when|where) (?!(is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might|must)\b)",
    re.IGNORECASE,
)
_SINCE = re.compile(r"since when\b", re.IGNORECASE)  # no word of what is asked
_ENDINGS = ("st", "nd", "rd", "th", "s")  # right behind a number: 3rd, 1980s
ALIAS_WEIGHT = 0.4  # of a spelling the user did not write, against 1 for the one written

_TYPES: tuple[tuple[AnswerType, str], ...] = (
    ("when", r"^(when|(what|which) (year|date|day|month|decade|century))\b"),
    (
        "quantity",
        r"\bhow (much|many|large|big|high|far|long|old|fast|tall|often|great|strong)\b|"
        r"\bwhat (share|percentage|percent|proportion|number|amount|rate|fraction|population|budget|sum)\b|"
        r"\bwhat (area|size|value|level) (is|was|does|did|has)\b|"
        r"^what (do|does|did|will|has|have) .*\b(cost|pay|spend|invest|earn|charge)\b(?! (in|into|on|for|to)\W*$)|"
        r"^what('s| is| was) .*\b(share|percentage|proportion|number|amount|rate|population|area|size|budget|sum|value|"
        r"gdp|gross domestic product|intensity|average|cost|price|ratio|length|height|revenue|turnover|threshold|"
        r"ceiling|fee|fine|speed|weight|temperature|wage|salary|income|profit|yield|density)\b",
    ),
    (
        "list",
        r"\b(list|enumerate|name (the|all|two|three|four|five|six|seven)|which list|what list)\b|"
        r"\b(what|which)( \w+){0,2} (are|were) (the|its|their|all|\w+'s)\b|"
        r"\b(what|which) (two|three|four|five|six|seven|eight|nine|ten|\d+)\b|"
        r"\bwhat (recommendations|actions|measures|steps|mechanisms|challenges|fields|regions|risks|"
        r"industries|goals|aims)\b|"
        r"\bwhat does .* (recommend|propose|suggest|advise)\b|\bwhat should .* do\b|\brecommendations\b",
    ),
    (
        "why",
        r"\bwhy\b|\bwhat (might |could |may |would |can )?explains?\b|"
        r"\bwhat (is|was|are) the (reason|cause|purpose|aim|goal)s?\b|\bwhat for\b",
    ),
    ("who", r"^who(m|se)?\b"),
    ("where", r"^where\b|\bwhich (city|country|province|place|region|university|district)\b"),
    (
        "definition",
        r"\bdefin(e|ition)\b|\bmeaning of\b|\bwhat does .* (mean|stand for)\b|"
        r"^what( exactly)? (is|are|was|were) (an? |the |meant by )?[\w&\- ’'\"“”]+\??$|\bexplain\b",
    ),
)


# The last word of a name: the Tianfu New Area is no area that is asked for.
_NAMED_SO = re.compile(r"(?<=[a-z] )(?!Gross Domestic)(?:[A-Z][\w-]+ )+[A-Z][a-z]+\b")


def checked(question: str, max_chars: int) -> str:
    """`question` with one kind of space.

    Raises UsageError when it is empty, has no word, or is longer than `max_chars`.
    """
    text = " ".join(unicodedata.normalize("NFKC", question).split())
    if not text:
        raise UsageError("the question is empty; ask something about the documents")
    if len(text) > max_chars:
        raise UsageError(
            f"the question has {len(text):,} characters and at most {max_chars:,} are read; ask it more shortly"
        )
    if not words(text):
        raise UsageError("the question has no words; ask something about the documents")
    return text


_ASKS = r"(?:(?:by|since|until|in|on|at|from|of|for) )?(?:who|whom|what|which|when|where|why|how)\b"
_BOTH = re.compile(rf"^(?P<first>{_ASKS}.+?),?\s+and\s+(?P<second>{_ASKS}.+)\?$", re.IGNORECASE)
_AND_WHEN = re.compile(
    r"^(?:who|what|which|when|where|why|how)\s+(?P<rest>.+?),?\s+and\s+(?P<asks>when|where)\?$", re.IGNORECASE
)
_WHOLE = 4  # words that a question of its own has


def both_asked(question: str) -> tuple[str, str] | None:
    """The two questions of "When was A passed, and what was B?"; None where only one is asked."""
    asked = " ".join(question.split())
    if short := _AND_WHEN.match(asked):
        return f"{asked[: short.end('rest')]}?", f"{short['asks'].capitalize()} {short['rest']}?"
    match = _BOTH.match(asked)
    if not match or any(len(match[part].split()) < _WHOLE for part in ("first", "second")):
        return None
    second = match["second"]
    years = YEAR.findall(match["first"]), YEAR.findall(second)
    if [len(found) for found in years] == [1, 1] and _says_no_more(second, match["first"]):
        second = match["first"].replace(years[0][0], years[1][0])  # "..., and what share in 2024?"
    return f"{match['first']}?", f"{second[0].upper()}{second[1:]}?"


def _says_no_more(second: str, first: str) -> bool:
    """Whether the words of `second` stand in `first`, but for a year."""
    return set(index_terms(YEAR.sub("", second))) <= set(index_terms(first))


def understand(question: str, glossary: Glossary, *, max_chars: int = 2000) -> Query:
    """The query behind `question`; raises UsageError as `checked` does."""
    text = without_orders(checked(question, max_chars))
    language = "zh" if has_cjk(text) else "en"
    english = to_english(text, glossary) if language == "zh" else _with_years(text)
    terms: dict[str, float] = {}
    if language == "zh":  # Chinese documents hold the question's own words
        terms.update({word.stem: 1.0 for word in words(text) if word.kind == "cjk"})
    needs: list[Need] = []
    forms = {match.start(match.lastgroup or 0) for match in _FORM.finditer(english)}
    reading = english
    mentions = glossary.mentions(english)
    taken = [(mention.start, mention.end) for mention in mentions]
    countries = [m for m in places().mentions(english) if not any(a < m.end and m.start < b for a, b in taken)]
    for mention in reversed(mentions):
        surface = english[mention.start : mention.end]
        if surface.isupper() and surface != mention.term.name:
            spelled = f"{surface} ({mention.term.name})"
            reading = reading[: mention.start] + spelled + reading[mention.end :]
    mentions = sorted([*mentions, *countries], key=lambda mention: mention.start)
    for mention in mentions:
        surface = english[mention.start : mention.end]
        for form in (*mention.term.forms, *mention.term.chinese):
            for term in index_terms(form):
                terms.setdefault(term, ALIAS_WEIGHT)
        alternatives = tuple(
            dict.fromkeys(
                frozenset(stems)
                for form in (surface, *mention.term.forms, *mention.term.chinese)
                if (stems := index_terms(form) or [word.stem for word in words(form) if form.isupper()])  # US, not us
            )
        )
        if alternatives:
            named = mention in countries or _is_name(surface, english, mention.start)
            needs.append(Need(surface, alternatives, "name" if named else "word"))
    spoken = words(english)
    for before, word in zip([None, *spoken], spoken, strict=False):
        ends = before is not None and before.kind == "number" and english[before.end : word.start] in ("", "'", "’")
        if ends and word.text.lower() in _ENDINGS:
            continue
        if word.is_stopword or _SINCE.match(english, word.start):
            continue
        terms[word.stem] = 1.0
        if word.start in forms or any(mention.start <= word.start < mention.end for mention in mentions):
            continue
        if word.kind == "number":
            kind: Literal["word", "name", "number"] = "number"
        else:
            kind = "name" if _is_name(word.text, english, word.start) else "word"
        if before and _ends_a_name(before, word) and needs and needs[-1].text == before.text:
            needs.append(_coded(needs.pop(), word))
            continue
        written = english[word.start : word.end + 2] if word.kind == "number" else word.text
        others = [frozenset({other}) for other in other_spellings(written) or other_spellings(word.text)]
        needs.append(Need(word.text, (frozenset({word.stem}), *others), kind))
    return Query(text, language, reading, terms, tuple(needs), answer_type(english))


def _ends_a_name(before: Word, word: Word) -> bool:
    """Whether a number ends the name that begins right before it, as in FP10 and G20."""
    return word.kind == "number" and before.end == word.start and before.text.isupper()


def _coded(letters: Need, number: Word) -> Need:
    """The name that letters and a number are together: FP10 is said neither by FP nor by 10."""
    stems = frozenset({*letters.own, number.stem})
    return Need(f"{letters.text}{number.text}", (stems,), "name")


def _with_years(text: str) -> str:
    """`text` with years where it shortens them: FY2022, FY22 and Q22023, as accountants write them, and the 70s."""
    text = re.sub(r"\bFY\s?['’]?(\d{2})\b(?![.,]?\d)", r"20\1", text)
    text = re.sub(r"\bFY\s?['’]?((?:19|20)\d{2})\b", r"\1", text)
    text = re.sub(r"\b(?:[A-Z]\.){2,}", lambda match: match.group().replace(".", ""), text)  # U.N. is UN
    text = re.sub(r"(?<!\w)['’]?([5-9]0)['’]?s\b", r"19\1s", text)
    return re.sub(r"\b([QH][1-4])\s?(?:of\s)?['’]?((?:19|20)\d{2})\b", r"\1 \2", text)


def answer_type(question: str) -> AnswerType:
    """What kind of thing would answer, by the way an English question is asked."""
    asking = _NAMED_SO.sub("it", question[_asks_at(question) :]).lower()
    return next((kind for kind, pattern in _TYPES if re.search(pattern, asking)), "other")


def _asks_at(question: str) -> int:
    """Where the word stands that asks: in "What sea lay to the east when he died?" it is "what".

    A capital makes it a name (Doctor Who); "When he died, what ...?" asks by its second one, "how and when" by both.
    """
    found = [match for match in _WH.finditer(question) if match.start() == 0 or match.group()[0].islower()]
    if not found:
        return 0
    first = found[0]
    if _SUBORDINATE.match(question) and len(found) > 1:
        first = found[1]
    return first.start("second") if first["second"] else first.start()


def _is_name(surface: str, question: str, start: int) -> bool:
    """Whether a word is written as a name. The first word of a question says nothing, nor does a Title Line."""
    if surface[0].isupper() and len(surface) > 1 and surface.isupper():
        return True
    if not surface[0].isupper() or start == 0 or question[:start].rstrip().endswith((".", "?", "!", ":")):
        return False
    others = [word for word in words(question) if word.kind == "word" and word.start > 0]
    capitals = sum(word.text[0].isupper() for word in others)
    return len(others) < 4 or capitals <= 0.6 * len(others)


def covers(need: Need, stems: frozenset[str] | set[str]) -> float:
    """How much of `need` the stems hold: 1 for a whole alternative, else the best part of one, discounted."""
    best = max((len(alternative & stems) / len(alternative) for alternative in need.alternatives), default=0.0)
    if best < 1.0 and need.kind == "name" and all(_holds(name, stems) for name in need.own):
        return 0.9
    return 1.0 if best == 1.0 else 0.5 * best


def _holds(name: str, stems: frozenset[str] | set[str]) -> bool:
    return name in stems or any(is_derived(name, stem) for stem in stems)
