"""The page in Chinese: every text has its translation, with the same places for values."""

from __future__ import annotations

import re

from app.texts import attribute, chinese, t
from tests.texts import wanted


def test_every_text_is_there_in_chinese() -> None:
    assert sorted(wanted() - set(chinese())) == []


def test_translations_keep_the_places_of_values() -> None:
    for text, said in chinese().items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", said)), text


def test_values_are_escaped() -> None:
    assert "<b>" not in t("{n} quotations stand", n="<b>")
    assert attribute("title", "{n} quotations stand", n='"').startswith('title="&quot; quotations stand"')
