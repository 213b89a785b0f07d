"""Every text of the page that is to be there in Chinese too, collected from the code: `python -m tests.texts`."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import yaml

from app.ui.conversation import _STEPS
from app.ui.documents import _STAGES
from app.ui.scope import _GROUPS
from eval.baselines import BASELINES
from eval.diagnose import STAGES
from eval.grade import VERDICTS
from eval.metrics import FIGURES

UI = Path(__file__).resolve().parent.parent / "app" / "ui"
# Names by which code passes a text on to t().
_PASSED = {
    "app/ui/documents.py": "title publisher date language pages passages added changed unchanged".split(),
    "app/ui/scope.py": ["All publishers", "All languages", "Dated from", "to"],
    "app/ui/learn.py": ["Back", "Next step", "said", "missing"],
    "app/ui/check.py": ["Expected", "Got"],
    "app/viewer.py": ["previous page", "next page", "page image", "text"],
    "eval": ["right", *STAGES, *BASELINES],
    "app/ui/assets/ask.js": [
        "wrong", "not what the source says", "incomplete", "not what I asked", "out of date",
        "Useful", "Not useful", "Kept in this browser as useful.", "Kept in this browser as not useful. Why?",
        "None holds these words.", "None yet. They are kept in this browser only.", "Copy", "Edit the question",
        "Ask again", "Keep here", "Send to this desk", "To the evaluation set", "Add to the evaluation set",
        "Add the text selected in the source",
    ],
}  # fmt: skip


def wanted() -> set[str]:
    """The English texts."""
    found: set[str] = set()
    for path in [*UI.glob("*.py"), UI.parent / "viewer.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
                continue
            at = {"t": 0, "texts": 0, "attribute": 1}.get(node.func.id)
            if at is None or len(node.args) <= at:
                continue
            for part in ast.walk(node.args[at]):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    found.add(part.value)
    for path in (UI / "assets").glob("*.js"):
        found.update(re.findall(r'\bt\(\s*"([^"]+)"', path.read_text(encoding="utf-8")))
    found.update(text for texts in _PASSED.values() for text in texts)
    found.update(
        [*_STEPS.values(), *_STAGES.values(), *_GROUPS, *(figure.label for figure in FIGURES.values()), *VERDICTS]
    )
    path = yaml.safe_load((UI.parent.parent / "corpus" / "path.yaml").read_text(encoding="utf-8"))
    found.update(str(stage[key]) for stage in path for key in ("title", "label"))
    return found - {"", "n", "{"}


if __name__ == "__main__":
    have = json.loads((UI / "assets" / "zh.json").read_text(encoding="utf-8"))
    for text in sorted(wanted() - set(have)):
        print(json.dumps(text))
