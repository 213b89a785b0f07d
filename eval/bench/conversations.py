"""How well a question in a conversation is understood, on the topics of TREC CAsT (Dalton, Xiong and Callan, 2020).

Each topic is a conversation of questions; people wrote out for each what it asks on its own. A question is a follow-up
when they changed it. Each is read behind the earlier ones as people wrote them out, without their answers.

    python -m eval.bench.conversations 2020_manual_evaluation_topics_v1.0.json
    python -m eval.bench.conversations evaluation_topics_v1.0.json evaluation_topics_annotated_resolved_v1.0.tsv
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from rag.condense import condense
from rag.errors import UsageError
from rag.followup import kind_of
from rag.glossary import Glossary
from rag.types import Answer, Turn
from rag.words import words

Conversation = list[tuple[str, str]]  # each question as it was asked, and as it stands alone


def read(topics: Path, resolved: Path | None = None) -> Iterator[Conversation]:
    """The conversations of a CAsT file; in 2019 what stands alone is a file of its own, `topic_turn<TAB>question`.

    Raises UsageError when it is no such file.
    """
    try:
        lines = resolved.read_text(encoding="utf-8").splitlines() if resolved else []
        apart = dict(line.split("\t", 1) for line in lines)
        for topic in json.loads(topics.read_text(encoding="utf-8")):
            turns = topic["turn"]
            alone = (
                [apart.get(f"{topic['number']}_{turn['number']}") for turn in turns]
                if resolved
                else [turn["manual_rewritten_utterance"] for turn in turns]
            )
            yield [(turn["raw_utterance"], text) for turn, text in zip(turns, alone, strict=True) if text]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{topics} holds no topics of TREC CAsT ({error!r}); see {__name__}") from error


@dataclass(frozen=True, slots=True)
class Understood:
    """`kinds` counts (what a question is, what it was taken for); the others are mean F1 of words, 0 to 1."""

    kinds: Counter[tuple[str, str]]
    as_asked: float
    as_understood: float


def measure(conversations: Sequence[Conversation]) -> Understood:
    """Questions behind the first of each conversation."""
    kinds: Counter[tuple[str, str]] = Counter()
    asked: list[float] = []
    understood: list[float] = []
    for conversation in conversations:
        before: list[Turn] = []
        for question, alone in conversation:
            if before:
                kind = "alone" if _counted(question) == _counted(alone) else "follow-up"
                kinds[kind, kind_of(question, before)] += 1
                asked.append(_f1(question, alone))
                understood.append(_f1(condense(question, before, Glossary(())), alone))
            before.append(Turn(alone, Answer(alone, (), (), True, "extractive")))
    count = len(asked) or 1
    return Understood(kinds, sum(asked) / count, sum(understood) / count)


def _counted(text: str) -> Counter[str]:
    return Counter(word.text.lower() for word in words(text))


def _f1(one: str, other: str) -> float:
    mine, theirs = _counted(one), _counted(other)
    return 2 * (mine & theirs).total() / ((mine.total() + theirs.total()) or 1)


@click.command()
@click.argument("topics", type=click.Path(path_type=Path))
@click.argument("resolved", type=click.Path(path_type=Path), required=False)
def command(topics: Path, resolved: Path | None) -> None:
    """Measure how follow-ups are understood."""
    try:
        found = measure(list(read(topics, resolved)))
    except UsageError as error:
        raise click.ClickException(str(error)) from error
    follow_ups = sum(count for (kind, _), count in found.kinds.items() if kind == "follow-up")
    others = found.kinds.total() - follow_ups
    click.echo(f"{found.kinds['follow-up', 'follow-up']} of {follow_ups} follow-ups are taken for one")
    click.echo(f"{found.kinds['alone', 'alone']} of {others} questions that stand alone are left as they are")
    click.echo(f"words shared with what people wrote out, F1: {found.as_asked:.3f} as asked, ", nl=False)
    click.echo(f"{found.as_understood:.3f} as understood")


if __name__ == "__main__":
    command()
