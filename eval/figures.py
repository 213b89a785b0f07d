"""The figures that README and docs give: measured, kept in docs/figures.json, and written into the pages.

`python -m eval.figures` measures those of the shipped sets and writes them; `--check` measures and fails when a page
says otherwise. Those of `make bench` take long: `python -m eval.bench --record` keeps them beside the others.

In a page a figure stands between two comments, <!--f answers/test/right-->0.83<!--/f-->, whose key is its place in
docs/figures.json; #1 after a key takes the second of values joined by " / ".
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from eval.claims import CLAIMS, RETOLD, load_pairs, passed_and_caught
from eval.claims import measure as measure_claims
from eval.dataset import DEFAULT_SET, HALVES, NATURAL_SET, Gold, Question, load_set
from eval.grade import Grader, agreement, load_grades, share_agreeing
from eval.metrics import summary
from eval.reliability import answers_right, confidences
from eval.reliability import figures as confidence_figures
from eval.report import figures as run_figures
from eval.run import alone, outcomes_of
from eval.runs import row_of
from rag.chain import Desk
from rag.settings import CHECKOUT, load_settings

KEPT = CHECKOUT / "docs" / "figures.json"
TOLERANCE = 0.02  # by which a machine with other arithmetic may differ
_MARKED = re.compile(r"<!--f ([^>#]+)(?:#(\d))?-->(.*?)<!--/f-->")
Figures = dict[str, Any]


def pages() -> list[Path]:
    """The pages that may give figures."""
    return [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]


def measure(desk: Desk) -> Figures:
    """The figures of the shipped sets, rounded as they are shown."""
    questions = load_set(DEFAULT_SET)
    begin = time.perf_counter()
    outcomes = list(outcomes_of(desk, questions))
    took_s = time.perf_counter() - begin
    natural = list(outcomes_of(desk, load_set(NATURAL_SET)))
    turns = [question for question in questions if question.turns]
    apart = {outcome.question.id: outcome for outcome in outcomes_of(desk, alone(turns), whole=False)}
    found: Figures = {
        "measured": datetime.now(UTC).date().isoformat(),
        "set": {"questions": len(questions), "follow-ups": len(turns), "asked": _asked(questions)},
        "speed": {"seconds": round(took_s, 1)},
        "answers": {},
        "natural": {},
        "kinds": {},
        "follow-ups": {},
        "claims": {},
        "retold": {},
        "grades": {},
        "confidence": {},
    }
    for half in HALVES:
        own = [outcome for outcome in outcomes if outcome.question.half == half]
        found["answers"][half] = _shown(run_figures([row_of(outcome) for outcome in own]))
        found["set"][half] = len(own)
        of_half = [outcome for outcome in natural if outcome.question.half == half]
        found["natural"][half] = {
            "answerable": sum(outcome.question.answerable for outcome in of_half),
            "unanswerable": sum(not outcome.question.answerable for outcome in of_half),
            **_shown(run_figures([row_of(outcome) for outcome in of_half])),
        }
        found["kinds"][half] = {kind: _of_kind(own, kind) for kind in dict.fromkeys(o.question.kind for o in own)}
        ids = [question.id for question in turns if question.half == half]
        together = [outcome for outcome in own if outcome.question.id in ids]
        found["follow-ups"][half] = {
            "asked": len(ids),
            "right": sum(outcome.right for outcome in together),
            "right-alone": sum(apart[key].right for key in ids if key in apart),
        }
        found["confidence"][half] = {
            key: round(value, 3)
            for key, value in confidence_figures(*confidences(own)).items()
            if key in ("auc", "brier")
        }
        for named, sure in (("sure", True), ("unsure", False)):
            right, given = answers_right([*own, *of_half], sure=sure)
            found["confidence"][half] |= {f"{named}-right": right, f"{named}-given": given}
        for path in (CLAIMS, RETOLD):
            pairs = load_pairs(path, half)
            passed, caught = passed_and_caught(measure_claims(desk.judge, pairs))
            found[path.stem][half] = {
                "pairs": len(pairs),
                "passed": round(sum(passed) / len(passed), 3),
                "caught": round(sum(caught) / len(caught), 3),
            }
        graded = [one for one in load_grades() if one.half == half]
        by_id = {question.id: question for question in questions}
        agreed = share_agreeing(agreement(Grader(desk.library, desk.judge), by_id, graded))
        found["grades"][half] = {"answers": len(graded), "agreement": round(agreed, 3)}
    return found


def _asked(questions: Any) -> int:
    """Questions put to the desk in a run: those of the set, what comes before follow-ups, other wordings."""
    return sum(1 + len(question.turns) + len(question.ways) for question in questions)


def _of_kind(outcomes: Any, kind: str) -> dict[str, Any]:
    own = [outcome for outcome in outcomes if outcome.question.kind == kind]
    return {"questions": len(own), "right": round(summary(own)["right"] or 0.0, 3)}


def _shown(figures: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, figure in figures.items():
        found[key] = round(figure["value"], 3)
        if figure["interval"]:
            low, high = figure["interval"]
            found[f"{key}-interval"] = f"{low:.2f} to {high:.2f}"
    return found


def keep(found: Figures) -> None:
    """Adds `found` to what is kept."""
    KEPT.write_text(json.dumps({**kept(), **found}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def kept() -> Figures:
    found: Figures = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    return found


def written(text: str, figures: Figures) -> str:
    """A page with its figures as they are in `figures`. Raises KeyError naming one that is not there."""

    def value(match: re.Match[str]) -> str:
        key, part, _ = match.groups()
        found: Any = figures
        for name in key.split("/"):
            if not isinstance(found, Mapping) or name not in found:
                raise KeyError(f"docs/figures.json has no {key}")
            found = found[name]
        said = f"{found:.3f}" if isinstance(found, float) and found < 2 else str(found)
        said = said.split(" / ")[int(part)].strip() if part else said
        return f"<!--f {key}{'#' + part if part else ''}-->{said}<!--/f-->"

    text = _MARKED.sub(value, text)
    for name, table in (("fields", fields_table), ("kinds", lambda: kinds_table(figures))):
        if f"<!--{name}-->" in text:
            before, _, rest = text.partition(f"<!--{name}-->")
            text = f"{before}<!--{name}-->\n{table()}\n<!--/{name}-->{rest.partition(f'<!--/{name}-->')[2]}"
    return text


def fields_table() -> str:
    """The fields of a question, and of its gold, from the schema that a set is checked by."""
    lines = ["| field | | |", "|---|---|---|"]
    for model, prefix in ((Question, ""), (Gold, "gold[].")):
        for name, field in model.model_fields.items():
            must = (
                "required" if field.is_required() else f"default {json.dumps(field.default)}" if field.default else ""
            )
            lines.append(f"| `{prefix}{name}` | {must} | {field.description} |")
    return "\n".join(lines)


def kinds_table(figures: Figures) -> str:
    """For each kind of question the share right in the development half and, in brackets, in the test half."""
    both = figures["kinds"]
    lines = ["| kind | questions | right |", "|---|---|---|"]
    for kind, own in both["development"].items():
        test = both["test"].get(kind, {"questions": 0, "right": 0.0})
        right = f"{own['right']:.2f} ({test['right']:.2f})"
        lines.append(f"| {kind} | {own['questions']} ({test['questions']}) | {right} |")
    return "\n".join(lines)


def stale(figures: Figures, measured: Figures) -> list[str]:
    """The keys whose measured value is further from the kept one than TOLERANCE, or not kept."""
    return [
        f"{key}: {measured_value} measured, {kept_value} kept"
        for key, measured_value, kept_value in _both(measured, figures, "")
        if isinstance(measured_value, int | float)
        and not (
            isinstance(kept_value, int | float)
            and abs(measured_value - kept_value) <= (TOLERANCE if isinstance(measured_value, float) else 1)
        )
    ]


def _both(one: Mapping[str, Any], other: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    for name, value in one.items():
        if name == "speed":
            continue  # what a machine does in a second says nothing of the next one
        beside = other.get(name) if isinstance(other, Mapping) else None
        if isinstance(value, Mapping):
            yield from _both(value, beside, f"{path}{name}/")
        else:
            yield f"{path}{name}", value, beside


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 when a page or a kept figure is stale.")
@click.option("--pages", "only_pages", is_flag=True, help="Measure nothing; write what is kept into the pages.")
def main(check: bool, only_pages: bool) -> None:
    """Measure the figures of the shipped sets and write them into README and docs."""
    found = {} if only_pages else measure(Desk(load_settings(llm="")))
    lines = stale(kept(), found) if check else []
    if not check:
        keep(found)
    for path in pages():
        text = path.read_text(encoding="utf-8")
        new = written(text, kept())
        if new != text and check:
            lines.append(f"{path.relative_to(CHECKOUT)} does not say what docs/figures.json does")
        elif new != text:
            path.write_text(new, encoding="utf-8")
            click.echo(f"written: {path.relative_to(CHECKOUT)}")
    for line in lines:
        click.echo(line, err=True)
    if lines:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
