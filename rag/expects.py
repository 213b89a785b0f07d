"""What an answer of a kind must hold: a date for "when", a figure for "how much"."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from rag.acronyms import SHORT, introduced
from rag.grammar import bare_verb, is_english, names, verb_stems, verbs
from rag.markup import without_markup, without_references
from rag.places import places
from rag.query import IN_BRACKETS, AnswerType, Query, covers
from rag.sections import lists_works
from rag.values import NUMBER_WORDS, Quantity, quantities
from rag.words import Word, has_cjk, stems_of, words

_NUMBER_WORD = re.compile(
    r"\b(one(?! of\b)|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|"
    r"(thir|four|fif|six|seven|eigh|nine)teen|(twen|thir|for|fif|six|seven|eigh|nine)ty|hundred|thousand|million|billion|half|third|dozen|doubled?|twice|no|none|[一二三四五六七八九十百千万亿两]+)\b",
    re.I,
)
_MONEY = re.compile(
    r"(and |but )?(how much (?!of )(money|funding|budget|\w+ .*(cost|pay|paid|spen[dt]|fund|invest|earn|charge|worth))|"
    r"what (did|does|do|will|has|have|is|was|would) .*\b(cost|pay|paid|spen[dt]|invest|earn|charge|worth)\b)",
    re.I,
)
_FOR_NOTHING = re.compile(
    r"\b(?:free(?: of charge)?|(?:at )?no (?:charge|cost|fee)|without charge)\b(?! (?:from|to|of)\b)", re.I
)
_RANKED = re.compile(r"(st|nd|rd|th)\b")  # being the 12th says no amount
_SHARE = re.compile(r"(and |but )?what('s)? ((is|was|are|were) (the )?)?(share|percentage|percent|proportion)\b", re.I)
_OF_A_WHOLE = ("percent", "fraction")
_LABELS = re.compile(r"(?<=\w )[A-Z][a-z]{2,} $")  # Policy Brief 24 are not 24
_UNCOUNTED = frozenset("no none half dozen".split())  # words for how many, and no figures
_CURRENCIES = frozenset("yuan euro dollar pound".split())
_SUM = 100  # from which on a number without a unit may be a sum
_CHANGED = re.compile(
    r"\b(?:gr[eo]w|growth|r[io]se|risen|rising|increas|expan|up\b|more than in|higher than|f[ae]ll|fallen|shr[aiu]nk|"
    r"declin|decreas|down\b)",
    re.IGNORECASE,
)
_MANIFOLD = re.compile(
    r"\b(?:doubl|tripl|quadrupl|\w+-?fold\b|from (?:about |over |some |nearly )?[\d.,]+ [^.;]{0,40}\bto [^.;]{0,20}\d)",
    re.I,
)
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_DATE = re.compile(
    rf"\b(1[89]|20)\d\ds?\b|\b({_MONTHS})\b|\d年|\b\d0s\b|\bcentur(y|ies)\b|\b\d+\)? \(?(BC|BCE|AD|CE|BP|MBP)\b|"
    r"\b(AD|BP|years ago)\b|"
    # Earlier years look like any other number.
    r"\b(in|by|since|until|year) \d{3}(?=[,.;)])|"
    r"\b(in|by|since|of|until|till|from|to|around|circa|before|after|between|and|year) 1[0-7]\d\ds?\b(?!\.\d)",
    re.I,
)
# "How long?" is said in units, or by when it begins and ends.
_HOW_LONG = re.compile(r"(and |but |for |so )?how long\b", re.IGNORECASE)
_LASTS = re.compile(
    r"\b(minute|hour|day|night|week|month|year|decade|centur(y|ie)|metre|meter|kilomet(re|er)|km|mile|feet|foot|inch(e)?)"
    r"s?\b|\b(from|between) [^.;]{0,20}\d{4} (to|until|till|and|through) [^.;]{0,20}\d{4}|"
    r"\b\d{4}\s?[-–]\s?\d{2,4}\b|年|天|公里",
    re.IGNORECASE,
)
# Dates and years are no figures: "in 2024" does not say how much.
_DATES_ONLY = re.compile(
    rf"\b(\d{{1,2}} )?({_MONTHS})( \d{{1,2}},)?( (1[89]|20)\d\d)?\b|"
    r"\b(in|since|of|by|from|to|for) (1[89]|20)\d\d\b",
    re.IGNORECASE,
)
# Years that count nothing: "for 2013/14, 2015/16", but not "2015 drones".
_YEARS = re.compile(
    r"(?<![\d.,])(?:19|20)\d\d(?:[/–-]\d{2,4}\b|(?= ?(?:[,.;)\[]|$|and\b|or\b)))",
)
# How fast somebody grows is a rate, and said of what grows.
_HOW_FAST = re.compile(
    r"(?:and |but |so |by |at )?(?:how (?:fast|much|quickly|rapidly|strongly)|what rate)\b", re.IGNORECASE
)
_GROW = stems_of("grow rise increase expand fall shrink decline decrease drop")
_NAME = re.compile(r"(?<!^)\b[A-Z][a-z]+ [A-Z][a-z]+|(?<=[a-z,] )[A-Z][a-z]+")
_REASON = re.compile(
    r"\b(because|since|due to|so that|in order to|aims? to|seeks? to|purpose|reason|therefore|to (correct|prevent|"
    r"avoid|address|enhance|help|better|keep))\b",
    re.I,
)
# What gives a reason without one of these words: "dismissed him for fear of betrayal", "it follows from ...".
_CAUSE = re.compile(
    r", (as|for) |\bfor (fear|lack|want|reasons?)\b|\bas a result\b|\bmakes? (it|them|sure)\b|"
    r"\b(given|owing|thanks|caus(e|es|ed|ing)|drives?|drove|driven|led|leads?|leading|in response|results?|resulted|"
    r"stems?|explains|explanations?|suggest(s|ed|ing)?|attributed|reflects?|why|so|thus|hence|forced|prompted|motivated|otherwise|would)\b",
    re.I,
)
# "When is it of use?" asks for a condition, unless it has a date.
_ANY_TIME = re.compile(r"when (is|are|does|do|can|could|may|should|must|will|would)\b", re.IGNORECASE)
_IF = re.compile(
    r"\b(if|when|whenever|once|where|as (soon|long) as|in case|unless|while|after|before|until|upon|following)\b", re.I
)
_WITHIN = re.compile(
    rf"\b(?:within|in|after) (?:the next )?(?:\d+|{'|'.join(NUMBER_WORDS)}) (?:day|week|month|year)s?\b", re.I
)
_OFFICE = re.compile(r"who (is|was|are|were) (the|an?) (?!.*\b(for|to|by|with|from|at)\W*$)", re.IGNORECASE)
_WHERE = re.compile(r"(and |but |so )?where\b", re.IGNORECASE)
_AT_A_PLACE = re.compile(
    r"\b(in|at|on|near|along|outside|inside|within|between|beside|behind|under|over|above|below|across|around|through|"
    r"into|onto|from|to|towards?|by|there|here|where|home|abroad|north|south|east|west)\b",
    re.IGNORECASE,
)
_PASSIVE = re.compile(r"\b(?:is|are|was|were|been|being|be) (?:\w+ly )?(?P<act>[a-z]+)", re.IGNORECASE)
_DONE = re.compile(r"(?<=[a-z] )[a-z]+ed(?= (?:in|on|at|since)\b)")  # "the report published in May"
_BY = re.compile(r"\bby\b(?! (\d|the end))", re.IGNORECASE)
_WHAT_IS = re.compile(
    r"(?:and |but |so )?what(?: exactly)?(?: (?:is|are|was|were)|['’]s) (?:meant by )?(?:an? |the )?(?P<what>.+)", re.I
)
_IS_ONE = r"(?:(?:is|are|was|were) (?:an?|the|any|what|how|one|those)|means|refers to|describes|denotes|stands for)\b"
_WORKS = re.compile(
    r"\b(?:references?|sources?(?! of (?!the\b|this\b|its\b))|bibliography|cites?|cited|works?|titles?)\b|文献|来源",
    re.IGNORECASE,
)
_HOW = re.compile(
    r"(?:and |but |so )?how (?:is|are|was|were|do|does|did|can|could|will|would|may|might|has|have)\b", re.I
)
_WHAT_TO_DO = re.compile(
    r"(?:and |but |so )?(?:what|which|how|where|who|whom)\b[^?]*?\b(?:should|ought|must|needs? to|has to|have to)\b",
    re.I,
)
_ADVICE = re.compile(
    r"\b(should|ought|must|needs? to|ha(s|ve) to|recommend(s|ed|ations?)?|urges?|calls? (on|for)|propos(es?|als?)|"
    r"advises?)\b",
    re.I,
)
# A sentence that says why what stands before it is so.
_REASON_FOLLOWS = re.compile(
    r"\s*((the|one|its|their|a) (main |chief |first )?(reason|cause|explanation)s?\b|"
    r"(this|that|it) (is|was) (because|due)\b"
    r"|that is why\b|because\b)",
    re.I,
)
_DEFINES = re.compile(r"\b(is|are|means?|refers? to|stands for|called|known as|defined|covers|consists? of)\b", re.I)
_WHICH_ONES = re.compile(r"(?:[a-z]+ )?(?:which|what) (?:[\w-]+ ){0,2}?(?!is|was|does|has)\w+s\b(?! of)", re.IGNORECASE)
# Names one after the other: "Liaoning, Jilin and Heilongjiang".
_NAMED_ONES = re.compile(r"\b[A-Z][\w’'-]+(?: [A-Z][\w’'-]+)*, (?:[A-Z][\w’' -]+, )*[A-Z][\w’' -]+,? (?:and|or) [A-Z]")
_ENUMERATION = re.compile(r"[^,;:]{2,60}, [^,;:]{2,60}(, [^,;:]{2,60})*,? (and|or) \w")


def fits(query: Query, text: str) -> float:
    """Whether a sentence has what the question asks for: 1 it has, -1 it lacks what every answer has, 0 either."""
    kind: AnswerType = query.answer_type
    if kind == "when":
        if _DATE.search(without_references(text)):
            return 1.0
        return 0.5 if _ANY_TIME.match(query.text) and (_IF.search(text) or _WITHIN.search(text)) else -1.0
    if kind == "quantity":
        asked = {word.stem for word in words(query.reading) if word.kind == "number"}
        plain = without_references(text)
        plain = _DATES_ONLY.sub(" ", _YEARS.sub(" ", plain) if query.counts_things else plain)
        figures = [w for w in words(plain) if w.kind == "number" and not _RANKED.match(plain, w.end)]
        if query.counts_things:
            figures = [w for w in figures if not _LABELS.search(plain[: w.start])]
        said = query.reading.lower()
        worded = {match.group().lower() for match in _NUMBER_WORD.finditer(text)} - set(said.split())
        has = any(w.stem not in asked for w in figures) or any(word not in said for word in worded)
        if _MONEY.match(query.text) and _FOR_NOTHING.search(text):
            return 1.0
        if has and _MONEY.match(query.text) and not any(map(_may_be_a_sum, quantities(text))):
            return -1.0
        if has and _SHARE.match(query.reading) and not any(q.unit in _OF_A_WHOLE for q in quantities(text)):
            return -1.0
        if has and asks_for_growth(query.text) and not says_growth(text):
            return -1.0
        if has and query.counts_things and _only_measures(text) and not worded & _UNCOUNTED:
            return -1.0  # how many drones is not said in days, nor in percent
        if _HOW_LONG.match(query.reading):
            return 1.0 if _LASTS.search(text) else 0.3 if has else -1.0
        return 1.0 if has else -1.0
    if kind == "who":
        return 0.5 if _NAME.search(text) or _new_names(query, text) else -0.5
    if kind == "where":
        return 0.3 if _NAME.search(text) or _new_names(query, text) else -0.3
    if kind == "why":
        return 0.5 if _REASON.search(text) else 0.0
    if kind == "list":
        return 0.5 if _ENUMERATION.search(text) else 0.0
    if kind == "definition":
        return 0.5 if _DEFINES.search(text) else 0.0
    return 0.5 if asks_which_ones(query) and _NAMED_ONES.search(text) else 0.0


@lru_cache(maxsize=256)
def asks_for_growth(question: str) -> bool:
    """Whether it asks how fast something grows or falls, or by how much."""
    at = verbs(question) | bare_verb(question)
    acts = {word.stem for word in words(question) if word.start in at}
    return bool(_HOW_FAST.match(question) and acts & _GROW)


def says_growth(text: str) -> bool:
    """Whether it gives a change, and says that it is one: "up 8 percent", "doubled"."""
    share = any(quantity.unit in _OF_A_WHOLE for quantity in quantities(text))
    return bool(_MANIFOLD.search(text) or (share and _CHANGED.search(text)))


def says_how_many(query: Query, text: str) -> bool:
    """Whether a number stands before what "how many" asks for: "27 national key laboratories"."""
    counted = [need for need in query.needs if query.counts(need)]
    if not counted or has_cjk(text):
        return False
    spoken = words(without_references(text))
    return any(
        (word.kind == "number" or word.text.lower() in NUMBER_WORDS)
        and not _LABELS.search(text[: word.start])
        and any(covers(need, {behind.stem}) == 1.0 for need in counted for behind in spoken[i + 1 : i + 5])
        for i, word in enumerate(spoken)
    )


def _may_be_a_sum(figure: Quantity) -> bool:
    """Whether it may be money: of that nobody says "four", and few currencies are known here."""
    return figure.unit in _CURRENCIES or (not figure.unit and figure.value >= _SUM)


def _only_measures(text: str) -> bool:
    """Whether there are figures, and each has a unit; two thirds of them may be how many."""
    counted = quantities(text)
    return bool(counted) and all(figure.unit not in ("", "fraction") for figure in counted)


def _new_names(query: Query, text: str) -> list[Word]:
    """The names of a text that the question does not have."""
    asked = stems_of(query.reading)
    return [word for word in names(text) if word.stem not in asked]


def names_nobody(query: Query, text: str) -> bool:
    """Whether a sentence says something of whom is asked for, and not who it is.

    "Who is the head of the commission?" by "the head of the commission explained it", "who approved it?" by "it was
    approved in May". Who holds an office has a name that is neither an English word nor a place.
    """
    if query.answer_type != "who" or has_cjk(text):
        return False
    new = _new_names(query, text)
    if _OFFICE.match(query.reading):
        lands = places().mentions(text)
        return all(is_english(w.text) or any(m.start <= w.start < m.end for m in lands) for w in new)
    done = done_by_nobody(text) | (frozenset() if _BY.search(text) else stems_of(" ".join(_DONE.findall(text))))
    return not new and bool(done & stems_of(query.reading))


def names_no_place(query: Query, text: str) -> bool:
    """Whether "where ...?" would be answered without a name that is not asked with, and without a word of place."""
    if query.answer_type != "where" or not _WHERE.match(query.reading) or has_cjk(text):
        return False
    return not _new_names(query, text) and not _AT_A_PLACE.search(text)


def done_by_nobody(text: str) -> frozenset[str]:
    """Stems of what a sentence says is done, without saying by whom: "it was approved in May"."""
    if _BY.search(text):
        return frozenset()
    return frozenset(words(match["act"])[0].stem for match in _PASSIVE.finditer(text)) & verb_stems()


def asks_which_ones(query: Query) -> bool:
    """Whether several things of a kind are asked for: "which provinces ...?"."""
    return query.answer_type == "other" and _WHICH_ONES.match(query.reading) is not None


def asks_why(query: Query) -> bool:
    """Whether it asks for a reason with this word; "what is the purpose of" may be answered by what something does."""
    return re.match(r"(and |but |so )?why\b", query.text, re.IGNORECASE) is not None


def may_be_why(text: str) -> bool:
    """Whether a text could be why something is so: a cause, a purpose ("to promote it"), something that follows."""
    spoken = words(text)
    aims = any(a.text.lower() == "to" and b.stem in verb_stems() and not b.is_stopword for a, b in pairwise(spoken))
    chinese = has_cjk(IN_BRACKETS.sub("", text))  # and no Chinese name beside an English one
    return bool(chinese or aims or _REASON.search(text) or _CAUSE.search(text))


def introduces(query: Query, text: str) -> bool:
    """Whether a text says what a question asks the meaning of: its long form beside it, or "X is a ..."."""
    asked = _WHAT_IS.fullmatch(query.text.strip(" ?"))
    if asked is None or has_cjk(text):
        return False
    plain = without_markup(text)
    if SHORT.fullmatch(asked["what"]):
        return any(short == asked["what"] for short, _ in introduced(plain))
    return re.search(rf"(?:^|\W){re.escape(asked['what'])}(?: \([^()]*\))? {_IS_ONE}", plain, re.IGNORECASE) is not None


def only_names_works(query: Query, section: str) -> bool:
    """Whether a section lists works, and they are not asked for: by "sources of the paper", not "of flexibility"."""
    return lists_works(section) and not _WORKS.search(query.text)


def asks_how(query: Query) -> bool:
    """Whether it asks how something is done."""
    return _HOW.match(query.reading) is not None


def asks_for_advice(query: Query) -> bool:
    """Whether it asks what somebody should do, or how."""
    return _WHAT_TO_DO.match(query.reading) is not None


def gives_advice(text: str) -> bool:
    return _ADVICE.search(text) is not None


def goes_on_with_why(text: str) -> bool:
    """Whether a sentence gives the reason of the one before it: "The reason is ..."."""
    return _REASON_FOLLOWS.match(text) is not None
