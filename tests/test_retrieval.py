"""Finding passages: windows, words that stand nowhere, pages, Chinese, a second stage, eight bits."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.pipeline import ingest
from rag.chain import Desk
from rag.embedding import Embedder
from rag.errors import ModelError
from rag.expand import expanded
from rag.query import understand
from rag.settings import Settings, load_settings
from rag.store.columns import REACHES, Columns, ColumnsWriter, block_of
from rag.types import Passage
from rag.windows import window_scores

CHINESE = """# 成都的低空经济

成都市把低空经济作为新的增长点。二〇二四年,全市无人机企业超过六十家!主要用途是农业植保和物流配送。

# 德阳的装备制造

德阳生产发电设备,工厂有一百多年的历史。该市的汽轮机出口到四十多个国家。
"""


def unit(*values: float) -> Any:
    vector = np.array(values, np.float32)
    return vector / np.linalg.norm(vector)


@pytest.fixture
def columns(tmp_path: Path) -> Columns:
    """Two documents of three and one passages in two dimensions."""
    writer = ColumnsWriter(tmp_path, 2)
    for name, rows in (
        ("a", [("rail lines", (1, 0)), ("they cost much", (0, 1)), ("rail again", (1, 1))]),
        ("b", [("pandas eat", (0, 1))]),
    ):
        passages = [
            Passage(f"{ord(name):08x}{i:08x}", name, 0, 1, text, "", None, i) for i, (text, _) in enumerate(rows)
        ]
        stems = [text.split() for text, _ in rows]
        vectors = np.stack([unit(*vector) for _, vector in rows])
        writer.add(name, f"title {name}", block_of(passages, stems, vectors))
    writer.close()
    return Columns(tmp_path)


def test_columns_know_rows_neighbours_and_words(columns: Columns) -> None:
    ids = [f"{key:016x}" for key in columns.ids.tolist()]
    assert columns.rows([ids[2], ids[0], "00000000000000ff"]).tolist() == [0, 2]
    assert columns.around(np.array([2]), 2).tolist() == [0, 1, 2]  # and never the next document's
    assert columns.around(np.array([3]), 2).tolist() == [3]
    assert columns.document_of(np.array([0, 2, 3])).tolist() == [0, 0, 1]
    assert columns.rows_of_documents(["b"]).tolist() == [3]
    assert columns.frequencies(np.array([0, 1, 2, 3]), ["rail", "eat"]).tolist() == [[1, 0], [0, 0], [1, 0], [0, 1]]
    again = columns.block(0)
    assert again.ids.tolist() == columns.ids[:3].tolist()


def test_a_passage_is_scored_with_what_stands_around_it(columns: Columns) -> None:
    rows = np.arange(4)
    scores = window_scores(columns, rows, unit(1, 0), {"rail": 1.0}, dense_weight=0.5)
    # The passage between two that match has no word and no meaning of its own that does, and still beats the other
    # document's.
    assert scores[1] > scores[3] == pytest.approx(0.0, abs=1e-6)
    assert scores[0] == scores.max() <= 1.0
    alone = window_scores(columns, np.array([0]), unit(1, 0), {"rail": 1.0}, dense_weight=0.0)
    assert alone[0] == pytest.approx(1.0)  # alone among the candidates, it has the highest figure at each width


def test_the_words_of_a_window_are_scored_as_one_passage(columns: Columns) -> None:
    counts, lengths, mean = [1, 0, 1], [2, 3, 2], 9 / 4  # of "rail" and of all words, in the rows of the first document
    expected = np.zeros(3)
    for reach in REACHES:
        figures = []
        for row in range(3):
            window = range(max(row - reach, 0), min(row + reach + 1, 3))
            tf, length = sum(counts[i] for i in window), sum(lengths[i] for i in window)
            figures.append(tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * length / (mean * (2 * reach + 1)))))
        expected += np.array(figures) / max(figures) / len(REACHES)
    scores = window_scores(columns, np.arange(4), unit(1, 0), {"rail": 1.0}, dense_weight=0.0)
    assert scores[:3] == pytest.approx(expected, abs=1e-5)
    assert scores[3] == 0.0


def test_a_word_that_stands_nowhere_is_looked_for_by_the_nearest_ones(desk: Desk) -> None:
    def terms(question: str) -> dict[str, float]:
        found, _ = desk.search(question, 60)
        return expanded(desk.library, understand(question, desk.glossary), [hit.passage.id for hit in found])

    written = terms("What did the municipality decide?")
    assert "municip" not in written
    assert 0.5 <= written["citi"] <= 1.0
    assert written["decid"] == 1.0  # it stands there: it is looked for as it is
    # A name is never looked for by another name, and what has nothing like it stays.
    assert terms("What is planned in Vietnam?")["vietnam"] == 1.0
    assert terms("Which quokka?")["quokka"] == 1.0
    known = understand("How much did China spend on research?", desk.glossary)
    assert expanded(desk.library, known, []) is known.terms


def test_chinese_is_cut_at_its_own_marks_and_found_by_its_words(settings: Settings, embedder: Embedder) -> None:
    (settings.corpus / "chengdu.md").write_text(CHINESE, encoding="utf-8")
    small = settings.model_copy(update={"passage_tokens": 40})
    ingest([], small, embedder)
    desk = Desk(small, embedder)
    (document,) = desk.library.documents.values()
    assert document.language == "zh"
    sentences = [document.text[a:b] for p in desk.library.catalog.passages(document) for a, b in p.sentences]
    assert "主要用途是农业植保和物流配送。" in sentences
    assert "二〇二四年,全市无人机企业超过六十家!" in sentences
    hits, _ = desk.search("哪个城市生产汽轮机?", 1)
    assert "汽轮机" in hits[0].passage.text
    hits, _ = desk.search("无人机的用途", 1)
    assert "无人机" in hits[0].passage.text
    desk.close()


def test_the_best_pages_come_before_more_of_one_page(settings: Settings, embedder: Embedder) -> None:
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out)
    for page in range(3):
        for i in range(20):
            canvas.drawString(
                50, 800 - 30 * i, f"Rail line {page}-{i} to the inland was opened in the spring of that year."
            )
        canvas.showPage()
    canvas.save()
    (settings.corpus / "rail.pdf").write_bytes(out.getvalue())
    ingest([], settings, embedder)
    desk = Desk(settings, embedder)
    hits, _ = desk.search("Which rail line was opened?", 3)
    assert sorted(hit.passage.page or 0 for hit in hits) == [1, 2, 3]
    desk.close()


@pytest.fixture(scope="module")
def cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny cross-encoder, untrained: enough to be loaded and to put passages in an order of its own."""
    import torch
    from sentence_transformers import CrossEncoder
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("cross-encoder")
    torch.manual_seed(3)
    tokenizer = AutoTokenizer.from_pretrained(Embedder().path)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        num_labels=1,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    assert CrossEncoder(str(folder)) is not None
    return str(folder)


