"""Tables, figures and report of a finished study are the same files whichever kernels NumPy and OpenBLAS choose."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np

from files.records import sha256
from helpers.workflow import PROJECT

SIMD = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
MARGINS = ["--margin-accuracy", "0.001", "--margin-loss", "0.005"]
SCRIPTS = {
    "aggregate": MARGINS,
    "resample": ["--output", "results/tables/two_way.csv"],
    "check_published": MARGINS,
    "plot": [*MARGINS, "--dpi", "50", "--show-seeds", "true", "--class-names", json.dumps(list("0123456789"))],
    "report": [
        *(*MARGINS, "--templates", str(PROJECT / "workflow" / "report"), "--config", "results/config.json"),
        *("--raw-folder", "results/data/mnist-subset/raw", "--provenance", "results/provenance.json"),
        *("--markdown", "results/report.md", "--html", "results/report.html"),
    ],
}


NETWORK = "networks/*/units=8,batch_size=128.json"  # the baseline's


def made(study):
    """Return the SHA-256 of all that the five scripts make and that names no time."""
    results = study / "results"
    files = [*results.glob("tables/*"), *results.glob("figures/*"), results / "report.md"]
    return {path.relative_to(results).as_posix(): sha256(path) for path in files}


def test_no_file_changes_without_simd_and_with_another_kernel(finished, tmp_path):
    study = tmp_path / "study"
    shutil.copytree(finished[1], study)
    expected = made(study)
    assert any(name.endswith(".svg") for name in expected)
    kernels = {"NPY_DISABLE_CPU_FEATURES": " ".join(SIMD), "OPENBLAS_CORETYPE": "Nehalem"}
    environment = os.environ | kernels | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    (description,) = (study / "results").glob(NETWORK)
    described = {"report": ["--description", str(description)]}
    for script, arguments in SCRIPTS.items():
        arguments = [*arguments, *described.get(script, [])]
        call = [sys.executable, str(PROJECT / "scripts" / f"{script}.py"), "--study", "results/study.json", *arguments]
        subprocess.run(call, cwd=study, env=environment, check=True, capture_output=True, timeout=300)
    assert made(study) == expected
