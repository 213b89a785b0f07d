"""Broken and hostile files: each is read, or refused with its reason, within its limits, and the service goes on."""

from __future__ import annotations

import os
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ingest.load import SUFFIXES, Loaded
from ingest.pipeline import ingest
from ingest.reader import Reader
from rag.chain import Desk
from rag.embedding import Embedder
from rag.errors import SourceRefusedError
from rag.settings import load_settings
from rag.store.doctor import examine
from tests.mutants import packed, pdf, read_all, seeds

OF_EACH = 25  # of sixteen suffixes; `make bench-hard` reads a thousand of each


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(longest_s=60, memory_mb=1500) as reader:
        yield reader


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_broken_files_are_read_or_refused(reader: Reader, suffix: str) -> None:
    assert reader.read(seeds()[suffix], f"good{suffix}").text
    found = read_all(reader, suffix, OF_EACH, seed=1)
    assert found.total() == OF_EACH
    assert reader.read(seeds()[suffix], f"good{suffix}").text, "the next good file is read"


def refusal(reader: Reader, data: bytes, name: str) -> str:
    with pytest.raises(SourceRefusedError) as refused:
        reader.read(data, name)
    return str(refused.value)


def bomb(name: str, megabytes: int, around: dict[str, str | bytes]) -> bytes:
    """A package with a part that is zeros, packed a thousand times smaller."""
    return packed({**around, name: b"\0" * (megabytes << 20)})


def parts_of(data: bytes, folder: Path) -> dict[str, str | bytes]:
    path = folder / "package"
    path.write_bytes(data)
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


@pytest.mark.parametrize(
    ("suffix", "part"),
    [
        (".docx", "word/document.xml"),
        (".pptx", "ppt/presentation.xml"),
        (".xlsx", "xl/worksheets/sheet1.xml"),
        (".epub", "a.xhtml"),
        (".ods", "content.xml"),
    ],
)
def test_a_zip_bomb_costs_neither_time_nor_memory(reader: Reader, tmp_path: Path, suffix: str, part: str) -> None:
    data = bomb(part, 700, parts_of(seeds()[suffix], tmp_path))
    assert len(data) < 2_000_000
    begin = time.monotonic()
    assert "unpacked" in refusal(reader, data, f"bomb{suffix}")
    assert time.monotonic() - begin < 60


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha ha ha ha ha ha ha ha ha ha">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]>"
)


@pytest.mark.parametrize(
    ("suffix", "part"),
    [
        (".docx", "word/document.xml"),
        (".pptx", "ppt/presentation.xml"),
        (".epub", "a.xhtml"),
        (".xlsx", "xl/worksheets/sheet1.xml"),
    ],
)
def test_an_xml_bomb_is_not_unfolded(reader: Reader, tmp_path: Path, suffix: str, part: str) -> None:
    parts = parts_of(seeds()[suffix], tmp_path)
    content = parts[part]
    assert isinstance(content, bytes)
    body = content.decode().partition("?>")[2] or content.decode()
    parts[part] = LAUGHS + body.replace("</", "&j;</", 1)
    with suppress(SourceRefusedError):
        assert len(reader.read(packed(parts), f"laughs{suffix}").text) < 10_000


def test_a_file_of_the_system_is_not_taken_in(reader: Reader, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the canary sings")
    entity = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY s SYSTEM "file://{secret}">]>'
    for suffix, part in ((".docx", "word/document.xml"), (".epub", "a.xhtml"), (".epub", "book.opf")):
        parts = parts_of(seeds()[suffix], tmp_path)
        content = parts[part]
        assert isinstance(content, bytes)
        text = content.decode()
        parts[part] = entity + (text.partition("?>")[2] or text).replace("</", "&s;</", 1)
        try:
            loaded = reader.read(packed(parts), f"inclusion{suffix}")
        except SourceRefusedError:
            continue
        assert "canary" not in loaded.text + str(loaded.meta)
    page = f'<html><body><iframe src="file://{secret}"></iframe><object data="file://{secret}"></object><p>A.</p></body></html>'
    assert "canary" not in reader.read(page.encode(), "page.html").text