def test_a_second_stage_orders_the_passages_again(corpus_home: Path, embedder: Embedder, cross_encoder: str) -> None:
    plain = Desk(load_settings(home=corpus_home), embedder)
    again = Desk(load_settings(home=corpus_home, rerank=cross_encoder), embedder)
    question = "Which mechanisms are new?"
    first = {hit.passage.id for hit in plain.search(question, 40)[0]}
    hits, timings = again.search(question, 5)
    assert {hit.passage.id for hit in hits} <= first
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(0 <= hit.score <= 1 for hit in hits)
    from sentence_transformers import CrossEncoder

    pairs = [(question, hit.passage.embedded_text(hit.document)) for hit in hits]
    raw = CrossEncoder(cross_encoder).predict(pairs, show_progress_bar=False)
    assert list(raw) == sorted(raw, reverse=True)
    assert "rerank" in timings
    assert again.ask(question).citations
    plain.close()
    again.close()


def test_a_second_stage_that_is_not_there_is_named(corpus_home: Path, embedder: Embedder) -> None:
    desk = Desk(load_settings(home=corpus_home, rerank="/nowhere/model"), embedder)
    with pytest.raises(ModelError, match="--rerank"):
        desk.search("Chengdu", 3)
    desk.close()


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [f"The {place} spent {i} million on roads, schools and a port." for i, place in enumerate(["north"] * 300)]


