"""Public sets in the forms they come in, made into documents to ingest and a set of questions.

Known: BEIR (Thakur et al., 2021), SQuAD (Rajpurkar et al., 2016 and 2018), the character ranges of Chroma's chunking
evaluation, and FinanceBench's pages.
"""

from __future__ import annotations

import csv
import json
import random
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.dataset import Gold, Question
from eval.draft import line_of
from ingest.chunk import sentence_spans
from rag.errors import UsageError

DOCUMENTS, SET = "documents", "set.jsonl"
_KNOWN = "a BEIR folder (corpus.jsonl, queries.jsonl, qrels/), a SQuAD file, or a folder with questions.csv or .json"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import made, and which questions it left out because their evidence does not stand in the documents."""

    documents: int
    questions: int
    left_out: int


def import_set(source: Path, target: Path, *, sample: int = 0, seed: int = 0) -> Imported:
    """Writes documents and a set to `target`; with `sample` so many of the questions, drawn by `seed`.

    Raises UsageError when `source` is none of the known forms, or `target` holds something already.
    """
    if target.exists() and any(target.iterdir()):
        raise UsageError(f"{target} is not empty; name a new folder")
    try:
        texts, files, questions, left_out = _read(source)
        if 0 < sample < len(questions):
            chosen = sorted(random.Random(seed).sample(range(len(questions)), sample))
            questions = [questions[i] for i in chosen]
        if not questions:
            raise ValueError("it holds no question whose evidence stands in its documents")
        folder = target / DOCUMENTS
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        for path in files:
            shutil.copyfile(path, folder / path.name)
        lines = "".join(f"{line_of(question)}\n" for question in questions)
        (target / SET).write_text(lines, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{error.filename or target}: {error.strerror}; check the path") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{source} cannot be read as {_KNOWN} ({type(error).__name__}: {error})") from error
    return Imported(len(texts) + len(files), len(questions), left_out)


_Read = tuple[Mapping[str, str], Sequence[Path], list[Question], int]


def _read(source: Path) -> _Read:
    if (source / "corpus.jsonl").is_file():
        return _beir(source)
    if (source / "questions.csv").is_file():
        return _ranges(source)
    if (source / "questions.json").is_file():
        return _pages(source)
    if source.is_file() and source.suffix == ".json":
        return _squad(source)
    raise UsageError(f"{source} is none of the known forms: {_KNOWN}")


def _beir(source: Path) -> _Read:
    """Whole documents are relevant or not, and there are no answers: such a set measures retrieval."""
    texts = {
        _name(row["_id"]): _with_title(row.get("title", ""), row["text"]) for row in _lines(source / "corpus.jsonl")
    }
    queries = {str(row["_id"]): str(row["text"]) for row in _lines(source / "queries.jsonl")}
    splits = sorted((source / "qrels").glob("*.tsv"), key=lambda path: path.stem != "test")
    if not splits:
        raise ValueError("there is no qrels/*.tsv")
    relevant: dict[str, list[str]] = defaultdict(list)
    with splits[0].open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if int(row["score"]) > 0:
                relevant[row["query-id"]].append(_name(row["corpus-id"]))
    questions = [
        Question(
            id=f"beir-{key}",
            question=queries[key],
            kind="beir",
            gold=tuple(Gold(document=name) for name in names if name in texts),
        )
        for key, names in relevant.items()
        if key in queries and any(name in texts for name in names)
    ]
    return texts, (), questions, len(relevant) - len(questions)


def _squad(source: Path) -> _Read:
    """An article is a document; the gold is the sentence around an answer, and any of the answers will do."""
    texts: dict[str, str] = {}
    questions: list[Question] = []
    for number, article in enumerate(json.loads(source.read_text(encoding="utf-8"))["data"]):
        title = str(article.get("title", f"article {number}")).replace("_", " ")
        name = _name(title)
        contexts = [str(paragraph["context"]) for paragraph in article["paragraphs"]]
        texts[name] = _with_title(title, "\n\n".join(contexts))
        for paragraph, context in zip(article["paragraphs"], contexts, strict=True):
            for row in paragraph["qas"]:
                questions.append(_squad_question(row, name, context))
    return texts, (), questions, 0


def _squad_question(row: Mapping[str, Any], name: str, context: str) -> Question:
    answers = list(dict.fromkeys(str(answer["text"]) for answer in row.get("answers") or []))
    common = {"id": f"squad-{row['id']}", "question": str(row["question"]).strip(), "kind": "squad"}
    if row.get("is_impossible") or not answers:
        return Question(**common, answerable=False)
    quotes = dict.fromkeys(
        _sentence_around(context, int(answer["answer_start"]), str(answer["text"])) for answer in row["answers"]
    )
    return Question(
        **common,
        reference=answers[0],
        gold=tuple(Gold(document=name, quote=quote) for quote in quotes),
        key_facts=(tuple(answers),),
    )


def _sentence_around(context: str, start: int, answer: str) -> str:
    spans = [(a, b) for a, b in sentence_spans(context, 0, len(context)) if a < start + len(answer) and start < b]
    return context[spans[0][0] : spans[-1][1]] if spans else answer


def _ranges(source: Path) -> _Read:
    """Character ranges of Markdown files; a question's ranges are all needed."""
    paths = sorted(source.glob("*.md"))
    texts = {path.stem: path.read_text(encoding="utf-8") for path in paths}
    questions: list[Question] = []
    left_out = 0
    with (source / "questions.csv").open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            text = texts.get(row["corpus_id"], "")
            quotes = [text[one["start_index"] : one["end_index"]] for one in json.loads(row["references"])]
            if not all(quotes) or not quotes:
                left_out += 1
                continue
            parts = [str(n) if len(quotes) > 1 else "" for n in range(1, len(quotes) + 1)]
            questions.append(
                Question(
                    id=f"{row['corpus_id']}-{number}",
                    question=row["question"],
                    kind=row["corpus_id"],
                    reference=" ".join(quotes),
                    gold=tuple(
                        Gold(document=f"{row['corpus_id']}.md", quote=quote, part=part)
                        for quote, part in zip(quotes, parts, strict=True)
                    ),
                )
            )
    return {f"{name}.md": text for name, text in texts.items()}, (), questions, left_out


def _pages(source: Path) -> _Read:
    """Pages of PDF files, counted from 0 in the source; any of them will do."""
    files = sorted(source.glob("*.pdf"))
    there = {path.name for path in files}
    rows = json.loads((source / "questions.json").read_text(encoding="utf-8"))
    questions = [
        Question(
            id=f"page-{number}",
            question=row["question"],
            kind="page",
            reference=str(row.get("answer", "")),
            gold=tuple(Gold(document=f"{row['doc']}.pdf", page=int(page) + 1) for page in row["pages"]),
        )
        for number, row in enumerate(rows)
        if f"{row['doc']}.pdf" in there and row["pages"]
    ]
    return {}, files, questions, len(rows) - len(questions)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def _name(identity: object) -> str:
    """A file name from an id: letters that a file system may refuse are written as their numbers."""
    return re.sub(r"[^\w.\- ]", lambda match: f"%{ord(match.group()):02x}", str(identity))[:120] + ".md"


def _with_title(title: str, text: str) -> str:
    return f"---\ntitle: {json.dumps(title, ensure_ascii=False)}\n---\n\n{text}\n" if title else f"{text}\n"
