"""Sentence-transformers models of the plain kind (transformer, mean of the tokens), read without that library.

Importing sentence-transformers brings scikit-learn, pandas and its trainers along, 4 s of them. The model files are
the same, and so are the vectors (a test compares them); every other kind of model goes through the library itself,
and BERT, the default model's kind, needs not even transformers (`rag.bert`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModel, AutoTokenizer

from rag.model_files import longest


class PlainModel(torch.nn.Module):  # type: ignore[misc]  # torch is not followed: it takes mypy a minute
    """A plain model, loaded; stands in for a SentenceTransformer where texts are embedded."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tokenizer: Any = AutoTokenizer.from_pretrained(path)
        self.transformer: Any = AutoModel.from_pretrained(path)
        self.max_seq_length = longest(path)

    @property
    def device(self) -> Any:
        return self.transformer.device

    def forward(self, features: dict[str, Any]) -> dict[str, Any]:
        """`sentence_embedding` [texts, dimension] and `token_embeddings` [texts, tokens, dimension], not normalised."""
        tokens = self.transformer(**features).last_hidden_state
        mask = features["attention_mask"].unsqueeze(-1).to(tokens.dtype)
        mean = (tokens * mask).sum(dim=1) / mask.sum(dim=1).clamp_min(1e-9)
        return {"token_embeddings": tokens, "sentence_embedding": mean}
