"""The left column: which documents are asked, and the conversations that the browser keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from app.texts import attribute, t
from rag.chain import Desk
from rag.filters import ALL, Filter
from rag.store.library import PRIMARY_GROUP
from rag.types import Listing

MAX_ROWS = 400  # documents that are listed one by one; more are asked all together
_GROUPS = ("The brief", "Notes", "Added")


def group_of(listing: Listing) -> str:
    """The brief, the notes around it, or what was added."""
    return _GROUPS[0] if listing.group == PRIMARY_GROUP else _GROUPS[1] if listing.group else _GROUPS[2]


def scope_of(found: Any) -> Filter:
    """The filter behind what the browser sent: the ids of the ticked documents, or nothing for all."""
    if not isinstance(found, Mapping):
        return ALL
    # An empty choice asks no document at all, which the filter reports as it should.
    return Filter(documents=tuple(str(one) for one in found.get("documents") or ["(no document)"]))


def render_scope(desk: Desk) -> str:
    """The column as it is when the page opens."""
    return (
        f'<nav class="bd-side" {attribute("aria-label", "Documents and conversations")}>'
        f"<h2>{t('Documents')}</h2>{render_documents(desk)}"
        f"<h2>{t('Conversations')}</h2>"
        f'<input type="search" data-do="find-conversation" {attribute("placeholder", "Search in conversations")} '
        f'{attribute("aria-label", "Search in conversations")}><ul class="bd-conversations"></ul></nav>'
    )


def render_documents(desk: Desk) -> str:
    library = desk.library
    listings = sorted(library.listings.values(), key=lambda one: (_GROUPS.index(group_of(one)), one.name))
    rows = "".join(_group(group, [one for one in listings[:MAX_ROWS] if group_of(one) == group]) for group in _GROUPS)
    more = len(listings) - MAX_ROWS
    rest = f'<p class="bd-note">{t("{n} more are asked with them.", n=f"{more:,}")}</p>' if more > 0 else ""
    return (
        f'<div class="bd-documents" data-total="{len(listings)}" data-generation="{library.generation}">'
        f'<p class="bd-count" role="status"></p><details><summary>{t("Filter")}</summary>'
        f'<input type="search" data-filter="words" {attribute("placeholder", "Words of the title")} '
        f"{attribute('aria-label', 'Words of the title')}>"
        f"{_choice('publisher', 'All publishers', (one.publisher for one in listings))}"
        f"{_choice('language', 'All languages', (one.language for one in listings))}"
        f"{_dates([one.date for one in listings if one.date])}</details>{rows}{rest}</div>"
    )


def _choice(name: str, everything: str, values: Iterable[str]) -> str:
    options = "".join(f"<option>{escape(value)}</option>" for value in sorted({value for value in values if value}))
    return (
        f'<select data-filter="{name}" {attribute("aria-label", everything)}>'
        f'<option value="" {attribute("", everything)}>{everything}</option>{options}</select>'
    )


def _dates(dates: list[str]) -> str:
    first, last = (min(dates)[:4], max(dates)[:4]) if dates else ("", "")
    return "".join(
        f'<label>{t(text)} <input data-filter="{name}" size="8" maxlength="10" placeholder="{example}"></label>'
        for name, text, example in (("since", "Dated from", first), ("until", "to", last))
    )


def _group(name: str, listings: list[Listing]) -> str:
    if not listings:
        return ""
    rows = "".join(
        f'<div class="bd-doc" data-id="{one.id}" data-publisher="{escape(one.publisher)}" '
        f'data-language="{escape(one.language)}" data-date="{escape(one.date)}">'
        f'<input type="checkbox" checked id="bd-doc-{one.id}"><label for="bd-doc-{one.id}">{escape(one.title)}'
        f"<small>{escape(', '.join(part for part in (one.publisher, one.date) if part))}</small></label>"
        f'<button type="button" data-open data-document="{one.id}" data-start="0" data-end="0" '
        f'{attribute("title", "Read")} aria-label="{escape(one.title)}">▸</button></div>'
        for one in listings
    )
    identity = f"bd-all-{_GROUPS.index(name)}"
    opened = " open" if len(listings) < 8 else ""
    return (
        f'<div class="bd-group"><input type="checkbox" class="bd-all" checked id="{identity}">'
        f'<label class="bd-group-name" for="{identity}">{t(name)} ({len(listings)})</label>'
        f"<details{opened}><summary>{t('show each')}</summary>{rows}</details></div>"
    )
