"""Office files, spreadsheets, books, mails, web pages and scans, each made by the program's own library."""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from email.message import EmailMessage

import pytest

from ingest.load import Loaded, load
from ingest.load import ocr as ocr_module
from rag.errors import SourceRefusedError


def texts(loaded: Loaded) -> list[tuple[str, str]]:
    assert all(loaded.text[b.start : b.end].strip() for b in loaded.blocks)
    return [(block.kind, loaded.text[block.start : block.end]) for block in loaded.blocks]


def test_a_word_document_keeps_headings_lists_and_tables() -> None:
    import docx

    document = docx.Document()
    document.core_properties.title = "Regional report"
    document.add_heading("Regional report", 0)
    document.add_heading("Growth", 1)
    document.add_paragraph("The west grew faster than the coast.")
    document.add_paragraph("Chengdu", style="List Bullet")
    document.add_paragraph("Chongqing", style="List Bullet")
    table = document.add_table(rows=3, cols=2)
    for row, cells in zip(table.rows, [("City", "Growth"), ("Chengdu", "5.7 %"), ("Chongqing", "5.9 %")], strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    out = io.BytesIO()
    document.save(out)
    loaded = load(out.getvalue(), "report.docx")
    assert texts(loaded) == [
        ("heading", "Regional report"),
        ("heading", "Growth"),
        ("paragraph", "The west grew faster than the coast."),
        ("item", "Chengdu"),
        ("item", "Chongqing"),
        ("row", "City: Chengdu | Growth: 5.7 %"),
        ("row", "City: Chongqing | Growth: 5.9 %"),
    ]
    assert loaded.meta["title"] == "Regional report"


def test_a_presentation_is_read_slide_by_slide() -> None:
    import pptx
    from pptx.util import Inches

    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "Findings"
    slide.placeholders[1].text_frame.text = "The inland opens"
    slide.placeholders[1].text_frame.add_paragraph().text = "Firms follow"
    slide.notes_slide.notes_text_frame.text = "Mention the rail line."
    second = presentation.slides.add_slide(presentation.slide_layouts[5])
    second.shapes.title.text = "Figures"
    table = second.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    for i, text in enumerate(("Year", "Spending", "2024", "3.6 trillion")):
        table.cell(i // 2, i % 2).text = text
    out = io.BytesIO()
    presentation.save(out)
    loaded = load(out.getvalue(), "talk.pptx")
    assert texts(loaded) == [
        ("heading", "Findings"),
        ("item", "The inland opens"),
        ("item", "Firms follow"),
        ("paragraph", "Mention the rail line."),
        ("heading", "Figures"),
        ("row", "Year: 2024 | Spending: 3.6 trillion"),
    ]
    assert len(loaded.pages) == 2
    assert loaded.text[slice(*loaded.pages[1])].startswith("Figures")


def test_a_spreadsheet_says_in_each_row_what_its_cells_are() -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "R&D"
    for row in (("Province", "2023", "2024"), ("Sichuan", 1357.8, 1464), ("Chongqing", 746.7, None)):
        sheet.append(row)
    book.create_sheet("Empty")
    out = io.BytesIO()
    book.save(out)
    loaded = load(out.getvalue(), "figures.xlsx")
    assert texts(loaded) == [
        ("heading", "R&D"),
        ("row", "Province: Sichuan | 2023: 1357.8 | 2024: 1464"),
        ("row", "Province: Chongqing | 2023: 746.7"),
    ]
    with pytest.raises(SourceRefusedError, match="XLSX"):
        load(b"PK\x03\x04 not a workbook", "broken.xlsx")


def test_a_csv_is_read_whatever_parts_its_cells() -> None:
    for text in ("city;gdp\nChengdu;2,35\nXi'an;1,3\n", "city\tgdp\nChengdu\t2,35\nXi'an\t1,3\n"):
        assert texts(load(text.encode(), "a.csv")) == [
            ("row", "city: Chengdu | gdp: 2,35"),
            ("row", "city: Xi'an | gdp: 1,3"),
        ]
    # A first row of figures is no header.
    assert texts(load(b"1,2\n3,4\n", "b.csv")) == [("row", "1 | 2"), ("row", "3 | 4")]


def test_a_book_is_read_in_the_order_of_its_spine() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr("mimetype", "application/epub+zip")
        book.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
        )
        book.writestr(
            "OEBPS/book.opf",
            '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
            "<dc:title>The Inland</dc:title><dc:language>en</dc:language><dc:date>2024-03-01</dc:date></metadata>"
            '<manifest><item id="b" href="two%20b.xhtml" media-type="application/xhtml+xml"/>'
            '<item id="a" href="one.xhtml" media-type="application/xhtml+xml"/></manifest>'
            '<spine><itemref idref="a"/><itemref idref="b"/></spine></package>',
        )
        page = "<html xmlns='http://www.w3.org/1999/xhtml'><body><h1>{}</h1><p>{}</p></body></html>"
        book.writestr("OEBPS/two b.xhtml", page.format("Two", "Second chapter."))
        book.writestr("OEBPS/one.xhtml", page.format("One", "First chapter."))
    loaded = load(out.getvalue(), "book.epub")
    assert [text for _, text in texts(loaded)] == ["One", "First chapter.", "Two", "Second chapter."]
    assert (loaded.meta["title"], loaded.meta["date"]) == ("The Inland", "2024-03-01")
    with pytest.raises(SourceRefusedError, match="EPUB"):
        load(b"no book at all", "broken.epub")


def test_a_mail_says_who_wrote_what_to_whom_and_when() -> None:
    mail = EmailMessage()
    mail["From"] = "Ana Analyst <ana@institute.example>"
    mail["To"] = "desk@institute.example"
    mail["Subject"] = "成都 visit"
    mail["Date"] = "Mon, 30 Jun 2025 10:00:00 +0200"
    mail.set_content("The delegation arrives in July.\n\nIt stays a week.\n")
    mail.add_alternative("<p>The delegation arrives in July.</p>", subtype="html")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="plan.pdf")
    loaded = load(mail.as_bytes(), "visit.eml")
    assert texts(loaded)[0] == ("heading", "成都 visit")
    said = [text for _, text in texts(loaded)]
    assert "From: Ana Analyst <ana@institute.example>" in said
    assert "The delegation arrives in July." in said
    assert said[-1] == "Attachments: plan.pdf"
    assert (loaded.meta["date"], loaded.meta["publisher"]) == ("2025-06-30", "Ana Analyst")
    with pytest.raises(SourceRefusedError, match="not an e-mail"):
        load(b"just text\n", "a.eml")


