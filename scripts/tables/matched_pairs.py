"""Points compared with a rival of their own instead of the baseline.

- effective rate: does momentum m act as a learning rate of 1 / (1 - m) times the size? With momentum m a lasting
  gradient is stepped along lr · (1 + m + m² + …) = lr / (1 - m), the effective learning rate (Goodfellow, Bengio,
  Courville 2016, Deep Learning, section 8.3.2). Each point with momentum meets the one without that has this rate.
- Keras 2 rule: each point trained by the rule of Keras 2 meets the one trained by that of Keras 3, all else equal.
"""

from decimal import Decimal

from design.canonical import canonical_value
from tables.comparisons import Runs, compare_rows
from tables.study import Setting, Study

EFFECTIVE_RATE, KERAS2_RULE = "effective_rate", "keras2_rule"

Pairs = list[tuple[Setting, Setting]]


def effective_rate(levels: dict[str, str]) -> str:
    """Return learning_rate / (1 - momentum) in canonical spelling, exact in decimals: 0.0001 and 0.9 give 0.001."""
    return canonical_value(float(Decimal(levels["learning_rate"]) / (1 - Decimal(levels["momentum"]))))


def rate_pairs(study: Study) -> Pairs:
    """Return each point with momentum beside the one without that has its effective rate, all else equal."""

    def rest(setting: Setting) -> tuple:
        return tuple(v for factor, v in setting.levels.items() if factor not in ("learning_rate", "momentum"))

    plain = {
        (rest(setting), setting.levels["learning_rate"]): setting
        for setting in study.settings
        if setting.wanted_by and setting.levels["momentum"] == "0"
    }
    pairs = []
    for setting in study.settings:
        if setting.wanted_by and setting.levels["momentum"] != "0":
            rival = plain.get((rest(setting), effective_rate(setting.levels)))
            if rival:
                pairs.append((setting, rival))
    return sorted(pairs, key=lambda pair: [float(pair[0].levels[name]) for name in ("learning_rate", "momentum")])


def rule_pairs(study: Study) -> Pairs:
    """Return each point trained by the rule of Keras 2 beside the one trained by that of Keras 3, by epochs."""
    known = {tuple(setting.levels.values()): setting for setting in study.settings if setting.wanted_by}
    pairs = []
    for setting in known.values():
        if setting.levels["optimizer"] == "rmsprop_keras2":
            rival = known.get(tuple((setting.levels | {"optimizer": "rmsprop"}).values()))
            if rival:
                pairs.append((setting, rival))
    return sorted(pairs, key=lambda pair: [float(v) for f, v in pair[0].levels.items() if f != "optimizer"])


def rate_label(study: Study, setting: Setting) -> str:
    """Return what tells a point with momentum apart: learning rate, momentum, every other factor off the baseline."""
    own = ("learning_rate", "momentum")
    others = [factor for factor, value in study.baseline.items() if factor not in own]
    told = [factor for factor in others if setting.levels[factor] != study.baseline[factor]]
    return ",".join(f"{factor}={setting.levels[factor]}" for factor in (*own, *told))


def rule_label(study: Study, setting: Setting) -> str:
    """Return what tells a pair of rules from the baseline: its epochs, and every other factor that differs."""
    told = [
        f"{factor}={value}"
        for factor, value in setting.levels.items()
        if factor == "epochs" or (factor != "optimizer" and value != study.baseline[factor])
    ]
    return ",".join(told)


def compare_matched(study: Study, runs: Runs, margins: dict[str, float]) -> list[dict]:
    """Compare all matched pairs, seed by seed; rows as in `comparisons.COLUMNS`, one family a kind and metric."""
    rates, rules = rate_pairs(study), rule_pairs(study)
    labels = {
        EFFECTIVE_RATE: [rate_label(study, setting) for setting, _ in rates],
        KERAS2_RULE: [rule_label(study, setting) for setting, _ in rules],
    }
    rows = []
    for kind, pairs in ((EFFECTIVE_RATE, rates), (KERAS2_RULE, rules)):
        if pairs:
            others, rivals = ([runs[pair[side].key] for pair in pairs] for side in (0, 1))
            for metric, margin in margins.items():
                rows += compare_rows(kind, metric, labels[kind], rivals, others, study.alpha, margin)
    return rows
