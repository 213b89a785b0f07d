"""Citation recall and precision as in ALCE (Gao et al., 2023, section 3), with the verifier in place of its model.

Recall: share of the sentences that are supported by what they cite, taken together. Precision: share of the citations
that are needed: their sentence is supported, and they support it alone or the others do not without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import mean

from ingest.chunk import sentence_spans
from rag.support import Judge
from rag.types import Answer, Citation, Passage


def attribution(answer: Answer, judge: Judge) -> tuple[float | None, float | None]:
    """Recall and precision, each 0 to 1; None where there are no sentences, or no citations."""
    by_number = {citation.number: citation for citation in answer.citations}
    supported: list[bool] = []
    needed: list[bool] = []
    for sentence in answer.sentences:
        used = [by_number[number] for number in sentence.citations if number in by_number]
        together = _says(judge, sentence.text, used)
        supported.append(together)
        needed += [
            together
            and (
                len(used) == 1
                or _says(judge, sentence.text, [one])
                or not _says(judge, sentence.text, [other for other in used if other is not one])
            )
            for one in used
        ]
    return (mean(supported) if supported else None), (mean(needed) if needed else None)


def _says(judge: Judge, sentence: str, quotations: Sequence[Citation]) -> bool:
    if not quotations:
        return False
    text = "\n".join(one.quote for one in quotations)
    if " ".join(sentence.split()) in " ".join(text.split()):
        return True  # in the document's own words
    first = quotations[0]
    document = replace(first.document, text=text)
    spans = tuple(sentence_spans(text, 0, len(text)))
    passage = Passage("quoted", document.id, 0, len(text), text, heading=first.passage.heading, sentences=spans)
    return judge.judge(sentence, passage, document).supported
