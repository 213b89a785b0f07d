"""`briefdesk eval` as a user runs it: figures, gates, reports, runs that are kept, compared and resumed."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from eval.dataset import DEFAULT_SET, load_set
from eval.harness import Wanted, evaluate, sampled
from eval.html import render_html
from eval.runs import load_run, load_runs
from eval.tune import front, load_grid
from rag.chain import Desk
from rag.embedding import Embedder
from rag.errors import UsageError
from rag.settings import load_settings
from tests.conftest import run_cli

GOLD = {"document": "29-project-reconnect-china.md", "quote": "The coordinator is Bart Dessein"}
WHO = "Who is the coordinator of ReConnect China?"
ROWS: list[dict[str, Any]] = [
    {
        "question": WHO,
        "gold": [GOLD],
        "key_facts": ["Bart Dessein"],
        "reference": "Bart Dessein",
        "ways": ["Who is ReConnect China's coordinator?"],
    },
    {"question": WHO, "gold": [GOLD], "key_facts": ["Nobody At All <b>"], "half": "development"},
    {"question": "How do I bake bread?", "answerable": False, "kind": "far"},
]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "set.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in ROWS))
    return path


def test_the_command_prints_figures_and_what_went_wrong(own_home: Path, small: Path) -> None:
    done = run_cli("eval", str(small), "--json", home=own_home)
    report = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert report["halves"]["test"]["answer_right"] == 1.0
    assert report["halves"]["development"]["answer_right"] == 0.0
    assert report["halves"]["test"]["abstention_right"] == 1.0
    assert report["figures"]["test"]["consistency"]["value"] == 1.0
    assert report["figures"]["test"]["abstention_right"]["reached_by"] == ["silent"]
    assert [(wrong["id"], wrong["stage"]) for wrong in report["wrong"]] == [("line-2", "not selected")]
    assert report["stages_by"]["document"] == {GOLD["document"]: {"not selected": 1}}
    assert report["corpus"]["fingerprint"]
    assert report["versions"]["briefdesk"]
    text = run_cli("eval", str(small), home=own_home).stdout
    assert "answer right, with right evidence" in text
    assert "not selected" in text
    assert "A trivial answer does as well" in text


def test_figures_that_are_not_reached_fail(own_home: Path, small: Path, tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    asked = ["--fail-under", "answer_right=0.9", "--fail-under", "false_abstention=0", "--junit", str(junit)]
    done = run_cli("eval", str(small), *asked, home=own_home)
    assert done.returncode == 1
    assert "answer_right is 0.5000, at least 0.9 was asked for" in done.stderr
    assert "false_abstention" not in done.stderr
    suite = ElementTree.parse(junit).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    failure = suite.find(".//failure")
    assert failure is not None
    assert failure.get("type") == "not selected"
    assert "Nobody At All <b>" in str(failure.get("message"))
    assert run_cli("eval", str(small), "--fail-under", "answer_right=0.5", home=own_home).returncode == 0
    wrong = run_cli("eval", str(small), "--fail-under", "rightness=1", home=own_home)
    assert wrong.returncode == 2
    assert "no figure 'rightness'" in wrong.stderr


def test_a_lost_quotation_fails_and_is_named(own_home: Path, tmp_path: Path) -> None:
    path = tmp_path / "lost.jsonl"
    path.write_text(json.dumps({"question": WHO, "gold": [{**GOLD, "quote": "The coordinator is Nobody"}]}))
    done = run_cli("eval", str(path), home=own_home)
    assert done.returncode == 1
    assert "lost gold: line-1: the gold quotation is not in 29-project-reconnect-china.md" in done.stdout


def test_runs_are_kept_listed_compared_and_shown_again(own_home: Path, small: Path, tmp_path: Path) -> None:
    empty = run_cli("eval", "history", home=own_home)
    assert empty.returncode == 2
    assert "no run is kept" in empty.stderr
    run_cli("eval", str(small), home=own_home)
    run_cli("eval", str(small), home=own_home, env={"BRIEFDESK_MIN_CONFIDENCE": "1"})
    history = json.loads(run_cli("eval", "history", "--json", home=own_home).stdout)["runs"]
    assert [run["figures"]["answer_right"] for run in history] == [0.5, 0.0]
    first, second = (str(run["run"]) for run in history)
    compared = json.loads(run_cli("eval", "compare", first, second, "--json", home=own_home).stdout)
    assert compared["differ"] == {"settings.min_confidence": [0.37, 1.0]}
    assert compared["figures"]["answer_right"]["change"] == -0.5
    assert not compared["figures"]["answer_right"]["sure"], "two questions say nothing"
    assert [row["after"] for row in compared["questions"]] == ["wrongly abstained"]
    text = run_cli("eval", "compare", "last-1", home=own_home).stdout
    assert "No change that chance would not explain" in text
    assert "looked at in 2 of these 2 runs" in run_cli("eval", "history", home=own_home).stdout
    page = tmp_path / "report.html"
    shown = run_cli("eval", "report", first, "--html", str(page), home=own_home)
    assert "answer right" in shown.stdout
    assert "Bart Dessein" in page.read_text(encoding="utf-8")
    missing = run_cli("eval", "report", "999", home=own_home)
    assert missing.returncode == 2
    assert "no run 999" in missing.stderr


def test_the_report_is_one_file_that_runs_nothing_of_a_document(
    own_home: Path, small: Path, embedder: Embedder
) -> None:
    with closing(Desk(load_settings(home=own_home), embedder)) as desk:
        run, _ = evaluate(desk, Wanted(small), quiet=True)
    html = render_html(run)
    assert "Nobody At All &lt;b&gt;" in html
    assert "<b>" not in html.replace(f"<b>{WHO}</b>", "").replace("<b>How do I bake bread?</b>", "")
    assert "default-src 'none'" in html
    for loading in ("src=", "<link", "url(", "@import", "fetch("):
        assert loading not in html


@pytest.mark.browser
def test_the_report_can_be_filtered_and_asks_no_other_host(
    browser: Any, own_home: Path, small: Path, embedder: Embedder, tmp_path: Path
) -> None:
    with closing(Desk(load_settings(home=own_home), embedder)) as desk:
        run, _ = evaluate(desk, Wanted(small), quiet=True)
    path = tmp_path / "report.html"
    path.write_text(render_html(run), encoding="utf-8")
    page = browser.new_page()
    page.set_viewport_size({"width": 390, "height": 800})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: asked.append(message.text) if message.type == "error" else None)
    page.goto(path.as_uri())
    assert page.locator("details").count() == 3
    page.select_option("select[name=stage]", "not selected")
    assert page.locator("details:visible").count() == 1
    page.locator("details:visible summary").click()
    assert "not said: Nobody At All" in page.locator("details:visible").inner_text()
    assert page.locator("output").inner_text() == "1 of 3"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert asked == [path.as_uri()]
    page.close()


def test_an_interrupted_run_goes_on_where_it_stopped(own_home: Path, embedder: Embedder) -> None:
    wanted = Wanted(DEFAULT_SET, "development", sample=12, seed=1)
    with closing(Desk(load_settings(home=own_home), embedder)) as desk:
        calls = 0
        ask = desk.ask

        def breaking(*arguments: Any, **more: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == 8:
                raise KeyboardInterrupt
            return ask(*arguments, **more)

        desk.ask = breaking  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            evaluate(desk, wanted, quiet=True)
        broken = load_run(own_home, "last")
        assert not broken.finished
        assert 0 < len(broken.outcomes) < 12
        desk.ask = ask  # type: ignore[method-assign]
        again, _ = evaluate(desk, Wanted(DEFAULT_SET, "development", sample=12, seed=1, resume=True), quiet=True)
        assert again.number == broken.number
        assert again.finished
        whole, _ = evaluate(desk, wanted, quiet=True)
        assert [row["id"] for row in again.outcomes] == [row["id"] for row in whole.outcomes]
        assert again.values == whole.values
        with pytest.raises(UsageError, match="no interrupted run"):
            evaluate(desk, Wanted(DEFAULT_SET, "development", sample=12, seed=1, resume=True), quiet=True)


def test_a_sample_is_the_same_for_a_seed_and_keeps_the_kinds() -> None:
    questions = load_set(DEFAULT_SET)
    drawn = sampled(questions, 60, seed=4)
    assert len(drawn) == 60
    assert drawn == sampled(questions, 60, seed=4)
    assert drawn != sampled(questions, 60, seed=5)
    facts = sum(question.kind == "fact" for question in questions) / len(questions)
    assert abs(sum(question.kind == "fact" for question in drawn) / 60 - facts) < 0.03
    assert sampled(questions, 0, seed=1) == questions


def test_in_parallel_the_outcomes_are_the_same(own_home: Path, embedder: Embedder) -> None:
    with closing(Desk(load_settings(home=own_home), embedder)) as desk:
        one, _ = evaluate(desk, Wanted(DEFAULT_SET, "development", sample=16), quiet=True)
        threads = threading.active_count()
        four, _ = evaluate(desk, Wanted(DEFAULT_SET, "development", sample=16, parallel=4), quiet=True)
    assert one.values == four.values
    assert [row["id"] for row in one.outcomes] == [row["id"] for row in four.outcomes]
    assert threading.active_count() <= threads + 4


def test_runs_of_an_older_home_are_brought_along(own_home: Path) -> None:
    with closing(sqlite3.connect(own_home / "catalog.sqlite")) as database, database:
        database.execute("DROP TABLE outcomes")
        database.execute("ALTER TABLE documents DROP COLUMN lists")
        report = {
            "set": "brief.jsonl",
            "half": "development",
            "settings": {"k": 12},
            "values": {"answer_right": {"a": 1.0, "b": 0.0}},
        }
        row = ("2026-11-01T00:00:00+00:00", "check", json.dumps(report))
        database.execute("INSERT INTO runs (started_at, command, report) VALUES (?, ?, ?)", row)
        database.execute("UPDATE meta SET value = '2' WHERE key = 'schema'")
    assert run_cli("ingest", home=own_home).returncode == 0
    run = load_runs(own_home)[-1]
    assert (run.set, run.half, run.finished) == ("brief.jsonl", "development", True)
    assert run.values["answer_right"] == {"a": 1.0, "b": 0.0}
    assert "0.500" in run_cli("eval", "history", home=own_home).stdout


def test_tune_tries_a_grid_and_reports_the_best_on_the_test_half_once(own_home: Path, tmp_path: Path) -> None:
    rows = [
        {
            "id": f"{half}-{n}",
            "half": half,
            "question": question.question,
            "gold": [g.model_dump(exclude_defaults=True) for g in question.gold],
            "key_facts": list(question.key_facts),
        }
        for half in ("development", "test")
        for n, question in enumerate([q for q in load_set(DEFAULT_SET) if q.kind == "fact" and q.half == half][:4])
    ]
    path, grid = tmp_path / "set.jsonl", tmp_path / "grid.yaml"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    grid.write_text("passage_tokens: [72, 120]\nmin_confidence: [0.37, 1.0]\n")
    done = run_cli("eval", "tune", str(path), "--grid", str(grid), "--json", home=own_home)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found["tried"]) == 4
    assert found["winner"]["min_confidence"] == 0.37, "who never answers cannot win"
    assert any(one["current"] and one["settings"]["passage_tokens"] == 72 for one in found["tried"])
    assert any(one["front"] for one in found["tried"])
    assert found["test"]["value"] > 0.5
    halves = [run.half for run in load_runs(own_home)]
    assert set(halves) == {"test"}, "of the development half nothing but the grid is kept"
    assert len(halves) <= 2


def test_a_grid_that_cannot_be_tried_is_refused(tmp_path: Path) -> None:
    for text, reason in (
        ("home: [a, b]", "home cannot be tried"),
        ("k: 3", "cannot be read"),
        ("k: [3]", "1 combinations"),
    ):
        path = tmp_path / "grid.yaml"
        path.write_text(text)
        with pytest.raises(UsageError, match=reason):
            load_grid(path)


def test_the_front_is_what_nothing_beats() -> None:
    from eval.tune import Tried

    slow, fast, worse = (
        Tried({"k": k}, {"a": quality}, ms, False)
        for k, quality, ms in ((1, 1.0, 50.0), (2, 0.5, 10.0), (3, 0.4, 20.0))
    )
    assert front([slow, fast, worse]) == [slow, fast]


def test_a_run_that_cannot_be_kept_is_said_so_in_one_sentence(own_home: Path, small: Path) -> None:
    with closing(sqlite3.connect(own_home / "catalog.sqlite")) as database, database:
        database.execute("CREATE TRIGGER full BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    done = run_cli("eval", str(small), home=own_home)
    assert done.returncode != 0
    assert "the run cannot be kept in" in done.stderr
    assert "disk is full" in done.stderr
    assert "Traceback" not in done.stderr
