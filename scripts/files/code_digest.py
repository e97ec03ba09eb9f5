"""The digest of a script and of the modules it imports, whatever folder the project is in."""

import ast
import hashlib
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path


@cache  # keyed by content, not path: a module is parsed once for all rules that use it
def _imported_names(source: bytes, package: str) -> frozenset[str]:
    """Return the dotted names that a module's source imports: of `from a.b import c` it is `a.b.c`, a module or not.

    Args:
        source: the module's source.
        package: dotted name of the module's folder, from which relative imports start; "" for a script.
    """
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
            module = ".".join(filter(None, [*above, node.module]))
            names.update(f"{module}.{alias.name}" for alias in node.names)
    return frozenset(names)


def _files_of(name: str, folder: Path) -> list[Path]:
    """Return the files that Python runs to import a dotted name, packages first; none outside the folder."""
    files: list[Path] = []
    path = folder
    for part in name.split("."):
        path = path / part
        files += [file for file in (path / "__init__.py", path.with_name(f"{part}.py")) if file.is_file()]
    return files


def imported_modules(script: Path) -> list[Path]:
    """Return the script and every module below its folder that it imports, directly or not, sorted by path."""
    folder = script.parent
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        package = ".".join(path.parent.relative_to(folder).parts)
        for name in _imported_names(path.read_bytes(), package):
            waiting += _files_of(name, folder)
    return sorted(found)


def files_digest(paths: list[Path], folder: Path | None = None) -> str:
    """Return the SHA-256 of the files' names and contents, 64 hexadecimal digits.

    Args:
        paths: the files.
        folder: the names are paths below it; by default file names alone, wherever the files are.
    """
    digest = hashlib.sha256()
    for path in paths:
        name = path.relative_to(folder or path.parent).as_posix()
        with path.open("rb") as file:
            digest.update(f"{name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()


def code_digest(script: Path) -> str:
    """Return the digest of a script and of the modules it imports."""
    return files_digest(imported_modules(script), script.parent)


def engine(script: Path) -> str:
    """Return the code digest of a script and the versions of the packages that compute, as text."""
    versions = ", ".join(f"{package} {version(package)}" for package in ("tensorflow", "keras", "numpy"))
    return f"{script.name} and its imports: {code_digest(script)}; {versions}"


def require_engine(script: Path, expected: str) -> None:
    """End the process with one line if code or versions are not those that the results will be recorded under.

    Code may be edited, or packages updated, between the moment Snakemake reads them and the start of a job.
    """
    received = engine(script)
    if received != expected:
        sys.exit(
            f"ERROR: expected to run {expected}. Received: {received}. "
            "Code was edited or packages were installed meanwhile: run again."
        )
