"""What browser tests do again and again."""

from __future__ import annotations

from typing import Any


def ask(page: Any, question: str) -> Any:
    """Asks and returns the finished turn."""
    turns = page.locator(".bd-turn").count()
    box = page.locator("#bd-question textarea")
    box.fill(question)
    box.press("Enter")
    page.wait_for_function(
        f"document.querySelectorAll('.bd-turn').length === {turns + 1} && "
        "document.querySelector('.bd-turn:last-child .bd-actions')"
    )
    return page.locator(".bd-turn").last


def open_tab(page: Any, name: str) -> None:
    page.click(f"#bd-tab-{name}-button")


def is_inside(page: Any, selector: str) -> bool:
    """Whether the first such element lies within the window."""
    found: bool = page.locator(selector).first.evaluate(
        "node => { const r = node.getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight; }"
    )
    return found
