"""Past capacity: who waits is told how many are before them; a slow model holds up only those who want it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.line import BusyError, Line
from tests.conftest import Served, open_page
from tests.llm_server import ScriptedModel
from tests.test_accounts import call, server_function

QUESTION = "Which two mechanisms does the brief call new?"


def test_a_line_serves_in_order_and_says_how_many_are_before() -> None:
    async def scene() -> None:
        line = Line(at_once=2, longest=3)
        told: dict[int, list[int]] = {}
        order: list[int] = []
        gate = asyncio.Event()

        async def person(number: int) -> None:
            told[number] = [before async for before in line.wait()]
            order.append(number)
            await gate.wait()
            line.leave()

        people = [asyncio.create_task(person(number)) for number in range(5)]
        await asyncio.sleep(0.01)
        assert (line.busy, line.waiting) == (2, 3)
        with pytest.raises(BusyError, match="3 people are waiting"):
            await anext(line.wait())
        people[3].cancel()  # whoever goes lets the others move up
        await asyncio.sleep(0.01)
        assert line.waiting == 2
        gate.set()
        await asyncio.gather(*people, return_exceptions=True)
        assert order == [0, 1, 2, 4]
        assert told[0] == told[1] == []
        assert told[2] == [2]
        assert told[4][0] == 4
        assert told[4] == sorted(told[4], reverse=True)
        assert (line.busy, line.waiting) == (0, 0)
        line.close()
        with pytest.raises(BusyError, match="about to stop"):
            await anext(line.wait())

    with ThreadPoolExecutor() as pool:  # Playwright, where it runs already, has this thread's event loop
        pool.submit(asyncio.run, scene()).result(30)


@pytest.fixture
def slow(own_home: Path) -> Iterator[tuple[Served, ScriptedModel]]:
    """A page with a language model that says a word a second."""
    model = ScriptedModel("The NPF names two mechanisms. " * 20)
    model.pause_s = 1.0
    served = Served(
        own_home, env={"BRIEFDESK_LLM": "openai:x", "BRIEFDESK_LLM_BASE_URL": model.url, "OPENAI_API_KEY": "k"}
    )
    yield served, model
    model.close()
    served.stop()


def test_a_slow_language_model_holds_up_only_those_who_want_it(
    slow: tuple[Served, ScriptedModel], browser: Any
) -> None:
    served, model = slow
    with httpx.Client(base_url=served.url, timeout=60, limits=httpx.Limits(max_connections=100)) as client:
        waiting = [client.post("gradio_api/call/ask", json={"data": [QUESTION, [], [], False]}) for _ in range(20)]
        assert all(one.status_code == 200 for one in waiting)
        for _ in range(100):
            if len(model.requests) >= 16:
                break
            time.sleep(0.1)
        assert len(model.requests) == 16, "so many answers are written at once, the others wait"
        assert '"abstained": false' in call(client, "ask", QUESTION, [], [], True).text, "quotations come meanwhile"
        assert '"hits"' in call(client, "search", QUESTION, 3, []).text
        assert client.get("readyz").status_code == 200
        metrics = client.get("metrics").text
        assert "briefdesk_busy 16.0" in metrics
        assert "briefdesk_waiting 4.0" in metrics
        page = open_page(browser, served.url, [])
        page.locator("#bd-question textarea").fill(QUESTION)
        page.locator("#bd-question textarea").press("Enter")
        page.wait_for_function("document.querySelector('.bd-waiting')?.textContent.includes('before you')")
        assert re.search(r"Busy: \d+ before you", page.locator(".bd-waiting").inner_text())
        page.close()


def test_stopping_lets_answers_come_to_their_end(own_home: Path) -> None:
    model = ScriptedModel("The NPF names two mechanisms.")
    model.pause_s = 0.5
    served = Served(
        own_home, env={"BRIEFDESK_LLM": "openai:x", "BRIEFDESK_LLM_BASE_URL": model.url, "OPENAI_API_KEY": "k"}
    )
    try:
        with httpx.Client(base_url=served.url, timeout=60) as client:
            event = client.post("gradio_api/call/ask", json={"data": [QUESTION, [], [], False]}).json()["event_id"]
            with ThreadPoolExecutor() as pool:
                answering = pool.submit(client.get, f"gradio_api/call/ask/{event}")
                for _ in range(100):
                    if model.requests:
                        break
                    time.sleep(0.1)
                os.kill(served.pid, signal.SIGTERM)
                time.sleep(0.3)
                assert "event: error" in call(client, "ask", QUESTION, [], [], False).text, "no new question is taken"
                said = answering.result(60).text
        assert "event: complete" in said
        assert "two mechanisms" in said
        assert served.wait(45) == 0
    finally:
        model.close()
        served.stop()


def test_health_and_metrics_say_how_it_is(own_home: Path) -> None:
    served = Served(own_home)
    try:
        with httpx.Client(base_url=served.url, timeout=60) as client:
            assert client.get("healthz").json() == {"status": "alive"}
            assert client.get("readyz").json()["documents"] == 32
            for question in (QUESTION, "How many moons does Jupiter have?"):
                assert "event: complete" in call(client, "ask", question, [], [], False).text
            text = client.get("metrics").text
            for line in (
                'briefdesk_answers_total{mode="extractive",result="answered"} 1.0',
                'briefdesk_answers_total{mode="extractive",result="abstained"} 1.0',
                "briefdesk_unsupported_sentences_total 0.0",
                "briefdesk_documents 32.0",
                "briefdesk_generation 1.0",
                'briefdesk_step_seconds_count{step="retrieve"} 2.0',
                'briefdesk_http_requests_total{kind="call",status="200"}',
            ):
                assert line in text, line
            assert "Jupiter" not in text
            assert float(re.search(r"^briefdesk_home_bytes (\S+)$", text, re.M)[1]) > 100_000  # type: ignore[index]
            aside = own_home.rename(own_home.parent / "aside")
            refused = client.get("readyz")
            assert refused.status_code == 503
            assert "briefdesk ingest" in refused.json()["reason"]
            assert client.get("healthz").status_code == 200
            said = call(client, "ask", QUESTION, [], [], False).text
            assert "event: error" in said
            aside.rename(own_home)
            assert client.get("readyz").status_code == 200
    finally:
        served.stop()


def test_two_pages_on_one_home_answer_while_documents_are_added(own_home: Path, tmp_path: Path) -> None:
    first, second = Served(own_home), Served(own_home)
    try:
        stop = threading.Event()
        wrong: list[str] = []

        def ask(served: Served) -> None:
            with httpx.Client(base_url=served.url, timeout=60) as client:
                while not stop.is_set():
                    said = call(client, "ask", QUESTION, [], [], False).text
                    if "event: complete" not in said or '"abstained": false' not in said:
                        wrong.append(said[-300:])

        asking = [threading.Thread(target=ask, args=(served,)) for served in (first, second)]
        for thread in asking:
            thread.start()
        with httpx.Client(base_url=first.url, timeout=60) as one, httpx.Client(base_url=second.url, timeout=60) as two:
            for number, client in enumerate((one, two, one, two, one, two)):
                name = f"greenhouse-{number}.md"
                text = f"# Greenhouse {number}\n\nGreenhouse {number} in Ghent holds {number + 40} orchids.\n"
                kept = client.post("gradio_api/upload", files={"files": (name, text.encode())}).json()
                add = next(
                    d["id"] for d in client.get("config").json()["dependencies"]
                    if len(d["inputs"]) == 2 and d["targets"] and d["targets"][0][1] == "click"
                )  # fmt: skip
                file = {"path": kept[0], "meta": {"_type": "gradio.FileData"}, "orig_name": name}
                body = {"data": [[file], ""], "fn_index": add, "session_hash": f"s{number}"}
                client.post("gradio_api/queue/join", json=body)
                with client.stream("GET", "gradio_api/queue/data", params={"session_hash": f"s{number}"}) as stream:
                    for line in stream.iter_lines():
                        if "process_completed" in line:
                            assert "added" in line, line
                            break
            stop.set()
            for thread in asking:
                thread.join(60)
            assert wrong == []
            for client in (one, two):
                listed = call(client, "documents").text
                assert all(f"greenhouse-{number}.md" in listed for number in range(6))
                assert json.loads(server_function(client, "documents", None).text)["generation"] == 7
    finally:
        first.stop()
        second.stop()
