"""Points compared with a rival of their own instead of the baseline.

- effective rate: does momentum m act as a learning rate of 1 / (1 - m) times the size? With momentum m a lasting
  gradient is stepped along lr · (1 + m + m² + …) = lr / (1 - m), the effective learning rate (Goodfellow, Bengio,
  Courville 2016, Deep Learning, section 8.3.2). Each point with momentum meets the one without that has this rate.
- Keras 2 rule: each point trained by the rule of Keras 2 meets the one trained by that of Keras 3, all else equal.
"""

from decimal import Decimal

import pandas as pd

from design.hyperparameters import Factor
from design.point_names import canonical_value
from tables.comparisons import compare_pairs, pairs
from tables.runs import each_run_once, levels_of
from tables.study import BASELINE

EFFECTIVE_RATE, KERAS2_RULE = "effective_rate", "keras2_rule"


def effective_rate(learning_rate: str, momentum: str) -> str:
    """Return learning_rate / (1 - momentum) in canonical spelling, exact in decimals: 0.0001 and 0.9 give 0.001."""
    return canonical_value(float(Decimal(learning_rate) / (1 - Decimal(momentum))))


def rate_pairs(runs: pd.DataFrame, factors: dict[str, Factor]) -> pd.DataFrame:
    """Return each run with momentum beside the one without that has its effective rate, all else equal."""
    points = each_run_once(runs)
    points = points.assign(effective_rate=list(map(effective_rate, points["learning_rate"], points["momentum"])))
    with_momentum = points["momentum"] != "0"
    varied = ["learning_rate", "momentum"]
    rest = [factor for factor in factors if factor not in varied]
    found = pairs(points[with_momentum], points[~with_momentum], on=[*rest, "effective_rate", "seed"])
    return _labelled(_in_order(found, varied, factors), EFFECTIVE_RATE, runs, [*varied, *rest], always=varied)


def rule_pairs(runs: pd.DataFrame, factors: dict[str, Factor]) -> pd.DataFrame:
    """Return each run trained by the rule of Keras 2 beside the one trained by that of Keras 3, by epochs."""
    points = each_run_once(runs)
    rest = [factor for factor in factors if factor != "optimizer"]
    keras2, keras3 = (points[points["optimizer"] == rule] for rule in ("rmsprop_keras2", "rmsprop"))
    found = pairs(keras2, keras3, on=[*rest, "seed"])
    return _labelled(_in_order(found, rest, factors), KERAS2_RULE, runs, rest, always=["epochs"])


def _in_order(found: pd.DataFrame, by: list[str], factors: dict[str, Factor]) -> pd.DataFrame:
    def key(values: pd.Series) -> pd.Series:
        return values.astype(float) if factors[values.name].is_number else values

    return found.sort_values(by, key=key, kind="stable")


def _labelled(
    found: pd.DataFrame, kind: str, runs: pd.DataFrame, factors: list[str], always: list[str]
) -> pd.DataFrame:
    """Return pairs with `kind` as summary; their label names the factors of `always`, and others off the baseline."""
    baseline = levels_of(runs, BASELINE).iloc[0]
    labels = [
        ",".join(f"{factor}={row[factor]}" for factor in factors if factor in always or row[factor] != baseline[factor])
        for row in found[factors].to_dict("records")
    ]
    return found.assign(summary=kind, label=labels)


def compare_matched(
    runs: pd.DataFrame, factors: dict[str, Factor], alpha: float, margins: dict[str, float]
) -> list[dict]:
    """Compare all matched pairs, seed by seed; rows as in `comparisons.COLUMNS`, one family a kind and metric."""
    return [row for find in (rate_pairs, rule_pairs) for row in compare_pairs(find(runs, factors), alpha, margins)]