def test_a_web_page_without_marks_loses_its_boilerplate() -> None:
    story = "".join(
        f"<p>Paragraph {i} of the report tells at some length how the provinces of the interior are to grow.</p>"
        for i in range(8)
    )
    links = "".join(f'<li><a href="/{i}">Topic {i}</a></li>' for i in range(30))
    page = (
        f"<html><body><div class='menu'><ul>{links}</ul></div><div class='content'><h1>Inland</h1>{story}"
        "<table><tr><th>Region</th><th>Share</th></tr><tr><td>West</td><td>21 %</td></tr></table></div>"
        "<div class='cookie-banner'>We use cookies.</div><div class='sidebar related'>Read next: ten tricks</div>"
        "</body></html>"
    )
    said = [text for _, text in texts(load(page.encode(), "page.html"))]
    assert sum(text.startswith("Paragraph") for text in said) == 8
    assert "Region: West | Share: 21 %" in said
    assert not any("Topic 3" in text or "cookies" in text for text in said)


def pdf_of_an_image(text: str) -> bytes:
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (1654, 600), "white")
    ImageDraw.Draw(image).text((100, 100), text, fill="black", font=ImageFont.load_default(size=60))
    out = io.BytesIO()
    image.save(out, "PDF", resolution=200)
    return out.getvalue()


def test_a_scanned_page_is_read_by_ocr_where_there_is_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    scan = pdf_of_an_image("Chengdu received 42 flights")
    if os.environ.get("CI") == "true" or shutil.which("tesseract"):
        loaded = load(scan, "scan.pdf")
        assert "Chengdu received 42 flights" in loaded.text
        assert "OCR" in loaded.notes[0]
    monkeypatch.setattr(ocr_module, "languages", lambda: "")
    with pytest.raises(SourceRefusedError, match="no OCR engine is installed; install Tesseract"):
        load(scan, "scan.pdf")


def test_a_pdf_gives_rows_headings_and_no_running_heads() -> None:
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    for page in range(1, 5):
        canvas.setFont("Helvetica", 9)
        canvas.drawString(60, 810, "Institute for Regions")
        canvas.drawString(60, 30, f"Annual report, page {page}")
        canvas.setFont("Helvetica-Bold", 15)
        canvas.drawString(60, 770, f"Part {page}: spending")
        canvas.setFont("Helvetica", 10)
        for i, line in enumerate(("Spending rose in every province of the interior, and the", "coast followed later.")):
            canvas.drawString(60, 740 - 13 * i, line)
        for i, row in enumerate(
            ("Sichuan 1,357 1,464", "Chongqing 746 801", f"{'Total Sum All Whole'.split()[page - 1]} 2,103 2,265")
        ):
            canvas.drawString(60, 690 - 14 * i, row)
        canvas.showPage()
    canvas.save()
    loaded = load(out.getvalue(), "report.pdf")
    found = texts(loaded)
    assert found[:5] == [
        ("heading", "Part 1: spending"),
        ("paragraph", "Spending rose in every province of the interior, and the\ncoast followed later."),
        ("row", "Sichuan 1,357 1,464"),
        ("row", "Chongqing 746 801"),
        ("row", "Total 2,103 2,265"),
    ]
    assert len(found) == 4 * 5
    assert "Institute for Regions" in loaded.text  # the canonical text keeps what stands on the page
    assert len(loaded.pages) == 4
