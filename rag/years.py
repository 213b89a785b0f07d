"""The years that a question means, and those that a text is about."""

from __future__ import annotations

import re

from rag.query import Need, Query
from rag.values import dates, spans_of_years

_COMPARED = re.compile(
    r"\b(than|compared (with|to)|against|up from|down from)\s+(in\s+)?(the \w+ )?((19|20)\d\d)", re.IGNORECASE
)


def years_meant(query: Query, need: Need) -> range:
    """The years that a number of a question means: of "the 1980s" ten."""
    year = int(need.text)
    is_decade = year % 10 == 0 and re.search(rf"{year}['’]?s\b", query.reading)
    return range(year, year + (10 if is_decade else 1))


def years_of(text: str) -> set[int]:
    """The years that `text` is about; "more than in 2023" is not about 2023."""
    return {date.year for date in dates(_COMPARED.sub(" ", text)) if date.year}


def says_year(years: range, text: str) -> bool:
    """Whether a span of years in `text` holds them, or a year in it lies in their decade."""
    held = any(first <= years[0] and years[-1] <= last for first, last in spans_of_years(text))
    return held or (len(years) > 1 and any(year in years for year in years_of(text)))
