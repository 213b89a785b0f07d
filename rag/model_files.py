"""What the files of a sentence-transformers model say of it, without loading it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_PLAIN = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])


def is_plain(path: Path) -> bool:
    """Whether the model at `path` is a transformer, the mean of its tokens, and nothing else that changes a vector."""
    try:
        modules = json.loads((path / "modules.json").read_text())
        kinds = [module["type"].rsplit(".", 1)[-1] for module in modules]
        at_root = modules[0].get("path", "") == ""
        pooling = json_of(path / "1_Pooling" / "config.json")
        reading = json_of(path / "sentence_bert_config.json")
        asking = json_of(path / "config_sentence_transformers.json")
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return False
    modes = {name for name, value in pooling.items() if name.startswith("pooling_mode") and value}
    return (
        kinds in _PLAIN
        and at_root
        and (modes == {"pooling_mode_mean_tokens"} or pooling.get("pooling_mode") == "mean")
        and not reading.get("do_lower_case")
        and not any((asking.get("prompts") or {}).values())
        and (path / "model.safetensors").is_file()
        and dimension(path) > 0
    )


def is_bert(path: Path) -> bool:
    """Whether the plain model at `path` is the BERT that `rag.bert` computes."""
    config = json_of(path / "config.json")
    return (
        config.get("model_type") == "bert"
        and config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder")
        and (path / "tokenizer.json").is_file()
    )


def dimension(path: Path) -> int:
    """The dimension of a plain model's vectors; 0 when its files do not say."""
    config = json_of(path / "config.json")
    return int(config.get("hidden_size") or config.get("dim") or config.get("d_model") or 0)


def longest(path: Path) -> int:
    """Word pieces a plain model reads: as sentence-transformers before release 6 wrote it down, or since."""
    stated = json_of(path / "sentence_bert_config.json").get("max_seq_length")
    limit = int(json_of(path / "config.json")["max_position_embeddings"])
    return int(stated or min(int(json_of(path / "tokenizer_config.json").get("model_max_length") or limit), limit))


def json_of(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty when there is no such file."""
    found = json.loads(path.read_text()) if path.is_file() else {}
    return found if isinstance(found, dict) else {}
