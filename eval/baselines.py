"""What answers cost nothing, for comparison: at random, never, or everything that was found.

A figure that one of them reaches says little by itself; the table names it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from eval.dataset import Question
from eval.metrics import Response
from eval.statistics import SEED
from rag.chain import Desk
from rag.cite import cite
from rag.types import Answer, Hit, Passage, Sentence

BASELINES = ("random", "silent", "everything")


def baseline(name: str, desk: Desk, question: Question, found: Response) -> Response:
    """What the baseline says: `found` is the real response, whose passages `everything` quotes whole.

    `random`: a coin decides whether it answers, by a sentence of a passage drawn from the library. `silent`: never.
    Each of the other wordings is answered anew.
    """
    wordings = len(question.ways)
    if name == "silent":
        answer = _answer(question, [], ())
        return Response(answer, (), [answer] * wordings)
    if name == "everything":
        whole = [(hit, hit.passage.start, hit.passage.end) for hit in found.hits]
        answer = _answer(question, whole, found.hits)
        return Response(answer, found.hits, [answer] * wordings)
    dice = random.Random(f"{SEED} {question.id}")
    hits = _drawn(desk, dice, len(found.hits))

    def at_random() -> Answer:
        hit = dice.choice(hits)
        start, end = dice.choice(hit.passage.sentences or ((hit.passage.start, hit.passage.end),))
        return _answer(question, [(hit, start, end)] if dice.random() < 0.5 else [], hits)

    return Response(at_random(), hits, [at_random() for _ in range(wordings)])


def _drawn(desk: Desk, dice: random.Random, count: int) -> list[Hit]:
    columns = desk.library.columns
    rows = dice.sample(range(columns.count), min(max(count, 1), columns.count))
    keys = [f"{int(columns.ids[row]):016x}" for row in rows]
    passages: dict[str, Passage] = desk.library.passages_by_id(keys)
    documents = desk.library.documents
    return [Hit(passages[key], documents[passages[key].document_id], 0.0) for key in keys if key in passages]


def _answer(question: Question, quoted: Sequence[tuple[Hit, int, int]], nearest: Sequence[Hit]) -> Answer:
    citations = [cite(n, hit.document, hit.passage, a, b) for n, (hit, a, b) in enumerate(quoted, 1)]
    said = tuple(Sentence(citation.line, (citation.number,), True) for citation in citations)
    return Answer(question.question, said, tuple(citations), not said, "baseline")
