"""The conversation as HTML: questions, sentences with their numbered citations, the sources under them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from app.output import NOT_SAID, usage_text
from app.sources import Source
from app.texts import attribute, t
from app.viewer import with_source_links
from rag.answers import UNSURE
from rag.types import Answer, Citation, Outline, Sentence, Step

SUGGESTIONS = (
    "What is the brief about?",
    "Which new mechanisms does the brief describe?",
    "What are the five recommendations to the EU?",
    "How much did China spend on R&D in 2024?",
    "What do Chengdu's plans emphasise?",
    "什么是新质生产力？",
)


def render_welcome(documents: int) -> str:
    """The conversation before its first question: one line, and questions to begin with. The browser adds the turns."""
    chips = "".join(
        f'<button type="button" class="bd-suggestion" data-ask="{escape(text)}">{escape(text)}</button>'
        for text in SUGGESTIONS
    )
    said = t(
        "Ask about the policy brief and the {n} documents around it: every sentence of an answer is backed by a "
        "quotation, and a click on its number shows it in the source.",
        n=documents - 1,
    )
    return (
        f'<div class="bd-turns" role="log" tabindex="0" {attribute("aria-label", "Conversation")}></div>'
        f'<div class="bd-welcome"><p>{said}</p>'
        f'<div class="bd-suggestions" role="group" {attribute("aria-label", "Suggested questions")}>{chips}</div></div>'
        f'<div class="bd-talk"><button type="button" class="bd-action bd-new">{t("New conversation")}</button>'
        f'<button type="button" class="bd-action" data-do="link">{t("Copy a link")}</button></div>'
    )


_STEPS = {
    "searching": "Searching {n} passages",
    "reading": "Reading {n} passages",
    "writing": "Writing from {n} passages",
    "checking": "Checking {n} sentences",
}


def render_step(step: Step) -> str:
    return render_waiting(t(_STEPS[step.name], n=f"{step.count:,}"))


def render_waiting(html: str) -> str:
    return f'<p class="bd-waiting" role="status">{html}</p>'


def render_error(text: str) -> str:
    return f'<p class="bd-error" role="alert">{escape(text)}</p>'


def render_answer(answer: Answer, sources: Mapping[str, Source]) -> str:
    by_number = {citation.number: citation for citation in answer.citations}
    parts: list[str] = []
    if answer.understood:
        parts.append(f'<p class="bd-understood">{t("understood as")}: {escape(answer.understood)}</p>')
    if answer.abstained:
        parts.append(f'<p class="bd-abstained">{t(NOT_SAID)}</p>')
        if answer.citations:
            parts.append(f'<p class="bd-note">{t("The nearest passages, which do not answer it:")}</p>')
    # By how it begins: a kept answer has its confidence rounded. To be read before the answer is.
    unsure = [warning for warning in answer.warnings if warning.startswith(UNSURE.split("{")[0])]
    if unsure:
        said = t("Unsure: about half of the answers with a confidence as low as this one's are right.")
        parts.append(f'<p class="bd-differs">{said}</p>')
    rendered = [_sentence(sentence, by_number, sources) for sentence in answer.sentences]
    parts += _laid_out(answer.outline, rendered) if answer.outline else rendered
    if answer.citations:
        grouped: dict[str, list[Citation]] = {}
        for citation in answer.citations:
            grouped.setdefault(citation.document.id, []).append(citation)
        rows = "".join(_source(citations, answer.abstained) for citations in grouped.values())
        parts.append(f'<ul class="bd-sources">{rows}</ul>')
    if answer.definition:
        term, text, source = answer.definition.term, answer.definition.text, answer.definition.source
        said = with_source_links(f"{text} [{source}]" if source else text, sources)
        parts.append(f'<p class="bd-glossary"><strong>{escape(term)}</strong> ({t("glossary")}): {said}</p>')
    for difference in answer.differences:
        quote = escape(difference.citation.line)
        note = f"{escape(difference.note)} <q>{quote}</q> {chip(difference.citation)}"
        parts.append(f'<p class="bd-differs">{note}</p>')
    parts.extend(f'<p class="bd-note">{escape(warning)}</p>' for warning in answer.warnings if warning not in unsure)
    total = answer.timings_ms.get("total")
    mode = (
        t("quotations only, no language model")
        if answer.mode == "extractive"
        else t("checked against the documents")
        if answer.mode == "checked"
        else t("written by {model}, checked", model=answer.mode)
    )
    spent = f", {escape(usage_text(answer.usage))}" if answer.usage else ""
    parts.append(f'<p class="bd-mode">{mode}{spent}{f", {total:.0f} ms" if total else ""}</p>')
    if not answer.complete:
        parts.append(render_waiting(t("Writing, and checking each sentence")))
    return "".join(parts)


def render_quotation(citation: Citation, sources: Mapping[str, Source]) -> str:
    """A quotation as a sentence of its own, with its number."""
    return f'<p class="bd-sentence">{with_source_links(citation.line, sources)} {chip(citation)}</p>'


def _sentence(sentence: Sentence, by_number: Mapping[int, Citation], sources: Mapping[str, Source]) -> str:
    chips = "".join(chip(by_number[n]) for n in sentence.citations if n in by_number)
    text = with_source_links(sentence.text, sources)
    if sentence.supported:
        return f'<p class="bd-sentence">{text} {chips}</p>'
    why = f'<span class="bd-why">{t("not supported")}: {escape(sentence.reason)}</span>'
    return f'<p class="bd-sentence bd-unsupported">{text} {why}</p>'


def _laid_out(outline: Outline, rendered: Sequence[str]) -> list[str]:
    """Sections with their sentences; a comparison as a table, its subjects as columns."""

    def cell(indices: Sequence[int]) -> str:
        return "".join(rendered[i] for i in indices)

    if len(outline.columns) == 1:
        return [f"<h4>{escape(row.heading)}</h4>{cell(row.cells[0])}" for row in outline.rows]
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in outline.columns)
    body = "".join(
        f'<tr><th scope="row">{escape(row.heading)}</th>'
        + "".join(
            f'<td data-column="{escape(column)}">{cell(c)}</td>'
            for column, c in zip(outline.columns, row.cells, strict=True)
        )
        + "</tr>"
        for row in outline.rows
    )
    return [f'<table class="bd-compare"><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>']


def _target(citation: Citation) -> str:
    return f'data-document="{escape(citation.document.id)}" data-start="{citation.start}" data-end="{citation.end}"'


def chip(citation: Citation) -> str:
    """A number that shows its quotation, and opens it in the source."""
    document = citation.document
    page = f"p. {citation.page}" if citation.page else ""
    about = ", ".join(part for part in (document.title, document.publisher, document.date, page) if part)
    quote = citation.line
    return (
        f'<button type="button" class="bd-chip" {_target(citation)} data-quote="{escape(quote[:700])}" '
        f'data-about="{escape(about)}" aria-label="{citation.number}: {escape(document.title)}">'
        f"{citation.number}</button>"
    )


def _source(citations: Sequence[Citation], nearest: bool) -> str:
    """A document with the numbers of its quotations."""
    document = citations[0].document
    numbers = ", ".join(str(citation.number) for citation in citations)
    details = ", ".join(escape(part) for part in (document.publisher, document.date or "no date") if part)
    if nearest:
        checked = ""
        quotes = "".join(f'<q class="bd-quote">{escape(c.line)}</q>' for c in citations)
    else:
        count = len(citations)
        said = t("quotation stands") if count == 1 else t("{n} quotations stand", n=count)
        checked = f'<span class="bd-checked">{said}</span>'
        quotes = ""
    return (
        f'<li><span class="bd-numbers">{numbers}</span> '
        f'<button type="button" class="bd-open" data-open {_target(citations[0])}>'
        f"{escape(document.title)}</button> <span>{details}</span> {checked}{quotes}</li>"
    )
