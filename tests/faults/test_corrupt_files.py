"""Every file that one job hands to another, damaged or exchanged: refused where it is read, and nothing is written.

A study must never hand out a wrong table that looks right. The quick tests call each reader as the workflow calls it;
the long ones run the workflow on a study with one damaged file and then do what its error says.
"""

import importlib
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from files.records import write_record
from helpers.disturbed_study import follow_errors
from helpers.workflow import PROJECT, run_snakemake

POINT = "units={},learning_rate=0.001,momentum=0,batch_size=128,optimizer=rmsprop"
FIRST, SECOND = (f"runs/{POINT.format(8)}/seeds=0-1/epochs={epochs}" for epochs in (2, 4))
OTHER_POINT = f"runs/{POINT.format(16)}/seeds=0-1/epochs=2"
DATA = "data/mnist-subset"
# Each file -> the scripts that read it, and a file of the same kind that is not the one.
READERS = {
    f"{DATA}/raw/train-images-idx3-ubyte": (["preprocess"], f"{DATA}/raw/t10k-images-idx3-ubyte"),
    f"{DATA}/raw/train-labels-idx1-ubyte": (["preprocess"], f"{DATA}/raw/t10k-labels-idx1-ubyte"),
    f"{DATA}/raw/t10k-images-idx3-ubyte": (["preprocess", "report"], f"{DATA}/raw/train-images-idx3-ubyte"),
    f"{DATA}/raw/t10k-labels-idx1-ubyte": (["preprocess"], f"{DATA}/raw/train-labels-idx1-ubyte"),
    f"{DATA}/x_train.npy": (["describe", "train"], f"{DATA}/x_test.npy"),
    f"{DATA}/y_train.npy": (["describe", "train"], f"{DATA}/y_test.npy"),
    f"{DATA}/x_test.npy": (["describe", "train", "evaluate", "plot"], f"{DATA}/x_train.npy"),
    f"{DATA}/y_test.npy": (["describe", "train", "evaluate", "resample", "plot"], f"{DATA}/y_train.npy"),
    f"{FIRST}/state.npz": (["train", "evaluate"], f"{OTHER_POINT}/state.npz"),
    f"{FIRST}/optimizer.npz": (["train"], f"{SECOND}/optimizer.npz"),
    f"{FIRST}/history.csv": (["aggregate", "plot"], f"{OTHER_POINT}/history.csv"),
    f"{FIRST}/metrics.csv": (["aggregate"], f"{OTHER_POINT}/metrics.csv"),
    f"{FIRST}/test.npz": (["resample", "plot"], f"{SECOND}/test.npz"),
    "tables/runs.csv": (["check_published", "plot"], "tables/units.csv"),
    "tables/comparisons.csv": (["plot", "report"], "tables/differences.csv"),
    "tables/units.csv": (["report"], "tables/learning_rate.csv"),
    "tables/units.md": (["report"], "tables/learning_rate.md"),
    "tables/two_way.csv": (["report"], "tables/comparisons.csv"),
    "tables/published.csv": (["plot", "report"], "tables/orderings.csv"),
    "figures/units.svg": (["report"], "figures/learning_rate.svg"),
}
RECORDS = {
    f"{DATA}/raw/download.json": ["preprocess", "report"],
    f"{DATA}/preprocess.json": ["describe", "train", "evaluate", "aggregate", "resample", "plot", "report"],
    f"{FIRST}/train.json": ["train", "evaluate", "aggregate", "resample", "plot"],
    f"{FIRST}/evaluate.json": ["aggregate", "resample", "plot"],
    "tables/aggregate.json": ["check_published", "plot", "report"],
    "tables/resample.json": ["report"],
    "tables/check_published.json": ["plot", "report"],
    "figures/plot.json": ["report"],
}


