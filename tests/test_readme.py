"""What the README and the docs say holds: their commands run, their links lead somewhere, their figures are current."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from eval.figures import kept, measure, stale, written
from rag.chain import Desk
from tests.conftest import CHECKOUT, run_cli

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]
_BLOCK = re.search(r"<!-- commands[^>]*-->\n```sh\n(.*?)```", README, re.DOTALL)
assert _BLOCK
COMMANDS = _BLOCK.group(1).splitlines()


@pytest.fixture(scope="module")
def readme_home(corpus_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of their own for the commands, which build on one another and keep runs."""
    return Path(shutil.copytree(corpus_home, tmp_path_factory.mktemp("readme") / "home"))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_works(command: str, readme_home: Path) -> None:
    program, *arguments = shlex.split(command)
    assert program == "briefdesk"
    done = run_cli(*arguments, home=readme_home)
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


def test_pages_give_the_figures_that_are_kept() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert written(text, kept()) == text, f"{page.name}: run `python -m eval.figures --pages`"
    assert "<!--f answers/test/right-->" in README


def test_the_figures_that_are_kept_are_not_stale(desk: Desk) -> None:
    """Measures those of the shipped sets anew; those of `make bench` take too long here."""
    assert stale(kept(), measure(desk)) == [], "run `python -m eval.figures`"


def test_a_stale_figure_is_noticed() -> None:
    measured = {"answers": {"test": {"right": 0.9}}, "set": {"questions": 10}, "measured": "today"}
    assert stale({"answers": {"test": {"right": 0.895}}, "set": {"questions": 10}}, measured) == []
    found = stale({"answers": {"test": {"right": 0.8}}, "set": {"questions": 5}}, measured)
    assert found == ["answers/test/right: 0.9 measured, 0.8 kept", "set/questions: 10 measured, 5 kept"]
    page = "Right: <!--f answers/test/right-->0.100<!--/f-->."
    assert written(page, measured) == "Right: <!--f answers/test/right-->0.900<!--/f-->."
    with pytest.raises(KeyError, match="no answers/test/wrong"):
        written("<!--f answers/test/wrong-->0<!--/f-->", measured)