def test_eight_bits_are_close_and_do_not_depend_on_the_batch(texts: list[str]) -> None:
    exact = Embedder(precision="fp32").embed(texts)
    eight = Embedder(precision="int8").embed(texts)
    assert float((exact * eight).sum(axis=1).min()) > 0.98
    assert not np.allclose(exact, eight, atol=1e-5)  # else it was fp32 under another name
    alone = Embedder(precision="int8").embed(texts[:1])
    assert float(alone[0] @ eight[0]) > 0.9999


def test_the_fastest_format_is_taken_and_few_texts_are_embedded_exactly(texts: list[str]) -> None:
    embedder = Embedder()
    exact = Embedder(precision="fp32")
    assert np.allclose(embedder.embed(texts[:3]), exact.embed(texts[:3]), atol=1e-6)
    assert float((embedder.embed(texts) * exact.embed(texts)).sum(axis=1).min()) > 0.98


@pytest.fixture
def unchanged_home(tmp_path: Path, embedder: Embedder) -> Settings:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.md").write_text("# A\n\nRail lines reach the inland.\n")
    settings = load_settings(home=tmp_path / "home", corpus=tmp_path / "corpus")
    ingest([], settings, embedder)
    return settings


def test_unchanged_files_load_no_model(unchanged_home: Settings) -> None:
    embedder = unchanged_home.embedder()
    report = ingest([], unchanged_home, embedder)
    assert len(report.unchanged) == 1
    assert "model" not in embedder.__dict__
    assert report.tokens > 0


def _tiny_distilbert(folder: Path) -> Path:
    """A plain model that is no BERT: random weights under the bundled model's tokenizer."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import AutoTokenizer, DistilBertConfig, DistilBertModel

    config = DistilBertConfig(vocab_size=30522, dim=32, n_layers=2, n_heads=2, hidden_dim=64)
    DistilBertModel(config).save_pretrained(folder / "transformer")
    AutoTokenizer.from_pretrained(Embedder().path).save_pretrained(folder / "transformer")
    transformer = Transformer(str(folder / "transformer"), max_seq_length=256)
    SentenceTransformer(modules=[transformer, Pooling(32)], device="cpu").save(str(folder / "whole"))
    return folder / "whole"


@pytest.mark.parametrize("kind", ["Bert", "PlainModel"])
def test_a_plain_model_gives_what_sentence_transformers_gives(kind: str, texts: list[str], tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    embedder = Embedder() if kind == "Bert" else Embedder(str(_tiny_distilbert(tmp_path)))
    some = [*texts[:20], "Short.", "word " * 400, "成都"]
    theirs = SentenceTransformer(embedder.path, device="cpu").encode(
        some, normalize_embeddings=True, show_progress_bar=False
    )
    assert type(embedder.model).__name__ == kind
    assert np.allclose(embedder.embed(some), theirs, atol=1e-5)
    assert embedder.max_tokens == 256


def test_the_tokenizer_of_bert_gives_what_transformers_gives(texts: list[str]) -> None:
    from transformers import AutoTokenizer

    embedder = Embedder()
    some = [*texts[:20], "Naïve café, 成都 and 12.5%", "word " * 400, ""]
    asked = {
        "truncation": True,
        "max_length": 256,
        "return_offsets_mapping": True,
        "return_special_tokens_mask": True,
    }
    theirs = AutoTokenizer.from_pretrained(embedder.path)(some, **asked)
    ours = embedder.model.tokenizer(some, **asked)
    assert ours == {
        name: [[tuple(x) if isinstance(x, list) else x for x in row] for row in theirs[name]] for name in ours
    }
    counts = AutoTokenizer.from_pretrained(embedder.path)(some, add_special_tokens=False, truncation=False)
    assert embedder.count(some) == [len(ids) for ids in counts["input_ids"]]


def test_any_other_model_goes_through_sentence_transformers(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Dense, Pooling, Transformer

    transformer = Transformer(Embedder().path)
    dense = Dense(in_features=384, out_features=32)
    SentenceTransformer(modules=[transformer, Pooling(384), dense], device="cpu").save(str(tmp_path))
    embedder = Embedder(str(tmp_path))
    assert embedder.dimension == 32
    assert type(embedder.model).__name__ == "SentenceTransformer"
    assert embedder.embed(["One text.", "Another."]).shape == (2, 32)
    assert embedder.fingerprint != Embedder().fingerprint
