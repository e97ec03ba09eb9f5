"""Check the configuration before anything runs: YAML, every key, every rule; all problems at once, one line each.

Snakemake's own loader names neither file nor line and lets a key given twice pass, so `make` calls this first.
"""

import argparse
import itertools
import sys
from pathlib import Path

import configuration
import plan as planning
import yaml_files
from own_data import training_images
from paired import can_reject
from published_numbers import publications

PROJECT = Path(__file__).resolve().parents[1]
DATASETS_FILE = PROJECT / "config" / "datasets.yaml"
DEFAULT = Path("config/config.yaml")


def check(files: list[Path]) -> tuple[configuration.Study, list[str]]:
    """Read, merge and validate the files as the Snakefile does: `config/config.yaml` first, where there is one.

    Raises:
        configuration.ConfigurationError: with one line a problem.
    """
    ordered = [DEFAULT, *files] if DEFAULT.is_file() and DEFAULT not in files else files
    contents, problems = [], []
    for path in ordered:
        try:
            contents.append(yaml_files.read(path))
        except yaml_files.YamlFileError as error:
            problems.append(str(error))
    if problems:
        raise configuration.ConfigurationError(problems)
    return configuration.validate(yaml_files.merge(contents), training_images(DATASETS_FILE), publications(PROJECT))


def seeds_needed(family: int, alpha: float) -> int:
    """Return the fewest seeds with which a difference in a family of comparisons can be significant."""
    return next(n for n in itertools.count(2) if can_reject(n, family, alpha))


def too_few_seeds(study: configuration.Study, plan: planning.Plan) -> list[str]:
    """Return a line for each sweep or grid in which no difference can be significant, however large it is."""
    wishes = [wanted_by for milestones in plan.wanted.values() for wanted_by in milestones.values()]
    warnings = []
    for name in (*study.sweeps, *study.grids):
        family = sum(name in wanted_by and "baseline" not in wanted_by for wanted_by in wishes)
        if family and not can_reject(study.replicates, family, study.alpha):
            warnings.append(
                f"`{name}`: {study.replicates} replicates cannot make any of its {family} differences significant at "
                f"alpha = {study.alpha:g}; {seeds_needed(family, study.alpha)} could"
            )
    return warnings


def main(argv: list[str] | None = None) -> None:
    """Command line: `python scripts/check.py config/config.yaml [overlay.yaml …]`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    arguments = parser.parse_args(argv)
    try:
        study, notes = check(arguments.files)
    except configuration.ConfigurationError as error:
        sys.exit("\n".join(f"ERROR: {problem}" for problem in error.problems))
    for note in notes:
        print(f"NOTE: {note}")
    plan = planning.make_plan(study)
    for warning in too_few_seeds(study, plan):
        print(f"WARNING: {warning}")
    milestones = sum(len(some) for some in plan.wanted.values())
    print(
        f"The config is sound: {len(plan.points)} points, {study.replicates} seeds each, "
        f"{milestones * len(plan.blocks)} training jobs, {len(plan.evaluated())} evaluations."
    )


if __name__ == "__main__":
    main()
