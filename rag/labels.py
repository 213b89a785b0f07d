"""Lines of a label and what it says: "Employees: 170,000", also with Markdown's marks around the label."""

from __future__ import annotations

import re

_LABEL = re.compile(r"[\s*_•·-]*(?P<label>[^\W\d_][^\s:：.*]*(?: [^\s:：.*]+){0,5})[*_]*[:：][*_]*\s+(?=\S)")


def label_of(text: str) -> str:
    """The label that a line opens with; empty when it has none."""
    match = _LABEL.match(text)
    return match["label"].strip() if match else ""


def without_label(text: str) -> str:
    """What stands behind the label of a line."""
    match = _LABEL.match(text)
    return text[match.end() :] if match else text
