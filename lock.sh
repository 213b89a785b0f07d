#!/usr/bin/env bash
# Resolves pyproject.toml into the two lock files, for every platform at once. torch, and what its CUDA build brings,
# stay out: `make` installs torch first, in the build that fits the machine.
set -euo pipefail
cd "$(dirname "$0")"
uv=.venv/bin/uv
common=(--quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate
  --custom-compile-command "make lock")
for target in requirements.lock requirements-dev.lock; do
  extra=()
  [ "$target" = requirements-dev.lock ] && extra=(--extra dev)
  $uv pip compile "${common[@]}" "${extra[@]}" pyproject.toml -o "$target.new"
  # A requirement is a line that begins in the first column, its hashes follow indented.
  awk '/^[a-z]/ {skip = ($0 ~ /^(torch|triton|nvidia-|cuda-)/)} !skip' "$target.new" > "$target"
  rm "$target.new"
done
