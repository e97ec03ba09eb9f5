"""The digest of a script and of the helper modules it imports: what a rule's results depend on, wherever it lies."""

import ast
import hashlib
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path


@cache  # of contents, not paths: each file is read anew, and parsed once for all rules that use it
def _imported_names(source: bytes) -> frozenset[str]:
    """Return the top-level names that a module's source imports."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return frozenset(name.split(".")[0] for name in names)


def imported_modules(script: Path) -> list[Path]:
    """Return the script and every module of its own folder that it imports, directly or not, sorted by name."""
    folder = script.parent
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        names = _imported_names(path.read_bytes())
        waiting += [module for name in names if (module := folder / f"{name}.py").is_file()]
    return sorted(found)


def files_digest(paths: list[Path]) -> str:
    """Return the SHA-256 of the files' names and contents, 64 hexadecimal digits; folders play no part."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            digest.update(f"{path.name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()


def code_digest(script: Path) -> str:
    """Return the digest of a script and of the helper modules it imports."""
    return files_digest(imported_modules(script))


def engine(script: Path) -> str:
    """Return what a script's results depend on besides its inputs: its code, and the versions of what computes."""
    versions = ", ".join(f"{package} {version(package)}" for package in ("tensorflow", "keras", "numpy"))
    return f"{script.name} and its imports: {code_digest(script)}; {versions}"


def require_engine(script: Path, expected: str) -> None:
    """End the process with one line if a script is not of the code and versions under which its results will go.

    Code may be edited, or packages renewed, between the moment Snakemake reads them and the start of a job.
    """
    received = engine(script)
    if received != expected:
        sys.exit(
            f"ERROR: expected to run {expected}. Received: {received}. "
            "Code was edited or packages were installed meanwhile: run again."
        )
