"""Which figures a study has: known before anything is drawn, and without Matplotlib."""

from collections.abc import Iterable, Mapping


def figure_names(summaries: Mapping[str, Iterable[str]], has_images: bool, has_published_numbers: bool) -> list[str]:
    """Return the names of a study's figures.

    Args:
        summaries: name of each sweep or grid -> its factors.
        has_images: whether the data set is one of images, not of vectors.
        has_published_numbers: whether numbers of a publication are checked.
    """
    names = ["learning_curves", "confusion_matrix", *(["most_missed"] if has_images else []), *summaries]
    if any([name] == list(factors) for name, factors in summaries.items()):
        names.append("train_and_test")
    if summaries:
        names.append("forest")
    if {"learning_rate", "momentum"} <= {factor for factors in summaries.values() for factor in factors}:
        names.append("effective_rate")
    if has_published_numbers:
        names.append("published")
    return names
