"""Whether a stretch of a document supports a sentence: same subject, numbers, dates, names and polarity.

Deterministic. First what can be checked letter by letter (`rag.disagree`), then whether the words that remain say the
same: a word counts as said when its stem stands there, or when its vector, read in its sentence, is near one that does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from rag.chinese import to_english
from rag.disagree import disagreement
from rag.embedding import Embedded, Embedder, Floats
from rag.glossary import Glossary
from rag.grammar import verbs
from rag.logistic import fitted, probability
from rag.places import places
from rag.stated import LIGHT, NAME_WEIGHT, Text
from rag.types import Document, Passage
from rag.values import written_out
from rag.words import Word, has_cjk, leans_on_the_one_before, stem

MAX_SENTENCES = 3  # of a quotation
# "During his reign": who it was stands in the sentence before.
_OF_ONE_NAMED = re.compile(r"\b(he|she|his|her|him|they|their|them)\b")
# Words that tie a sentence together, and say nothing that a quotation would have to say.
_TYING = frozenset("since yet instead despite without although though already almost apart whether less least".split())
# What a sentence calls its source by, or what it explains: the quotation need not.
_SOURCE = frozenset(map(stem, "note brief document report paper text passage author word term".split()))
_THE = re.compile(r"\b(the|this)\s$", re.IGNORECASE)
_KNOWN = 0.6  # likeness of a word, read in its sentence, to one of the quotation's from which it is said there
NOT_SAID = "the quotation does not say it"


@dataclass(frozen=True, slots=True)
class Support:
    """The stretch start:end of the document that says a sentence best, and whether it does; `reason` if not."""

    supported: bool
    start: int
    end: int
    reason: str = ""
    score: float = 0.0
    features: dict[str, float] = field(default_factory=dict)

    @property
    def likeness_decides(self) -> bool:
        """Whether everything that can be checked letter by letter agrees."""
        return self.supported or self.reason.startswith(NOT_SAID)


class Judge:
    """Says whether passages support sentences. Safe to share between threads.

    `glossary` lends its other spellings of one thing: R&D is research and development.
    """

    def __init__(self, embedder: Embedder, glossary: Glossary) -> None:
        self.embedder = embedder
        self.glossary = glossary
        self._embed = lru_cache(maxsize=512)(lambda text: embedder.embed_tokens([text])[0])
        self._canonical = lru_cache(maxsize=2048)(self._spelled_out)

    def judge(self, sentence: str, passage: Passage, document: Document) -> Support:
        """The stretch of `passage` that says `sentence`, at most three sentences, and whether it supports it."""
        said = Text(self._in_english(sentence, passage))
        above = Text(f"{document.title} {passage.heading} {document.publisher}")
        best: Support | None = None
        for start, end in self._windows(said, passage, document):
            found = self._judge(said, document.text[start:end], above, passage, start, end)
            if best is None or (found.supported, found.score) > (best.supported, best.score):
                best = found
        assert best is not None
        return best

    def _in_english(self, sentence: str, passage: Passage) -> str:
        """A Chinese sentence in English words where the passage is English: figures exactly, the rest by dictionary."""
        if not has_cjk(sentence) or has_cjk(passage.text):
            return sentence
        return " ".join(to_english(written_out(sentence), self.glossary).split())

    def _windows(self, said: Text, passage: Passage, document: Document) -> list[tuple[int, int]]:
        """Single sentences; with the one before where a sentence leans on it; two or three for what joins clauses."""
        spans = list(passage.sentences) or [(passage.start, passage.end)]
        found = list(spans)
        told = len(said.content) + len(said.quantities) + len(said.dates)
        joins = told >= 5 and ("," in said.text or len(said.clauses) > 1)
        own = frozenset(word.stem for word in said.names)
        # Names from several sentences would make up a subject that none of them has.
        together = [own <= self._canonical(document.text[a:b]).stems | Text(document.text[a:b]).stems for a, b in spans]
        leaning = [
            leans_on_the_one_before(document.text[a:b]) or _OF_ONE_NAMED.search(document.text[a:b]) is not None
            for a, b in spans
        ]
        for i in range(1, len(spans)):
            for length in range(1, MAX_SENTENCES):
                if i - length < 0:
                    break
                leans = all(leaning[i - length + 1 : i + 1])
                if leans or (joins and any(together[i - length : i + 1])):
                    found.append((spans[i - length][0], spans[i][1]))
        return found

    def _judge(self, said: Text, quote: str, above: Text, passage: Passage, start: int, end: int) -> Support:
        mine, theirs = self._canonical(said.text), self._canonical(quote)
        reason = disagreement(mine, theirs, self._canonical(above.text), self.spelled_out(passage.text))
        features = self._features(said, Text(quote), passage, start, agrees=not reason)
        score = probability("support", features)
        weakest = features.pop("weakest_word")
        if not reason and score < fitted("support")["threshold"]:
            reason = NOT_SAID + (f": nothing there says {weakest!r}" if weakest else "")
        return Support(not reason, start, end, reason, score, features)

    def spelled_out(self, text: str) -> str:
        """`text` with every term and place by its first name."""
        return self._canonical(text).text

    def _spelled_out(self, text: str) -> Text:
        """`text` with every term and place by its first name: the US and the United States are one."""
        mentions = self.glossary.mentions(text)
        taken = [(mention.start, mention.end) for mention in mentions]
        mentions += [m for m in places().mentions(text) if not any(a < m.end and m.start < b for a, b in taken)]
        for mention in sorted(mentions, key=lambda mention: -mention.start):
            surface = text[mention.start : mention.end]
            if surface.islower() and " " not in surface and "-" not in surface:
                continue  # "the east" may be any east, "plan" any plan
            name = mention.term.name
            if text[mention.start].isupper():
                name = name[0].upper() + name[1:]
            text = text[: mention.start] + name + text[mention.end :]
        return Text(text)

    def _features(self, said: Text, held: Text, passage: Passage, start: int, *, agrees: bool) -> dict[str, Any]:
        """How far the quotation says the sentence's words.

        `near` is the mean likeness of all (1 for a word whose stem stands there), `unsaid` what those lack together
        that are no verbs, `replaced` how unlike the word is that stands in the place of one of them, `alike` how like
        the two are, each read alone. Names count twice, verbs half: what was done is said in many ways, what it was
        done to in few. The last two take milliseconds, and nothing hangs on them where something disagrees.
        """
        one, whole = self._embed(said.text), self._embed(passage.text)
        mine = _by_word(one, said.content, 0)
        theirs = _by_word(whole, held.content, start - passage.start)
        facts = min(len(said.quantities) + len(said.dates) + len(said.names), 3) / 3
        if not len(mine):
            return {"near": 1.0, "facts": facts, "unsaid": 0.0, "replaced": 0.0, "alike": 1.0, "weakest_word": ""}
        stems = held.stems | self._canonical(held.text).stems
        acts = verbs(said.text)
        verb = np.array([word.start in acts for word in said.content])
        light = np.array([_says_little(word, said.text) for word in said.content])
        weights = np.where(light, 0.25, np.where(verb, 0.5, 1.0))
        weights[[word in said.names for word in said.content]] = NAME_WEIGHT
        exact = np.array([self._says(word, stems) for word in said.content])
        likeness = (mine @ theirs.T).max(axis=1) if len(theirs) else np.zeros(len(mine), np.float32)
        likeness = np.where(exact, 1.0, np.clip(likeness, 0, 1))
        nouns = ~verb & ~light
        at = int(np.where(nouns | ~nouns.any(), likeness, 1.0).argmin())
        return {
            "near": float((likeness * weights).sum() / weights.sum()),
            "facts": facts,
            "unsaid": float((np.clip(0.7 - likeness, 0, None) * weights * nouns).sum()),
            "replaced": self._replaced(said.content, held.content, likeness * nouns + ~nouns, exact) if agrees else 0.0,
            "alike": float(one.vector @ self._embed(held.text).vector) if agrees else 0.0,
            "weakest_word": "" if exact[at] else said.content[at].text,
        }

    def _replaced(self, said: Sequence[Word], held: Sequence[Word], likeness: Any, exact: Any) -> float:
        """How unlike the quotation's word is to the noun of the sentence whose place it takes; 0 when none is replaced.

        The place is known by a neighbour that stands in both, on the same side. The two are compared each read alone:
        read in the same place, any two words look alike.
        """
        own = {word.stem for word in said}
        pairs = [
            (said[i].text.lower(), held[slot].text.lower())
            for i in np.flatnonzero(np.asarray(likeness) < _KNOWN).tolist()
            for j in (i - 1, i + 1)
            if 0 <= j < len(said) and exact[j]
            for k, word in enumerate(held)
            if word.stem == said[j].stem and 0 <= (slot := k - j + i) < len(held) and held[slot].stem not in own
        ]
        if not pairs:
            return 0.0
        one, other = (self.embedder.embed_words(list(side)) for side in zip(*pairs, strict=True))
        return float(1 - (one * other).sum(axis=1).min())

    def _says(self, word: Word, stems: frozenset[str]) -> bool:
        canonical = {w.stem for w in self._canonical(word.text).content}
        return _stands(word.stem, stems) or (bool(canonical) and all(_stands(stem, stems) for stem in canonical))


def _says_little(word: Word, text: str) -> bool:
    names_its_source = word.stem in _SOURCE and _THE.search(text[: word.start]) is not None
    lowered = word.text.lower()
    return names_its_source or word.stem in LIGHT or lowered in _TYING or lowered.endswith("ly")


def _stands(stem: str, stems: frozenset[str]) -> bool:
    """Whether a stem is among `stems`, or one of another ending: province and provincial, analysis and analyse."""
    return stem in stems or (
        len(stem) >= 5
        and any(len(other) >= 5 and stem[:5] == other[:5] and abs(len(stem) - len(other)) <= 4 for other in stems)
    )


def _by_word(embedded: Embedded, content: Sequence[Word], offset: int) -> Floats:
    """Unit vectors [words, dimension] of `content`, whose characters count from `offset` in what was embedded."""
    vectors, spans = embedded.tokens.floats(), embedded.tokens.spans
    rows = [
        vectors[(spans[:, 0] < word.end + offset) & (spans[:, 1] > word.start + offset)].sum(axis=0) for word in content
    ]
    if not rows:
        return np.zeros((0, vectors.shape[1]), np.float32)
    table: Floats = np.array(rows, np.float32)
    unit: Floats = table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
    return unit
