"""The record of what made the results."""

import hashlib
import json
import platform
import subprocess
from datetime import datetime

from files import provenance


def test_the_record_holds_versions_hashes_config_and_times(tmp_path):
    (tmp_path / "config.json").write_text('{"alpha": 0.05}')
    raw = tmp_path / "images"
    raw.write_bytes(b"pixels")
    record = provenance.provenance(tmp_path / "config.json", [raw])
    assert record["config"] == {"alpha": 0.05}
    assert record["data"] == {"images": hashlib.sha256(b"pixels").hexdigest()}
    assert record["python"] == platform.python_version()
    assert record["packages"]["numpy"] == __import__("numpy").__version__
    assert set(record["packages"]) == set(provenance.PACKAGES)
    assert datetime.fromisoformat(record["finished"]).tzinfo is not None
    assert record["rules"] == {}
    json.dumps(record)


def test_time_is_added_up_by_rule(tmp_path):
    for name, rows in {
        "train/a/seeds=0-4.tsv": ["10.5\t100.4", "2.0\t300.2"],
        "train/b/seeds=0-4.tsv": ["4.0\t200"],
        "report/report.tsv": ["NA\t-"],
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text("\n".join(["s\tmax_rss", *rows]) + "\n")
    assert provenance.time_by_rule(tmp_path) == {
        "report": {"jobs": 0, "seconds": 0, "longest_seconds": 0, "max_memory_mb": 0},
        "train": {"jobs": 3, "seconds": 16.5, "longest_seconds": 10.5, "max_memory_mb": 300},
    }


def test_the_commit_tells_local_changes(tmp_path):
    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        return subprocess.run(
            ["git", *identity, "-C", str(tmp_path), *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    assert provenance.commit(tmp_path) == "unknown"
    git("init", "-q")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-qm", "one")
    assert provenance.commit(tmp_path) == git("rev-parse", "HEAD")
    (tmp_path / "file").write_text("two")
    assert provenance.commit(tmp_path) == git("rev-parse", "HEAD") + " with local changes"


def test_the_processor_has_a_name():
    assert provenance.cpu_model()
