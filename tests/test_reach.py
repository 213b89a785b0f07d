"""Nothing of our own network is fetched: by name, number, redirect, rebinding, or an odd way of writing an address."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.additions import add
from ingest.fetch import Fetcher
from ingest.pipeline import ingest
from ingest.reach import Reach, is_public, look_up
from ingest.report import Report
from rag.chain import Desk
from rag.embedding import Embedder
from rag.errors import SourceRefusedError
from rag.settings import load_settings
from tests.test_fetch import PAGE, Site

NOT_PUBLIC = """
127.0.0.1 127.8.9.1 0.0.0.0 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 169.254.1.1 100.64.0.1
192.0.0.1 192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 fe80::1 fc00::1 fd00:ec2::254 ff02::1 2001:db8::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254
64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 2002:7f00:1:: 2002:a00:1:: 2001:0:4136:e378:8000:63bf:80ff:fffe
""".split()
PUBLIC = """
1.1.1.1 8.8.8.8 93.184.215.14 2606:4700:4700::1111 2a00:1450:4001:81b::200e ::ffff:8.8.8.8 64:ff9b::808:808
""".split()
# Loopback, the metadata service and private hosts, as nobody writes them who means well.
ODD = """
http://127.1/ http://2130706433/ http://0x7f000001/ http://0x7f.1/ http://0177.0.0.1/ http://017700000001/
http://127.0.0.1.:80/ http://0/ http://0.0.0.0/ http://[::1]/ http://[::]/ http://[::ffff:127.0.0.1]/
http://[::ffff:7f00:1]/ http://[0:0:0:0:0:ffff:127.0.0.1]/ http://localhost/ http://LOCALHOST/ http://localhost./
http://169.254.169.254/latest/meta-data/ http://2852039166/ http://0xa9fea9fe/ http://[::ffff:a9fe:a9fe]/
http://[64:ff9b::7f00:1]/ http://[2002:7f00:1::]/ http://10.1.2.3/ http://192.168.0.1/ http://[fd00::1]/
http://①②⑦.⓪.⓪.①/ http://127。0。0。1/ http://%31%32%37.0.0.1/
""".split()


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    site.pages["/secret"] = PAGE
    site.pages["/robots.txt"] = (404, {}, b"")
    yield site
    site.close()


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_known(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("url", ODD)
def test_an_odd_notation_reaches_nothing(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(self: socket.socket, address: object) -> None:
        raise AssertionError(f"a connection was made to {address}")

    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(SourceRefusedError):
        Fetcher(tmp_path, pause_s=0).fetch(url)


def test_a_name_that_leads_inside_is_refused(site: Site, tmp_path: Path) -> None:
    port = int(site.url.rsplit(":", 1)[1])
    inside = Reach(resolve=lambda host, _: ["127.0.0.1"])
    with pytest.raises(SourceRefusedError, match="not in the public internet"):
        Fetcher(tmp_path, inside, pause_s=0).fetch(f"http://innocent.example:{port}/secret")
    both = Reach(resolve=lambda host, _: ["93.184.215.14", "127.0.0.1"])
    with pytest.raises(SourceRefusedError, match="not in the public internet"):
        Fetcher(tmp_path, both, pause_s=0).fetch(f"http://innocent.example:{port}/secret")
    assert site.asked == []


class Rebinding:
    """A name that is public when it is looked at and ours when it is looked up again."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked += 1
        return ["192.88.99.1"] if self.asked % 2 else ["127.0.0.1"]


def test_a_name_that_changes_is_connected_to_where_it_was_looked_at(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(site.url.rsplit(":", 1)[1])
    tried: list[str] = []

    def connect(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        tried.append(address[0])
        raise OSError("unreachable")

    monkeypatch.setattr(socket, "create_connection", connect)
    rebinding = Rebinding()
    for _ in range(3):
        with pytest.raises(SourceRefusedError):
            Fetcher(tmp_path, Reach(resolve=rebinding), pause_s=0).fetch(f"http://rebinding.example:{port}/secret")
    assert rebinding.asked > 2
    assert tried
    assert set(tried) == {"192.88.99.1"}, "only the address that was looked at is connected to"
    assert site.asked == []


@pytest.mark.parametrize(
    "where",
    [
        "http://127.0.0.1:{port}/secret",
        "http://inner.example:{port}/secret",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "//127.0.0.1:{port}/secret",
    ],
)
def test_a_redirect_leads_nowhere_inside(site: Site, tmp_path: Path, where: str) -> None:
    """The first host may be read; where it sends us may not."""
    port = site.url.rsplit(":", 1)[1]
    site.pages["/moved"] = (302, {"Location": where.format(port=port)}, b"")
    outer = Reach(["outer.example"], resolve=lambda host, _: ["127.0.0.1"])
    with pytest.raises(SourceRefusedError):
        Fetcher(tmp_path, outer, pause_s=0).fetch(f"http://outer.example:{port}/moved")
    assert site.count("/secret") == 0


def test_a_chain_of_redirects_ends(site: Site, tmp_path: Path) -> None:
    site.pages["/around"] = (302, {"Location": "/around"}, b"")
    with pytest.raises(SourceRefusedError, match="redirect"):
        Fetcher(tmp_path, Reach(["127.0.0.1"]), pause_s=0).fetch(f"{site.url}/around")
    assert site.count("/around") < 20


def test_a_host_of_our_own_is_read_when_it_is_named(site: Site, tmp_path: Path) -> None:
    assert Fetcher(tmp_path, Reach([" 127.0.0.1 "]), pause_s=0).fetch(f"{site.url}/secret").data == PAGE[2]


def test_behind_a_proxy_the_same_rules_hold(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", site.url)  # a proxy that would fetch anything
    with pytest.raises(SourceRefusedError, match="not in the public internet"):
        Fetcher(tmp_path, pause_s=0).fetch("http://169.254.169.254/secret")
    assert site.asked == []


def test_a_password_in_an_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceRefusedError, match="password"):
        Fetcher(tmp_path, pause_s=0).fetch("https://anna:hunter2@example.org/a")


def test_the_page_and_the_command_refuse_alike(site: Site, own_home: Path, embedder: Embedder) -> None:
    settings = load_settings(home=own_home)
    url = f"{site.url}/secret"
    assert "public internet" in ingest([url], settings, embedder).refused[0]["reason"]
    desk = Desk(settings, embedder)
    last = list(add(desk, [], [url]))[-1]
    assert isinstance(last, Report)
    assert "public internet" in last.refused[0]["reason"]
    desk.close()
    assert site.asked == []


def test_the_systems_own_resolver_is_used() -> None:
    assert look_up("127.0.0.1", 80) == ["127.0.0.1"]
