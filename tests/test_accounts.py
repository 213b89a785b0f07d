"""Who may do what: users, sessions, limits, other sites, sizes. Against a real server on loopback."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.accounts import USERS, Accounts, Sessions
from app.guard import COOKIE, Rules, address_of, policy
from app.serve import allowed_hosts, needs_accounts
from rag.errors import UsageError
from rag.settings import load_settings
from tests.conftest import Served, run_cli

ANNA, BO = ("anna", "a long enough password"), ("bo", "another long password")
UPLOAD = {"files": ("note.md", b"# Note\n\nA note.\n")}


@pytest.fixture(scope="module")
def guarded(corpus_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A page with an editor and a reader, as on a shared server."""
    home = tmp_path_factory.mktemp("guarded") / "home"
    shutil.copytree(corpus_home, home)
    for (name, password), role in ((ANNA, "editor"), (BO, "reader")):
        Accounts(home / USERS).put(name, password, role)  # type: ignore[arg-type]
    limits = {"BRIEFDESK_QUESTIONS_PER_MINUTE": "40", "BRIEFDESK_HOSTS": "desk.example"}
    served = Served(home, env={"BRIEFDESK_AUTH": "on", **limits})
    yield served
    served.stop()


def client(served: Served, user: tuple[str, str] | None = None, **options: Any) -> httpx.Client:
    return httpx.Client(base_url=served.url, auth=user, timeout=30, **options)


def call(client: httpx.Client, name: str, *data: Any) -> httpx.Response:
    """A named endpoint of the API, as Gradio's own clients call it; the last message of what it streams."""
    begun = client.post(f"gradio_api/call/{name}", json={"data": list(data)})
    if begun.is_error:
        return begun
    return client.get(f"gradio_api/call/{name}/{begun.json()['event_id']}")


def server_function(client: httpx.Client, name: str, data: Any) -> httpx.Response:
    """A function that the page's scripts call, found as the page finds it: by its component's number."""
    config = client.get("config").json()
    component = next(one for one in config["components"] if name in (one["props"].get("server_fns") or []))
    body = {"data": data, "component_id": component["id"], "fn_name": name, "session_hash": "test"}
    return client.post("gradio_api/component_server", json=body)


# -- users and sessions


def test_a_password_is_kept_as_an_argon2_hash_for_its_owner_only(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / USERS)
    accounts.put("anna", ANNA[1], "editor")
    kept = (tmp_path / USERS).read_text()
    assert "$argon2id$" in kept
    assert ANNA[1] not in kept
    assert (tmp_path / USERS).stat().st_mode & 0o777 == 0o600
    user = accounts.check("anna", ANNA[1])
    assert user is not None
    assert user.may_edit
    assert accounts.check("anna", ANNA[1] + "x") is None
    assert accounts.check("nobody", ANNA[1]) is None
    Accounts(tmp_path / USERS).remove("anna")
    assert accounts.check("anna", ANNA[1]) is None, "a file that changed is read again"
    for name, password in (("anna", "short"), ("", ANNA[1]), ("a b", ANNA[1]), ("a/../b", ANNA[1]), ("a:b", ANNA[1])):
        with pytest.raises(UsageError):
            accounts.put(name, password, "reader")
    (tmp_path / USERS).write_text('{"anna": {"hash": "x", "role": "owner"}}')
    with pytest.raises(UsageError, match="cannot be read"):
        accounts.names()


def test_sessions_end_when_idle_and_after_a_day() -> None:
    now = [0.0]
    sessions = Sessions(idle_s=100, longest_s=250, clock=lambda: now[0])
    secret = sessions.begin("anna")
    assert len(secret) > 40
    for at in (90.0, 180.0):
        now[0] = at
        assert sessions.user(secret) == ("anna", "")
    now[0] = 255.0
    assert sessions.user(secret) is None, "however busy"
    other = sessions.begin("anna")
    now[0] += 101
    assert sessions.user(other) is None, "idle"
    last = sessions.begin("anna")
    sessions.end(last)
    assert sessions.user(last) is None
    assert sessions.user("made up") is None


