"""What can go wrong, as one small tree. A message says what happened, to what, and what to do next."""

from __future__ import annotations

# What the names of variables that hold a secret have in them: none of their values is logged, shown or passed on.
SECRET_NAMES = ("KEY", "TOKEN", "SECRET", "PASSWORD")


class BriefdeskError(Exception):
    """Base of everything a user is told in one sentence. `exit_status` is the command's."""

    exit_status = 1


class UsageError(BriefdeskError):
    """The command, a setting or a question was not of the expected form."""

    exit_status = 2


class SourceRefusedError(BriefdeskError):
    """A file or address that cannot be read; the rest of the run goes on."""


class EmptyIndexError(BriefdeskError):
    """Nothing has been ingested yet."""


class ModelMismatchError(BriefdeskError):
    """The index was made with another embedding model."""


class LockedError(BriefdeskError):
    """Another process is writing to the same home."""


class HomeError(BriefdeskError):
    """The home cannot be created, read or written."""


class OutdatedHomeError(HomeError):
    """The home was made by an older version; the next ingestion brings it up to date."""


class DamagedCatalogError(HomeError):
    """The system of record itself is not whole; only a backup helps."""


class StoreError(BriefdeskError):
    """A store, or the server it is on, does not answer or does not hold what it should."""


class ModelError(BriefdeskError):
    """An embedding or language model could not be loaded or did not answer; `passing` when asking again may help."""

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


def not_loaded(kind: str, name: str, error: Exception, check: str) -> ModelError:
    """What a user is told when a model cannot be loaded, whatever the hub, the disk or the weights raised."""
    return ModelError(f"the {kind} model {name} cannot be loaded ({first_line(error)}); check {check}")


def first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
