"""Snakemake's reasons in a few words: its own class words them, from params as the rules write them."""

import pytest
from snakemake.persistence import ParamsChange

from running.reasons import causes, why
from running.snakemake_jobs import Job

OLD, NEW = "a" * 64, "b" * 64


def engine(digest=OLD, tensorflow="2.21.0"):
    return repr(f"train.py and its imports: {digest}; tensorflow {tensorflow}, keras 3.15.1, numpy 2.4.6")


def params(before, now):
    return f"Params have changed since last execution: {ParamsChange({before}, {now})}"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("Missing output files: results/a; Input files updated by another job: b", "not there yet"),
        ("Incomplete output files: results/a", "interrupted"),
        ("Forced execution", "asked for"),
        ("Updated input files: results/data/mnist/x_train.npy", "its input changed"),
        ("Set of input files has changed since last execution", "its input changed"),
        ("Code has changed since last execution", "the rule's command changed"),
        (params(engine(), engine(NEW)), "train.py or a module it imports changed"),
        (
            "Input files updated by another job: a; " + params(engine(), engine(NEW)),
            "train.py or a module it imports changed",
        ),
        (params(engine(tensorflow="2.20.0"), engine()), "tensorflow 2.20.0 became 2.21.0"),
        (
            params(engine(tensorflow="2.20.0"), engine(NEW)),
            "train.py or a module it imports changed, tensorflow 2.20.0 became 2.21.0",
        ),
        (params(f"'published.yaml: {OLD}'", f"'published.yaml: {NEW}'"), "published.yaml changed"),
        (params("'--alpha 0.05'", "'--alpha 0.1'"), "settings changed"),
    ],
)
def test_words(reason, words):
    assert why(Job("train", {}, "", reason, (), (), (), None, 0)) == words


def test_a_chain_is_trained_again_for_what_its_first_link_is():
    """Snakemake looks no further once it finds that another job makes a job's input."""

    def link(epochs, reason):
        return Job("train", {"epochs": epochs}, "", reason, (), (), (), None, 0)

    links = [link("5", params(engine(), engine(NEW)))]
    links += [link(epochs, "Input files updated by another job: state.npz") for epochs in ("10", "15")]
    plot = Job("plot", {}, "", "Input files updated by another job: runs.csv", (), (), (), None, 0)
    needs = {later.key: {earlier.key} for earlier, later in zip(links, [*links[1:], plot], strict=True)}
    found = causes([*links[::-1], plot], needs | {links[0].key: set()})
    assert {found[link.key] for link in links} == {"train.py or a module it imports changed"}
    assert found[plot.key] == "its input changed"