def cut_off(path, _):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_one_bit(path, _):
    content = bytearray(path.read_bytes())
    content[len(content) * 2 // 3] ^= 1
    path.write_bytes(content)


def empty(path, _):
    path.write_bytes(b"")


def delete(path, _):
    path.unlink()


def exchange(path, other):
    shutil.copy(other, path)


FAULTS = (cut_off, flip_one_bit, empty, delete, exchange)


@pytest.fixture(scope="module")
def commands(finished, tmp_path_factory):
    """The arguments of each script, as the workflow calls it for the baseline's first milestone.

    The training is the next one, which starts from that milestone.
    """
    told = run_snakemake(*finished, "--dry-run", "--forceall", "--printshellcmds").stdout
    found = {}
    for line in re.findall(r"^Shell command: (?!None$)(.+)$", told, re.MULTILINE):
        words = shlex.split(line.partition(" > ")[0])
        place = next(place for place, word in enumerate(words) if word.endswith(".py"))
        script, arguments = Path(words[place]).stem, words[place + 1 :]
        text = " ".join(arguments)
        if script == "train" and "--epochs 2 4" not in text:
            continue
        if script == "describe" and '{"units": 8,' not in text:
            continue
        if script == "evaluate" and not (POINT.format(8) in text and "--epochs 2 " in text):
            continue
        assert script not in found
        found[script] = arguments
    published = tmp_path_factory.mktemp("published") / "published.yaml"  # of these data, so that it reads the runs
    text = (PROJECT / "config" / "published.yaml").read_text(encoding="utf-8")
    published.write_text(text.replace("dataset: mnist\n", "dataset: mnist-subset\n"), encoding="utf-8")
    found["check_published"].append(f"--published={published}")
    return found


@pytest.fixture(scope="module")
def sound(finished, tmp_path_factory):
    """A copy of the finished study, and the bytes of its results."""
    study = shutil.copytree(finished[1], tmp_path_factory.mktemp("sound") / "study")
    return study, results(study)


@pytest.fixture
def study(sound, monkeypatch):
    """The copy as the working directory; what a test damaged is put right afterwards."""
    study, expected = sound
    monkeypatch.chdir(study)
    yield study
    found = results(study)
    for path in found.keys() - expected.keys():
        path.unlink()
    for path, content in expected.items():
        if found.get(path) != content:
            path.write_bytes(content)


def results(study):
    """Return the bytes of all results but logs, by path."""
    paths = [path for path in (study / "results").rglob("*") if path.is_file()]
    return {path: path.read_bytes() for path in paths if not {"logs", "benchmarks"} & set(path.parts)}


def refusal(script, arguments, monkeypatch):
    """Run a script within this process; return the one line it ends with."""
    module = importlib.import_module(script)
    if script in (
        "describe",
        "train",
    ):  # another test may have used TensorFlow, which then no longer takes a number of threads
        for name in ("set_intra_op_parallelism_threads", "set_inter_op_parallelism_threads"):
            monkeypatch.setattr(module.tf.config.threading, name, lambda number: None)
    with pytest.raises(SystemExit) as caught:
        module.main(arguments)
    line = caught.value.code
    assert isinstance(line, str), f"{script} ended with {line}"
    assert [line] == line.splitlines()
    return line


def record_of(path):
    """Return the record that names a file."""
    records = [record for record in path.parent.glob("*.json") if path.name in json.loads(record.read_text())["sha256"]]
    assert len(records) == 1
    return records[0]


CASES = [(file, reader, fault) for file, (readers, _) in READERS.items() for reader in readers for fault in FAULTS]


@pytest.mark.parametrize(("file", "reader", "fault"), CASES, ids=[f"{f.__name__}-{p}-{r}" for p, r, f in CASES])
def test_a_damaged_file_is_refused_where_it_is_read(study, commands, monkeypatch, file, reader, fault):
    path = Path("results") / file
    record = record_of(path)
    fault(path, Path("results") / READERS[file][1])
    before = results(study)
    line = refusal(reader, commands[reader], monkeypatch)
    told = "cannot be read (No such file or directory)" if fault is delete else f"is not the file that {record.name}"
    assert line.startswith(f"ERROR: {path}: {told}")
    assert line.endswith(f". Delete {record} and run again: its job starts over.")
    assert results(study) == before


RECORD_CASES = [
    (file, reader, fault)
    for file, readers in RECORDS.items()
    for reader in readers
    for fault in (cut_off, flip_one_bit, empty, delete)
]


@pytest.mark.parametrize(
    ("file", "reader", "fault"), RECORD_CASES, ids=[f"{f.__name__}-{p}-{r}" for p, r, f in RECORD_CASES]
)
def test_a_damaged_record_is_refused_where_it_is_read(study, commands, monkeypatch, file, reader, fault):
    path = Path("results") / file
    fault(path, None)
    before = results(study)
    line = refusal(reader, commands[reader], monkeypatch)
    assert line.startswith(f"ERROR: {path}: ")
    assert line.endswith(f". Delete {path} and run again: its job starts over.")
    assert results(study) == before


@pytest.mark.parametrize("fault", [cut_off, flip_one_bit, empty, delete])
def test_a_damaged_description_is_refused_by_the_report(study, commands, monkeypatch, fault):
    (path,) = Path("results").glob("networks/*/units=8,batch_size=128.json")
    fault(path, None)
    line = refusal("report", commands["report"], monkeypatch)
    assert line.startswith(f"ERROR: {path}: ")
    assert line.endswith(f". Delete {path} and run again: its job starts over.")


def relabelled(path, **label):
    """Write a record anew, of the same files, with another label."""
    content = json.loads(path.read_text())
    names = content.pop("sha256")
    content.pop("record")
    write_record(path, [path.with_name(name) for name in names], **content | label)


OLD = "train.py and its imports: " + 64 * "0" + "; tensorflow 2.20.0, keras 3.12.0, numpy 2.3.0"
FOREIGN = {
    "another point's training": (f"{FIRST}/train.json", {"point": POINT.format(16)}),
    "another block of seeds": (f"{FIRST}/train.json", {"seeds": [2, 3]}),
    "another number of epochs": (f"{FIRST}/train.json", {"epochs": 4}),
    "a training of another network": (f"{FIRST}/train.json", {"network": 64 * "0"}),
    "a training by an older version": (f"{FIRST}/train.json", {"engine": OLD}),
    "a training on other data": (f"{FIRST}/train.json", {"preprocess": 64 * "0"}),
    "an evaluation by an older version": (f"{FIRST}/evaluate.json", {"engine": OLD}),
    "an evaluation of another training": (f"{FIRST}/evaluate.json", {"train": 64 * "0"}),
    "arrays of another data set": (f"{DATA}/preprocess.json", {"dataset": "fashion_mnist"}),
    "raw files of another data set": (f"{DATA}/raw/download.json", {"dataset": "fashion_mnist"}),
    "tables of another plan": ("tables/aggregate.json", {"plan": 64 * "0"}),
    "tables from other data": ("tables/resample.json", {"preprocess": 64 * "0"}),
    "tables of an older training": ("tables/check_published.json", {"trained_by": OLD}),
    "figures of an older evaluation": ("figures/plot.json", {"evaluated_by": OLD}),
}
FOREIGN_CASES = [(name, reader) for name, (file, _) in FOREIGN.items() for reader in RECORDS[file]]


@pytest.mark.parametrize(("name", "reader"), FOREIGN_CASES, ids=[f"{name}-{reader}" for name, reader in FOREIGN_CASES])
def test_files_with_a_whole_record_of_something_else_are_refused(study, commands, monkeypatch, name, reader):
    file, label = FOREIGN[name]
    path = Path("results") / file
    relabelled(path, **label)
    before = results(study)
    line = refusal(reader, commands[reader], monkeypatch)
    ((key, received),) = label.items()
    assert line.startswith(f"ERROR: {path}: expected {key}=")
    assert f"Received: {key}={received}. Delete {path} and run again" in line
    assert results(study) == before


@pytest.mark.parametrize("epochs", [(0, 2), (2, 4)])
def test_a_training_goes_on_from_a_state_if_and_only_if_it_starts_later(commands, monkeypatch, capsys, epochs):
    arguments = commands["train"]
    place = arguments.index("--epochs")
    arguments = [*arguments[: place + 1], *map(str, epochs), *arguments[place + 3 :]]
    if epochs[0]:
        arguments.remove(f"results/{FIRST}/train.json")
    module = importlib.import_module("train")
    with pytest.raises(SystemExit, match="2"):
        module.main(arguments)
    assert "--previous goes with START epochs > 0" in capsys.readouterr().err


# --- the workflow ---------------------------------------------------------------------------------------------------


def as_make_does(project, study):
    """Return the function that runs a study as `make` does and gives exit code and everything told."""

    def run():
        for target in ("data", "all"):
            output = run_snakemake(project, study, target, check=False)
            if output.returncode:
                break
        return output.returncode, output.stdout + output.stderr

    return run


def handed_out(study):
    """Return the bytes of all that is made and looks the same each time: data, runs, tables, figures, the report."""
    dated = ("report.html", "provenance.json")
    return {str(path.relative_to(study)): content for path, content in results(study).items() if path.name not in dated}


def ends_as_undisturbed(finished, tmp_path, file, fault):
    project, undisturbed = finished
    study = shutil.copytree(undisturbed, tmp_path / "study")
    fault(study / "results" / file, study / "results" / READERS[file][1])
    follow_errors(as_make_does(project, study), study)
    expected, found = handed_out(undisturbed), handed_out(study)
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []


def test_doing_what_the_error_says_gives_the_undisturbed_study(finished, tmp_path):
    ends_as_undisturbed(finished, tmp_path, f"{FIRST}/test.npz", exchange)


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("file", READERS)
def test_doing_what_the_error_says_always_gives_the_undisturbed_study(finished, tmp_path, file, fault):
    ends_as_undisturbed(finished, tmp_path, file, fault)
