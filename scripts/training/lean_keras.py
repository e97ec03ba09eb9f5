"""Import Keras with TensorFlow in less time and memory; import this module before `keras` or `tensorflow`.

A job trains for seconds to minutes, so the cost of its imports matters (README, "How fast").
"""

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Settings of the user, in the environment or in ~/.keras, must not change a byte.
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["XLA_FLAGS"] = " ".join(
    (
        # XLA leaves sums to the library YNNPACK unless this list of operations is empty. XLA's own sums, fused with the
        # operations before them, save 3 % of an epoch (`benchmarks/epoch.py DATA_FOLDER --xla-flags=`).
        "--xla_cpu_experimental_ynn_fusion_type=",
        # One target for every processor with AVX2. LLVM may reorder sums, and does so by the width of the registers and
        # by the number of partial sums it keeps: both are fixed here, at no cost in time. Without these three flags a
        # batch of 32 gives other bits on some processors; the baseline gives the same.
        "--xla_cpu_max_isa=AVX2",
        "--xla_cpu_prefer_vector_width=256",
        "--xla_backend_extra_options=-force-vector-interleave=1",
    )
)
# Left alone, TensorFlow's plain graphs call oneDNN on some processors and not on others, with other bits. An epoch of
# the convolutional network takes 2.6 times as long without it. XLA's programs are the same either way.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
for name in ("TF_XLA_FLAGS", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"):
    os.environ.pop(name, None)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# Keras imports these where they are installed, for plots and data frames that training does not use.
UNUSED = ("matplotlib", "pandas", "scipy")
_DONTNEED = 4  # MADV_DONTNEED of madvise(2)


@contextmanager
def _without(modules: tuple[str, ...]) -> Iterator[None]:
    """Make imports of these modules fail with ImportError; modules imported before stay."""
    hidden = [name for name in modules if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Stop the garbage collector: imports make a million objects and hardly any garbage.

    The collector ignores these objects later too, above all at the end of the process. This saves 1 s a job.
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
    """Release the pages of shared libraries that were only read: 350 MB after the import of TensorFlow.

    They stay in the kernel's page cache, and the kernel maps those that are used again. Pages that were written to, by
    relocation for example, stay. Source: madvise(2), proc_pid_smaps(5). Does nothing except on Linux.
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
