"""Markdown, with YAML front matter. The canonical text is the file itself, so offsets hold in any editor."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import yaml
from markdown_it import MarkdownIt

from ingest.load.loaded import Block, Kind, Loaded, decode

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_MARKER = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)+|[ \t>]+")
# A line that is bold from end to end heads what stands below it.
_HEADS = re.compile(r"(?P<bold>\*\*|__)(?P<heading>[^*_\n]{1,80}?)[.:]?(?P=bold)[.:]?")
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
    return Loaded(text, tuple(blocks), meta)


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
        if token.type == "heading_open":
            kind, level = "heading", int(token.tag[1])
        elif token.type == "paragraph_open" and not open_items and _HEADS.fullmatch(tokens[i + 1].content):
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
        if token.map is None:
            continue
        start, end = line_starts[token.map[0]], line_starts[token.map[1]]
        if kind == "heading":
            bold = _HEADS.fullmatch(tokens[i + 1].content)
            inline = bold["heading"] if bold else tokens[i + 1].content
            at = text.find(inline, start, end)
            start, end = (at, at + len(inline)) if inline and at >= 0 else (start, end)
        elif kind != "code" and (marker := _MARKER.match(text, start, end)):
            start = marker.end()
        while end > start and text[end - 1].isspace():
            end -= 1
        if end > start:
            blocks.append(Block(start, end, kind, level))
    return blocks
