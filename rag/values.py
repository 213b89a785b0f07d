"""The quantities and dates of a text, with scale and unit, as precise as they are given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
)
NUMBER_WORDS = {word: value for value, word in enumerate((_ONES + " eighteen nineteen").split())} | {
    word: 10 * value for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
ORDINALS = {
    word: value
    for value, word in enumerate(
        "second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth".split(),
        2,
    )
}
# The ranks up to the twentieth, by their number.
RANKS = {"1": "first", **{str(value): word for word, value in ORDINALS.items()}}
_RANKED = re.compile(r"(\d{1,2})(?:st|nd|rd|th)", re.IGNORECASE)
_DIGITS = {str(value): word for word, value in NUMBER_WORDS.items() if 1 < value < 20}
_MULTIPLES = {
    "double": 2, "doubled": 2, "doubles": 2, "doubling": 2, "twice": 2, "twofold": 2, "triple": 3, "tripled": 3,
    "triples": 3, "tripling": 3, "threefold": 3, "quadruple": 4, "quadrupled": 4, "fourfold": 4, "halve": 0.5,
    "halved": 0.5, "tenfold": 10,
}  # fmt: skip
_PARTS = {"half": 2, "halves": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}
_FRACTION = re.compile(
    rf"\b(?:(?P<count>an?|one|two|three|four|five|seven|nine)[\s-])?(?P<part>half|halves|{'|'.join(_PARTS)})s?\b(?!\s+of\s+(?:19|20))"
    rf"|\b(?P<some>one|two|three|four|five|\d) (?:in|out of)(?: every)? (?P<all>{'|'.join(NUMBER_WORDS)}|\d+)\b",
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
    "平方公里": "km2", "公里": "km", "美元": "dollar", "欧元": "euro",
}  # fmt: skip
MONTHS = {
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
    return rf"(?P<month{n}>{_any_of(list(MONTHS))})\.?"


def _days(n: int) -> str:
    return (
        rf"(?P<day{n}>\d{{1,2}})(?:st|nd|rd|th)?"
        rf"(?:\s*(?:to|and|-|–|—)\s*(?P<until{n}>\d{{1,2}})(?:st|nd|rd|th)?)?"
    )


def _year(n: int) -> str:
    return rf"(?P<year{n}>(?:1[6-9]|20|21)\d\d)"


_UNIT_WORDS = [unit for unit in _UNITS if unit not in ("¥", "€", "$", "£", "us$")]
_DATE = re.compile(
    r"(?<![A-Za-z0-9_.,])(?:"
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
# "From the late 1970s to the late 1990s" is about 1985, "from 6.3 percent in 2019 to 6.5 in 2024" not about 2021.
_YEAR = r"(?:(?:the|late|early|mid|\d{1,2}|[A-Z][a-z]+)[ -]){0,3}(?:1[5-9]|20)\d\ds?\b"
_SPAN = re.compile(rf"\b[Bb]etween {_YEAR} and {_YEAR}|{_YEAR}(?: (?:to|until|till|through) |\s?[–-]\s?){_YEAR}")
_YEARS = re.compile(r"\b(\d{4})(s?)")
_CENTURY = re.compile(r"\b(1\d)00['’]?s\b")
_WORDED = rf"(?:{_any_of(list(NUMBER_WORDS))})(?:[- ](?:{_any_of(list(NUMBER_WORDS))}))?"
_QUANTITY = re.compile(
    r"(?<![A-Za-z0-9_.])(?P<before>us\$|[€$£¥]|(?:rmb|cny|eur|usd)\s?)?\s?"
    rf"(?:(?P<digits>\d+(?:[.,]\d+)*)(?P<ordinal>st|nd|rd|th)?|(?P<worded>{_WORDED})(?![a-z])|(?P<rank>{_any_of(list(ORDINALS))}))"
    rf"(?![\d])(?:[\s-]?(?P<scale>{_any_of(list(_SCALES))})(?![a-z]))?(?:[\s-]?(?P<unit>{_any_of(list(_UNITS))})(?![a-z]))?",
    re.IGNORECASE,
)
_TO = re.compile(r"[-–—]|\sto\s|\s(?P<and>and)\s", re.IGNORECASE)  # between the two ends of a range
# "One of" and "second" in "in the second place" still count: they are said, so they must stand there. "First" and a
# lone "one" are more often words than numbers.
_NOT_A_NUMBER = {"one", "zero"}


def is_unit(word: str) -> bool:
    """Whether a word is a unit in which quantities are read: days, percent, dollars."""
    return word.lower() in _UNITS


def other_spellings(text: str) -> tuple[str, ...]:
    """A small number in digits where `text` is its word, and the other way round: ten and 10, tenth and 10th."""
    lowered = text.lower()
    if lowered in _DIGITS:
        return (_DIGITS[lowered],)
    if ranked := _RANKED.fullmatch(lowered):
        return (RANKS[ranked[1]],) if ranked[1] in RANKS else ()
    value = NUMBER_WORDS.get(lowered) or ORDINALS.get(lowered) or 0
    return (str(value),) if value > 1 else ()


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit ("" where none is given) at characters start to end."""

    start: int
    end: int
    value: Decimal
    unit: str

    def same_as(self, other: Quantity) -> bool:
        if self.value == other.value:
            return self.unit == other.unit or "" in (self.unit, other.unit)
        one, two = sorted((self, other), key=lambda quantity: quantity.unit)
        if one.unit == "fraction" and two.unit == "percent":  # two fifths are 40 percent, a third is 33
            return abs(100 * one.value - two.value) < Decimal("0.5")
        return one.unit == "month" and two.unit == "year" and one.value == 12 * two.value


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
        number = (int(month) if month.isdigit() else MONTHS.get(month.lower().rstrip("."))) if month else None
        span = (match.start(), match.end())
        days = [int(parts[name]) for name in ("day", "until") if name in parts] or [None]  # type: ignore[list-item]
        if any(day is not None and not 1 <= day <= 31 for day in days) or (number and not 1 <= number <= 12):
            continue
        found += [Date(*span, year, number, day) for day in days]
        if later := parts.get("later"):
            assert year is not None
            found.append(Date(*span, int(later) if len(later) == 4 else year // 100 * 100 + int(later)))
    return found


def spans_of_years(text: str) -> list[tuple[int, int]]:
    """The first and last year of each span of years in a text; of a decade its last."""
    found = [_YEARS.findall(match.group()) for match in _SPAN.finditer(text)]
    return [(int(first), int(last) + (9 if decade else 0)) for (first, _), (last, decade) in found]


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
            value = Decimal(sum(NUMBER_WORDS[word] for word in spoken))
        else:
            value, unit = Decimal(ORDINALS[match["rank"].lower()]), "rank"
        scale = _SCALES.get((match["scale"] or "").lower(), 1)
        end = Quantity(match.start(), match.end(), value * scale, unit)
        if found and (whole := _range(text, found[-1], end, scale)):
            found[-1:] = whole
        else:
            found.append(end)
    for match in _FRACTION.finditer(text):
        if fraction := _fraction(match):
            found = [q for q in found if q.end <= match.start() or q.start >= match.end()]
            found.append(Quantity(match.start(), match.end(), fraction, "fraction"))
    for match in _CENTURY.finditer(text):  # the 1800s: the nineteenth century
        found = [q for q in found if q.end <= match.start() or q.start >= match.end()]
        found.append(Quantity(match.start(), match.end(), Decimal(int(match[1]) + 1), "rank"))
    for match in re.finditer(r"[A-Za-z]+", text):
        if times := _MULTIPLES.get(match.group().lower()):
            found.append(Quantity(match.start(), match.end(), Decimal(str(times)), "times"))
    return sorted(found, key=lambda quantity: quantity.start)


def _range(text: str, low: Quantity, high: Quantity, scale: int) -> tuple[Quantity, Quantity] | None:
    """Both ends of a range with what is written at one of them: "$15-30 billion" are 15 to 30 billion dollars."""
    joined = _TO.fullmatch(text[low.end : high.start])
    if not joined or (joined["and"] and not text[: low.start].lower().endswith("between ")):
        return None
    goes_before = not text[low.start].isdigit()  # "$15", while "30 percent" says nothing of what follows
    if "rank" in (low.unit, high.unit) or (low.unit != high.unit and low.unit and (high.unit or not goes_before)):
        return None
    if scale > 1 and low.value < scale and low.value * scale < high.value:
        low = replace(low, value=low.value * scale)
    if low.value >= high.value:
        return None
    unit = low.unit or high.unit
    return replace(low, unit=unit), replace(high, unit=unit)


def _fraction(match: re.Match[str]) -> Decimal | None:
    if match["some"]:
        some, whole = (Decimal(NUMBER_WORDS.get(w.lower(), 0) or w) for w in (match["some"], match["all"]))
        return round(some / whole, 3) if whole > some else None
    part = match["part"].lower().removesuffix("s") if match["part"].lower() != "halves" else "half"
    count = (match["count"] or "").lower()
    if not count and part != "half":
        return None  # the third, the fifth: a rank
    return round(Decimal(NUMBER_WORDS.get(count, 1) if count not in ("a", "an", "") else 1) / _PARTS[part], 3)


def _plain_digits(digits: str) -> str:
    """1,250 and 1.250.000 are groups of thousands; 2.5 and 2,5 are decimals."""
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits):
        return digits.replace(",", "")
    if re.fullmatch(r"\d{1,3}(?:\.\d{3}){2,}", digits):
        return digits.replace(".", "")
    return digits.replace(",", ".") if digits.count(",") == 1 and "." not in digits else digits.replace(",", "")


def written_out(text: str) -> str:
    """`text` with its dates and quantities as English writes them: 2014年10月 is October 2014, 3亿元 300000000 yuan."""
    names = {
        number: name.capitalize() for name, number in MONTHS.items() if len(name) > 4 or name in ("may", "june", "july")
    }
    marks: list[tuple[int, int, str]] = []
    for date in dates(text):
        parts = (date.day, names.get(date.month or 0), date.year)
        marks.append((date.start, date.end, " ".join(str(part) for part in parts if part)))
    for quantity in quantities(text):
        unit = {"rank": "", "fraction": "", "times": "times"}.get(quantity.unit, quantity.unit)
        marks.append((quantity.start, quantity.end, f"{quantity.value.normalize():f} {unit}".strip()))
    for start, end, said in sorted(marks, reverse=True):
        text = f"{text[:start]} {said} {text[end:]}"
    return text
