"""Servers that do all kinds of wrong, over real https on loopback: told in one line, ended in time, nothing left.

tests/data/test_offers.py shows that the next source is then asked; here there is none, or there is the whole workflow.
"""

import gzip
import io
import os
import shutil
import socket
import threading
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import sources
from files.records import Record
from helpers.file_server import BOMB, LABELS, NAMES, PAGE, Server, Study, endless, silence, status
from helpers.idx_writer import write_idx
from helpers.workflow import copy_project, run_snakemake

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed: no certificate")
RIGHT = 38  # bytes of the test labels, the last file


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that its own file vouches for."""
    folder = tmp_path_factory.mktemp("certificate")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    options = " -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out certificate.pem 2>/dev/null"
    assert os.system(f"cd {folder} && {command}{options}") == 0
    return folder


@pytest.fixture
def server(certificate, monkeypatch):
    for name, value in (("SSL_CERT_FILE", f"{certificate / 'certificate.pem'}"), ("NO_PROXY", "*"), ("no_proxy", "*")):
        monkeypatch.setenv(name, value)
    server = Server(certificate)
    yield server
    server.close()


@pytest.fixture(scope="module")
def raw_files(tmp_path_factory):
    """The raw bytes of a small data set, by name: 40 training and 30 test images of noise."""
    import numpy as np

    folder = tmp_path_factory.mktemp("raw")
    generator = np.random.default_rng(0)
    for split, count in (("train", 40), ("t10k", 30)):
        write_idx(folder / f"{split}-images-idx3-ubyte", generator.integers(0, 256, (count, 28, 28), np.uint8))
        write_idx(folder / f"{split}-labels-idx1-ubyte", generator.integers(0, 10, count, np.uint8))
    return {name: (folder / name).read_bytes() for name in NAMES}


@pytest.fixture
def study(tmp_path, raw_files):
    return Study(tmp_path, raw_files)


def raw(text, pause=0.0, repeat=b"", seconds=5.0):
    """Return an answer of these very bytes, then of others again and again, a pause after each."""

    def answer(handler):
        handler.wfile.write(text)
        handler.wfile.flush()
        end = time.monotonic() + seconds
        while repeat and time.monotonic() < end:
            time.sleep(pause)
            handler.wfile.write(repeat)
            handler.wfile.flush()

    return answer


OK = b"HTTP/1.1 200 OK\r\n"
ANSWERS = {
    "not there": (status(404), "HTTP 404 Not Found"),
    "forbidden": (status(403), "HTTP 403 Forbidden"),
    "broken server": (status(500), "HTTP 500 Internal Server Error"),
    "overloaded server": (status(503), "HTTP 503 Service Unavailable"),
    "an unheard-of status": (raw(b"HTTP/1.1 799 Odd\r\nContent-Length: 0\r\n\r\n"), "HTTP 799 Odd"),
    "no content": (status(204), "received 0 that begin like nothing"),
    "a page": (status(200, PAGE), "received an HTML or XML page"),
    "a page, compressed": (status(200, gzip.compress(PAGE[:RIGHT])), "expected SHA-256 "),
    "other bytes": (status(200, b"x" * RIGHT), "expected SHA-256 "),
    "a byte too few": (status(200, b"x" * (RIGHT - 1)), f"expected {RIGHT} raw bytes, received {RIGHT - 1}"),
    "a byte too many": (status(200, b"x" * (RIGHT + 1)), f"expected at most {RIGHT} raw bytes, received more"),
    "nothing": (status(200), "received 0 that begin like nothing"),
    "cut off": (status(200, b"x" * 20, length=RIGHT), f"expected {RIGHT} raw bytes, received 20"),
    "compressed, cut off": (status(200, gzip.compress(b"x" * RIGHT)[:-9]), "received damaged or truncated"),
    "compressed, then waste": (status(200, gzip.compress(b"x" * RIGHT) + b"waste"), "received damaged or truncated"),
    "compressed twice": (status(200, gzip.compress(gzip.compress(b"x" * RIGHT))), "raw bytes, received "),
    "a bomb": (status(200, BOMB), f"expected at most {RIGHT} raw bytes, received more"),
    "a bomb of many members": (status(200, 3000 * gzip.compress(b"x")), f"at most {RIGHT} raw bytes, received more"),
    "without end": (endless(), f"expected at most {RIGHT} bytes, received more"),
    "a length below the body's": (status(200, b"x" * RIGHT, length=5), f"expected {RIGHT} raw bytes, received 5"),
    "a length that is none": (raw(OK + b"Content-Length: lots\r\n\r\nx"), f"expected {RIGHT} raw bytes, received 1"),
    "a chunk that is none": (raw(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nxx\r\n"), "IncompleteRead"),
    "a header line too long": (raw(OK + b"X: " + b"a" * 70_000 + b"\r\n\r\n"), "LineTooLong"),
    "too many headers": (raw(OK + 200 * b"X: a\r\n" + b"\r\n"), "got more than 100 headers"),
    "gibberish": (raw(b"\x00\xff\r\n\r\n"), "BadStatusLine"),
    "no answer at all": (lambda handler: handler.connection.close(), ""),
    "silence": (silence, "timed out"),
    "a trickle": (endless(chunk=b"\x00", pause=0.05), "not complete after 1 s"),
    "a trickle of headers": (raw(OK + b"X: ", 0.05, b"a"), "not complete after 1 s"),
    "no end of announcements": (raw(b"", 0.05, b"HTTP/1.1 100 Continue\r\n\r\n"), "not complete after 1 s"),
    "a trickle of a chunk's length": (
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\n", 0.05, b"0"),
        "not complete after 1 s",
    ),
    "a redirect to itself": (status(302, Location="/again"), "redirect error that would lead to an infinite loop"),
    "a redirect to http": (status(302, Location="http://127.0.0.1:9/x"), "expected a redirect to https"),
    "a redirect to a file": (status(302, Location="file:///etc/passwd"), "is not allowed"),
    "a redirect to nowhere": (status(302, Location="https://127.0.0.1:1/x"), "Connection refused"),
    "a redirect without an address": (status(302), "HTTP 302"),
}


@pytest.mark.parametrize(("answer", "reason"), ANSWERS.values(), ids=ANSWERS)
def test_a_server_that_fails_for_good_leaves_nothing_and_says_why(study, server, answer, reason):
    server.answers = {"*": answer}
    start = time.monotonic()
    lines = study.fetch([{"url": f"{server.address}/{{name}}"}], answer_seconds=0.5, file_seconds=1)
    assert time.monotonic() - start < 5
    assert reason in "\n".join(lines)
    assert f"data set noise: no source delivered {', '.join(NAMES)}. Tried:" in lines
    assert all(line == line.strip() or line.startswith("  ") for line in lines)
    assert list(study.output.iterdir()) == []


@pytest.mark.parametrize("number", [1, 2, 3])
def test_files_that_came_before_the_failure_stay_and_are_whole(study, server, number):
    source = study.serve(server, leave_out=NAMES[number:])
    for name in NAMES[number:]:
        server.answers[f"/good/{name}.gz"] = status(200, gzip.compress(study.raw_files[name])[:-5])
    study.fetch([source])
    found = {path.name: path.read_bytes() for path in study.output.iterdir()}
    assert found == {name: study.raw_files[name] for name in NAMES[:number]}


def test_a_server_that_takes_the_call_and_never_greets_is_left(study):
    listening = socket.create_server(("127.0.0.1", 0))
    address = f"https://127.0.0.1:{listening.getsockname()[1]}/{{name}}"
    start = time.monotonic()
    lines = study.fetch([{"url": address}], answer_seconds=1)
    listening.close()
    assert time.monotonic() - start < 4
    assert "timed out" in lines[0]
    assert list(study.output.iterdir()) == []


def test_a_greeting_that_only_trickles_is_left(study):
    """Each byte comes in time, so that no limit between two pieces ends it."""
    listening = socket.create_server(("127.0.0.1", 0))

    def greet():
        connection, _ = listening.accept()
        with connection:
            connection.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16 kB begins
            for _ in range(50):
                time.sleep(0.1)
                try:
                    connection.sendall(b"\x02")
                except OSError:
                    return

    threading.Thread(target=greet, daemon=True).start()
    start = time.monotonic()
    lines = study.fetch([{"url": f"https://127.0.0.1:{listening.getsockname()[1]}/{{name}}"}], file_seconds=1)
    assert time.monotonic() - start < 4
    assert "not complete after 1 s" in lines[0] or "SSL" in lines[0]
    listening.close()


def test_without_a_network_every_source_is_told_in_one_line(study, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    lines = study.fetch([{"url": f"https://{name}.example/{{name}}"} for name in ("one", "two")])
    assert [line for line in lines if line.startswith("https://")] == [
        f"https://{name}.example/{{name}}: failed: [Errno -3] Temporary failure in name resolution"
        for name in ("one", "two")
    ]
    assert list(study.output.iterdir()) == []


@pytest.mark.long
def test_ten_thousand_answers_are_taken_within_their_size_or_refused(tmp_path):
    folder = tmp_path / "any"
    folder.mkdir()

    @settings(max_examples=10_000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(
        st.binary(max_size=200).flatmap(
            lambda content: st.sampled_from([content, gzip.compress(content), b"\x1f\x8b" + content, content * 400])
        ),
        st.integers(0, 250),
        st.integers(0, 60),
    )
    def check(content, size, cut):
        sent = content[: len(content) - cut]
        try:
            saved = sources.save(lambda: io.BytesIO(sent), folder / "saved", size, sources.LIMITS)
            path, problem = sources.unpack(saved, folder / "raw", size), ""
        except sources.Refused as error:
            path, problem = None, str(error)
        assert len(problem.splitlines()) == (path is None)
        if path:
            assert path.stat().st_size <= size
            assert path.read_bytes() == (gzip.decompress(sent) if sent[:2] == b"\x1f\x8b" else sent)
        assert not (folder / "raw").exists() or (folder / "raw").stat().st_size <= size

    check()


# --- the workflow ---------------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path, study, server):
    """A project whose data set `noise` comes from the server, and a study of it."""
    project = copy_project(tmp_path / "project")
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump({"dataset": "noise", "baseline": {"batch_size": 8}}))

    def fetch(*sources):
        study.list(list(sources))
        shutil.copy(study.datasets, project / "config" / "datasets.yaml")
        return run_snakemake(project, folder, "data", check=False)

    return fetch, folder / "results" / "data" / "noise"


def test_the_workflow_goes_on_to_the_next_source(project, study, server):
    fetch, data = project
    bad = study.serve(server, "bad", leave_out=[LABELS])
    server.answers[f"/bad/{LABELS}.gz"] = status(200, b"x" * 20, length=RIGHT)
    output = fetch(bad, study.serve(server))
    assert output.returncode == 0
    record = Record(data / "raw" / "download.json", dataset="noise")
    assert {name: record.file(name).read_bytes() for name in NAMES} == study.raw_files
    assert Path(data / "x_test.npy").is_file()


def test_the_workflow_ends_with_what_was_tried_and_leaves_nothing(project, study, server):
    fetch, data = project
    server.answers = {"*": status(200, PAGE)}
    output = fetch({"url": f"{server.address}/{{name}}"})
    printed = output.stdout + output.stderr
    assert output.returncode != 0
    assert "ERROR: data set noise: no source delivered" in printed
    assert "received an HTML or XML page" in printed
    assert "data_folder: /path/to/folder" in printed
    assert "Traceback" not in printed
    assert [path for path in data.rglob("*") if path.is_file()] == []