NESTED = {
    "deep.html": b"<div>" * 200_000 + b"The end." + b"</div>" * 200_000,
    "deep.md": b"> " * 100_000 + b"The end.\n",
    "lists.md": b"".join(b"  " * i + b"- item\n" for i in range(3000)),
    "brackets.md": b"[" * 100_000 + b"The end.",
    "emphasis.md": b"*a **b " * 50_000,
    "yaml.md": b"---\na: &a [x,x,x,x,x,x,x,x]\n"
    + b"".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 8)}]\n".encode() for i in range(8))
    + b"---\nText.\n",
    "deep.eml": b"From: a@b.c\nSubject: s\nContent-Type: multipart/mixed; boundary=x\n\n"
    + b"".join(
        b"--x\nContent-Type: message/rfc822\n\nFrom: a@b.c\nContent-Type: multipart/mixed; boundary=x\n\n"
        for _ in range(2000)
    ),
}


@pytest.mark.parametrize("name", sorted(NESTED))
def test_deep_nesting_is_read_or_refused(name: str) -> None:
    loaded: Loaded | None = None
    with Reader(longest_s=4) as reader, suppress(SourceRefusedError):
        loaded = reader.read(NESTED[name], name)
    if loaded is not None:
        assert len(str(loaded.meta)) < 100_000


def test_ten_thousand_pages_are_read() -> None:
    with Reader() as reader:
        loaded = reader.read(pdf(10_000), "long.pdf")
    assert len(loaded.pages) == 10_000
    assert "Page 9999." in loaded.text[slice(*loaded.pages[9999])]


def test_one_line_of_fifty_megabytes_is_refused_by_its_size(reader: Reader) -> None:
    assert "10,000,000" in refusal(reader, b"word " * 10_000_000, "line.txt")


def test_a_file_that_takes_too_long_or_too_much_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    with Reader(longest_s=0.4) as reader:
        assert "longer than 0.4 s" in refusal(reader, pdf(10_000), "slow.pdf")
    with Reader(memory_mb=200) as reader:
        said = refusal(reader, b"<p>word</p>" * 3_000_000, "large.html")
        assert "memory" in said or "ended the program" in said
        assert reader.read(b"The next one.", "next.txt").text == "The next one."


TEXTS = {
    "null.txt": b"A sentence with a \0 in it. Another \0\0 one.\n",
    "rtl.md": "The sum is \u202e000,1\u202c euros. Zero\u200bwidth \u2066isolates\u2069 and \ufeff marks.\n".encode(),
    "utf16.txt": "The west grew faster. 成都。\n".encode("utf-16"),
    "latin.txt": "Société générale à Liège.\n".encode("latin-1"),
    "gbk.txt": ("新质生产力因地制宜，成都是一个例子。" * 5).encode("gbk"),
    "surrogate.html": b"<p>Half a character: &#xD800; and \xed\xa0\x80 here.</p>",
    "combining.txt": ("Z" + "\u0335" * 5000 + " text.\n").encode(),
    "emoji.md": ("\U0001f468\u200d\U0001f469\u200d\U0001f467 met in Ghent. " * 50).encode(),
}


def test_odd_texts_are_kept_to_the_character_and_do_not_stop_a_run(
    tmp_path: Path, own_home: Path, embedder: Embedder
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    for name, data in TEXTS.items():
        (folder / name).write_bytes(data)
    (folder / "good.md").write_text("# Greenhouse\n\nThe greenhouse in Ghent holds 17 rare orchids.\n")
    (folder / "device.txt").symlink_to("/dev/zero")
    (folder / "nowhere.txt").symlink_to(folder / "missing")
    (folder / "round.txt").symlink_to(folder / "round.txt")
    os.mkfifo(folder / "pipe.txt")
    (folder / "inner").mkdir()
    (folder / "inner" / "up").symlink_to(folder)
    settings = load_settings(home=own_home, corpus=tmp_path / "none")
    report = ingest([str(folder)], settings, embedder)
    refused = {Path(one["source"]).name: one["reason"] for one in report.refused}
    assert {"device.txt", "nowhere.txt", "round.txt", "pipe.txt"} <= set(refused)
    assert all(refused.values())
    assert len(report.added) + len(set(refused) & set(TEXTS)) == len(TEXTS) + 1
    desk = Desk(settings, embedder)
    assert "17 rare orchids" in desk.ask("How many rare orchids does the greenhouse in Ghent hold?").text
    for document in desk.library.documents.values():
        document.text.encode()
    assert desk.library.documents[desk.library.named("rtl.md") or ""].text == TEXTS["rtl.md"].decode()
    desk.close()
    assert not examine(own_home, embedder, repair=False).findings
