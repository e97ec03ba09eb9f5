"""The check's command line: it says that a config is sound and how large, or all that is wrong with it."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import check
from files.records import write_record
from helpers.workflow import PROJECT, SUBSET
from helpers.wrong_configs import FILES_THAT_CANNOT_BE_READ, WRONG_CONFIGS, placed
from running import checking, make_options

USAGE_ERROR = 2


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, **files):
    """Write `name.yaml` files and return their names."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return [f"{name}.yaml" for name in files]


def refused(files):
    """Return the lines that the check ends with."""
    with pytest.raises(SystemExit) as caught:
        check.main(files)
    return caught.value.code.split("\n")  # sys.exit prints a text and ends with exit code 1


def run(*arguments, folder):
    script = PROJECT / "scripts" / "check.py"
    return subprocess.run([sys.executable, script, *arguments], cwd=folder, capture_output=True, text=True)


def test_the_study_of_the_project_is_sound():
    done = run("config/config.yaml", folder=PROJECT)
    assert done.stdout == "The config is sound: 27 points, 10 seeds each, 33 training jobs, 31 evaluations.\n"
    assert (done.returncode, done.stderr) == (0, "")


def test_problems_go_to_the_error_stream_with_exit_code_1(folder):
    (file,) = write(folder, study="replicates: 0\nalpha: 1\n")
    done = run(file, folder=folder)
    assert done.stderr == (
        "ERROR: `replicates` must be a positive integer. Received: 0\n"
        "ERROR: `alpha` must be a number from 0.000001 to below 0.5. Received: 1\n"
    )
    assert (done.returncode, done.stdout) == (1, "")


def test_the_quick_study_is_sound_and_warned_about_its_three_seeds(capsys, monkeypatch):
    monkeypatch.chdir(PROJECT)
    check.main(["config/config.yaml", "config/quick.yaml"])
    *warnings, last = capsys.readouterr().out.splitlines()
    assert last == "The config is sound: 5 points, 3 seeds each, 8 training jobs, 6 evaluations."
    assert [line.split("`")[1] for line in warnings] == ["epochs", "units", "learning_rate", "momentum"]
    assert all(line.startswith("WARNING: ") for line in warnings)


def test_an_empty_config_is_the_baseline(folder, capsys):
    check.main(write(folder, study="{}"))
    assert capsys.readouterr().out == (
        "The config is sound: 1 points, 10 seeds each, 1 training jobs, 1 evaluations.\n"
    )


def test_what_was_completed_is_noted(folder, capsys):
    check.main(write(folder, study="sweeps: {units: [64], momentum: [0.9]}"))
    assert capsys.readouterr().out.splitlines() == [
        "NOTE: `sweeps.units` lacks the baseline's value; 512 was added to it",
        "NOTE: `sweeps.momentum` lacks the baseline's value; 0 was added to it",
        "The config is sound: 3 points, 10 seeds each, 3 training jobs, 3 evaluations.",
    ]


def test_a_class_without_images_gets_a_note(tmp_path):
    arrays = tmp_path / "leaves"
    assert checking.notes_on_data(arrays) == []
    for absent, notes in (([], []), ([3, 7], ["no training image of leaves is of class 3, 7"])):
        write_record(arrays / "preprocess.json", [], dataset="leaves", absent_classes=absent)
        assert checking.notes_on_data(arrays) == notes


def test_problems_of_several_files_come_at_once(folder):
    files = write(
        folder,
        study="dataset: minst\nbaseline: {epochs: 0, momentum: 2}\nreplicates: 0\n",
        overlay="baseline: {momentum: 1}\nreplicates: 3\nsweeps: {unit: [64]}\n",
    )
    assert sorted(refused(files)) == [
        "ERROR: `baseline.epochs` must be a positive integer. Received: 0",
        "ERROR: `baseline.momentum` must be a number from 0 to below 1. Received: 1",
        "ERROR: `dataset` must be one of mnist, fashion_mnist, or a name of your own with `data_folder` set to the "
        "folder of its files. Received: 'minst' (did you mean 'mnist'?)",
        "ERROR: `sweeps.unit` is not a known key. Did you mean `units`?",
    ]


ONE_OF_EACH_KIND = {kind: cases[0] for kind, cases in WRONG_CONFIGS.items() if kind != "no mapping"}


@pytest.mark.parametrize(("raw", "problems"), ONE_OF_EACH_KIND.values(), ids=ONE_OF_EACH_KIND)
def test_a_wrong_config_of_each_kind_is_refused_and_nothing_is_written(folder, raw, problems):
    assert refused(write(folder, study=yaml.safe_dump(raw))) == [f"ERROR: {line}" for line in placed(problems, folder)]
    assert [path.name for path in folder.iterdir()] == ["study.yaml"]


