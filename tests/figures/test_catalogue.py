"""The names of a study's figures are known before anything is drawn: those that the Snakefile asks for."""

import pytest

from figures.catalogue import figure_names

ALWAYS = ["learning_curves", "confusion_matrix", "most_missed"]


@pytest.mark.parametrize(
    ("summaries", "has_published_numbers", "more"),
    [
        ({}, False, []),
        ({}, True, ["published"]),
        ({"units": ["units"]}, False, ["units", "train_and_test", "forest"]),
        ({"both": ["units", "epochs"]}, False, ["both", "forest"]),
        (
            {"learning_rate": ["learning_rate"], "momentum": ["momentum"]},
            True,
            ["learning_rate", "momentum", "train_and_test", "forest", "effective_rate", "published"],
        ),
        ({"rates": ["momentum", "learning_rate"]}, False, ["rates", "forest", "effective_rate"]),
    ],
)
def test_figures_follow_from_sweeps_grids_and_publication(summaries, has_published_numbers, more):
    assert figure_names(summaries, True, has_published_numbers) == ALWAYS + more
    without = [name for name in ALWAYS + more if name != "most_missed"]
    assert figure_names(summaries, False, has_published_numbers) == without
