"""Sentences about a sweep, written from its table: nothing is said that the numbers do not carry."""

import pandas as pd

NAMES = {
    "units": "hidden units",
    "learning_rate": "learning rate",
    "momentum": "momentum",
    "batch_size": "batch size",
    "optimizer": "optimizer",
    "epochs": "epochs",
}


def listed(items: list[str]) -> str:
    """Return `a`, `a and b` or `a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def extremes(table: pd.DataFrame, prefix: str = "") -> str:
    """Name the levels with the highest and the lowest mean."""
    metric = "test loss" if prefix else "test accuracy"
    means = table[f"{prefix}mean"].astype(float)
    high, low = table.loc[means.idxmax()], table.loc[means.idxmin()]
    first, second = (low, high) if prefix else (high, low)
    best, worst = ("lowest", "highest") if prefix else ("highest", "lowest")
    return (
        f"Mean {metric} is {best} at {first['level']} ({first[f'{prefix}mean']}) "
        f"and {worst} at {second['level']} ({second[f'{prefix}mean']})."
    )


def differences(table: pd.DataFrame, prefix: str = "") -> str:
    """Say which levels' intervals of the paired difference exclude 0, on which side, and which do not."""
    compared = table[table[f"{prefix}difference"] != ""]
    if compared.empty:
        return ""
    if (compared[f"{prefix}difference_low"] == "").any():
        return "One run a point gives no interval: nothing can be said about differences."
    low = compared[f"{prefix}difference_low"].astype(float)
    high = compared[f"{prefix}difference_high"].astype(float)
    metric = "loss" if prefix else "accuracy"
    parts = []
    for chosen, word in ((low > 0, "higher"), (high < 0, "lower")):
        if chosen.any():
            parts.append(f"{word} at {listed(list(compared.loc[chosen, 'level']))}")
    unclear = list(compared.loc[(low <= 0) & (high >= 0), "level"])
    text = f"Seed by seed against the baseline, {metric} is {', and '.join(parts)}." if parts else ""
    if unclear:
        text += f" At {listed(unclear)} the interval of the {metric} difference holds 0: no difference is shown."
    return text.strip()


def comment(table: pd.DataFrame) -> str:
    """Return the comment of one sweep or grid."""
    sentences = [extremes(table), differences(table), extremes(table, "loss_"), differences(table, "loss_")]
    return " ".join(sentence for sentence in sentences if sentence)
