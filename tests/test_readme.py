"""What the README and the docs say holds: their commands run, their links lead somewhere, their figures are current."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT, run_cli

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]
_BLOCK = re.search(r"<!-- commands[^>]*-->\n```sh\n(.*?)```", README, re.DOTALL)
assert _BLOCK
COMMANDS = _BLOCK.group(1).splitlines()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_works(command: str, corpus_home: Path) -> None:
    program, *arguments = shlex.split(command)
    assert program == "briefdesk"
    done = run_cli(*arguments, home=corpus_home)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_make_knows_the_words_of_the_readme() -> None:
    for target in {match.group(1) for match in re.finditer(r"make (serve|test|lint|bench|eval|lock)\b", README)}:
        done = subprocess.run(["make", "-n", target], cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
