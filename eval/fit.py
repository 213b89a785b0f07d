"""Fits what is calibrated, on development halves alone: `python -m eval.fit [confidence] [support] [english]`.

`confidence`: whether a question can be answered at all, from the best sentence found for it. `support`: whether the
words of a sentence are said by a quotation. Both are logistic regressions with few features and a strong prior, so that
they also hold on documents they have not seen.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import chain, permutations
from pathlib import Path
from typing import Any

import numpy as np

import rag.extract as extract_module
from eval.claims import CLAIMS, RETOLD, load_pairs, measure
from eval.dataset import DEFAULT_SET, NATURAL_SET, Question, load_set
from eval.evidence import holds, normalised, says
from rag.answers import State
from rag.chain import Desk
from rag.chinese import english_entries
from rag.logistic import probability_by
from rag.scoring import Candidate, need_weights
from rag.settings import load_settings
from rag.support import Judge, Support
from rag.words import STOPWORDS, stem

DATA = Path(extract_module.__file__).parent / "data"
CONFIDENCE = ("late", "lexical", "hard_missing", "unsaid", "act_unsaid", "kind_unsaid")
_TOGETHER, _LIKELY = 2, 0.05  # entries that give two words, and chance, from which on one may stand for the other
SUPPORT = ("near", "facts", "unsaid", "replaced", "alike")


def confidence(desk: Desk) -> None:
    rows, labels = [], []
    for question in [*load_set(DEFAULT_SET), *load_set(NATURAL_SET)]:
        if question.half != "development" or question.turns:
            continue
        state = desk.retrieve(desk.understand(State(question.question, desk.library)))
        assert state.query is not None
        assert state.embedded is not None
        candidates = extract_module.ranked(desk.library, state.query, state.embedded, state.hits)
        best = extract_module.best_that_fits(state.query, candidates)
        # Where it is known to say something else, or another sentence would answer, there is nothing to learn from it.
        if best is None or (question.answerable and not _answers(question, best)):
            continue
        figures = extract_module.figures(state.query, need_weights(desk.library, state.query), best)
        rows.append([figures[name] for name in CONFIDENCE])
        labels.append(int(question.answerable))
    _write("confidence.json", _fitted(np.array(rows), np.array(labels), CONFIDENCE, strength=3.0, as_many=False))


def _answers(question: Question, best: Candidate) -> bool:
    """Whether a sentence is gold, or says something of the answer."""
    gold = any(holds(best.hit.document, best.start, best.end, gold) for gold in question.gold)
    return gold or any(says(normalised(best.text), fact) for fact in question.facts)


def support(desk: Desk) -> None:
    judge = Judge(desk.embedder, desk.glossary)
    pairs = [pair for path in (CLAIMS, RETOLD) for pair in load_pairs(path, "development")]
    every = [(pair.kind == "", found) for pair, found in measure(judge, pairs)]
    # Where numbers, names and polarity already tell, likeness has nothing to learn; other passages it must tell apart.
    judged = [(right, found) for right, found in every if found.likeness_decides]
    subtle = len(judged)
    passages = {pair.passage.text: pair for pair in pairs}
    for pair in (pair for pair in pairs if not pair.kind):
        for other in passages.values():
            if other.passage.text != pair.passage.text and other.document.title != pair.document.title:
                found = judge.judge(pair.sentence, other.passage, other.document)
                judged += [(False, found)] if found.likeness_decides else []
    # The subtle ones weigh as much as the many others together.
    weights = np.where(np.arange(len(judged)) < subtle, (len(judged) - subtle) / subtle, 1.0)
    x = np.array([[found.features[name] for name in SUPPORT] for _, found in judged])
    y = np.array([int(right) for right, _ in judged])
    model = _fitted(x, y, SUPPORT, strength=1.0, weights=weights)
    model["threshold"] = _balanced(model, every)
    _write("support.json", model)


def _balanced(model: dict[str, Any], every: Sequence[tuple[bool, Support]]) -> float:
    """The threshold at which the share of wrong sentences that are caught is nearest to that of right ones passed."""

    def likely(found: Support) -> float:
        return probability_by(model, found.features) if found.likeness_decides else 0.0

    right, wrong = (
        np.array([likely(found) for is_right, found in every if is_right == kind]) for kind in (True, False)
    )
    return float(min(np.arange(0.05, 0.95, 0.01).round(2), key=lambda t: abs((right >= t).mean() - (wrong < t).mean())))


def _fitted(
    x: Any, y: Any, names: tuple[str, ...], strength: float, weights: Any = None, *, as_many: bool = True
) -> dict[str, Any]:
    """The regression of y [n] on x [n, names]; `as_many` weighs right and wrong as if they were as many."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, class_weight="balanced" if as_many else None).fit(x, y, weights)
    print(f"{len(y)} examples, {y.sum()} right; accuracy {model.score(x, y):.3f}")
    weights = {name: round(float(weight), 3) for name, weight in zip(names, model.coef_[0], strict=True)}
    return {"intercept": round(float(model.intercept_[0]), 3), "weights": weights}


