"""The JSON schema of the configuration, for editors: `make schema` writes it to config/schema.json."""

import json
import sys

from design.configuration import Config
from design.hyperparameters import OPTIMIZERS, Baseline
from design.point_names import FACTORS


def schema() -> dict:
    """Return the JSON schema of the configuration; sweeps and grids spelled out by factor."""
    document = Config.model_json_schema()
    values = Baseline.model_json_schema()["properties"]
    number = {"type": ["number", "string"]}  # text for 1e-4, which YAML 1.1 does not read as a number
    lists = {
        factor: {
            "type": ["array", "null"],
            "minItems": 1,
            "items": {"enum": list(OPTIMIZERS)} if factor == "optimizer" else number,
            "description": values[factor]["description"],
        }
        for factor in FACTORS
    }
    factors = {"type": ["object", "null"], "properties": lists, "additionalProperties": False}
    described = {name: document["properties"][name]["description"] for name in ("sweeps", "grids")}
    document["properties"]["sweeps"] = {"description": described["sweeps"], **factors}
    document["properties"]["grids"] = {
        "description": described["grids"],
        "type": ["object", "null"],
        "additionalProperties": factors,
    }
    return document


def main() -> None:
    """Print the JSON schema of the configuration."""
    json.dump(schema(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
