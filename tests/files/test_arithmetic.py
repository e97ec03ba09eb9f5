"""The arithmetic of a machine is read from what Linux says of its processor and cache."""

import pytest

from files.arithmetic import arithmetic

AVX2 = "fpu sse4_2 fma avx avx2"
AVX512 = f"{AVX2} avx512f avx512dq avx512cd avx512bw avx512vl"


@pytest.mark.parametrize(
    ("flags", "size", "expected"),
    [
        (AVX512, "48K", "AVX-512, 48 KiB"),
        (AVX512, "32K", "AVX-512, 32 KiB"),
        (AVX2, "32K", "AVX2, 32 KiB"),
        (f"{AVX2} avx512f avx512cd", "32K", "AVX2, 32 KiB"),  # Knights Landing, for which oneDNN has no such kernel
        ("fpu sse4_2 avx", "32K", "without AVX2, 32 KiB"),
    ],
)
def test_processors_of_several_generations(tmp_path, flags, size, expected):
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t: none\n\n")
    (tmp_path / "size").write_text(f"{size}\n")
    assert arithmetic(tmp_path / "cpuinfo", tmp_path / "size") == expected


@pytest.mark.parametrize("text", [None, "processor\t: 0\nFeatures\t: fp asimd\n"])
def test_another_kind_of_processor_is_unknown(tmp_path, text):
    if text:
        (tmp_path / "cpuinfo").write_text(text)
    assert arithmetic(tmp_path / "cpuinfo", tmp_path / "size").startswith("unknown (")
