"""The check of the config before anything runs: YAML, every key, every rule; all problems at once, one line each.

Snakemake's own loader names neither file nor line and lets a key given twice pass, so `make` calls this first.
"""

import sys
from pathlib import Path

from data.data_folder import image_counts
from design import configuration, yaml_files
from design import plan as planning
from design.network_file import network_reader
from design.places import Places
from files.records import Record
from published.publication import publications
from stats.paired_verdicts import can_reject, fewest_seeds

PROJECT = Path(__file__).resolve().parents[2]
DATASETS_FILE = PROJECT / "config" / "datasets.yaml"
DEFAULT = Path("config/config.yaml")


def check(
    files: list[Path], folder: Path = Path(), given: dict | None = None
) -> tuple[configuration.Config, list[str]]:
    """Read, merge and validate the files as the Snakefile does.

    Args:
        files: configuration files, laid over each other in this order, and over the folder's `config/config.yaml`.
        folder: the study's, from which relative paths in the configuration start.
        given: what the command line lays over the files.

    Returns:
        The config, and notes on what is valid but may surprise.

    Raises:
        configuration.ConfigurationError: with one line a problem.
    """
    default = folder / DEFAULT
    if default.is_file() and default.resolve() not in map(Path.resolve, files):
        files = [default, *files]
    contents, problems = [], []
    for path in files:
        try:
            contents.append(yaml_files.read(path))
        except yaml_files.YamlFileError as error:
            problems.append(str(error))
    if problems:
        raise configuration.ConfigurationError(problems)
    places = Places(folder.resolve(), PROJECT)
    merged = yaml_files.merge([*contents, given or {}])
    readers = image_counts(DATASETS_FILE, places), publications(places), network_reader(places)
    return configuration.validate(merged, *readers)


def too_few_seeds(config: configuration.Config, plan: planning.Plan) -> list[str]:
    """Return a line for each sweep or grid in which no difference can be significant, however large it is."""
    warnings = []
    for name in (*config.sweeps, *config.grids):
        family = len(plan.compared(name))
        if family and not can_reject(config.replicates, family, config.alpha):
            warnings.append(
                f"`{name}`: {config.replicates} replicates cannot make any of its {family} differences significant at "
                f"alpha = {config.alpha:g}; {fewest_seeds(family, config.alpha)} could"
            )
    return warnings


def notes_on_data(arrays: Path) -> list[str]:
    """Return a line for what may surprise in a data set whose arrays lie in a folder; none where they are not made."""
    path = arrays / "preprocess.json"
    label = Record(path, dataset=arrays.name).label if path.exists() else {}
    absent = ", ".join(map(str, label.get("absent_classes", ())))
    return [f"no training image of {arrays.name} is of class {absent}"] if absent else []


def checked_config(files: list[Path], folder: Path = Path(), given: dict | None = None) -> configuration.Config:
    """Check as `check` does; print notes, warnings and the size of the study, and return it.

    Raises:
        SystemExit: with one line for each problem.
    """
    try:
        config, notes = check(files, folder, given)
    except configuration.ConfigurationError as error:
        sys.exit("\n".join(f"ERROR: {problem}" for problem in error.problems))
    for note in notes:
        print(f"NOTE: {note}")
    plan = planning.make_plan(config)
    for warning in too_few_seeds(config, plan):
        print(f"WARNING: {warning}")
    milestones = sum(map(len, plan.wanted.values()))
    print(
        f"The config is sound: {len(plan.points)} points, {config.replicates} seeds each, "
        f"{milestones * len(plan.blocks)} training jobs, {len(plan.evaluated())} evaluations."
    )
    return config