def test_the_commands_of_users(tmp_path: Path) -> None:
    import subprocess
    import sys

    from tests.conftest import CHECKOUT

    command = [sys.executable, "-m", "app.cli", "users", "add", "anna", "--role", "editor", "--password-stdin"]
    done = subprocess.run(
        [*command, "--home", str(tmp_path)], input=ANNA[1] + "\n", text=True, capture_output=True, cwd=CHECKOUT
    )
    assert done.returncode == 0, done.stderr
    assert run_cli("users", "list", home=tmp_path).stdout == "anna\teditor\n"
    assert run_cli("users", "remove", "anna", home=tmp_path).returncode == 0
    again = run_cli("users", "remove", "anna", home=tmp_path)
    assert again.returncode == 2
    assert "no user" in again.stderr


def test_accounts_are_demanded_off_this_machine(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path)
    assert not needs_accounts(settings, "127.0.0.1", insecure=False)
    assert not needs_accounts(settings, "::1", insecure=False)
    for host in ("0.0.0.0", "::", "192.168.1.5", "desk.example.org"):
        with pytest.raises(UsageError, match="users add"):
            needs_accounts(settings, host, insecure=False)
        assert not needs_accounts(settings, host, insecure=True)
    Accounts(tmp_path / USERS).put(*ANNA, "editor")
    assert needs_accounts(settings, "0.0.0.0", insecure=False)
    on = load_settings(home=tmp_path, auth="on")
    assert needs_accounts(on, "127.0.0.1", insecure=False)
    with pytest.raises(UsageError, match="contradict"):
        needs_accounts(on, "0.0.0.0", insecure=True)
    with pytest.raises(UsageError, match="--insecure"):
        needs_accounts(load_settings(home=tmp_path, auth="off"), "0.0.0.0", insecure=False)
    done = run_cli("serve", "--host", "0.0.0.0", "--port", "7999", home=tmp_path / "none")
    assert done.returncode == 2
    assert "users add" in done.stderr


def test_a_page_of_this_machine_answers_to_its_own_names_only(tmp_path: Path, served: Served) -> None:
    assert allowed_hosts(load_settings(home=tmp_path), "0.0.0.0") == ()
    with httpx.Client(base_url=served.url) as one:
        assert one.get("readyz").status_code == 200
        refused = one.get("", headers={"host": "evil.example"})
    assert refused.status_code == 421
    assert "BRIEFDESK_HOSTS" in refused.json()["error"]


# -- what is asked of a request


def test_without_an_account_nothing_is_served(guarded: Served) -> None:
    with client(guarded) as nobody:
        assert nobody.get("healthz").status_code == 200
        assert nobody.get("readyz").json()["status"] == "ready"
        page = nobody.get("", headers={"accept": "text/html"})
        assert (page.status_code, page.headers["location"]) == (303, "/login")
        for path in ("", "config", "gradio_api/info", "gradio_api/openapi.json", "metrics", "gradio_api/queue/data",
                     "gradio_api/file=/etc/passwd", "gradio_api/mcp/", "theme.css", "assets/index.js"):  # fmt: skip
            assert nobody.get(path).status_code == 401, path
        for path in ("gradio_api/call/ask", "gradio_api/queue/join", "gradio_api/component_server", "gradio_api/mcp/"):
            assert nobody.post(path, json={"data": ["What?"]}).status_code == 401, path
        assert nobody.post("gradio_api/upload", files=UPLOAD).status_code == 401


def test_logging_in_begins_a_session_and_logging_out_ends_it(guarded: Served) -> None:
    with client(guarded) as browser:
        assert browser.post("login", data={"name": BO[0], "password": "wrong, and long enough"}).status_code == 401
        begun = browser.post("login", data={"name": BO[0], "password": BO[1]})
        assert (begun.status_code, begun.headers["location"]) == (303, "/")
        cookie = begun.headers["set-cookie"]
        assert re.search(rf"{COOKIE}=[\w-]{{40,}};", cookie)
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert browser.get("config").status_code == 200
        assert browser.get("config").json()["username"] == "reader:bo"
        kept = browser.cookies[COOKIE]
        assert browser.post("logout").status_code == 303
        browser.cookies.set(COOKIE, kept)
        assert browser.get("config").status_code == 401, "the session is over, not only the cookie gone"


def test_a_program_sends_its_name_and_password(guarded: Served) -> None:
    with client(guarded, BO) as bo:
        found = call(bo, "ask", "Which two mechanisms does the brief call new?", [], [], False)
        assert '"abstained": false' in found.text
    with client(guarded, ("bo", "a wrong password!")) as wrong:
        assert wrong.get("config").status_code == 401


