"""Write what the summarising scripts know of the study: its plan, its questions, its engines (rule plan)."""

import argparse
from pathlib import Path

from design.configuration import Config
from design.network_file import read_network
from design.plan import make_plan, plan_text, study_text
from files.atomic import atomic_path


def main(argv: list[str] | None = None) -> None:
    """Command line of the rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the completed config (.json)")
    parser.add_argument("--network", type=Path, required=True, help="the network's file")
    parser.add_argument("--trained-by", required=True, help="versions and code digest of the training")
    parser.add_argument("--evaluated-by", required=True, help="versions and code digest of the evaluation")
    parser.add_argument("--plan", type=Path, required=True, help="every point, milestone and block of seeds (.csv)")
    parser.add_argument("--study", type=Path, required=True, help="baseline, sweeps, grids, level, engines (.json)")
    arguments = parser.parse_args(argv)
    config = Config.model_validate_json(arguments.config.read_bytes()).with_network(read_network(arguments.network))
    texts = {
        arguments.plan: plan_text(make_plan(config)),
        arguments.study: study_text(config, arguments.trained_by, arguments.evaluated_by),
    }
    for path, text in texts.items():
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
