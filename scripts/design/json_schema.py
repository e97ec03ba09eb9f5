"""The JSON schema of the configuration, for editors: `make schema` writes it to config/schema.json."""

import json
import sys

from pydantic import TypeAdapter

from design.configuration import Config
from design.hyperparameters import OF_TRAINING


def schema() -> dict:
    """Return the JSON schema of the configuration; the network's keywords are any, as they stand in its file."""
    document = Config.model_json_schema()
    values = {f.name: TypeAdapter(f.annotation).json_schema() | {"description": f.description} for f in OF_TRAINING}
    any_value = {"type": ["number", "string", "boolean"]}
    of_list = {"type": ["array", "null"], "minItems": 1}  # a number may be text: YAML 1.1 reads 1e-4 as such
    lists = {
        factor.name: of_list
        | {"items": values["optimizer"] if factor.name == "optimizer" else any_value, "description": factor.description}
        for factor in OF_TRAINING
    }
    factors = {
        "type": ["object", "null"],
        "properties": lists,
        "additionalProperties": of_list | {"items": any_value},
    }
    described = {name: document["properties"][name]["description"] for name in ("baseline", "sweeps", "grids")}
    document["properties"]["baseline"] = {
        "description": described["baseline"],
        "type": "object",
        "properties": values,
        "additionalProperties": any_value,
    }
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
