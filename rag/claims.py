"""What a sentence claims that can be checked letter by letter: quantities, dates, names, polarity, contrasts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path

from rag.chinese import english_meanings
from rag.words import STOPWORDS, Word, has_cjk, stem, words

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
)
_NUMBER_WORDS = {word: value for value, word in enumerate((_ONES + " eighteen nineteen").split())} | {
    word: 10 * value for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
_ORDINALS = {
    word: value
    for value, word in enumerate(
        "second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth".split(),
        2,
    )
}
_MULTIPLES = {
    "double": 2, "doubled": 2, "doubles": 2, "doubling": 2, "twice": 2, "twofold": 2, "triple": 3, "tripled": 3,
    "triples": 3, "tripling": 3, "threefold": 3, "quadruple": 4, "quadrupled": 4, "fourfold": 4, "halve": 0.5,
    "halved": 0.5, "tenfold": 10,
}  # fmt: skip
_PARTS = {"half": 2, "halves": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}
_FRACTION = re.compile(
    rf"\b(?:(?P<count>an?|one|two|three|four|five|seven|nine)[\s-])?(?P<part>half|halves|{'|'.join(_PARTS)})s?\b(?!\s+of\s+(?:19|20))"
    rf"|\b(?P<some>one|two|three|four|five|\d) (?:in|out of)(?: every)? (?P<all>{'|'.join(_NUMBER_WORDS)}|\d+)\b",
    re.IGNORECASE,
)
_SCALES = {
    "hundred": 10**2, "thousand": 10**3, "million": 10**6, "mn": 10**6, "m": 10**6, "billion": 10**9, "bn": 10**9,
    "b": 10**9, "trillion": 10**12, "tn": 10**12, "万": 10**4, "亿": 10**8, "万亿": 10**12,
}  # fmt: skip
_UNITS = {
    "percent": "percent", "per cent": "percent", "%": "percent", "pct": "percent", "percentage points": "points",
    "percentage point": "points", "yuan": "yuan", "rmb": "yuan", "cny": "yuan", "renminbi": "yuan", "元": "yuan",
    "¥": "yuan", "euro": "euro", "euros": "euro", "eur": "euro", "€": "euro", "dollar": "dollar", "dollars": "dollar",
    "usd": "dollar", "us$": "dollar", "$": "dollar", "pound": "pound", "pounds": "pound", "£": "pound",
    "square kilometres": "km2", "square kilometers": "km2", "km²": "km2", "km2": "km2", "sq km": "km2",
    "kilometres": "km", "kilometers": "km", "kilometre": "km", "kilometer": "km", "km": "km", "tonnes": "tonne",
    "tons": "tonne", "hour": "hour", "hours": "hour", "day": "day", "days": "day", "week": "week", "weeks": "week",
    "month": "month", "months": "month", "year": "year", "years": "year",
}  # fmt: skip
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
         "september sept sep", "october oct", "november nov", "december dec"), 1
    )
    for name in names.split()
}  # fmt: skip


def _any_of(terms: Sequence[str]) -> str:
    return "|".join(re.escape(term) for term in sorted(terms, key=len, reverse=True))


def _month(n: int) -> str:
    return rf"(?P<month{n}>{_any_of(list(_MONTHS))})\.?"


def _days(n: int) -> str:
    return (
        rf"(?P<day{n}>\d{{1,2}})(?:st|nd|rd|th)?"
        rf"(?:\s*(?:to|and|-|–|—)\s*(?P<until{n}>\d{{1,2}})(?:st|nd|rd|th)?)?"
    )


def _year(n: int) -> str:
    return rf"(?P<year{n}>(?:1[6-9]|20|21)\d\d)"


_UNIT_WORDS = [unit for unit in _UNITS if unit not in ("¥", "€", "$", "£", "us$")]
_DATE = re.compile(
    r"(?<![\w.,])(?:"
    rf"{_days(1)}\s+(?:of\s+)?{_month(1)}(?:,?\s+{_year(1)})?"
    rf"|{_month(2)}\s+{_days(2)}(?:,?\s+{_year(2)})?(?![\d,.]*\d)"
    rf"|{_month(3)}(?:,|\s+of)?\s+{_year(3)}"
    r"|(?P<year4>(?:19|20)\d\d)-(?P<month4>\d\d)(?:-(?P<day4>\d\d))?(?!\d)"
    r"|(?P<year5>(?:19|20)\d\d)年(?:(?P<month5>\d{1,2})月)?(?:(?P<day5>\d{1,2})日)?"
    rf"|{_year(6)}(?:[/–-](?P<later6>\d\d(?:\d\d)?))?"
    rf"(?![\d,]*\d|\.\d|\s*(?:{_any_of([*_UNIT_WORDS, *(scale for scale in _SCALES if len(scale) > 2)])})(?!\w))"
    r")(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_WORDED = rf"(?:{_any_of(list(_NUMBER_WORDS))})(?:[- ](?:{_any_of(list(_NUMBER_WORDS))}))?"
_QUANTITY = re.compile(
    r"(?<![\w.])(?P<before>us\$|[€$£¥]|(?:rmb|cny|eur|usd)\s?)?\s?"
    rf"(?:(?P<digits>\d+(?:[.,]\d+)*)(?P<ordinal>st|nd|rd|th)?|(?P<worded>{_WORDED})(?![a-z])|(?P<rank>{_any_of(list(_ORDINALS))}))"
    rf"(?![\d])(?:[\s-]?(?P<scale>{_any_of(list(_SCALES))})(?![a-z]))?(?:[\s-]?(?P<unit>{_any_of(list(_UNITS))})(?![a-z]))?",
    re.IGNORECASE,
)
# "One of" and "second" in "in the second place" still count: they are said, so they must stand there. "First" and a
# lone "one" are more often words than numbers.
_NOT_A_NUMBER = {"one", "zero"}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit ("" where none is given) at characters start to end."""

    start: int
    end: int
    value: Decimal
    unit: str

    def same_as(self, other: Quantity) -> bool:
        if self.value != other.value:
            return False
        return self.unit == other.unit or "" in (self.unit, other.unit)


