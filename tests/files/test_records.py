"""What a job wrote is told from anything else: cut off, changed, exchanged, or of another origin."""

import hashlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from files.records import Record, RecordError, sha256, write_record

LABEL = {"point": "units=2", "seeds": [0, 1], "epochs": 5}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@pytest.fixture
def record(tmp_path):
    """The record of two files."""
    for name in ("metrics.csv", "test.npz"):
        (tmp_path / name).write_text(f"content of {name}")
    path = tmp_path / "evaluate.json"
    write_record(path, [tmp_path / "metrics.csv", tmp_path / "test.npz"], **LABEL)
    return path


def refusal(path, name=None, **expected):
    """Return why a record, or one of its files, is refused."""
    with pytest.raises(RecordError) as caught:
        Record(path, **expected).file(name)
    message = str(caught.value)
    assert [message] == message.splitlines()
    assert message.endswith(f". Delete {path} and run again: its job starts over.")
    return message.removeprefix(f"{path.parent}/").removesuffix(f". Delete {path} and run again: its job starts over.")


def test_files_are_found_as_they_were_written(record):
    read = Record(record, point="units=2", seeds=[0, 1])
    assert read.label == LABEL
    assert read.file("metrics.csv") == record.with_name("metrics.csv")
    assert read.sha256 == {
        name: hashlib.sha256(f"content of {name}".encode()).hexdigest() for name in ("metrics.csv", "test.npz")
    }
    assert sha256(record.with_name("test.npz")) == read.sha256["test.npz"]


def test_the_digest_is_the_one_that_was_returned_and_stands_in_the_file(record):
    digest = write_record(record, [record.with_name("test.npz")], **LABEL)
    assert digest == Record(record).digest == json.loads(record.read_text())["record"]


def test_the_same_files_and_label_give_the_same_bytes(record, tmp_path):
    before = record.read_bytes()
    write_record(record, [tmp_path / "metrics.csv", tmp_path / "test.npz"], **LABEL)
    assert record.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"content of metrics.cs", b"Content of metrics.csv", b"content of test.npz"])
def test_a_file_of_another_content_is_refused(record, content):
    record.with_name("metrics.csv").write_bytes(content)
    told = "metrics.csv: is not the file that evaluate.json beside it records"
    assert refusal(record, "metrics.csv") == told
    assert Record(record).file("test.npz")


def test_a_file_that_is_gone_or_was_never_recorded_is_refused(record):
    record.with_name("metrics.csv").unlink()
    assert refusal(record, "metrics.csv") == "metrics.csv: cannot be read (No such file or directory)"
    record.with_name("more.csv").touch()
    assert refusal(record, "more.csv") == "more.csv: is not the file that evaluate.json beside it records"


@pytest.mark.parametrize(("key", "value"), [("point", "units=3"), ("seeds", [0, 2]), ("epochs", 10), ("engine", "x")])
def test_another_label_is_refused(record, key, value):
    received = f"{key}={LABEL.get(key)}"
    assert refusal(record, **{key: value}) == f"evaluate.json: expected {key}={value}. Received: {received}"


def test_a_record_that_is_gone_is_refused(record):
    record.unlink()
    assert refusal(record) == "evaluate.json: cannot be read (No such file or directory)"


def test_every_flipped_bit_of_a_record_is_refused_or_changes_nothing(record):
    original = record.read_bytes()
    meaning = json.loads(original)
    harmless = 0
    for place in range(8 * len(original)):
        damaged = bytearray(original)
        damaged[place // 8] ^= 1 << place % 8
        record.write_bytes(damaged)
        try:
            Record(record)
        except RecordError:
            continue
        harmless += 1  # a blank that became another
        assert json.loads(bytes(damaged)) == meaning
    assert harmless < 0.01 * 8 * len(original)


@pytest.mark.parametrize("length", range(0, 300, 7))
def test_a_record_that_was_cut_off_is_refused(record, length):
    record.write_bytes(record.read_bytes()[:length])
    assert refusal(record).startswith("evaluate.json: is no record (")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(JSON.map(json.dumps) | st.text(max_size=30) | st.just("[" * 100_000))
def test_whatever_else_a_record_holds_it_is_refused_in_one_line(tmp_path, text):
    path = tmp_path / "evaluate.json"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    assert refusal(path).startswith("evaluate.json: is no record (")
