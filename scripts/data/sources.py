"""Where the files of a data set come from: each source tried in turn, each file checked by SHA-256.

A data set listed in datasets.yaml is known by the SHA-256 of each file, so it does not matter who delivers it. One that
is not listed comes from a local folder alone, is checked for its shape, and its SHA-256 are printed.
"""

import gzip
import os
import re
import shutil
import signal
import subprocess
import tarfile
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, NamedTuple
from urllib.error import HTTPError, URLError

from data.datasets import CLASSES, FILES, IMAGE_SHAPE, DataFile, Dataset, Source
from data.idx import MARKUP, check_labelled_images, content_kind
from files import records

CHUNK_BYTES = 1 << 20
# gzip makes what it cannot compress a little larger.
COMPRESSION_SLACK_BYTES = 1 << 16
PACKAGE_BYTES = 1_000_000_000
# npm's defaults retry for more than a minute where there is no network.
NPM_OPTIONS = ("--ignore-scripts", "--silent", "--json", "--fetch-retries=1", "--fetch-retry-mintimeout=1000")


class Limits(NamedTuple):
    """How long to wait, in seconds, and how large a file may be whose size no entry states, in bytes."""

    answer_seconds: float = 30  # for a connection, and between two pieces of an answer
    file_seconds: float = 900  # for one whole file, or one whole package
    unlisted_bytes: int = 200_000_000


LIMITS = Limits()
Open = Callable[[], AbstractContextManager[BinaryIO]]
Offers = Iterator[tuple[str, Open]]


class Refused(Exception):
    """A source, or a file it offers, is of no use; the message is one line that says why."""


def fetch_dataset(
    dataset: Dataset,
    output_folder: Path,
    local_folder: Path | None,
    log: Callable[[str], None],
    limits: Limits = LIMITS,
) -> None:
    """Fetch the files of a listed data set that are not yet there.

    Args:
        dataset: the entry.
        output_folder: gets the raw files, named as in `FILES`; a file appears only when it is whole and right.
        local_folder: folder tried before the entry's sources, holding the files raw or with .gz appended.
        log: function that takes one line for each file taken and each failure.
        limits: time-outs.

    Raises:
        Refused: if files are still missing after the last source; several lines, with what to do about it.
        OSError: if the output folder cannot be written.
    """
    output_folder.mkdir(parents=True, exist_ok=True)
    missing = {}
    for key, file in dataset.files.items():
        path = output_folder / FILES[key]
        if path.is_file() and records.sha256(path) == file.sha256:
            log(f"{path}: kept, already right")
        else:
            missing[key] = file
    sources = list(dataset.sources)
    if local_folder is not None:
        sources.insert(0, Source("local", str(local_folder)))
    failures = []
    for source in sources:
        if missing:
            taken, reasons = take_from(source, missing, output_folder, log, limits)
            missing = {key: file for key, file in missing.items() if key not in taken}
            failures.append(f"  {source.label}: {'; '.join(reasons)}")
    if missing:
        raise Refused("\n".join(_despair(dataset, missing, failures)))


def take_from(
    source: Source, wanted: dict[str, DataFile], output_folder: Path, log: Callable[[str], None], limits: Limits
) -> tuple[set[str], list[str]]:
    """Take from one source what is wanted and right.

    Args:
        source: the source.
        wanted: the files still missing, by key.
        output_folder: gets the files, named as in `FILES`.
        log: function that takes one line for each file taken and each failure.
        limits: time-outs.

    Returns:
        The keys of the files taken, and the reasons of what failed, one line each.
    """
    taken: set[str] = set()
    offered: set[str] = set()
    reasons: list[str] = []

    def fail(reason: str) -> None:
        reasons.append(reason)
        log(f"{source.label}: failed: {reason}")

    # Inside the output folder, so that os.replace never crosses file systems.
    with TemporaryDirectory(prefix=".part-", dir=output_folder) as temporary:
        folder = Path(temporary).resolve()  # programs run in it, to whom a relative path would mean another
        try:
            with closing(_OFFERS[source.kind](source, wanted, folder, limits)) as offers:
                for key, open_stream in offers:
                    if key in taken:
                        continue
                    offered.add(key)
                    file = wanted[key]
                    try:
                        saved = save(open_stream, folder / "saved", file.size, limits)
                        path = check_file(unpack(saved, folder / "raw", file.size), file)
                    except (Refused, HTTPError) as error:  # the source's other files may be all right
                        fail(f"{file.name}: {_reason(error)}")
                        continue
                    os.replace(path, output_folder / FILES[key])
                    taken.add(key)
                    log(f"{source.label}: took {file.name}, {file.size:,} bytes, SHA-256 as expected")
            absent = [file.name for key, file in wanted.items() if key not in offered]
            if absent:
                fail(f"does not hold {', '.join(absent)}, neither raw nor .gz")
        except (Refused, OSError, HTTPException, tarfile.TarError, EOFError, zlib.error) as error:
            fail(_reason(error))
    return taken, reasons


