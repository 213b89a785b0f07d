"""Tables and lines for a terminal, made into a text first."""

from __future__ import annotations

import io

from rich.console import Console


class TextConsole(Console):
    """A console that prints into a text, of one width wherever it is shown."""

    def __init__(self) -> None:
        self._text = io.StringIO()
        super().__init__(file=self._text, width=118, highlight=False)

    def text(self) -> str:
        return self._text.getvalue().rstrip()
