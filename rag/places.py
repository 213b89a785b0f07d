"""The names of countries and languages, in English and Chinese, so that they are names however they are typed."""

from __future__ import annotations

from functools import cache

from rag.glossary import Glossary, Term

# What people write and the Unicode locale data do not list.
_ALSO = {
    "US": ("US", "USA", "U.S.", "United States of America", "America", "American"),
    "GB": ("UK", "U.K.", "Britain", "Great Britain", "British"),
    "KR": ("Korea", "Korean"),
    "CN": ("PRC", "Chinese"),
    "IN": ("Indian",),
    "DE": ("German",),
    "FR": ("French",),
    "BR": ("Brazilian",),
    "CA": ("Canadian",),
    "AU": ("Australian",),
    "TW": ("Taiwanese",),
    "AE": ("UAE", "Emirati", "Emirates"),
    "AF": ("Afghan",),
    "BE": ("Belgian",),
    "CH": ("Swiss",),
    "CY": ("Cypriot",),
    "CZ": ("Czech", "Czech Republic"),
    "DK": ("Danish", "Danes"),
    "ES": ("Spanish",),
    "FI": ("Finnish", "Finns"),
    "GR": ("Greek", "Greeks"),
    "IE": ("Irish",),
    "KZ": ("Kazakh",),
    "MT": ("Maltese",),
    "NL": ("Dutch", "Holland"),
    "NO": ("Norwegian",),
    "PE": ("Peruvian",),
    "PH": ("Philippine", "Filipino"),
    "PL": ("Polish",),
    "SA": ("Saudi",),
    "SE": ("Swedish", "Swedes"),
    "TH": ("Thai",),
    "TR": ("Türkiye", "Turkish"),
}


@cache
def places() -> Glossary:
    """Countries, each with its spellings, and languages, from the Unicode Common Locale Data Repository."""
    from babel import Locale

    english, chinese = Locale("en"), Locale("zh")
    terms: list[Term] = []
    for code, name in english.territories.items():
        if len(code) == 2 and code.isalpha() and code not in ("EU", "ZZ"):
            plain = name.split(" SAR ")[0].replace("Türkiye", "Turkey")
            here = chinese.territories.get(code, "")
            terms.append(Term((plain, *_ALSO.get(code, ())), (here,) if here else ()))
    known = {form.casefold() for term in terms for form in term.forms}
    for code, name in english.languages.items():
        if len(code) == 2 and name.casefold() not in known and code not in ("en", "zh"):
            terms.append(Term((name,)))
    return Glossary(tuple(terms))


@cache
def countries() -> frozenset[str]:
    """The names of one word of countries and their people: China, Danes."""
    return frozenset(form for term in places().terms for form in term.forms if form.isalpha())
