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
    )


def dimension(path: Path) -> int:
    """The dimension of a plain model's vectors."""
    return int(json_of(path / "config.json")["hidden_size"])


def json_of(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty when there is no such file."""
    found = json.loads(path.read_text()) if path.is_file() else {}
    return found if isinstance(found, dict) else {}
