"""The JSON schema is the model's, takes the project's configs, and refuses what the model refuses."""

import json
import subprocess
import sys

import jsonschema
import pytest

from design import json_schema as schemas
from design import yaml_files
from design.configuration import ConfigurationError, validate
from helpers.workflow import PROJECT
from helpers.wrong_configs import nested

CONFIGS = [PROJECT / "config" / f"{name}.yaml" for name in ("config", "quick", "fashion", "depth", "convolutional")]


@pytest.fixture(scope="module")
def schema():
    return json.loads((PROJECT / "config" / "schema.json").read_text(encoding="utf-8"))


def test_the_schema_file_is_the_models(schema):
    assert schema == schemas.schema(), "run: make schema"


def test_the_schema_file_is_what_make_schema_writes():
    call = [sys.executable, "-m", "design.json_schema"]
    written = subprocess.run(call, check=True, capture_output=True, cwd=PROJECT / "scripts").stdout
    assert written == (PROJECT / "config" / "schema.json").read_bytes()


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_config_files_fit_the_schema(schema, path):
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(yaml_files.read(path))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("replicate", 3),
        ("baseline.units", [512]),
        ("margins.acuracy", 0.1),
        ("figures.DPI", 150),
        ("replicates", 0),
        ("replicates", 2.5),
        ("replicates", "ten"),
        ("alpha", 0.5),
        ("baseline.momentum", 1),
        ("baseline.momentum", -0.1),
        ("baseline.learning_rate", 0),
        ("baseline.optimizer", "adagrad"),
        ("figures.dpi", 601),
        ("sweeps.units", 512),
        ("sweeps.units", []),
        ("sweeps.optimizer", ["adagrad"]),
        ("grids.both.units", 512),
    ],
)
def test_what_the_model_refuses_does_not_fit_the_schema(schema, key, value):
    assert not jsonschema.Draft202012Validator(schema).is_valid(nested(key, value))
    with pytest.raises(ConfigurationError):
        validate(nested(key, value))
