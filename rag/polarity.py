"""What a text denies, and what excludes what it says: negations, opposites, directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from rag.grammar import clauses
from rag.wordlists import lines_of
from rag.words import Word, stem, words

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


@cache
def _opposites() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    sides = [line.split("|") for line in lines_of("opposites.txt") if "|" in line]
    return tuple((frozenset(map(stem, one.split())), frozenset(map(stem, other.split()))) for one, other in sides)


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