def _write(name: str, model: dict[str, Any]) -> None:
    (DATA / name).write_text(json.dumps(model) + "\n")
    print(f"rag/data/{name}: {model}")


def lexicon() -> str:
    """The file of English words and verbs that `rag.grammar` reads, from the installed dictionary."""
    found: set[str] = set()
    verbs: set[str] = set()
    for meaning in chain.from_iterable(english_entries()):
        found.update(re.findall(r"(?<![A-Za-z'])[a-z]+(?![A-Za-z'])", meaning))
        verbs.update(re.findall(r"(?:^|[;,]\s)to ([a-z]+)", meaning))
    head = "# English words of CC-CEDICT (https://www.mdbg.net, CC BY-SA 4.0) in lower case; v marks verbs.\n"
    return head + "".join(f"{word} v\n" if word in verbs else f"{word}\n" for word in sorted(found | verbs))


def known_names() -> str:
    """The file of names that `rag.spelling` leaves alone, from the same dictionary."""
    found: set[str] = set()
    for meaning in chain.from_iterable(english_entries()):
        found.update(re.findall(r"(?<![A-Za-z'])[A-Z][a-z]{4,}(?![A-Za-z'])", meaning))
    head = "# Names of CC-CEDICT (https://www.mdbg.net, CC BY-SA 4.0): of places, people and firms, word by word.\n"
    return head + "".join(f"{name}\n" for name in sorted(found))


def synonyms() -> str:
    """The file of pairs of stems that `rag.thesaurus` reads: those that two entries or more give together."""
    entries = [found for meanings in english_entries() if len(found := _words_alone(meanings)) > 1]
    entries_of = Counter(word for words_alone in entries for word in words_alone)
    chances: dict[tuple[str, str], list[float]] = defaultdict(list)
    for found in entries:
        for one, other in permutations(sorted(found), 2):
            chances[one, other].append(1 / entries_of[one] / (len(found) - 1))
    kept = {
        (one, other): max(sum(found), sum(chances[other, one]))
        for (one, other), found in chances.items()
        if one < other and len(found) >= _TOGETHER
    }
    head = "# Stems of words that mean as much, with the chance; by CC-CEDICT (https://www.mdbg.net, CC BY-SA 4.0).\n"
    lines = (f"{one} {other} {chance:.2f}\n" for (one, other), chance in sorted(kept.items()) if chance >= _LIKELY)
    return head + "".join(lines)


def _words_alone(meanings: Sequence[str]) -> set[str]:
    """Stems of the meanings that are one word, as "to copy" is, and "trendy; fashionable" two."""
    plain = (re.sub(r"\([^)]*\)", "", meaning) for meaning in meanings)
    parts = (part.strip() for meaning in plain for part in re.split(r"[;,]", meaning))
    alone = (re.fullmatch(r"(?:(?:to be|to|an?|the) )?([a-z]{3,})", part) for part in parts)
    return {stem(match[1]) for match in alone if match and match[1] not in STOPWORDS}


def english(_: Desk) -> None:
    (DATA / "english.txt").write_text(lexicon(), encoding="utf-8")
    (DATA / "names.txt").write_text(known_names(), encoding="utf-8")
    (DATA / "synonyms.txt").write_text(synonyms(), encoding="utf-8")


if __name__ == "__main__":
    parts = {"confidence": confidence, "support": support, "english": english}
    for part in sys.argv[1:] or parts:
        parts[part](Desk(load_settings(llm="")))