def test_a_reader_may_not_change_anything(guarded: Served) -> None:
    with client(guarded, BO) as bo:
        assert bo.post("gradio_api/upload", files=UPLOAD).status_code == 403
        listed = call(bo, "documents").text
        assert "brief" in listed
        taken = server_function(bo, "remove", "0000000000000000").json()
        assert "editor" in taken["said"]
        assert "editor" in server_function(bo, "undo", "/etc/passwd").json()["said"]
        kept = server_function(bo, "add_to_set", {"question": "What?", "answer": "", "gold": []}).json()
        assert not kept["ok"]
        assert "editor" in kept["said"]
        config = bo.get("config").json()
        add = next(one for one in config["dependencies"] if len(one["inputs"]) == 2 and one["targets"][0][1] == "click")
        body = {"data": [None, "http://127.0.0.1/"], "fn_index": add["id"], "session_hash": "reader1"}
        assert bo.post("gradio_api/queue/join", json=body).status_code == 200
        assert "editor" in _streamed(bo, "reader1")
    with client(guarded, ANNA) as anna:
        assert anna.post("gradio_api/upload", files=UPLOAD).status_code == 200
        assert "no longer in the library" in server_function(anna, "remove", "0000000000000000").json()["said"]


def _streamed(client: httpx.Client, session: str) -> str:
    """What the queue says to a session until an event is over."""
    said = ""
    with client.stream("GET", "gradio_api/queue/data", params={"session_hash": session}) as stream:
        for line in stream.iter_lines():
            said += line
            if '"process_completed"' in line:
                break
    return said


