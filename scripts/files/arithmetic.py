"""The arithmetic of this machine: a training has the same bits on all machines of the same arithmetic."""

import platform
from pathlib import Path


def arithmetic(
    cpuinfo: Path = Path("/proc/cpuinfo"), l1_size: Path = Path("/sys/devices/system/cpu/cpu0/cache/index0/size")
) -> str:
    """Return the two properties of a processor that decide the bits of a training, e.g. `AVX-512, 48 KiB`.

    Instruction set and L1 data cache decide how matrix products are cut into sums: oneDNN has a kernel for each of
    AVX2 and AVX-512, and Eigen cuts the inner dimension by the size of the cache. All else is fixed (`lean_keras.py`).

    Args:
        cpuinfo: file of Linux with the flags of each processor.
        l1_size: file of Linux with the size of the L1 data cache, e.g. `48K`.
    """
    try:
        flags = next(line for line in cpuinfo.read_text().splitlines() if line.startswith("flags")).split()
        size = l1_size.read_text().strip().removesuffix("K")
    except (OSError, StopIteration):
        return f"unknown ({platform.machine()})"
    if {"avx512f", "avx512bw", "avx512vl", "avx512dq"} <= {*flags}:
        return f"AVX-512, {size} KiB"
    return f"AVX2, {size} KiB" if "avx2" in flags else f"without AVX2, {size} KiB"
