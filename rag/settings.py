"""All settings in one typed object: defaults, then briefdesk.toml, then BRIEFDESK_* variables, then flags."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from rag.embedding import Embedder, Precision
from rag.errors import UsageError
from rag.store.vectors import Server

CHECKOUT = Path(__file__).resolve().parent.parent
_DECIDING = ("k", "dense_weight", "passage_tokens", "min_confidence", "context_tokens", "llm", "rerank", "strict")


class Settings(BaseSettings):
    """Every name can be given as BRIEFDESK_<NAME> or as a key of briefdesk.toml."""

    model_config = SettingsConfigDict(env_prefix="BRIEFDESK_", toml_file="briefdesk.toml", extra="forbid")

    home: Path = Field(Path(".briefdesk"), description="where all state is kept")
    corpus: Path = Field(CHECKOUT / "corpus", description="what `briefdesk ingest` reads when nothing is named")
    glossary: Path | None = Field(None, description="glossary file; by default glossary.yaml in the corpus")
    model: str = Field("", description="sentence-transformers model by name or path; empty: the bundled MiniLM")
    rerank: str = Field("", description="cross-encoder that reads the best passages again, by name or path")
    llm: str = Field("", description="language model as provider:model; empty: answers are quotations only")
    llm_base_url: str = Field("", description="address of an OpenAI-compatible server")
    precision: Precision = Field("auto", description="numeric format for embedding many texts: auto, fp32, bf16, int8")
    chroma_url: str = Field(
        "",
        pattern=r"^(https?://[^/\s]+.*)?$",
        description="address of a Chroma server, http://...; empty: vectors are kept in the home",
    )
    chroma_token: SecretStr = Field(SecretStr(""), description="token for that server, as Chroma Cloud wants it")
    chroma_tenant: str = Field("", description="tenant on that server")
    chroma_database: str = Field("", description="database on that server")
    threads: int = Field(0, ge=0, description="threads of the embedding model; 0: as many as there are cores")
    k: int = Field(12, ge=1, le=100, description="passages an answer is made from")
    dense_weight: float = Field(0.5, ge=0, le=1, description="share of the vectors in the fused score")
    passage_tokens: int = Field(72, ge=16, le=240, description="word pieces a passage aims at")
    min_confidence: float = Field(0.37, ge=0, le=1, description="below this the answer is: the documents do not say")
    context_tokens: int = Field(3000, ge=200, description="tokens of passages sent to a language model")
    llm_timeout_s: float = Field(60, gt=0, description="seconds to wait for a language model")
    llm_prices: str = Field(
        "",
        pattern=r"^(\d+(\.\d+)?/\d+(\.\d+)?)?$",
        description="what a million tokens read and written cost, as 0.40/1.60; the cost of an answer is then shown",
    )
    strict: bool = Field(False, description="drop what a language model wrote that no quotation supports")
    auth: Literal["auto", "on", "off"] = Field(
        "auto", description="whether to log in: on, off, or auto: unless the page is on this machine only"
    )
    hosts: str = Field("", description="names by which browsers reach the page, with commas; needed behind a proxy")
    proxies: str = Field("", description="addresses of proxies whose word counts on who asks, with commas")
    questions_per_minute: int = Field(60, ge=0, description="of a user, where accounts are used; 0: no limit")
    requests_per_minute: int = Field(3000, ge=0, description="of an address, where accounts are used; 0: no limit")
    private_hosts: str = Field("", description="hosts of your own network that may be fetched from, with commas")
    file_seconds: float = Field(120, gt=0, description="time to read one file in")
    file_mb: int = Field(2000, ge=200, description="memory to read one file in")
    file_chars: int = Field(10_000_000, ge=1000, description="characters that one file may hold")
    log_questions: bool = Field(False, description="write questions into the log; without it none is")
    max_question_chars: int = Field(2000, ge=10, description="longest question that is read")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    def embedder(self) -> Embedder:
        return Embedder(self.model, self.threads, self.precision)

    @property
    def deciding(self) -> dict[str, Any]:
        """What decides how a question is answered, for records of answers and of evaluations."""
        return {name: getattr(self, name) for name in _DECIDING}

    @property
    def reading(self) -> dict[str, Any]:
        """Limits for reading one file."""
        return {"longest_s": self.file_seconds, "memory_mb": self.file_mb, "max_chars": self.file_chars}

    @property
    def chroma(self) -> Server | None:
        """The Chroma server that holds the vectors; None when they are in the home."""
        if not self.chroma_url:
            return None
        return Server(
            self.chroma_url.rstrip("/"), self.chroma_token.get_secret_value(), self.chroma_tenant, self.chroma_database
        )

    @property
    def prices(self) -> tuple[float, float] | None:
        """What a million tokens read and written cost; None when no prices are set."""
        if not self.llm_prices:
            return None
        read, written = self.llm_prices.split("/")
        return float(read), float(written)

    @property
    def glossary_path(self) -> Path:
        return self.glossary or self.corpus / "glossary.yaml"


def load_settings(**flags: Any) -> Settings:
    """Settings with `flags` (those that are not None) on top.

    Raises UsageError naming the setting that is wrong.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"setting {name}: {first['msg']}; see BRIEFDESK_{name.upper()}, briefdesk.toml or the flags"
        ) from error
    except ValueError as error:  # a broken TOML file
        raise UsageError(f"briefdesk.toml cannot be read: {error}") from error
