"""Where the files of a data set come from: each source tried in turn, each file checked by SHA-256.

A data set listed in datasets.yaml is known by the SHA-256 of each file, so it does not matter who delivers it. One that
is not listed comes from a local folder alone, is checked to be images and their labels, and its SHA-256 are printed.
"""

import gzip
import os
import shutil
import signal
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import HTTPError

from data.data_folder import own_arrays, raw_copies
from data.datasets import FILES, DataFile, Dataset, Source
from data.idx import CHUNK_BYTES, MARKUP, content_kind, opened
from data.labelled_images import read_labelled_images
from data.offers import LIMITS, OFFERS, Limits, Open, Refused, reason_of
from files import records

# gzip makes what it cannot compress a little larger.
COMPRESSION_SLACK_BYTES = 1 << 16


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
        raise Refused(_what_is_missing(dataset, missing, failures))


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
            with closing(OFFERS[source.kind](source, wanted, folder, limits)) as offers:
                for key, open_stream in offers:
                    if key in taken:
                        continue
                    offered.add(key)
                    file = wanted[key]
                    try:
                        saved = save(open_stream, folder / "saved", file.size, limits)
                        path = check_file(unpack(saved, folder / "raw", file.size), file)
                    except (Refused, HTTPError) as error:  # the source's other files may be all right
                        fail(f"{file.name}: {reason_of(error)}")
                        continue
                    os.replace(path, output_folder / FILES[key])
                    taken.add(key)
                    log(f"{source.label}: took {file.name}, {file.size:,} bytes, SHA-256 as expected")
            absent = [file.name for key, file in wanted.items() if key not in offered]
            if absent:
                fail(f"does not hold {', '.join(absent)}, neither raw nor .gz")
        except (Refused, OSError, HTTPException, tarfile.TarError, EOFError, zlib.error) as error:
            fail(reason_of(error))
    return taken, reasons


def take_unlisted(local_folder: Path, output_folder: Path, log: Callable[[str], None]) -> list[str]:
    """Take a data set that has no entry from a local folder: all its files, or none where one is wrong.

    Args:
        local_folder: holds the files, as `own_arrays` finds them.
        output_folder: gets them, decompressed.
        log: function that takes one line for each file.

    Returns:
        The names of the files.

    Raises:
        ValueError: if they are missing or damaged, or not images and their labels; one line that names the file.
        OSError: if a file cannot be read or written.
    """
    output_folder.mkdir(parents=True, exist_ok=True)
    arrays = own_arrays(local_folder)
    read_labelled_images(arrays)  # here a line can name the user's file
    copies = raw_copies(arrays)
    with TemporaryDirectory(prefix=".part-", dir=output_folder) as temporary:
        for name, path in copies.items():
            with opened(path) as source, (Path(temporary) / name).open("wb") as file:
                shutil.copyfileobj(source, file, CHUNK_BYTES)
        for name, path in copies.items():
            log(f"{path}: taken as {name}, SHA-256 {records.sha256(Path(temporary) / name)}")
            os.replace(Path(temporary) / name, output_folder / name)
    return [*copies]


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


def _what_is_missing(dataset: Dataset, missing: dict[str, DataFile], failures: list[str]) -> str:
    """Return what is missing, what was tried and why it failed, and what to do."""
    absent = ", ".join(file.name for file in missing.values())
    names = ", ".join(file.name for file in dataset.files.values())
    lines = [
        f"data set {dataset.name}: no source delivered {absent}. Tried:",
        *(failures or ["  nothing: the entry lists no source, and no data_folder was given"]),
        "To use files you have, set in the config",
        "  data_folder: /path/to/folder",
        f"where the folder holds {names}, each raw or with .gz appended.",
    ]
    return "\n".join(lines)


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
