"""A small data set of noise, and an https server that delivers it."""

import shutil
import subprocess

import numpy as np
import pytest

from data.datasets import FILES
from helpers.file_server import NAMES, Server, Study
from helpers.idx_writer import write_idx


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that its own file vouches for."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no certificate for the test server")
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
        " -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out certificate.pem",
        shell=True,
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def server(certificate, monkeypatch):
    # The production code reads the certificates it trusts from here, so no rule has to be bent for the test.
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "certificate.pem"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")
    server = Server(certificate)
    yield server
    server.close()


@pytest.fixture(scope="session")
def raw_files(tmp_path_factory):
    """The raw bytes of a small data set, by name: 40 training and 30 test images of noise."""
    folder = tmp_path_factory.mktemp("raw")
    generator = np.random.default_rng(0)
    for split, count in (("train", 40), ("test", 30)):
        write_idx(folder / FILES[f"{split}_images"], generator.integers(0, 256, (count, 28, 28), np.uint8))
        write_idx(folder / FILES[f"{split}_labels"], generator.integers(0, 10, count, np.uint8))
    return {name: (folder / name).read_bytes() for name in NAMES}


@pytest.fixture
def study(tmp_path, raw_files):
    return Study(tmp_path, raw_files)