@pytest.mark.parametrize(("content", "problem"), [cases[0] for cases in FILES_THAT_CANNOT_BE_READ.values()])
def test_a_file_that_cannot_be_read_is_refused_in_one_line(folder, content, problem):
    (folder / "study.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    (line,) = refused(["study.yaml"])
    assert line.startswith(f"ERROR: {problem}")


def test_yaml_errors_of_several_files_come_at_once(folder):
    files = write(folder, study="a: 1\na: 2\n", overlay="sweeps:\n\tunits: [1]\n", sound="replicates: 3\n")
    assert refused([*files, "absent.yaml"]) == [
        "ERROR: study.yaml, line 2, column 1: the key `a` is given twice (first in line 1)",
        "ERROR: overlay.yaml, line 2, column 1: found character '\\t' that cannot start any token",
        "ERROR: absent.yaml: cannot be read: No such file or directory",
    ]


def test_a_data_set_of_ones_own_is_counted(folder, capsys):
    own = f"dataset: mine\ndata_folder: {SUBSET}\n"
    check.main(write(folder, study=f"{own}baseline: {{batch_size: 1000}}\n"))
    assert capsys.readouterr().out.startswith("The config is sound")
    assert refused(write(folder, study=f"{own}baseline: {{batch_size: 1001}}\n")) == [
        "ERROR: `baseline`: batch_size must be at most the training set's 1000 images. Received: 1001"
    ]


@pytest.mark.parametrize("files", [["overlay.yaml"], ["config/config.yaml", "overlay.yaml"]])
def test_the_default_lies_below_every_overlay_as_in_the_snakefile(folder, files):
    (folder / "config").mkdir()
    write(folder / "config", config="replicates: 3\nalpha: 0.1\nsweeps: {units: [64, 512]}\n")
    write(folder, overlay="alpha: 0.01\nsweeps: {momentum: [0, 0.9]}\n")
    config, notes = checking.check([Path(file) for file in files])
    assert (config.replicates, config.alpha) == (3, 0.01)
    assert config.sweeps == {"units": [64, 512], "momentum": [0, 0.9]}
    assert notes == []


def test_a_problem_of_the_default_is_told_once(folder):
    (folder / "config").mkdir()
    write(folder / "config", config="a: [1\n")
    assert len(refused(["config/config.yaml"])) == 1


COMMAND_LINES = {
    "null": ["published=null", "data_folder=~", "grids=None", "sweeps={units: null, momentum: [0, 0.9]}"],
    "nothing": ["published=", "data_folder=", "grids=", "sweeps={units: , momentum: [0, 0.9]}"],
    "a Python dict": [
        "published=NULL",
        "data_folder=Null",
        "sweeps={'units': None, 'momentum': [0, '0.9']}",
        "grids=~",
    ],
}


@pytest.mark.parametrize("words", COMMAND_LINES.values(), ids=COMMAND_LINES)
def test_what_the_command_line_gives_lies_over_the_files_and_may_be_null(folder, words):
    (file,) = write(
        folder,
        study="published: no/such\ndata_folder: no/such\ngrids: {g: {units: [8, 16], epochs: [1, 2]}}\n"
        "sweeps: {units: [8, 16]}\n",
    )
    options, others = make_options.parse("", [file, "--config", *words])
    config, _ = checking.check(options.configs, folder, options.config)
    assert (config.published, config.data_folder, config.grids) == (None, None, {})
    assert config.sweeps == {"momentum": [0, 0.9]}
    assert others == ["--config", *words]


def test_what_the_command_line_gives_is_checked(folder):
    (file,) = write(folder, study="{}")
    assert refused([file, "--config", "replicates=ten", "replicate=3", "dataset=null"]) == [
        "ERROR: `replicates` must be a positive integer. Received: 'ten'",
        "ERROR: `replicate` is not a known key. Did you mean `replicates`?",
        "ERROR: `dataset` must be one of mnist, fashion_mnist, or a name of your own with `data_folder` set to the "
        "folder of its files. Received: 'null'",
    ]


def test_a_file_may_begin_with_a_mark_of_its_encoding_and_have_lines_of_windows(folder):
    (folder / "study.yaml").write_bytes("\ufeffreplicates: 3\r\nalpha: 0.1\r\n".encode())
    config, _ = checking.check([Path("study.yaml")])
    assert (config.replicates, config.alpha) == (3, 0.1)


@pytest.mark.parametrize("exists", [False, True])
def test_the_check_says_the_same_before_and_after_the_folder_exists(folder, exists):
    if exists:
        (folder / "study").mkdir()
    files = write(folder, study="dataset: letters\ndata_folder: ./images\n")
    (line,) = refused([*files, "--directory", "study"])
    assert line == (
        "ERROR: `data_folder` must be an existing folder. Received: './images', "
        f"looked for as '{folder}/study/images' and as '{PROJECT}/images'"
    )
    assert (folder / "study").exists() == exists


def test_every_block_of_seeds_is_a_job(folder, capsys):
    check.main(write(folder, study="replicates: 25\nsweeps: {epochs: [5, 12]}\n"))
    assert capsys.readouterr().out == "The config is sound: 1 points, 25 seeds each, 9 training jobs, 6 evaluations.\n"


def test_a_later_file_prevails(folder):
    files = write(folder, study="replicates: 3\n", overlay="replicates: 6\n")
    assert checking.check([Path(file) for file in files])[0].replicates == 6
    assert checking.check([Path(file) for file in files[::-1]])[0].replicates == 3


def test_no_file_is_a_usage_error(folder, capsys):
    with pytest.raises(SystemExit) as caught:
        check.main([])
    assert caught.value.code == USAGE_ERROR
    assert "required: configs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("replicates", "values", "warned"),
    [(5, 2, True), (6, 2, False), (9, 13, False), (9, 14, True), (10, 26, False), (10, 27, True), (3, 1, False)],
)
def test_too_few_seeds_for_a_family_are_told(folder, capsys, replicates, values, warned):
    """A family of m can reject only if m · 2 / 2^n < alpha: 12 with 9 seeds, 25 with 10; none with 5."""
    units = [512 + step for step in range(values)]
    check.main(write(folder, study=f"replicates: {replicates}\nsweeps: {{units: {units}}}\n"))
    output = capsys.readouterr().out
    assert ("WARNING: `units`:" in output) == warned
    if warned:
        assert f"{replicates} replicates cannot make any of its {values - 1} differences significant" in output