def test_another_site_may_not_ask_in_a_users_name(guarded: Served) -> None:
    with client(guarded, ANNA) as anna:
        for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
            for path in ("gradio_api/call/ask", "gradio_api/queue/join", "gradio_api/upload", "login", "logout"):
                assert anna.post(path, json={}, headers=headers).status_code == 403, (headers, path)
        asked = anna.get("config", headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in asked.headers
        preflight = anna.options(
            "gradio_api/call/ask",
            headers={"origin": "https://evil.example", "access-control-request-method": "POST"},
        )
        assert "access-control-allow-origin" not in preflight.headers
        own = guarded.url.rstrip("/")
        assert anna.post("gradio_api/call/documents", json={"data": []}, headers={"origin": own}).status_code == 200


def test_every_answer_has_its_headers_and_no_script_may_be_added(guarded: Served) -> None:
    with client(guarded, ANNA) as anna:
        page = anna.get("")
        for answer in (page, anna.get("healthz"), anna.get("theme.css"), anna.get("nowhere"), anna.get("login")):
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["referrer-policy"] == "same-origin"
            rules = answer.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in rules
            assert "object-src 'none'" in rules
            assert "'unsafe-inline'" not in rules.split("script-src")[1].split(";")[0]
            assert "server" not in answer.headers
        inline = re.findall(r"<script(?![^>]*src=)[^>]*>(.*?)</script>", page.text, re.S)
        assert inline
        assert page.headers["content-security-policy"].count("'sha256-") >= len(inline)
    assert policy([b"alert(1)"]) != policy([b"alert(2)"])


def test_no_file_outside_the_home_is_served(guarded: Served, tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("the canary sings")
    inside = guarded.home / USERS
    paths = [
        f"gradio_api/{kind}{path}"
        for path in (
            outside,
            inside,
            guarded.home / "catalog.sqlite",
            "/etc/passwd",
            "/proc/self/environ",
            "pyproject.toml",
            "../../etc/passwd",
            "..%2f..%2fetc%2fpasswd",
            "....//etc/passwd",
            "/etc/passwd%00.md",
            "C:\\Windows\\win.ini",
        )
        for kind in ("file=", "file/", "proxy=")
    ]
    paths += [
        "static/../../../../etc/passwd",
        "assets/..%2f..%2f..%2fpasswd",
        "svelte/../../../routes.py",
        "gradio_api/custom_component/1/x/../../../../etc/passwd",
    ]
    with client(guarded, ANNA) as anna:
        for path in paths:
            answer = anna.get(path)
            assert answer.status_code in (400, 403, 404, 405, 422), (path, answer.status_code)
            assert "canary" not in answer.text
            assert "argon2" not in answer.text
            assert "root:" not in answer.text


def test_what_is_too_large_is_refused_before_it_is_read(guarded: Served) -> None:
    with socket.create_connection(("127.0.0.1", guarded.port), timeout=30) as line:
        line.sendall(b"POST /login HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 900000000000\r\n\r\n")
        assert b" 413 " in line.recv(200)

    def endless() -> Iterator[bytes]:
        for _ in range(300):
            yield b"x" * 1_000_000

    with client(guarded, ANNA) as anna:
        with suppress(httpx.HTTPError):  # cut off while it was sending
            assert anna.post("gradio_api/upload", content=endless()).status_code in (400, 413)
        assert anna.get("healthz").status_code == 200


def test_a_function_of_the_page_refuses_what_has_another_form(guarded: Served) -> None:
    with client(guarded, ANNA) as anna:
        for name, data in (
            ("render", 5), ("render", [5]), ("next", []), ("open_source", []), ("open_source", {"start": "x"}),
            ("receipt", {}), ("receipt", {"format": ".md", "record": 3}), ("feedback", 3), ("card", {"a": 1}),
            ("verify", []), ("detail", "x"), ("report", {}), ("grade", 1), ("occurrences", None), ("remove", [1]),
        ):  # fmt: skip
            answer = server_function(anna, name, data)
            assert answer.status_code in (200, 400), (name, data, answer.status_code, answer.text[:300])


def test_addresses_of_one_network_count_as_one() -> None:
    assert address_of({"client": ("2001:db8::1", 1)}) == address_of({"client": ("2001:db8::ffff", 1)})
    assert address_of({"client": ("192.0.2.1", 1)}) != address_of({"client": ("192.0.2.2", 1)})
    assert Rules().body_bytes > 0


def test_a_user_who_is_removed_is_out_at_once(guarded: Served) -> None:
    accounts = Accounts(guarded.home / USERS)
    accounts.put("dora", "a password for dora", "reader")
    with client(guarded) as dora:
        assert dora.post("login", data={"name": "dora", "password": "a password for dora"}).status_code in (303, 429)
        if dora.cookies.get(COOKIE):
            assert dora.get("config").status_code == 200
            accounts.put("dora", "another password for dora", "reader")
            assert dora.get("config").status_code == 401, "another password ends what the old one began"
            accounts.put("dora", "a password for dora", "reader")
            accounts.remove("dora")
            assert dora.get("config").status_code == 401


def test_a_browser_logs_in_sees_what_it_may_and_logs_out(guarded: Served, browser: Any) -> None:
    page = browser.new_page()
    faults: list[str] = []
    page.on("console", lambda message: message.type == "error" and faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(guarded.url)
    assert page.url.endswith("/login")
    for password in ("not the password", BO[1]):
        page.fill("[name=name]", BO[0])
        page.fill("[name=password]", password)
        page.click("button")
        page.wait_for_load_state()
    page.wait_for_selector(".bd-suggestion")
    page.click("#bd-tab-documents-button")
    page.wait_for_selector(".bd-library")
    assert not page.locator("#bd-add").is_visible(), "a reader is not offered what a reader may not do"
    page.click(".bd-top form button")
    page.wait_for_selector("[name=password]")
    page.goto(guarded.url)
    assert page.url.endswith("/login")
    page.close()
    assert [fault for fault in faults if "401" not in fault] == []


def test_too_many_questions_and_attempts_are_held_up(guarded: Served) -> None:
    with client(guarded, ("bo", BO[1])) as bo:
        statuses = [bo.post("gradio_api/call/documents", json={"data": []}).status_code for _ in range(60)]
        assert 200 in statuses or statuses[0] == 429
        assert statuses[-1] == 429
        refused = bo.post("gradio_api/call/documents", json={"data": []})
        assert refused.headers["retry-after"] == "60"
        assert bo.get("config").status_code == 200, "reading goes on"
    with client(guarded, ANNA) as anna:
        assert anna.post("gradio_api/call/documents", json={"data": []}).status_code in (200, 429)
    with client(guarded) as guesser:
        statuses = [
            guesser.post("login", data={"name": "carl", "password": f"guess number {n:04}"}).status_code
            for n in range(14)
        ]
        assert statuses[-1] == 429
        assert "five minutes" in guesser.post("login", data={"name": "carl", "password": "x"}).text