def take_unlisted(local_folder: Path, output_folder: Path, log: Callable[[str], None], limits: Limits = LIMITS) -> None:
    """Take a data set that has no entry from a local folder: all four files, or none where one is wrong.

    Args:
        local_folder: holds the files, named as in `FILES`, raw or with .gz appended.
        output_folder: gets the raw files.
        log: function that takes one line for each file.
        limits: the largest size of a file.

    Raises:
        Refused: if a file is missing, damaged or too large.
        ValueError: if the files are not images of 28 x 28 pixels and their labels from 0 to 9.
        OSError: if a file cannot be read or written.
    """
    output_folder.mkdir(parents=True, exist_ok=True)
    wanted = {key: DataFile(name, "", limits.unlisted_bytes) for key, name in FILES.items()}
    offers: dict[str, Open] = {}
    for key, open_stream in _local_offers(Source("local", str(local_folder)), wanted):
        offers.setdefault(key, open_stream)  # where a file lies there twice, the raw one
    absent = [name for key, name in FILES.items() if key not in offers]
    if absent:
        raise Refused(f"{local_folder}: expected {', '.join(FILES.values())}, raw or .gz; missing: {', '.join(absent)}")
    with TemporaryDirectory(prefix=".part-", dir=output_folder) as temporary:
        folder = Path(temporary)
        for key, name in FILES.items():
            try:
                saved = save(offers[key], folder / "saved", limits.unlisted_bytes, limits)
                unpack(saved, folder / name, limits.unlisted_bytes)
            except Refused as error:
                raise Refused(f"{local_folder / name}: {error}") from None
        for split in ("train", "test"):
            paths = (folder / FILES[f"{split}_{part}"] for part in ("images", "labels"))
            try:
                check_labelled_images(*paths, IMAGE_SHAPE, CLASSES)
            except ValueError as error:  # name the user's file, not the copy that is about to go
                raise ValueError(str(error).replace(temporary, str(local_folder))) from None
        for name in FILES.values():
            log(f"folder {local_folder}: took {name}, SHA-256 {records.sha256(folder / name)}")
            os.replace(folder / name, output_folder / name)


def save(open_stream: Open, path: Path, size: int, limits: Limits) -> Path:
    """Save a stream as it comes.

    Args:
        open_stream: function that opens the stream.
        path: the file to write.
        size: size of the raw file expected, in bytes; the stream may be compressed.
        limits: time-outs.

    Returns:
        `path`.

    Raises:
        Refused: if the stream is longer than a file of that size can be, or an error page.
        TimeoutError: if it takes too long as a whole.
        OSError: if opening, reading or writing fails.
    """
    with time_limit(limits.file_seconds), open_stream() as stream, path.open("wb") as file:
        while chunk := stream.read1(CHUNK_BYTES):  # what is there: an error page is seen at once
            if file.tell() == 0 and content_kind(chunk[:64]) == MARKUP:
                raise Refused(f"expected an IDX file, received {MARKUP}")
            file.write(chunk)
            if file.tell() > size + COMPRESSION_SLACK_BYTES:
                raise Refused(f"expected at most {size:,} bytes, received more")
    return path


def unpack(path: Path, raw: Path, size: int) -> Path:
    """Decompress a file if it is gzip-compressed, whatever its name; copy it if it is not.

    Args:
        path: the file as it came.
        raw: the file to write.
        size: most bytes to write.

    Returns:
        `raw`.

    Raises:
        Refused: if the compressed data is damaged, truncated or holds more bytes.
    """
    with path.open("rb") as packed, raw.open("wb") as file:
        compressed = packed.read(2) == b"\x1f\x8b"
        packed.seek(0)
        with gzip.GzipFile(fileobj=packed) if compressed else packed as stream:
            try:
                while chunk := stream.read(CHUNK_BYTES):
                    if file.tell() + len(chunk) > size:
                        raise Refused(f"expected at most {size:,} raw bytes, received more")
                    file.write(chunk)
            except (gzip.BadGzipFile, EOFError, zlib.error) as error:
                raise Refused(f"expected whole gzip-compressed data, received damaged or truncated: {error}") from None
    return raw


def check_file(path: Path, file: DataFile) -> Path:
    """Check that a raw file is the one expected.

    Args:
        path: the raw file.
        file: what is expected.

    Returns:
        `path`.

    Raises:
        Refused: if its size or SHA-256 is another.
    """
    received = path.stat().st_size
    if received != file.size:
        with path.open("rb") as stream:
            kind = content_kind(stream.read(64))
        raise Refused(f"expected {file.size:,} raw bytes, received {received:,} that begin like {kind}")
    sha256 = records.sha256(path)
    if sha256 != file.sha256:
        raise Refused(f"expected SHA-256 {file.sha256}, received {sha256}")
    return path


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


def _local_offers(source: Source, wanted: dict[str, DataFile], *_) -> Offers:
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


_OFFERS = {"local": _local_offers, "url": _url_offers, "npm": _npm_offers, "debian": _debian_offers}


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


def _reason(error: Exception) -> str:
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


def _despair(dataset: Dataset, missing: dict[str, DataFile], failures: list[str]) -> list[str]:
    """Return what is missing, what was tried and why it failed, and what to do."""
    absent = ", ".join(file.name for file in missing.values())
    names = ", ".join(file.name for file in dataset.files.values())
    return [
        f"data set {dataset.name}: no source delivered {absent}. Tried:",
        *(failures or ["  nothing: the entry lists no source, and no data_folder was given"]),
        "To use files you have, set in the config",
        "  data_folder: /path/to/folder",
        f"where the folder holds {names}, each raw or with .gz appended.",
    ]


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError where something takes longer, even a header that trickles in; in the main thread alone."""

    def late(_number, _frame):
        raise TimeoutError(f"not complete after {seconds:g} s")

    old = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
