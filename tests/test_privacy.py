"""Keys and questions turn up nowhere they should not, and nothing is sent home."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from gradio_client import Client

from app.limits import Limits
from app.service import Service
from app.session import JsonLines, redacted
from rag.chain import Desk
from rag.embedding import Embedder
from rag.settings import load_settings
from tests.conftest import CHECKOUT, Served, free_port, run_cli
from tests.llm_server import ScriptedModel

KEY = "sk-canary-7f3a9c51d2e8"
SECRETS = {"OPENAI_API_KEY": KEY, "BRIEFDESK_CHROMA_TOKEN": f"{KEY}-chroma", "SOME_PASSWORD": f"{KEY}-other"}
QUESTION = "Which two mechanisms does the quetzalcoatlus brief call new?"


def logs(home: Path) -> str:
    return "".join(path.read_text() for path in sorted((home / "logs").glob("*")))


@pytest.mark.parametrize("play", ["401", "400", "500", "page", "cut"])
def test_a_key_is_in_no_output_log_or_receipt(own_home: Path, tmp_path: Path, play: str) -> None:
    model = ScriptedModel("The brief names two mechanisms, and goes on. (1)", plays=(play,))
    try:
        env = {**SECRETS, "BRIEFDESK_LLM": "openai:scripted", "BRIEFDESK_LLM_BASE_URL": model.url}
        receipt = tmp_path / "receipt.json"
        done = run_cli("ask", QUESTION, "--receipt", str(receipt), home=own_home, env=env)
        assert done.returncode == 0, done.stderr
        assert any(KEY in key for key in model.keys), "the model was asked, with the key"
        for place in (done.stdout, done.stderr, receipt.read_text(), logs(own_home)):
            assert KEY not in place
        for path in own_home.rglob("*"):
            assert not path.is_file() or KEY.encode() not in path.read_bytes(), path
    finally:
        model.close()


def test_a_crash_shows_no_key(own_home: Path) -> None:
    code = (
        "import sys, app.cli, app.batch\n"
        "import rag.chain\n"
        f"def crash(*a, **k): raise RuntimeError('{KEY} in the text of an error')\n"
        "rag.chain.Desk.ask = crash\n"
        f"sys.argv = ['briefdesk', 'ask', {QUESTION!r}, '--home', {str(own_home)!r}]\n"
        "app.cli.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=CHECKOUT, env={**os.environ, **SECRETS}
    )
    assert done.returncode == 1
    assert "RuntimeError: [OPENAI_API_KEY] in the text" in done.stderr
    assert KEY not in done.stderr + done.stdout + logs(own_home)
    entry = json.loads(logs(own_home).splitlines()[-1])
    assert entry["error"] == "RuntimeError"
    assert any("crash" in line for line in entry["at_lines"])


def test_the_log_is_lines_of_json_that_rotate_and_hold_no_question(own_home: Path) -> None:
    served = Served(own_home, env=SECRETS)
    try:
        found = Client(served.url, verbose=False).predict(QUESTION, [], [], False, api_name="/ask")
        assert found["question"] == QUESTION
        time.sleep(0.2)
    finally:
        served.stop()
    said = logs(own_home)
    entries = [json.loads(line) for line in said.splitlines()]
    assert any(entry["message"] == "answered" and entry["ms"] >= 0 for entry in entries)
    assert "quetzalcoatlus" not in said
    assert KEY not in said + served.output()
    (handler,) = (one for one in _handlers(own_home) if isinstance(one, logging.handlers.RotatingFileHandler))
    assert handler.maxBytes > 0
    assert handler.backupCount > 0


def test_questions_are_logged_only_where_that_is_switched_on(
    own_home: Path, embedder: Embedder, caplog: pytest.LogCaptureFixture
) -> None:
    for switched, wanted in ((False, False), (True, True)):
        caplog.clear()
        desk = Desk(load_settings(home=own_home, log_questions=switched), embedder)
        with caplog.at_level(logging.INFO):
            Service(desk, Limits()).count(desk.ask(QUESTION))
        said = "".join(JsonLines().format(record) for record in caplog.records)
        assert ("quetzalcoatlus" in said) == wanted
        desk.close()


def _handlers(home: Path) -> list[logging.Handler]:
    from app.session import open_settings

    before = list(logging.getLogger().handlers)
    level = logging.getLogger().level
    open_settings(home=home)
    added = [one for one in logging.getLogger().handlers if one not in before]
    for one in added:
        logging.getLogger().removeHandler(one)
    logging.getLogger().setLevel(level)
    return added


def test_secrets_are_taken_out_wherever_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    assert redacted(f"a {KEY} b") == "a [MISTRAL_API_KEY] b"
    try:
        raise ValueError(QUESTION)
    except ValueError:
        record = logging.makeLogRecord({"msg": f"{KEY}", "exc_info": sys.exc_info()})
    assert "quetzalcoatlus" not in JsonLines().format(record)
    assert "quetzalcoatlus" in JsonLines(questions=True).format(record)
    assert KEY not in JsonLines(questions=True).format(record)


def test_a_setting_that_is_secret_does_not_print() -> None:
    settings = load_settings(chroma_token=KEY)
    assert KEY not in repr(settings) + str(settings) + settings.model_dump_json()


WATCHED = """
import sys
def watch(event, arguments):
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else "unix"
        if host not in ("127.0.0.1", "::1", "localhost", "unix"):
            print("CONNECTED", address, file=sys.stderr, flush=True)
    elif event == "socket.getaddrinfo" and arguments[0] not in (None, "127.0.0.1", "::1", "localhost"):
        print("LOOKED UP", arguments[0], file=sys.stderr, flush=True)
sys.addaudithook(watch)
from app.cli import main
main()
"""


def watched(*arguments: str) -> list[str]:
    return [sys.executable, "-c", WATCHED, *arguments]


def test_nothing_is_sent_home(tmp_path: Path) -> None:
    """By no library, at ingesting, asking, evaluating and serving, with every variable unset that would forbid it."""
    env = {k: v for k, v in os.environ.items() if not any(w in k for w in ("TELEMETRY", "ANALYTICS", "HF_", "TRACK"))}
    home = str(tmp_path / "home")
    for arguments in (("ingest",), ("ask", QUESTION), ("eval", "--sample", "3"), ("doctor",)):
        done = subprocess.run(
            watched(*arguments, "--home", home), capture_output=True, text=True, cwd=CHECKOUT, env=env, timeout=300
        )
        assert done.returncode == 0, done.stderr
        assert "CONNECTED" not in done.stderr
        assert "LOOKED UP" not in done.stderr
    port = free_port()
    with (tmp_path / "serve.log").open("w+") as log:
        serving = subprocess.Popen(
            watched("serve", "--port", str(port), "--home", home), cwd=CHECKOUT, env=env, stdout=log, stderr=log
        )
        try:
            for _ in range(300):
                log.seek(0)
                if "briefdesk is at" in log.read():
                    break
                time.sleep(0.2)
            found = Client(f"http://127.0.0.1:{port}/", verbose=False).predict(QUESTION, [], [], False, api_name="/ask")
            assert found["citations"]
        finally:
            serving.terminate()
            serving.wait(60)
        log.seek(0)
        said = log.read()
    assert "briefdesk is at" in said
    assert "CONNECTED" not in said
    assert "LOOKED UP" not in said
