"""Files of results: written so that a reader finds the old text or the new one; known again by their hash."""

import hashlib
import os
from pathlib import Path

MANIFEST = "manifest.json"
"""A folder that has it is a complete folder of results."""


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def replace_bytes(path: Path, content: bytes) -> None:
    """Write a file beside the old one and put it in its place in one step."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def replace_text(path: Path, text: str) -> None:
    """Write a UTF-8 text as ``replace_bytes`` does."""
    replace_bytes(path, text.encode())
