"""Reading files in a process of its own, with limits of time, memory and size, so that no file can harm the rest.

A parser may run for ever, take all memory, or end its process at a file that was made for it, or merely broken. What
comes back is JSON: nothing in it is executed here.
"""

from __future__ import annotations

import json
import os
import selectors
import struct
import subprocess
import sys
import time
from dataclasses import asdict
from typing import IO, Any, Self

from ingest.load import Block, Loaded, load
from ingest.load.loaded import plain_meta, storable
from rag.errors import SECRET_NAMES, SourceRefusedError, first_line

_HEAD = struct.Struct("<II")  # sizes of the name and of the content, as they follow


class Reader:
    """Reads one file after another in a process that is begun when it is needed, and anew after one that ended it."""

    def __init__(self, *, longest_s: float = 120.0, memory_mb: int = 2000, max_chars: int = 10_000_000) -> None:
        self._longest_s, self._memory_mb, self._max_chars = longest_s, memory_mb, max_chars
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream:
                    stream.close()
            self._process = None

    def read(self, data: bytes, name: str) -> Loaded:
        """What `ingest.load.load` gives.

        Raises SourceRefusedError with its reason, or when the file needs more time or memory than there is for one.
        """
        process = self._begun()
        assert process.stdin is not None
        assert process.stdout is not None
        title = name.encode("utf-8", "surrogateescape")
        deadline = time.monotonic() + self._longest_s
        try:
            process.stdin.write(_HEAD.pack(len(title), len(data)) + title)
            process.stdin.write(data)
            process.stdin.flush()
            size = int.from_bytes(_exactly(process.stdout, 8, deadline), "little")
            found: dict[str, Any] = json.loads(_exactly(process.stdout, size, deadline))
        except TimeoutError as error:
            self.close()
            raise SourceRefusedError(
                f"reading it took longer than {self._longest_s:g} s; split it, or set BRIEFDESK_FILE_SECONDS higher"
            ) from error
        except (OSError, EOFError, ValueError) as error:
            status = process.wait()
            self.close()
            raise SourceRefusedError(_ended(status, self._memory_mb)) from error
        if reason := found.get("refused"):
            raise SourceRefusedError(reason)
        return Loaded(
            found["text"],
            tuple(Block(**block) for block in found["blocks"]),
            found["meta"],
            tuple((start, end) for start, end in found["pages"]),
            tuple(found["notes"]),
        )

    def _begun(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            limits = (str(self._memory_mb), str(self._max_chars))
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ingest.reader", *limits],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # parsers complain there about files
                env={**_without_secrets(), "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            )
        return self._process


def _without_secrets() -> dict[str, str]:
    """The environment, without what a parser that was taken over could give away."""
    return {name: value for name, value in os.environ.items() if not any(one in name.upper() for one in SECRET_NAMES)}


def _exactly(stream: IO[bytes], size: int, deadline: float) -> bytes:
    """`size` bytes. Raises TimeoutError at `deadline`, EOFError when the other side has ended."""
    parts: list[bytes] = []
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while size:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            part = os.read(stream.fileno(), min(size, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            size -= len(part)
    return b"".join(parts)


def _ended(status: int, memory_mb: int) -> str:
    if status == _NO_MEMORY:
        return f"reading it takes more than {memory_mb} MB of memory; split it, or allow more with BRIEFDESK_FILE_MB"
    return f"it ended the program that read it (status {status}); it is damaged, or made to do harm"


# -- in the other process

_NO_MEMORY = 71


def _serve(memory_mb: int, max_chars: int) -> None:
    _limit(memory_mb)
    incoming = sys.stdin.buffer
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a parser prints must not come between
    while head := incoming.read(_HEAD.size):
        name_size, size = _HEAD.unpack(head)
        name = incoming.read(name_size).decode("utf-8", "surrogateescape")
        answer = json.dumps(_read(incoming.read(size), name, max_chars)).encode()
        outgoing.write(len(answer).to_bytes(8, "little") + answer)
        outgoing.flush()


def _limit(memory_mb: int) -> None:
    """Where the system can limit a process's memory; else only its time and the size of what it gives are limited."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read(data: bytes, name: str, max_chars: int) -> dict[str, Any]:
    try:
        loaded = load(data, name)
    except SourceRefusedError as error:
        return {"refused": str(error)}
    except MemoryError:
        os._exit(_NO_MEMORY)
    except RecursionError:
        return {"refused": "it is nested more deeply than can be read"}
    except Exception as error:  # a parser's own fault
        return {"refused": f"it could not be read ({type(error).__name__}: {first_line(error)})"}
    if len(loaded.text) > max_chars:
        return {
            "refused": f"it holds {len(loaded.text):,} characters, more than the {max_chars:,} of a file; split it, or "
            "allow more with BRIEFDESK_FILE_CHARS"
        }
    return {
        "text": storable(loaded.text),
        "blocks": [asdict(block) for block in loaded.blocks],
        "meta": plain_meta(loaded.meta),
        "pages": loaded.pages,
        "notes": loaded.notes,
    }


if __name__ == "__main__":
    _serve(int(sys.argv[1]), int(sys.argv[2]))
