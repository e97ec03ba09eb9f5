"""Files are taken from whoever delivers the right bytes; nothing else is ever left behind, and failures say why."""

import gzip
import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

import download
from data import sources
from data.datasets import FILES, load_datasets
from files.records import Record
from helpers.file_server import BOMB, LABELS, NAMES, PAGE, endless, status, write_folder
from helpers.workflow import PROJECT, SUBSET

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
    partial = study.serve(server, "partial", leave_out=[LABELS])
    dead = "https://127.0.0.1:1/{name}"
    lines = study.fetch([partial, {"url": dead}], local=tmp_path / "nowhere")
    error = lines[lines.index(f"data set noise: no source delivered {LABELS}. Tried:") :]
    assert error[1] == f"  folder {tmp_path}/nowhere: expected a folder at {tmp_path}/nowhere, received nothing"
    assert error[2] == f"  {partial['url']}: {LABELS}: HTTP 404 Not Found"
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
        f"{local / name}{'.gz' * (name == NAMES[0])}: taken as {name}, SHA-256 {hashlib.sha256(content).hexdigest()}"
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
        (dict.fromkeys(NAMES[:3], b""), f"`data_folder` must hold the file {LABELS} or {LABELS}.gz"),
        (replaced(LABELS, b"<html>"), "received an HTML or XML page"),
        (replaced(LABELS, b"\x1f\x8bxx"), f"{LABELS}: expected whole gzip-compressed data, received damaged"),
        (
            replaced(LABELS, subset_files()[NAMES[1]]),
            f"{LABELS}: expected 500 labels, one for each image, received 1000",
        ),
        (
            replaced(LABELS, subset_files()[LABELS][:-1] + b"\x0a"),
            "expected classes that training images have, received 10 at index 499",
        ),
        (replaced(NAMES[2], subset_files()[LABELS]), "received the shape (500,)"),
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
    assert str(local) in caught.value.code
    assert len(caught.value.code.splitlines()) == 1
    assert list(study.output.iterdir()) == []


@pytest.mark.parametrize("archive", [False, True])
def test_own_arrays_of_numpy_are_taken_as_they_come(study, tmp_path, archive):
    local = tmp_path / "mine"
    local.mkdir()
    x, y = np.zeros((4, 3, 5, 2), np.float32), np.arange(4)[:, None] % 2
    arrays = {"x_train": x, "y_train": y, "x_test": x, "y_test": y}
    if archive:
        np.savez_compressed(local / "my arrays.npz", **arrays)
        names = {"data.npz": "my arrays.npz"}
    else:
        for name, array in arrays.items():
            np.save(local / f"{name}.npy", array)
        names = {f"{name}.npy": f"{name}.npy" for name in arrays}
    download.main(study.arguments("mine", local))
    record = Record(study.output / "download.json", dataset="mine")
    assert list(record.sha256) == list(names)
    assert [record.file(name).read_bytes() for name in names] == [
        (local / name).read_bytes() for name in names.values()
    ]


def test_own_data_set_needs_a_folder(study, tmp_path):
    with pytest.raises(
        SystemExit, match=r"^ERROR: `dataset` must be one of noise, .*`data_folder`.*\(did you mean 'noise'"
    ):
        download.main(study.arguments("noize"))
    with pytest.raises(SystemExit, match=r"^ERROR: `data_folder` must be an existing folder\. Received: .*nowhere"):
        download.main(study.arguments("noize", tmp_path / "nowhere"))


def test_wrong_datasets_file_is_told(study):
    study.datasets.write_text("noise: 1\n")
    with pytest.raises(SystemExit, match=r"^ERROR: .*datasets\.yaml: `noise` must be a mapping"):
        download.main(study.arguments())
