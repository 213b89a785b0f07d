"""A run as JUnit XML, which continuous integration shows question by question."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from eval.runs import Run
from rag.errors import UsageError

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # in XML 1.0, in whatever form


def write_junit(run: Run, path: Path) -> None:
    """A test case a question; one that went wrong is a failure of the type of its stage.

    Raises UsageError when the file cannot be written.
    """
    wrong = [row for row in run.outcomes if not row["right"]]
    counts = {"tests": str(len(run.outcomes)), "failures": str(len(wrong)), "errors": "0"}
    took = {"time": f"{run.report.get('seconds') or 0.0:.3f}", "timestamp": run.at}
    suites = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(suites, "testsuite", {"name": f"briefdesk eval {run.set}", **counts, **took})
    for row in run.outcomes:
        seconds = f"{row['timings_ms'].get('total', 0.0) / 1000:.3f}"
        name = {
            "name": f"{row['id']}: {_plain(row['question'])}",
            "classname": f"{run.set}.{row['half']}.{row['kind']}",
        }
        case = ElementTree.SubElement(suite, "testcase", {**name, "time": seconds})
        if not row["right"]:
            said = {"type": row["stage"], "message": _plain(f"{row['stage']}: {row['evidence']}")}
            failure = ElementTree.SubElement(case, "failure", said)
            failure.text = _plain(f"expected: {row['reference']}\nanswered: {row['answer']}")
    ElementTree.indent(suites)
    try:
        ElementTree.ElementTree(suites).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}); name another file") from error


def _plain(text: str) -> str:
    return _FORBIDDEN.sub(" ", text)
