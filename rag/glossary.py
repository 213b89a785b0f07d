"""The terms of the subject: acronyms, aliases and Chinese forms that mean the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from rag.errors import UsageError
from rag.words import words


@dataclass(frozen=True, slots=True)
class Term:
    """One entry. `forms` are the English spellings, the term itself first; `chinese` the Chinese ones."""

    forms: tuple[str, ...]
    chinese: tuple[str, ...] = ()
    pinyin: str = ""
    definition: str = ""
    source: str = ""

    @property
    def name(self) -> str:
        return self.forms[0]


@dataclass(frozen=True, slots=True)
class Mention:
    """A form of a term found in a text, at characters start to end."""

    start: int
    end: int
    term: Term


class Glossary:
    """The terms, and where they occur in a text."""

    def __init__(self, terms: tuple[Term, ...] = ()) -> None:
        self.terms = terms
        self._english: dict[tuple[str, ...], tuple[Term, str]] = {}
        self._chinese: dict[str, Term] = {}
        for term in terms:
            for form in term.forms:
                self._english.setdefault(stems_of(form), (term, form))
            for form in term.chinese:
                self._chinese.setdefault(form, term)
        self._longest_english = max((len(key) for key in self._english), default=0)
        self._longest_chinese = max((len(key) for key in self._chinese), default=0)

    def mentions(self, text: str) -> list[Mention]:
        """Longest forms first come, first kept; they do not overlap."""
        return sorted(self._english_mentions(text) + self._chinese_mentions(text), key=lambda m: m.start)

    def _english_mentions(self, text: str) -> list[Mention]:
        found: list[Mention] = []
        tokens = [word for word in words(text) if word.kind != "cjk"]
        i = 0
        while i < len(tokens):
            for length in range(min(self._longest_english, len(tokens) - i), 0, -1):
                part = tokens[i : i + length]
                entry = self._english.get(tuple(word.stem for word in part))
                surface = text[part[0].start : part[-1].end]
                # An acronym is written in capitals: "it" is not IT, and "west" in lower case is any west.
                if entry and not (entry[1].isupper() and len(entry[1]) <= 3 and not surface.isupper()):
                    found.append(Mention(part[0].start, part[-1].end, entry[0]))
                    i += length
                    break
            else:
                i += 1
        return found

    def _chinese_mentions(self, text: str) -> list[Mention]:
        found: list[Mention] = []
        i = 0
        while i < len(text):
            for length in range(min(self._longest_chinese, len(text) - i), 1, -1):
                if term := self._chinese.get(text[i : i + length]):
                    found.append(Mention(i, i + length, term))
                    i += length
                    break
            else:
                i += 1
        return found


def stems_of(text: str) -> tuple[str, ...]:
    return tuple(word.stem for word in words(text))


@lru_cache(maxsize=4)
def load_glossary(path: Path) -> Glossary:
    """The glossary at `path`; empty when there is no such file.

    Raises UsageError when the file is not of the form of corpus/glossary.yaml.
    """
    if not path.is_file():
        return Glossary()
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
        return Glossary(
            tuple(
                Term(
                    forms=(str(entry["term"]), *map(str, entry.get("aliases") or ())),
                    chinese=tuple(map(str, entry.get("chinese") or ())),
                    pinyin=str(entry.get("pinyin") or ""),
                    definition=str(entry.get("definition") or ""),
                    source=str(entry.get("source") or ""),
                )
                for entry in entries
            )
        )
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"the glossary {path} cannot be read ({error}); it must be a list of entries with term, aliases, chinese, "
            "pinyin, definition, source"
        ) from error
