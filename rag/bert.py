"""BERT models read with torch and tokenizers alone (Devlin et al., 2019).

Importing transformers takes 4 s, half of what a question in a fresh terminal took. This is the one architecture the
default model has, as have many sentence-transformers models; a test compares its vectors with transformers' own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional

from rag.model_files import json_of, longest


class BertTokenizer:
    """A tokenizer.json that is called as a transformers tokenizer is, for single texts without padding."""

    def __init__(self, path: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.pad_token_id = int(json_of(path / "config.json").get("pad_token_id") or 0)

    def __call__(
        self,
        texts: Sequence[str],
        *,
        add_special_tokens: bool = True,
        truncation: bool = False,
        max_length: int = 0,
        return_offsets_mapping: bool = False,
        return_special_tokens_mask: bool = False,
        verbose: bool = False,
    ) -> dict[str, list[Any]]:
        encoded = self._tokenizer.encode_batch(list(texts), add_special_tokens=add_special_tokens)

        def cut(row: list[Any]) -> list[Any]:
            return [*row[: max_length - 1], row[-1]] if truncation and len(row) > max_length else row  # [SEP] stays

        found = {"input_ids": [cut(one.ids) for one in encoded]}
        if return_offsets_mapping:
            found["offset_mapping"] = [cut(one.offsets) for one in encoded]
        if return_special_tokens_mask:
            found["special_tokens_mask"] = [cut(one.special_tokens_mask) for one in encoded]
        found["attention_mask"] = [cut(one.attention_mask) for one in encoded]
        return found


class _Layer(nn.Module):  # type: ignore[misc]  # torch is not followed: it takes mypy a minute
    def __init__(self, weights: dict[str, torch.Tensor], name: str, heads: int, eps: float) -> None:
        super().__init__()
        self.heads = heads
        # Query, key and value in one product.
        self.qkv = _linear(weights, *(f"{name}.attention.self.{part}" for part in ("query", "key", "value")))
        self.mix = _linear(weights, f"{name}.attention.output.dense")
        self.mixed = _norm(weights, f"{name}.attention.output.LayerNorm", eps)
        self.widen = _linear(weights, f"{name}.intermediate.dense")
        self.narrow = _linear(weights, f"{name}.output.dense")
        self.out = _norm(weights, f"{name}.output.LayerNorm", eps)

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        texts, tokens, width = x.shape
        query, key, value = self.qkv(x).view(texts, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        x = self.mixed(self.mix(seen.transpose(1, 2).reshape(texts, tokens, width)).add_(x))
        return self.out(self.narrow(functional.gelu(self.widen(x))).add_(x))


class Bert(nn.Module):  # type: ignore[misc]
    """The model in the folder `path`, its outputs as PlainModel's.

    Raises KeyError when the weights are not BERT's.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        config = json_of(path / "config.json")
        weights = {
            name.removeprefix("bert."): value.float() for name, value in load_file(path / "model.safetensors").items()
        }
        self.tokenizer = BertTokenizer(path)
        eps, heads = float(config["layer_norm_eps"]), int(config["num_attention_heads"])
        self.max_seq_length = longest(path)
        self.words = nn.Parameter(weights["embeddings.word_embeddings.weight"], requires_grad=False)
        # A single text is all of the first type: its vector is added to every position's.
        places = (
            weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
        )
        self.places = nn.Parameter(places, requires_grad=False)
        self.norm = _norm(weights, "embeddings.LayerNorm", eps)
        self.layers = nn.ModuleList(
            _Layer(weights, f"encoder.layer.{i}", heads, eps) for i in range(int(config["num_hidden_layers"]))
        )

    @property
    def device(self) -> torch.device:
        return self.words.device

    def forward(self, features: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        ids, attended = features["input_ids"], features["attention_mask"]
        x = self.norm(functional.embedding(ids, self.words) + self.places[: ids.shape[1]])
        padded = not bool(attended.all())
        mask = attended[:, None, None, :].bool() if padded else None
        for layer in self.layers:
            x = layer(x, mask)
        if not padded:
            return {"token_embeddings": x, "sentence_embedding": x.mean(dim=1)}
        kept = attended.unsqueeze(-1).to(x.dtype)
        return {"token_embeddings": x, "sentence_embedding": (x * kept).sum(dim=1) / kept.sum(dim=1)}


def _linear(weights: dict[str, torch.Tensor], *names: str) -> nn.Linear:
    weight = torch.cat([weights[f"{name}.weight"] for name in names])
    linear = nn.Linear(weight.shape[1], weight.shape[0], device="meta")
    linear.weight = nn.Parameter(weight, requires_grad=False)
    linear.bias = nn.Parameter(torch.cat([weights[f"{name}.bias"] for name in names]), requires_grad=False)
    return linear


def _norm(weights: dict[str, torch.Tensor], name: str, eps: float) -> nn.LayerNorm:
    norm = nn.LayerNorm(weights[f"{name}.weight"].shape, eps=eps, device="meta")
    norm.weight = nn.Parameter(weights[f"{name}.weight"], requires_grad=False)
    norm.bias = nn.Parameter(weights[f"{name}.bias"], requires_grad=False)
    return norm
