"""The protocol against a real OpenAI-compatible server: `transformers serve` with a tiny model of random weights."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from rag.chain import Desk
from rag.embedding import Embedder
from rag.settings import load_settings
from tests.conftest import free_port
from tests.llm_server import waited


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Path:
    from tokenizers import Tokenizer
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("llm")
    tokenizer = Tokenizer.from_file(str(Path(embedder.path) / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    marks = {"pad_token": "[PAD]", "bos_token": "[CLS]", "eos_token": "[SEP]", "unk_token": "[UNK]"}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **marks)
    fast.chat_template = "{% for message in messages %}{{ message['content'] }} {% endfor %}"
    fast.save_pretrained(folder)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    special = {"pad_token_id": 0, "bos_token_id": 101, "eos_token_id": 102}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=30522, max_position_embeddings=8192, **sizes, **special))
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def server(tiny_model: Path) -> Iterator[str]:
    port = free_port()
    command = [str(Path(sys.executable).with_name("transformers")), "serve", str(tiny_model)]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def healthy() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/health", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    try:
        assert waited(lambda: process.poll() is not None or healthy(), 120)
        assert process.poll() is None
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(timeout=20)


def test_what_a_real_server_streams_is_read_counted_and_checked(
    corpus_home: Path, embedder: Embedder, tiny_model: Path, server: str
) -> None:
    settings = load_settings(home=corpus_home, llm=f"openai:{tiny_model}", llm_base_url=server, llm_timeout_s=120)
    answer = Desk(settings, embedder).ask("How much did China spend on R&D in 2024?")
    assert answer.mode == f"openai:{tiny_model}", answer.warnings
    assert answer.usage is not None
    assert answer.usage.input_tokens > 500
    assert answer.usage.output_tokens > 0
    # Random weights write nonsense, and none of it is let through as supported.
    assert answer.abstained
    assert "no passage supports" in answer.warnings[0]
