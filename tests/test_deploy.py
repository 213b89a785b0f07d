"""What a server is set up with: the container's file, the unit, the lock, the licences."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT

DEPLOY = CHECKOUT / "docs" / "deploy"


def test_the_container_file_passes_its_linter() -> None:
    hadolint = Path(sysconfig.get_path("scripts")) / "hadolint"
    done = subprocess.run([hadolint, DEPLOY / "Dockerfile"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    text = (DEPLOY / "Dockerfile").read_text()
    assert re.search(r"^USER (?!root)", text, re.M)
    for folder in re.findall(r"^COPY (?!--)(\S+) \./\1$", text, re.M):
        assert (CHECKOUT / folder).exists(), folder


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd on this machine")
    unit = tmp_path / "briefdesk.service"
    program = tmp_path / "briefdesk"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    text = (DEPLOY / "briefdesk.service").read_text()
    unit.write_text(text.replace("/opt/briefdesk/.venv/bin/briefdesk", str(program)))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "briefdesk.service" in line]
    assert ours == []


def test_everything_that_is_installed_is_pinned_with_its_hash() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        wanted = re.split(r"\n(?=[a-z])", (CHECKOUT / name).read_text())
        packages = [one for one in wanted if re.match(r"[a-z0-9._-]+==", one)]
        assert len(packages) > 100
        assert all("--hash=sha256:" in one for one in packages)
    assert (CHECKOUT / "Makefile").read_text().count("--require-hashes --only-binary :all:") == 2


def test_licences_and_parts_are_listed() -> None:
    done = subprocess.run([CHECKOUT / ".ci" / "audit", "--offline"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    parts = json.loads((CHECKOUT / "build" / "audit" / "sbom.json").read_text())
    assert parts["bomFormat"] == "CycloneDX"
    names = {one["name"] for one in parts["components"]}
    assert {"torch", "chromadb", "gradio", "argon2-cffi"} <= names
