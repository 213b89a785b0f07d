"""Who may use a desk: a file of users with argon2 hashes, and the sessions of those who have logged in."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from rag.errors import UsageError

Role = Literal["reader", "editor"]
ROLES: tuple[str, ...] = get_args(Role)
USERS = "users.json"
MIN_PASSWORD_CHARS = 12  # NIST SP 800-63B-4 asks for 15 where nothing else is asked for, and 8 at least
_MAX_PASSWORD_CHARS = 256
_CHECKED_S = 300.0  # so long a program's password need not be hashed again for every request


@dataclass(frozen=True, slots=True)
class User:
    """Who asks. A desk without accounts has one, who may do everything."""

    name: str
    role: Role

    @property
    def may_edit(self) -> bool:
        return self.role == "editor"

    @property
    def label(self) -> str:
        """As Gradio carries a user through its queue, and tells the page, which hides what a reader may not do."""
        return f"{self.role}:{self.name}"


EVERYBODY = User("", "editor")
_user: ContextVar[User] = ContextVar("briefdesk_user", default=EVERYBODY)


def set_user(user: User) -> None:
    """Says who asks, for all that is done within this request."""
    _user.set(user)


def current_user() -> User:
    """Who asks for what is being done now, in a request or in an event of Gradio's queue that it began."""
    from gradio.context import LocalContext

    label = getattr(LocalContext.request.get(None), "username", None)
    if isinstance(label, str):
        role, _, name = label.partition(":")
        return User(name, "editor" if role == "editor" else "reader")
    return _user.get()


def asker() -> str:
    """Whose questions are counted together: a user's, or those from one address where nobody has a name."""
    from gradio.context import LocalContext

    request = LocalContext.request.get(None)
    client = getattr(request, "client", None) if request else None
    return current_user().name or str(getattr(client, "host", ""))


def must_edit() -> None:
    """Raises UsageError when whoever asks may only read."""
    if not current_user().may_edit:
        raise UsageError("your account may read and ask; adding, removing and evaluating needs an editor's")


class Accounts:
    """The users of a home. The file is read again when it has changed, so a user added or removed counts at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read_at: tuple[int, int] | None = None
        self._users: dict[str, tuple[str, Role]] = {}

    def names(self) -> dict[str, Role]:
        return {name: role for name, (_, role) in self._known().items()}

    def user(self, name: str) -> User | None:
        found = self._known().get(name)
        return User(name, found[1]) if found else None

    def mark(self, name: str) -> str:
        """Changes with the password of a user; empty when there is no such user."""
        found = self._known().get(name)
        return _digest(found[0]) if found else ""

    def check(self, name: str, password: str) -> User | None:
        """The user, when the password is theirs. It takes as long for a name that does not exist."""
        from argon2 import PasswordHasher
        from argon2.exceptions import InvalidHashError, VerificationError

        known = self._known().get(name)
        try:
            PasswordHasher().verify(known[0] if known else _nobody(), password[:_MAX_PASSWORD_CHARS])
        except (VerificationError, InvalidHashError):
            return None
        return User(name, known[1]) if known else None

    def put(self, name: str, password: str, role: Role) -> None:
        """Adds a user, or gives one another password and role. Raises UsageError when name or password will not do."""
        from argon2 import PasswordHasher

        if not name or len(name) > 64 or not all(c.isalnum() or c in "._-@" for c in name):
            raise UsageError("a user's name is 1 to 64 letters, digits, or . _ - @")
        if not MIN_PASSWORD_CHARS <= len(password) <= _MAX_PASSWORD_CHARS:
            raise UsageError(f"a password must have {MIN_PASSWORD_CHARS} to {_MAX_PASSWORD_CHARS} characters")
        self._write({**self._known(), name: (PasswordHasher().hash(password), role)})

    def remove(self, name: str) -> None:
        """Raises UsageError when there is no such user."""
        users = dict(self._known())
        if users.pop(name, None) is None:
            raise UsageError(f"there is no user {name!r} in {self.path}")
        self._write(users)

    def _known(self) -> dict[str, tuple[str, Role]]:
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            self._users, self._read_at = {}, None
            return self._users
        if (stat.st_mtime_ns, stat.st_ino) != self._read_at:
            try:
                found = json.loads(self.path.read_text(encoding="utf-8"))
                users = {str(name): (str(one["hash"]), one["role"]) for name, one in found.items()}
                if any(role not in ROLES for _, role in users.values()):
                    raise ValueError(f"a role is one of {', '.join(ROLES)}")
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                raise UsageError(f"the file of users {self.path} cannot be read ({error}); mend it first") from error
            self._users, self._read_at = users, (stat.st_mtime_ns, stat.st_ino)
        return self._users

    def _write(self, users: dict[str, tuple[str, Role]]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(f"{self.path.name}.new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump({name: {"hash": known, "role": role} for name, (known, role) in users.items()}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)


def _nobody() -> str:
    """A hash that no password has, made once."""
    global _NOBODY
    if not _NOBODY:
        from argon2 import PasswordHasher

        _NOBODY = PasswordHasher().hash(secrets.token_hex())
    return _NOBODY


_NOBODY = ""


@dataclass
class _Session:
    name: str
    mark: str
    begun: float
    used: float


@dataclass
class Sessions:
    """Who has logged in, in memory: a restart ends them all. They end when idle, and after a day's work in any case.

    Times are of a clock that nobody can set back.
    """

    idle_s: float = 2 * 3600
    longest_s: float = 12 * 3600
    clock: Callable[[], float] = time.monotonic
    _sessions: dict[str, _Session] = field(default_factory=dict)
    _checked: dict[str, _Session] = field(default_factory=dict)

    def begin(self, name: str, mark: str = "") -> str:
        """The secret that the browser keeps. `mark` is that of the user's password, with which the session ends."""
        now = self.clock()
        self._drop(now)
        secret = secrets.token_urlsafe(32)
        self._sessions[_digest(secret)] = _Session(name, mark, now, now)
        return secret

    def user(self, secret: str) -> tuple[str, str] | None:
        """Whose session it is, and the mark it began with; None when it has ended or never was."""
        now = self.clock()
        found = self._sessions.get(_digest(secret))
        if found is None or not self._lasts(found, now):
            self.end(secret)
            return None
        found.used = now
        return found.name, found.mark

    def end(self, secret: str) -> None:
        self._sessions.pop(_digest(secret), None)

    def remember(self, credentials: str, name: str, mark: str = "") -> None:
        """Notes that a program's credentials were right."""
        now = self.clock()
        self._drop(now)
        self._checked[_digest(credentials)] = _Session(name, mark, now, now)

    def remembered(self, credentials: str) -> tuple[str, str] | None:
        found = self._checked.get(_digest(credentials))
        return (found.name, found.mark) if found and self.clock() - found.begun <= _CHECKED_S else None

    def _lasts(self, session: _Session, now: float) -> bool:
        return now - session.used <= self.idle_s and now - session.begun <= self.longest_s

    def _drop(self, now: float) -> None:
        self._sessions = {key: one for key, one in self._sessions.items() if self._lasts(one, now)}
        self._checked = {key: one for key, one in self._checked.items() if now - one.begun <= _CHECKED_S}


def _digest(secret: str) -> str:
    """What is kept of a secret: memory that leaks lets nobody in."""
    return hashlib.sha256(secret.encode()).hexdigest()