@dataclass(frozen=True, slots=True)
class Date:
    """A date as precise as it is given; None for what is not."""

    start: int
    end: int
    year: int | None
    month: int | None = None
    day: int | None = None

    def within(self, other: Date) -> bool:
        """Whether `other` says all that this one says."""
        return all(
            mine is None or mine == theirs
            for mine, theirs in ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        )


def dates(text: str) -> list[Date]:
    """The dates of `text`; of a range, both ends."""
    found: list[Date] = []
    for match in _DATE.finditer(text):
        parts = {re.sub(r"\d", "", name): value for name, value in match.groupdict().items() if value}
        year = int(parts["year"]) if "year" in parts else None
        month = parts.get("month", "")
        number = (int(month) if month.isdigit() else _MONTHS.get(month.lower().rstrip("."))) if month else None
        span = (match.start(), match.end())
        days = [int(parts[name]) for name in ("day", "until") if name in parts] or [None]  # type: ignore[list-item]
        if any(day is not None and not 1 <= day <= 31 for day in days) or (number and not 1 <= number <= 12):
            continue
        found += [Date(*span, year, number, day) for day in days]
        if later := parts.get("later"):
            assert year is not None
            found.append(Date(*span, int(later) if len(later) == 4 else year // 100 * 100 + int(later)))
    return found


def quantities(text: str) -> list[Quantity]:
    """The numbers of `text` that are no dates, scaled: 3.6 trillion yuan is 3600000000000 yuan."""
    taken = [(date.start, date.end) for date in dates(text)]
    found: list[Quantity] = []
    for match in _QUANTITY.finditer(text):
        if any(a < match.end() and match.start() < b for a, b in taken):
            continue
        unit = _UNITS.get((match["unit"] or match["before"] or "").strip().lower(), "")
        if match["digits"]:
            try:
                value = Decimal(_plain_digits(match["digits"]))
            except InvalidOperation:
                continue
            unit = "rank" if match["ordinal"] else unit
        elif match["worded"]:
            spoken = re.split(r"[- ]", match["worded"].lower())
            if spoken[0] in _NOT_A_NUMBER and not match["scale"] and not unit:
                continue
            value = Decimal(sum(_NUMBER_WORDS[word] for word in spoken))
        else:
            value, unit = Decimal(_ORDINALS[match["rank"].lower()]), "rank"
        scale = _SCALES.get((match["scale"] or "").lower(), 1)
        found.append(Quantity(match.start(), match.end(), value * scale, unit))
    for match in _FRACTION.finditer(text):
        if fraction := _fraction(match):
            found = [q for q in found if q.end <= match.start() or q.start >= match.end()]
            found.append(Quantity(match.start(), match.end(), fraction, "fraction"))
    for match in re.finditer(r"[A-Za-z]+", text):
        if times := _MULTIPLES.get(match.group().lower()):
            found.append(Quantity(match.start(), match.end(), Decimal(str(times)), "times"))
    return sorted(found, key=lambda quantity: quantity.start)


def _fraction(match: re.Match[str]) -> Decimal | None:
    if match["some"]:
        some, whole = (Decimal(_NUMBER_WORDS.get(w.lower(), 0) or w) for w in (match["some"], match["all"]))
        return round(some / whole, 3) if whole > some else None
    part = match["part"].lower().removesuffix("s") if match["part"].lower() != "halves" else "half"
    count = (match["count"] or "").lower()
    if not count and part != "half":
        return None  # the third, the fifth: a rank
    return round(Decimal(_NUMBER_WORDS.get(count, 1) if count not in ("a", "an", "") else 1) / _PARTS[part], 3)


def _plain_digits(digits: str) -> str:
    """1,250 and 1.250.000 are groups of thousands; 2.5 and 2,5 are decimals."""
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits):
        return digits.replace(",", "")
    if re.fullmatch(r"\d{1,3}(?:\.\d{3}){2,}", digits):
        return digits.replace(".", "")
    return digits.replace(",", ".") if digits.count(",") == 1 and "." not in digits else digits.replace(",", "")


def names(text: str) -> list[Word]:
    """Words written as names: a capital inside a sentence, or at its start when the word is no English word."""
    found: list[Word] = []
    for i, word in enumerate(words(text)):
        if word.kind != "word" or not word.text[0].isupper() or not _says_something(word) or len(word.text) < 2:
            continue
        if word.text.lower() in _MONTHS or text[word.end : word.end + 1].isdigit():  # CO2
            continue
        begins = i == 0 or re.search(r"[.!?:;。！？：]\s*[\"“‘'(]*$", text[: word.start]) is not None
        if not begins or word.text.isupper() or word.text.lower().removesuffix("'s") not in _common_english():
            found.append(word)
    return found


@cache
def _common_english() -> frozenset[str]:
    """English words that the Chinese-English dictionary writes in lower case: what is not among them may be a name."""
    found: set[str] = set(STOPWORDS)
    for meaning in english_meanings():
        found.update(re.findall(r"(?<![A-Za-z'])[a-z]+(?![A-Za-z'])", meaning))
    return frozenset(found) | {inflected for word in found for inflected in (f"{word}s", f"{word}ed", f"{word}ing")}


@cache
def verb_stems() -> frozenset[str]:
    """Stems of English verbs, as that dictionary gives them: to exceed."""
    return frozenset(
        stem(verb) for meaning in english_meanings() for verb in re.findall(r"(?:^|[;,]\s)to ([a-z]+)", meaning)
    )


@cache
def _opposites() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    lines = (Path(__file__).parent / "data" / "opposites.txt").read_text(encoding="utf-8").splitlines()
    sides = [line.split("|") for line in lines if "|" in line]
    return tuple((frozenset(map(stem, one.split())), frozenset(map(stem, other.split()))) for one, other in sides)


# Forms that no ending gives away.
_IRREGULAR = frozenset(
    """became become began begun bought broke broken brought built came chose chosen cut did done drew drawn driven
    drove fell fallen felt fought found gave given gone got grew grown had held kept knew known led left lent
    lost made met paid put ran read risen rose said sank saw seen sent set shook shown shrank sold spent spoke
    spoken sprang stood stole struck swore taken taught thought threw told took understood went withdrew won
    wore written wrote""".split()
)
_BEFORE_VERBS = frozenset(
    "to will would can could may might must should shall has have had is are was were be been being not does do did "
    "also who which it they he she never".split()
)
_AFTER_VERBS = frozenset(
    "the a an to that its his her their no on in by for from of about into with as at up down out over more less most "
    "many few several all".split()
)
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
        known = word.stem in verb_stems()
        if (
            lowered in _IRREGULAR
            or (
                known
                and lowered.endswith(("ed", "ing"))
                and word.text[0].islower()
                and before not in ("a", "an", "the")
            )
            or (known and _is_plural(every, i) and after not in ("of", "") and word.text[0].islower())
            or (known and before in _BEFORE_VERBS)
            or (
                known
                and lowered.endswith("s")
                and (after in _AFTER_VERBS or after[:1].isdigit())
                and lowered == word.text
            )
            or (before in _PERFECT and lowered.endswith(("en", "wn", "un")))
        ):
            found.add(word.start)
    return frozenset(found)


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
    r"[;:.!?。！？；：]\s|\s[–—-]\s|,\s|，|\s(?=(?:while|whereas|although|though|but|unlike|and|against|nor)\s)"
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
        if part.strip() and (whole or match is None):
            found.append(Clause(begin, cut, part))
            begin = cut
    return found


def _says(text: str) -> bool:
    """Whether there is a verb or a value: "the agreement between Avaria and the Union" is one thing."""
    return bool(verbs(text) or quantities(text) or dates(text))


_CONTRASTS = frozenset(
    {("rather", "than"), ("instead", "of"), ("contrast", "to"), ("apart", "from"), ("other", "than")}
)


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
            if not (contrast or lowered in _NEGATORS or lowered.endswith("n't")) or after == "only":
                continue
            # "and not by the caterer", ", not the agency": a noun phrase is denied and no verb.
            contrast = contrast or (lowered == "not" and _is_apart(every, i))
            reached = [w for w in (every[i + 1 :] if contrast else every) if not w.is_stopword]
            core.update(w.stem for w in [w for w in every[i + 1 :] if not w.is_stopword][:2])
            scope.update(w.stem for w in reached)
    return Denial(frozenset(core), frozenset(scope))


def _is_apart(every: Sequence[Word], i: int) -> bool:
    """Whether the "not" at `i` stands at the start of its clause, or before an article or preposition."""
    behind = every[i + 1].text.lower() if i + 1 < len(every) else ""
    before = every[i - 1].text.lower() if i else ""
    return i == 0 or (before in ("and", "but") and behind in ("the", "a", "an", "by", "in", "of", "to", "for"))


def opposed(said: frozenset[str], held: frozenset[str], elsewhere: frozenset[str]) -> str:
    """A word of `held` whose opposite is in `said` while it is not itself said; empty when there is none.

    A clause says what it says of directions; other contrasts count only when the quotation, `elsewhere`, does not say
    the word of the sentence too ("grew before falling").
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
    mine_at = {_DIRECTION_OF[s] for s in said if s in _DIRECTION_OF}
    theirs_at = {_DIRECTION_OF[s]: s for s in held if s in _DIRECTION_OF}
    if mine_at and theirs_at and not mine_at & set(theirs_at):
        return min(theirs_at.values())
    return ""


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
