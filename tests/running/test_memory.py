"""The memory that jobs may take: the machine's or its container's, whichever is less."""

import pytest

from running.memory import memory_for_jobs, memory_for_jobs_here
from training.cost import training_memory_mb

GIGABYTE = 10**9


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ([], 6400),
        (["max\n"], 6400),
        (["4000000000\n"], 3200),
        (["9223372036854771712\n"], 6400),  # what cgroup v1 says where there is no limit
        (["max\n", "2000000000"], 1600),
    ],
)
def test_smaller_of_machine_and_container_counts(limits, expected):
    assert memory_for_jobs(8 * GIGABYTE, limits) == expected


def test_this_machine_has_memory_for_a_job():
    assert training_memory_mb(512) < memory_for_jobs_here() < 10**7
