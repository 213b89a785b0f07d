"""The tab of the library: what is indexed, adding and removing, a card for each document, the map and the timeline."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from app.accounts import must_edit
from app.additions import Stage, add, is_removable, put_back, take_out
from app.atlas import events, places
from app.progress import short_name
from app.texts import attribute, calls, t, texts
from app.ui.ask import Conversation
from app.ui.conversation import chip, render_error, render_quotation
from app.ui.scope import group_of
from app.viewer import with_source_links
from ingest.load import SUFFIXES
from ingest.report import Report
from rag.chain import Desk
from rag.errors import BriefdeskError
from rag.store.library import PRIMARY_GROUP
from rag.suggest import questions_of
from rag.summary import summarise
from rag.types import Listing

log = logging.getLogger(__name__)

MAX_ROWS = 500
_SUMMARY = 3  # sentences on a card
_TERMS = 8
_STAGES = {"load": "Reading {done} of {total}", "embed": "Embedding {done} of {total} passages", "store": "Indexing"}
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


class LibraryPage:
    """What the browser asks of the server on the Documents tab."""

    def __init__(self, desk: Desk, talk: Conversation) -> None:
        self.desk = desk
        self.sources = talk.sources
        self._map = lru_cache(maxsize=2)(self._render_map)
        self._timeline = lru_cache(maxsize=2)(self._render_timeline)
        self._card = lru_cache(maxsize=64)(self._render_card)

    # -- what the scripts call, each with one argument

    def table(self, _: Any = None) -> str:
        """The rows of the library."""
        listings = sorted(self.desk.library.listings.values(), key=_order)
        more = len(listings) - MAX_ROWS
        rest = f'<p class="bd-note">{t("{n} more are not listed here.", n=f"{more:,}")}</p>' if more > 0 else ""
        heads = ("title", "publisher", "date", "language", "pages", "passages", "added")
        head = "".join(f'<th scope="col">{t(name)}</th>' for name in heads)
        rows = "".join(self._row(listing) for listing in listings[:MAX_ROWS])
        return (
            f'<table class="bd-table bd-library"><thead><tr>{head}<th scope="col">{t("file")}</th></tr></thead>'
            f"<tbody>{rows}</tbody></table>{rest}"
        )

    def card(self, document_id: Any) -> str:
        """A summary with citations, the main terms, and questions that the document answers."""
        if str(document_id) not in self.desk.library.listings:
            return render_error("This document is no longer in the library.")
        return self._card(self.desk.library.generation, str(document_id))

    def map(self, _: Any = None) -> str:
        return self._map(self.desk.library.generation)

    def timeline(self, _: Any = None) -> str:
        return self._timeline(self.desk.library.generation)

    def remove(self, document_id: Any) -> dict[str, Any]:
        """Takes a document out; `source` is what `undo` needs."""
        try:
            must_edit()
            listing = take_out(self.desk, str(document_id))
        except BriefdeskError as error:
            return {"ok": False, "said": str(error)}
        return {"ok": True, "source": listing.source, "title": listing.title}

    def undo(self, source: Any) -> dict[str, Any]:
        try:
            must_edit()
            done = put_back(self.desk, str(source))
        except BriefdeskError as error:
            return {"ok": False, "said": str(error)}
        return {"ok": done, "said": "" if done else "It cannot be put back any more; add it again."}

    # --

    def _row(self, one: Listing) -> str:
        cells = "".join(
            f'<td{css} data-label="{name}">{escape(value)}</td>'
            for name, css, value in (
                ("publisher", "", one.publisher),
                ("date", "", one.date),
                ("language", "", one.language),
                ("pages", ' class="bd-number"', str(one.pages or "")),
                ("passages", ' class="bd-number"', str(one.passages)),
                ("added", "", one.added_at[:10]),
            )
        )
        take = (
            f'<button type="button" class="bd-action" data-remove="{one.id}" aria-label="{escape(one.title)}">'
            f"{t('remove')}</button>"
            if is_removable(self.desk, one)
            else ""
        )
        return (
            f'<tr><th scope="row"><button type="button" class="bd-open" data-card="{one.id}">{escape(one.title)}'
            f'</button></th>{cells}<td class="bd-file">{escape(short_name(one.name))} {take}</td></tr>'
        )

    def _render_card(self, _: int, document_id: str) -> str:
        library = self.desk.library
        listing, document = library.listings[document_id], library.documents[document_id]
        composed = summarise(library, document)
        # The first sentence of a section is the most telling: one of each, as far as there is room.
        firsts = [row.cells[0][0] for row in composed.outline.rows if row.cells[0]] if composed.outline else []
        said = "".join(
            render_quotation(replace(composed.citations[i], number=n), self.sources)
            for n, i in enumerate(firsts[:_SUMMARY], 1)
        )
        counted = Counter(m.term.name for m in self.desk.glossary.mentions(document.text))
        terms = "".join(
            f'<button type="button" class="bd-term" data-term="{escape(name)}">{escape(name)} '
            f"<small>{n}</small></button>"
            for name, n in counted.most_common(_TERMS)
        )
        questions = "".join(
            f'<button type="button" class="bd-suggestion" data-ask="{escape(text)}">{escape(text)}</button>'
            for text in questions_of(self.desk, document)
        )
        details = ", ".join(part for part in (listing.publisher, listing.date, short_name(listing.name)) if part)
        none = f'<p class="bd-empty">{t("No sentence of it makes a summary.")}</p>'
        return (
            f'<article class="bd-card"><h3>{escape(listing.title)}</h3><p class="bd-note">{escape(details)}</p>'
            f'{said or none}<p><button type="button" class="bd-action" data-open data-document="{document_id}" '
            f'data-start="0" data-end="0">{t("Read it, and search in it")}</button></p>'
            + (f"<h4>{t('Main terms')}</h4><p>{terms}</p>" if terms else "")
            + (f'<h4>{t("Questions it answers")}</h4><div class="bd-next">{questions}</div>' if questions else "")
            + "</article>"
        )

    def _render_map(self, _: int) -> str:
        found = places(self.desk.library, self.desk.glossary)
        largest = max((place.passages for place in found if place.listing), default=1)
        spots: list[str] = []
        for place in found:
            at = f"left:{4 + place.x * 92:.2f}%;top:{4 + place.y * 92:.2f}%"
            if place.listing is None:
                spots.append(
                    f'<button type="button" class="bd-topic" style="{at}" data-term="{escape(place.label)}">'
                    f"{escape(place.label)}</button>"
                )
                continue
            size = 10 + 14 * (place.passages / largest) ** 0.5
            spots.append(
                f'<button type="button" class="bd-spot" data-group="{escape(place.listing.group)}" '
                f'data-card="{place.listing.id}" style="{at};--size:{size:.0f}px" aria-label="{escape(place.label)}">'
                f"<span>{escape(_shortened(place.label))}</span></button>"
            )
        said = t("Near each other: what resembles each other. A dot is a document, a word a topic; click either.")
        return f'<p class="bd-note">{said}</p><div class="bd-map">{"".join(spots)}</div>'

    def _render_timeline(self, _: int) -> str:
        found = events(self.desk.library)
        years = Counter(event.date.year for event in found)
        most = max(years.values(), default=1)
        bars = "".join(
            f'<a href="#bd-year-{year}" data-year="{year}" style="--share:{count / most:.3f}" '
            f'aria-label="{year}: {count}"><i></i><span>{year}</span></a>'
            for year, count in sorted(years.items(), key=lambda pair: pair[0] or 0)
        )
        parts: list[str] = []
        year = None
        for event in found:
            if event.date.year != year:
                parts.append(f'{"</ol>" if parts else ""}<h4 id="bd-year-{event.date.year}">{event.date.year}</h4><ol>')
                year = event.date.year
            month = _MONTHS[(event.date.month or 1) - 1]
            when = f"{event.date.day} {month}" if event.date.day else month
            text = with_source_links(event.citation.line, self.sources)
            parts.append(f"<li><time>{when}</time><span>{text} {chip(event.citation)}</span></li>")
        if not parts:
            return f'<p class="bd-empty">{t("No sentence of the documents names a month or a day.")}</p>'
        return (
            f'<div class="bd-years" role="group" {attribute("aria-label", "Events by year")}>{bars}</div>'
            f'<div class="bd-timeline">{"".join(parts)}</ol></div>'
        )


def build_documents(desk: Desk, talk: Conversation) -> None:
    """Adds the tab's components to the Blocks that is open."""
    page = LibraryPage(desk, talk)

    def add_all(files: Sequence[str] | None, addresses: str) -> Iterator[tuple[Any, Any, Any]]:
        wanted = [line.strip() for line in addresses.splitlines() if line.strip()]
        last = None
        try:
            must_edit()
        except BriefdeskError as error:
            yield _ended(error), None, ""
            return
        uploaded = [Path(path) for path in files or ()]
        for found in add(desk, uploaded, wanted):
            if not isinstance(found, Stage):
                for path in uploaded:  # the home has its own copy
                    path.unlink(missing_ok=True)
                yield _ended(found), None, ""
            elif found.name != last or found.done == found.total:
                last = found.name
                yield _under_way(found), gr.skip(), gr.skip()

    with gr.Accordion(texts("Add documents"), open=False, elem_id="bd-add"), gr.Row():
        with gr.Column():
            files = gr.File(
                label=texts("Files"),
                file_count="multiple",
                file_types=sorted(SUFFIXES),
                height=130,
                elem_id="bd-add-files",
            )
        with gr.Column():
            addresses = gr.Textbox(
                label=texts("Addresses, one a line"), placeholder="https://", lines=3, elem_id="bd-add-addresses"
            )
            start = gr.Button(texts("Add"), variant="primary", elem_id="bd-add-start")
    progress = gr.HTML("", elem_id="bd-add-progress", apply_default_css=False)
    library = gr.HTML(
        f'<div class="bd-views" role="group" {attribute("aria-label", "View")}>'
        f'<button type="button" data-view="table" aria-pressed="true">{t("List")}</button>'
        f'<button type="button" data-view="map" aria-pressed="false">{t("Map")}</button>'
        f'<button type="button" data-view="timeline" aria-pressed="false">{t("Timeline")}</button>'
        f'<input type="search" data-do="find-document" {attribute("placeholder", "Find a document")} '
        f"{attribute('aria-label', 'Find a document')}></div>"
        f'<div class="bd-undo" role="status"></div><div class="bd-two"><div class="bd-view">{page.table()}</div>'
        '<aside class="bd-side-card" aria-live="polite"></aside></div>',
        elem_id="bd-documents",
        js_on_load="briefdesk.documents(element, server);",
        apply_default_css=False,
        server_functions=calls(page.table, page.card, page.map, page.timeline, page.remove, page.undo),
    )
    added = start.click(
        add_all,
        [files, addresses],
        [progress, files, addresses],
        show_progress="hidden",
        concurrency_limit=1,
        api_visibility="private",
    )
    added.then(None, None, library, js="() => { briefdesk.refreshDocuments(); }", api_visibility="private")


def _under_way(stage: Stage) -> str:
    said = t(_STAGES[stage.name], done=f"{stage.done:,}", total=f"{stage.total:,}")
    share = stage.done / max(stage.total, 1)
    return f'<p class="bd-waiting" role="status">{said}</p><progress value="{share:.3f}"></progress>'


def _ended(found: Report | BriefdeskError) -> str:
    if isinstance(found, BriefdeskError):
        return render_error(str(found))
    rows = [
        (t(name), short_name(source), "")
        for name, sources in (("added", found.added), ("changed", found.changed), ("unchanged", found.unchanged))
        for source in sources
    ]
    rows += [(t("refused"), short_name(one["source"]), one["reason"]) for one in found.refused]
    lines = "".join(
        f"<li><strong>{what}</strong> {escape(source)}{f': {escape(why)}' if why else ''}</li>"
        for what, source, why in rows
    )
    return f'<ul class="bd-added" role="status">{lines}</ul>'


def _order(listing: Listing) -> tuple[bool, str, str]:
    return (listing.group != PRIMARY_GROUP, group_of(listing), listing.name)


def _shortened(title: str) -> str:
    return title if len(title) <= 34 else f"{title[:32].rsplit(' ', 1)[0]} …"
