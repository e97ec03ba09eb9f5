"""Import Keras with TensorFlow in less time and memory; import this module before `keras` or `tensorflow`.

A job trains for seconds to minutes, so what its imports cost counts (README, "How fast").
"""

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What the user's environment or ~/.keras may say must not change a byte.
os.environ["KERAS_BACKEND"] = "tensorflow"
# XLA hands sums to the library YNNPACK unless told of no kind of operation to hand over. Its own, fused with what goes
# before, take 3 % less of an epoch (`benchmarks/epoch.py DATA_FOLDER --ynnpack`); products gain nothing by it either.
os.environ["XLA_FLAGS"] = "--xla_cpu_experimental_ynn_fusion_type="
os.environ.pop("TF_XLA_FLAGS", None)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# Keras imports these where they are installed, for plots and data frames that training has no use for.
UNUSED = ("matplotlib", "pandas", "scipy")
_DONTNEED = 4  # MADV_DONTNEED of madvise(2)


@contextmanager
def _without(modules: tuple[str, ...]) -> Iterator[None]:
    """Let imports of these modules fail with ImportError, as if not installed; those imported before stay."""
    hidden = [name for name in modules if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Keep the garbage collector still: imports make a million objects and hardly any garbage.

    Nor are they looked through later, in training and above all at the end of the process: 1 s less a job.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


def unmap_library_pages() -> None:
    """Give back the pages of shared libraries that were only read, 350 MB after the import of TensorFlow.

    They stay in the kernel's page cache, and those that are used again are mapped again. Pages that were written to,
    for example by relocation, are left alone. Source: madvise(2), proc_pid_smaps(5); does nothing but on Linux.
    """
    smaps = Path("/proc/self/smaps")
    if not smaps.is_file():
        return
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int)
    clean_library = False
    for line in smaps.read_text().splitlines():
        fields = line.split()
        if not fields[0].endswith(":"):  # 7f00-7f80 r-xp offset device inode path
            start, end = (int(address, 16) for address in fields[0].split("-"))
            clean_library = len(fields) > 5 and ".so" in fields[5] and fields[1][:2] == "r-"
        elif fields[0] == "Anonymous:" and clean_library and fields[1] == "0":
            madvise(start, end - start, _DONTNEED)


with _without(UNUSED), _without_collection():
    import keras  # noqa: F401
    import tensorflow  # noqa: F401
unmap_library_pages()
