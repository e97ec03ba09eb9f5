"""The page's script against scripts/stats/paired_verdicts.py: the same families, the same answers, to the last bit."""

import json
import math
import shutil
import subprocess
from collections import Counter

import numpy as np
import pytest

from helpers.sample_page import TEMPLATES
from stats import paired_verdicts
from stats.intervals import ROUNDING, Interval, t_half_width
from stats.paired_verdicts import compare_family
from writing.live_verdicts import ALPHAS, embedded_json, family, t_quantiles

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="needs node, which is not installed")
PROGRAM = """
const { holm, verdicts } = require(process.argv[1]);
const cases = JSON.parse(require("fs").readFileSync(0));
const answers = cases.map(({ family, alpha, delta, quantiles }) =>
  ({ holm: holm(family.rows.map((row) => row.p)), rows: verdicts(family, alpha, delta, quantiles) }));
process.stdout.write(JSON.stringify(answers)); // NaN becomes null
"""


def in_node(cases):
    call = [NODE, "-e", PROGRAM, str(TEMPLATES / "verdicts.js")]
    result = subprocess.run(
        call, input=str(embedded_json(cases)), capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture
def quick(monkeypatch):
    """Draw few sign flips, the same at every alpha."""
    exact = paired_verdicts.sign_flip_p_values
    monkeypatch.setattr(
        paired_verdicts,
        "sign_flip_p_values",
        lambda *arguments, flips, generator: exact(*arguments, flips=511, generator=generator),
    )


def random_differences(generator):
    """Return differences (m, n) and which to leave out: noise, images of a test set, ties, constants and zeros."""
    m, n = generator.integers(1, 31), generator.integers(1, 21)
    scale = 10 ** generator.uniform(-4, -2)
    differences = generator.normal(
        generator.normal(0, 2 * scale, (m, 1)), scale * generator.uniform(0.1, 1.5, (m, 1)), (m, n)
    )
    if generator.random() < 0.5:
        differences = differences.round(4)
    if generator.random() < 0.3:
        differences[generator.integers(m)] = generator.choice([0.0, 0.001, -0.001, 0.005, 0.25])
    if m > 1 and generator.random() < 0.3:
        differences[0] = differences[1]
    left_out = generator.random((m, n)) < 0.2 if generator.random() < 0.3 else np.zeros((m, n), dtype=bool)
    return differences, left_out


def compared(differences, left_out, **options):
    return compare_family(np.zeros_like(differences), differences, left_out=left_out, **options)


def number(value):
    return None if math.isnan(value) else value


def expected(comparisons):
    names = ("low", "high", "equivalence_low", "equivalence_high", "p_holm")
    keys = ("low", "high", "equivalenceLow", "equivalenceHigh", "pHolm")
    return [
        {key: number(getattr(comparison, name)) for key, name in zip(keys, names, strict=True)}
        | {"verdict": comparison.verdict}
        for comparison in comparisons
    ]


def test_random_families_agree(quick):
    generator = np.random.default_rng(0)
    cases, answers = [], []
    for _ in range(400):
        differences, left_out = random_differences(generator)
        higher = bool(generator.random() < 0.5)
        studied = float(generator.choice([0.05, 0.0625, generator.uniform(0.002, 0.45)]))
        chosen = float(generator.choice([*ALPHAS, studied]))
        delta = float(generator.choice([0.001, 0.005, 10 ** generator.uniform(-4.5, -1.5)]))
        metric, furthest = [("loss", math.inf), ("accuracy", 1)][generator.integers(2)]
        options = {"higher_is_better": higher, "furthest": furthest}
        study = compared(differences, left_out, alpha=studied, margin=0.001, **options)
        labels = map(str, range(len(study)))
        found = family("units", metric, labels, study, alpha=studied, margin=0.001, higher_is_better=higher)
        quantiles = t_quantiles([found], sorted({*ALPHAS, studied}))
        for alpha, margin in ((studied, 0.001), (chosen, delta)):
            cases.append({"family": found, "alpha": alpha, "delta": margin, "quantiles": quantiles})
            answers.append(compared(differences, left_out, alpha=alpha, margin=margin, **options))
        assert [row["verdict"] for row in found["rows"]] == [comparison.verdict for comparison in answers[-2]]
    results = in_node(cases)
    for case, result, answer in zip(cases, results, answers, strict=True):
        assert result["rows"] == expected(answer), case
        assert result["holm"] == [number(comparison.p_holm) for comparison in answer]
    counts = Counter(comparison.verdict for answer in answers for comparison in answer)
    assert set(counts) == {"negligible", "better", "worse", "equivalent", "inconclusive", "descriptive"}
    assert min(counts.values()) > 100, counts


def test_borders_agree(quick):
    """An adjusted p-value of just alpha, an interval that ends at 0 or at the margin, within rounding of it or not."""
    cases, answers = [], []
    for n in (2, 5, 10):
        unit = np.resize([1.0, -1.0], n)
        unit = (unit - unit.mean()) / unit.std(ddof=1)
        for alpha in (0.05, 2.0 ** (1 - n) * 3):
            if not alpha < 0.5:
                continue
            half, half_equivalence = t_half_width(1.0, n, alpha), t_half_width(1.0, n, 2 * alpha)
            rows = np.array([unit + half, unit - half, np.full(n, 0.938) - 0.937])
            for delta in (
                0.001,
                half_equivalence,
                0.001 * (1 + 1e-9),
                0.001 * (1 + 3e-9),
                half + half_equivalence,
                1e6,
            ):
                nothing = np.zeros(rows.shape, dtype=bool)
                answer = compared(rows, nothing, alpha=alpha, margin=delta, higher_is_better=True)
                found = family("f", "loss", "abc", answer, alpha=alpha, margin=delta, higher_is_better=True)
                quantiles = t_quantiles([found], [alpha])
                cases.append({"family": found, "alpha": alpha, "delta": delta, "quantiles": quantiles})
                answers.append(answer)
    assert any(
        comparison.p_holm == case["alpha"] for case, answer in zip(cases, answers, strict=True) for comparison in answer
    )
    for result, answer in zip(in_node(cases), answers, strict=True):
        assert result["rows"] == expected(answer)


def test_exact_borders_agree():
    """Quantiles of 2 and 1, four pairs: bounds that are 0, and the margin less its rounding, to the last bit."""
    delta = 0.25
    margin = delta * (1 - ROUNDING)
    rows = [(1.0, 1.0), (-1.0, 1.0), (1.5, 1.0), (0.0, 2 * margin), (0.0, 1.99 * margin), (-margin, 0.0), (margin, 0.0)]
    rows = [{"n": 4, "mean": mean, "sd": sd, "p": p} for mean, sd in rows for p in (0.001, 0.9)]
    border_cases = {"rows": rows, "higher_is_better": True}
    case = {
        "family": border_cases,
        "alpha": 0.05,
        "delta": delta,
        "quantiles": {"alphas": [0.05], "n": {"4": [[2.0, 1.0]]}},
    }
    mean, sd = (np.array([row[name] for row in rows]) for name in ("mean", "sd"))
    expected_verdicts = paired_verdicts.verdicts(
        paired_verdicts.holm([row["p"] for row in rows]),
        Interval(mean - sd, mean + sd),
        Interval(mean - sd / 2, mean + sd / 2),
        alpha=0.05,
        margin=delta,
        higher_is_better=True,
    )
    assert set(expected_verdicts) == {"better", "worse", "equivalent", "inconclusive"}
    assert [row["verdict"] for row in in_node([case])[0]["rows"]] == expected_verdicts.tolist()


def test_holm_agrees_with_ties_and_gaps():
    """A comparison without a test still counts as a member of its family."""
    generator = np.random.default_rng(0)
    cases = []
    for _ in range(100):
        p_values = generator.uniform(0, 0.05, generator.integers(1, 12)).round(generator.integers(2, 6))
        p_values[generator.random(len(p_values)) < 0.3] = np.nan
        rows = [{"n": 2, "mean": 0.0, "sd": 0.0, "p": number(p)} for p in p_values.tolist()]
        cases.append(
            {"family": {"rows": rows}, "alpha": 0.05, "delta": 1.0, "quantiles": t_quantiles([{"rows": rows}], [0.05])}
        )
    for case, result in zip(cases, in_node(cases), strict=True):
        p_values = [np.nan if row["p"] is None else row["p"] for row in case["family"]["rows"]]
        assert result["holm"] == [number(p) for p in paired_verdicts.holm(p_values).tolist()]


def test_level_without_quantiles_is_an_error():
    rows = [{"level": "1", "n": 2, "mean": 0.1, "sd": 0.1, "p": 0.5, "verdict": "inconclusive"}]
    case = {"family": {"rows": rows, "higher_is_better": True}, "alpha": 0.3, "delta": 0.001}
    with pytest.raises(AssertionError, match=r"no quantiles for alpha = 0\.3"):
        in_node([case | {"quantiles": t_quantiles([case["family"]], [0.05])}])
