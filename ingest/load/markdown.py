"""Markdown, with YAML front matter. The canonical text is the file itself, so offsets hold in any editor."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import Any

import yaml
from markdown_it import MarkdownIt

from ingest.load.loaded import Block, Kind, Loaded, decode, without_page_lines
from rag.grammar import verbs
from rag.words import words

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_MARKER = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)+|[ \t>]+")
# A line that is bold from end to end heads what stands below it, unless it says something itself.
_BOLD = re.compile(r"(?P<bold>\*\*|__)(?P<heading>(?:\d{1,2}[.)] )?[^*_\n,;\d]{1,80}?)[.:]?(?P=bold)[.:]?")
_FINITE = re.compile(
    r"\b(?:is|are|was|were|has|have|had|will|would|can|could|should|may|might|must|do|does|did)\b", re.I
)
_ASKS = re.compile(r"(?:what|why|how|when|where|who)\b", re.IGNORECASE)
_HELPS = re.compile(r"to|\w+ing", re.IGNORECASE)  # before a verb that says nothing of anybody
# A link to a heading of the same file, or several links on one line.
_LEADS_ON = re.compile(
    r"(?:[\d.]+ )?\[[^\[\]]+\]\(#[^()\s]*\)|\[[^\[\]]+\]\([^()\s]*\)(?:\s?[|·•/]\s?\[[^\[\]]+\]\([^()\s]*\))+"
)
_LONGEST_HEAD = 8  # words
_BELOW_ALL = 6  # level of such a heading: below every other


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table")


def load(data: bytes) -> Loaded:
    text = decode(data)
    meta: dict[str, Any] = {}
    body_start = 0
    if match := _FRONT_MATTER.match(text):
        try:
            parsed = yaml.safe_load(match.group(1))
        except yaml.YAMLError:
            parsed = None  # three dashes that are no front matter
        if isinstance(parsed, dict):
            meta, body_start = parsed, match.end()
    blocks = _blocks(text, body_start)
    return Loaded(text, tuple(without_page_lines(text, blocks)), meta)


def _bold_head(line: str) -> str:
    """The heading that a bold line is; empty when it is none, as "**Exports rose by half.**" is not."""
    match = _BOLD.fullmatch(line)
    said = match["heading"] if match else ""
    if _ASKS.match(said):  # "What it does"
        return said
    at = verbs(said)
    # "Known issues", "when to use it" and "Getting started" say nothing.
    acts = [b for a, b in pairwise(words(said)) if b.start in at and a.start not in at and not _HELPS.fullmatch(a.text)]
    acts = [word for word in acts if not word.text.endswith("ing")]
    return "" if acts or _FINITE.search(said) or len(said.split()) > _LONGEST_HEAD else said


def _blocks(text: str, body_start: int) -> list[Block]:
    body = text[body_start:]
    line_starts = [body_start]
    for match in re.finditer("\n", body):
        line_starts.append(body_start + match.end())
    line_starts.append(len(text))

    blocks: list[Block] = []
    open_items: list[bool] = []  # whether something of the item was read
    in_head_of_table = False
    tokens = _parser().parse(body)
    for i, token in enumerate(tokens):
        if token.type == "list_item_open":
            open_items.append(False)
        elif token.type == "list_item_close":
            open_items.pop()
        elif token.type in ("thead_open", "thead_close"):
            in_head_of_table = token.type == "thead_open"
        kind: Kind
        bold = _bold_head(tokens[i + 1].content) if token.type in ("heading_open", "paragraph_open") else ""
        if token.type == "heading_open":
            kind, level = "heading", int(token.tag[1])
        elif token.type == "paragraph_open" and not open_items and bold:
            kind, level = "heading", _BELOW_ALL
        elif token.type == "paragraph_open":
            kind, level = ("more" if any(open_items[-1:]) else "item" if open_items else "paragraph"), len(open_items)
            open_items[-1:] = [True] * bool(open_items)
        elif token.type == "tr_open":
            kind, level = "columns" if in_head_of_table else "row", 0
        elif token.type in ("fence", "code_block"):
            kind, level = "code", 0
        else:
            continue  # containers, and raw HTML, which is markup and not text
        if token.map is None or (kind in ("paragraph", "item", "more") and _LEADS_ON.fullmatch(tokens[i + 1].content)):
            continue  # contents and "Previous | Next" say nothing that what they lead to does not
        start, end = line_starts[token.map[0]], line_starts[token.map[1]]
        if kind == "heading":
            inline = bold or tokens[i + 1].content
            at = text.find(inline, start, end)
            start, end = (at, at + len(inline)) if inline and at >= 0 else (start, end)
        elif kind != "code" and (marker := _MARKER.match(text, start, end)):
            start = marker.end()
        while end > start and text[end - 1].isspace():
            end -= 1
        if end > start:
            blocks.append(Block(start, end, kind, level))
    return blocks
