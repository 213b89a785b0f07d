"""Broken files: a good one of every format, changed at random, within its packed parts too where it is a package.

`python -m tests.mutants 1000` reads so many of every format; the tests read some of each.
"""

from __future__ import annotations

import io
import random
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from email.message import EmailMessage

from ingest.load import SUFFIXES
from ingest.reader import Reader
from rag.errors import SourceRefusedError

SENTENCES = ["The west grew faster than the coast.", "Chengdu spent 3.6 trillion.", "成都的新质生产力。"]
_CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
    '<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
_PACKAGE = (
    '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
    '<dc:title>Book</dc:title></metadata><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
    '</manifest><spine><itemref idref="a"/></spine></package>'
)
_ODS = "application/vnd.oasis.opendocument.spreadsheet"
_MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODS}"/></manifest:manifest>'
)
_SHEET = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="A"><table:table-row><table:table-cell office:value-type="string"><text:p>City</text:p>'
    '</table:table-cell><table:table-cell office:value-type="float" office:value="5"><text:p>5</text:p>'
    "</table:table-cell></table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
)


def packed(parts: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    return out.getvalue()


def pdf(pages: int = 2) -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out)
    for number in range(pages):
        for i, sentence in enumerate(SENTENCES[:2]):
            canvas.drawString(72, 720 - 20 * i, f"{sentence} Page {number}.")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def docx() -> bytes:
    import docx as word

    document = word.Document()
    document.add_heading("Regional report", 0)
    for sentence in SENTENCES:
        document.add_paragraph(sentence)
    document.add_table(rows=2, cols=2).cell(0, 0).text = "City"
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def pptx() -> bytes:
    import pptx as slides

    presentation = slides.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "Findings"
    slide.placeholders[1].text_frame.text = SENTENCES[0]
    out = io.BytesIO()
    presentation.save(out)
    return out.getvalue()


def xlsx() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (("Province", "2023"), ("Sichuan", 1357.8), ("Chongqing", 746.7)):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def eml() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Anna <anna@example.org>", "bo@example.org", "The west"
    mail["Date"] = "Wed, 25 Nov 2026 10:00:00 +0000"
    mail.set_content("\n\n".join(SENTENCES))
    mail.add_alternative(f"<p>{SENTENCES[0]}</p>", subtype="html")
    return mail.as_bytes()


def seeds() -> dict[str, bytes]:
    """A good file of every suffix that has a reader."""
    text = "\n\n".join(SENTENCES)
    found = {
        ".md": f"---\ntitle: N\ntopics: [a]\n---\n# Head\n\n{text}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n".encode(),
        ".txt": text.encode(),
        ".html": f"<html><head><title>T</title></head><body><h1>H</h1><p>{text}</p></body></html>".encode(),
        ".pdf": pdf(),
        ".docx": docx(),
        ".pptx": pptx(),
        ".xlsx": xlsx(),
        ".ods": packed({"mimetype": _ODS, "META-INF/manifest.xml": _MANIFEST, "content.xml": _SHEET}),
        ".csv": b"city,gdp\nChengdu,2\nXi'an,1\n",
        ".epub": packed(
            {
                "META-INF/container.xml": _CONTAINER,
                "book.opf": _PACKAGE,
                "a.xhtml": f"<html><body><p>{text}</p></body></html>",
            }
        ),
        ".eml": eml(),
    }
    same = {".markdown": ".md", ".htm": ".html", ".xhtml": ".html", ".xls": ".xlsx", ".tsv": ".csv"}
    found |= {suffix: found[other] for suffix, other in same.items()}
    assert set(found) == set(SUFFIXES)
    return found


def mutated(data: bytes, chance: random.Random) -> bytes:
    """`data`, changed; a package is sometimes opened, changed in one of its parts and packed again."""
    if data[:2] == b"PK" and chance.random() < 0.6:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts: dict[str, str | bytes] = {name: package.read(name) for name in package.namelist()}
        name = chance.choice(sorted(parts))
        content = parts[name]
        assert isinstance(content, bytes)
        parts[name] = changed(content, chance)
        if chance.random() < 0.2:
            del parts[chance.choice(sorted(parts))]
        return packed(parts)
    return changed(data, chance)


def changed(data: bytes, chance: random.Random) -> bytes:
    found = bytearray(data or b"\0")
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(found) + 1)
        chance.choice(CHANGES)(found, at, chance)
        if not found:
            break
    return bytes(found)


def _flip(data: bytearray, at: int, chance: random.Random) -> None:
    if at < len(data):
        data[at] ^= 1 << chance.randrange(8)


def _cut(data: bytearray, at: int, chance: random.Random) -> None:
    del data[at:]


def _drop(data: bytearray, at: int, chance: random.Random) -> None:
    del data[at : at + chance.randint(1, 200)]


def _repeat(data: bytearray, at: int, chance: random.Random) -> None:
    data[at:at] = data[at : at + chance.randint(1, 200)] * chance.choice([1, 2, 50])


def _noise(data: bytearray, at: int, chance: random.Random) -> None:
    data[at:at] = chance.randbytes(chance.randint(1, 100))


def _telling(data: bytearray, at: int, chance: random.Random) -> None:
    """What parsers are known to stumble over."""
    data[at:at] = chance.choice(TELLING)


TELLING = [
    *(b"\0", b"\xff\xff\xff\xff", b"-1", b"99999999999999999999", b"<![CDATA[", b"<!--", b"&#x0;", b"&#xD800;"),
    *(b"\xed\xa0\x80", b"<a>" * 300, b"[" * 3000, b"> " * 2000, b"%PDF-1.7", b"PK\x03\x04", b"\xff\xfe", b"\r" * 50),
    "\u202e\u200b".encode(),
]
CHANGES: list[Callable[[bytearray, int, random.Random], None]] = [_flip, _flip, _cut, _drop, _repeat, _noise, _telling]


def mutants(suffix: str, count: int, seed: int) -> Iterator[bytes]:
    chance = random.Random(f"{suffix} {seed}")
    good = seeds()[suffix]
    for _ in range(count):
        yield mutated(good, chance)


def read_all(reader: Reader, suffix: str, count: int, seed: int) -> Counter[str]:
    """Reads so many broken files; how many were read, refused, or ended their reader. Anything else is an error."""
    found: Counter[str] = Counter()
    for data in mutants(suffix, count, seed):
        try:
            loaded = reader.read(data, f"broken{suffix}")
        except SourceRefusedError as error:
            found["ended its reader" if "ended the program" in str(error) else "refused"] += 1
            continue
        loaded.text.encode()
        assert all(0 <= block.start <= block.end <= len(loaded.text) for block in loaded.blocks)
        found["read"] += 1
    return found


if __name__ == "__main__":
    total: Counter[str] = Counter()
    begin = time.perf_counter()
    with Reader(longest_s=60) as own:
        for kind in sorted(SUFFIXES):
            counted = read_all(own, kind, int(sys.argv[1]), 2026)
            total += counted
            print(f"{kind:<10}{dict(counted)}", flush=True)
    print(f"{total.total()} files in {time.perf_counter() - begin:.0f} s: {dict(total)}")
