"""The paragraphs that belong to one question each: course of training, trends, momentum, uncertainty, one seed."""

import math

from published.rows import Summary, rule_pairs
from tables.matched_pairs import EFFECTIVE_RATE, KERAS2_RULE
from tables.quantities import counted
from tables.summary_tables import shortened, signed
from writing.evidence import chosen
from writing.links import row_ids
from writing.sweep_sentences import Counts, Family, cite, joined, link, listed, named_level

Row = dict[str, str]


def pairing_comment(sharing: dict[str, bool], seeds: int) -> str:
    """Say what runs of the same seed share: the order of the images always, and the initial weights where measured.

    Args:
        sharing: name of each sweep or grid -> whether all its points start from the weights of the baseline.
        seeds: number of seeds a point.
    """
    if seeds == 1 or not sharing:
        return ""
    opening = "The same seed sees the images in the same order at every point"
    shared = [name for name, shares in sharing.items() if shares]
    names = listed([f"`{name}`" for name in shared]) if shared else ""
    if len(shared) == len(sharing):
        return f"{opening}, and starts from the same weights, so differences are taken seed by seed."
    if not shared:
        return f"{opening}, but not from the same weights. Differences are taken seed by seed."
    return f"{opening}; in {names} it also starts from the same weights. Differences are taken seed by seed."


def engines_comment(apart: str, is_approximate: bool, counts: Counts) -> str:
    """Say how well the program that trains and the one that evaluates agree, and what another processor would change.

    Args:
        apart: the largest difference between their test losses.
        is_approximate: whether a training used an operation that processors approximate in their own ways.
        counts: takes the number.
    """
    cited = counts.cite("largest difference between the test losses of training and evaluation", apart)
    sentences = [f"Their test losses differ by {cited} at most."]
    if is_approximate:
        sentences.append(
            "A layer of this network, such as batch or layer normalization, uses a root or quotient that each vendor's "
            "processors approximate in their own way: on another vendor's processor these runs have other bits."
        )
    return joined(sentences)


def learning_comment(learning: list[Row], epochs: str) -> str:
    """Say what the baseline reaches in its first and last epoch, and what is left between training and test."""
    first, last = learning[0], next(row for row in learning if row["epoch"] == epochs)

    def value(row: Row, column: str) -> str:
        return cite(shortened(row[column]), "learning", row["epoch"])

    spread = f" (SD over seeds {value(last, 'test_accuracy_sd')})" if last["test_accuracy_sd"] else ""
    opening = (
        f"While it sees the training images for the first time, the network already classifies "
        f"{value(first, 'train_accuracy')} of them correctly"
    )
    if last is not first:
        opening += f"; in epoch {epochs} it is {value(last, 'train_accuracy')}"
    return joined(
        [
            f"{opening}.",
            f"On the test set it then reaches {value(last, 'test_accuracy')}{spread}, at a loss of "
            f"{value(last, 'test_loss')}.",
            gap_reading(last),
            diverged_note(last),
        ]
    )


def gap_reading(row: Row) -> str:
    """Compare training with test accuracy, where their distance is beyond the spread of either mean."""
    if not row["train_accuracy_sd"]:
        return ""
    gap = float(row["train_accuracy"]) - float(row["test_accuracy"])
    errors = [float(row[f"{part}_accuracy_sd"]) / math.sqrt(int(row["n"])) for part in ("train", "test")]
    if gap > 3 * math.hypot(*errors):
        return (
            "The network knows its training images better than new ones, as every network does that is large enough to "
            "remember some of them."
        )
    return "So far the network is not shown to do better on the images it learns from than on new ones."


def diverged_note(row: Row) -> str:
    """Count the baseline's runs that had diverged by the end of an epoch; empty where none had."""
    if row["diverged"] == "0":
        return ""
    number = cite(row["diverged"], "learning", row["epoch"])
    return f"The loss of {number} of these {row['n']} runs is no longer a number; they are scored as guessing."


def turning_comment(learning: list[Row]) -> str:
    """Say where test loss turns while training loss still falls, if it does."""
    losses = [float(row["test_loss"]) for row in learning]
    best, last = losses.index(min(losses)), len(losses) - 1
    if best == last or len(losses) < 3:
        return ""

    def value(index: int, column: str) -> str:
        return cite(shortened(learning[index][column]), "learning", learning[index]["epoch"])

    if float(learning[last]["train_loss"]) >= float(learning[best]["train_loss"]):
        return ""
    return (
        f"Mean test loss is lowest in epoch {learning[best]['epoch']}, at {value(best, 'test_loss')}; by epoch "
        f"{learning[last]['epoch']} it stands at {value(last, 'test_loss')}, while training loss has gone on falling "
        f"from {value(best, 'train_loss')} to {value(last, 'train_loss')}: what the network still learns about its "
        "training images no longer lowers its loss on others. (These are means; whether two of them differ by "
        "more than "
        "noise is for the comparisons to say.)"
    )


def rate_comment(trends: list[Row], family: Family) -> str:
    """Name the best learning rate and how fast accuracy falls off on either side."""
    falls = {row["trend"].rsplit(" ", 1)[1]: row for row in trends if row["trend"].startswith("fall per decade")}
    if not falls:
        return ""
    best = next(iter(falls.values()))["from"]
    rivals = [
        family.name(detail["level"])
        for detail in family.of_verdict("equivalent", "inconclusive")
        if best == baseline_level(family)
    ]
    sentences = [f"The highest mean accuracy belongs to learning rate {best} ({family.mean(best)})."]
    if rivals:
        sentences.append(f"That it is the best alone is not shown: {listed(rivals)} may share the place.")
    elif best != baseline_level(family) and best not in [row["level"] for row in family.of_verdict("better")]:
        sentences.append("That it is more than the baseline's is not shown.")
    parts = [
        f"{cite(shortened(row['value']), 'trends', row['trend'], row['from'], row['to'])} for every factor of ten "
        f"{'downwards' if side == 'below' else 'upwards'} (to {row['to']})"
        for side, row in falls.items()
    ]
    sentences.append(f"On a logarithmic scale accuracy falls, on average, by {listed(parts)}.")
    return joined(sentences)


def baseline_level(family: Family) -> str:
    """Return the level of the baseline."""
    prefix = "" if family.metric == "accuracy" else "loss_"
    return next((row["level"] for row in family.rows if row[f"{prefix}verdict"] == "baseline"), "")


def units_comment(trends: list[Row]) -> str:
    """Say what a doubling of the hidden units gains at the small end and at the large end."""
    gains = [row for row in trends if row["trend"] == "gain of a doubling"]
    if len(gains) < 2:
        return ""
    first, last = gains[0], gains[-1]

    def value(row: Row) -> str:
        return cite(shortened(row["value"]), "trends", row["trend"], row["from"], row["to"])

    verbs = ["loses" if row["value"].startswith("-") else "gains" for row in (first, last)]
    parts = [f"{value(row).replace('[-', '[', 1)} between {row['from']} and {row['to']}" for row in (first, last)]
    second = parts[1] if verbs[0] == verbs[1] else f"{verbs[1]} {parts[1]}"
    sentence = f"Per doubling of the units, mean accuracy {verbs[0]} {parts[0]}, and {second}"
    if float(first["value"]) > 0 and float(last["value"]) < 0.5 * float(first["value"]):
        return f"{sentence}: by these means the returns diminish."
    return f"{sentence}."


def effective_rate_comment(details: list[Row], seeds: int, counts: Counts) -> str:
    """Say whether points of equal effective learning rate agree: does accuracy collapse onto one curve?"""
    by_metric = {metric: [row for row in details if row["metric"] == metric] for metric in ("accuracy", "loss")}
    if not by_metric["accuracy"]:
        return ""
    if seeds == 1:
        return "One seed a point cannot say whether points of equal effective rate agree."
    # Verdicts, and what they say of one pair and of several.
    groups = {
        "same up to δ": (("equivalent", "negligible"), "is the same up to δ", "are the same up to δ"),
        "different": (("better", "worse"), "differs", "differ"),
        "undecided": (("inconclusive",), "is undecided", "are undecided"),
    }
    sentences = []
    for metric, rows in by_metric.items():
        parts = []
        for name, (verdicts, singular, plural) in groups.items():
            number = sum(row["verdict"] in verdicts for row in rows)
            if number:
                cited = counts.cite(f"pairs of equal effective rate, {metric} {name}", number)
                parts.append(f"{cited} {singular if number == 1 else plural}")
        total = "these"
        if metric == "accuracy":
            total = f"{counts.cite('pairs of equal effective rate', len(rows))} pairs of equal effective rate"
        if len(rows) == 1:
            said = parts[0].split(" ", 1)[1]
            sentences.append(f"In {metric}, the only pair of equal effective rate {said}.")
        else:
            sentences.append(f"In {metric}, of {total}, {listed(parts)}.")
        apart = [row for row in rows if row["verdict"] in groups["different"][0]]
        if apart:
            largest = max(apart, key=lambda row: abs(float(row["difference"])))
            number = cite(signed(largest["difference"]), EFFECTIVE_RATE, metric, largest["level"])
            opening = "It stands" if len(rows) == 1 else "The furthest apart stands"
            sentences.append(f"{opening} at {spoken(largest['level'])}: {number} against the run without momentum.")
    verdicts = {row["verdict"] for row in by_metric["accuracy"]}
    if verdicts & {"better", "worse"}:
        answer = "So accuracy does not collapse onto one curve: momentum is not only a larger step."
    elif verdicts <= {"equivalent", "negligible"}:
        answer = (
            "So at these rates accuracy does collapse onto one curve: here momentum is a larger step and little else."
        )
    else:
        answer = (
            "In accuracy no pair differs for certain, nor do all agree for certain: one curve is possible, not proven."
        )
    return joined([*sentences, answer])


def spoken(label: str) -> str:
    """Return a label `factor=value,factor=value` as speech has it: `10 epochs, 64 units`."""
    return ", ".join(named_level(*part.split("=", 1)) for part in label.split(","))


def update_rule_comment(details: list[Row]) -> str:
    """Set the two update rules against each other at equal epochs."""
    if {row["verdict"] for row in details} == {"descriptive"}:
        return "One seed a point cannot tell the two rules apart."
    words = {"accuracy": {"better": "higher", "worse": "lower"}, "loss": {"better": "lower", "worse": "higher"}}
    parts = []
    for metric, meanings in words.items():
        for verdict, word in meanings.items():
            found = [row for row in details if (row["metric"], row["verdict"]) == (metric, verdict)]
            sizes = [
                f"by {cite(shortened(row['difference']).removeprefix('-'), KERAS2_RULE, metric, row['level'])} at "
                f"{spoken(row['level'])}"
                for row in found
            ]
            if sizes:
                parts.append(f"{metric} is {word} {listed(sizes)}")
    if not details:
        return ""
    if not parts:
        certain = any(row["verdict"] == "negligible" for row in details)
        return f"Seed by seed no difference between the two rules{' that matters' if certain else ''} is shown."
    return f"Seed by seed, under the rule of Keras 2 {listed(parts)}."


def uncertainty_comment(two_way: list[Row], details: list[Row], counts: Counts) -> str:
    """Say which differences hold for these test images but perhaps not beyond them."""
    if not two_way:
        return ""
    verdicts = {(row["summary"], row["metric"], row["level"]): row["verdict"] for row in details}
    claims = ("better", "worse", "negligible")
    certain = [row for row in two_way if verdicts[row["summary"], row["metric"], row["level"]] in claims]
    lost = [row for row in certain if float(row["low"]) <= 0 <= float(row["high"])]
    images = sum(float(row["images_se"]) > float(row["seeds_se"]) for row in two_way)
    sentences = [
        f"Of {counts.cite('comparisons resampled both ways', len(two_way))} comparisons, the choice of test "
        "images is the "
        f"larger source of uncertainty in {counts.cite('comparisons where images weigh more than seeds', images)}, the "
        "choice of seeds in the others."
    ]
    number = counts.cite("differences certain over seeds", len(certain))
    if not certain:
        sentences.append("No difference was certain over seeds, so none is lost when images vary too.")
    elif not lost:
        subject = "The only difference that is" if len(certain) == 1 else f"All {number} differences that are"
        verb = "keeps an interval" if len(certain) == 1 else "keep intervals"
        without = "leaves" if len(certain) == 1 else "leave"
        sentences.append(f"{subject} certain over seeds {verb} that {without} out 0 when the images vary too.")
    else:
        names = [
            f"{chosen(row['summary'].replace('_', ' '))} {row['level'].replace(',', ', ')} ({row['metric']})"
            for row in lost
        ]
        shown = listed(names) if len(names) <= 6 else f"{', '.join(names[:6])} and others"
        sentences.append(
            f"{counts.cite('of these, not certain over images', len(lost))} of the {number} differences that "
            "are certain for "
            f"these test images may not hold for others: {shown}."
        )
    return joined(sentences)


def selection_comment(selection: list[Row]) -> str:
    """Say by how much picking the best level on the test set flatters it."""
    if not selection:
        return ""
    worst = max(
        (row for row in selection if row["metric"] == "accuracy"), key=lambda row: float(row["optimism"]), default=None
    )
    if worst is None:
        return ""
    if float(shortened(worst["optimism"])) <= 0:
        return "Picking the best level of a sweep by its mean flatters it by nothing that these decimals show."
    place = (worst["summary"], worst["metric"])
    kind, best = ("grid", spoken(worst["best"])) if "=" in worst["best"] else ("sweep", worst["best"])
    return (
        f"Whoever picks the best level by its mean accuracy is flattered by up to "
        f"{cite(shortened(worst['optimism']), 'selection', *place)}: in the {kind} "
        f"of {chosen(worst['summary'].replace('_', ' '))}, "
        f"{best} shows {cite(shortened(worst['apparent']), 'selection', *place)}, and is worth "
        f"{cite(shortened(worst['cross_fitted']), 'selection', *place)} on seeds that had no part in picking."
    )


def published_comment(found: Summary, rows: list[Row], places: list[list[str]], counts: Counts) -> str:
    """Say how many published numbers came back, how many misses chance alone would give, and what explains the rest.

    Args:
        found: the counts of `rows.summary`.
        rows: rows of `published.csv`, repeats left out.
        places: for each of them the leading cells of its row in the table for reading.
        counts: takes the numbers that are counted here.
    """
    if not found.checked:
        return "None of the published numbers can be checked by this study."
    sentences = [
        f"Of {counts.cite('published numbers checked', found.checked)} numbers that can be checked, repeats left out, "
        f"{counts.cite('published numbers reproduced', found.reproduced)} fall where one further run of this study "
        f"would fall; {counts.cite('published numbers not reproduced', found.not_reproduced)} do not. Chance alone "
        f"would let about {counts.cite('misses expected by chance', f'{found.expected_by_chance:.1f}')} miss. (Where "
        "single runs scatter widely, as after few epochs, to be reproduced means little.)"
    ]
    addresses = row_ids("published", places)
    place_of = {
        (row["id"], row["optimizer"]): (place[1], address)
        for row, place, address in zip(rows, places, addresses, strict=True)
    }
    for row, again in rule_pairs(rows):
        if row["verdict"] != "not reproduced" or not (again and again["distance_sd"]):
            continue
        settings, _ = place_of[row["id"], row["optimizer"]]
        distance, other = (
            link(rule["distance_sd"], place_of[rule["id"], rule["optimizer"]][1]) for rule in (row, again)
        )
        if again["verdict"] == "reproduced":
            reading = "which would explain the miss"
        elif abs(float(again["distance_sd"])) < abs(float(row["distance_sd"])) / 2:
            reading = "which would explain most of the gap, but not all"
        else:
            reading = "which would not explain it"
        what = f"the {row['quantity'].replace('_', ' ')} of {row['published']} ({settings})"
        sentences.append(f"For {what}, the rule of Keras 2 turns a distance of {distance} SDs into {other}, {reading}.")
    return joined(sentences)


def single_seed_comment(orderings: list[Row], seeds: int, counts: Counts) -> str:
    """Say how often one seed would have named the wrong winner."""
    pairs = [(row, again) for row, again in rule_pairs(orderings) if row["opposite"]]
    checked = [row for row, _ in pairs]
    if not checked or seeds == 1:
        return ""
    verdicts = list(dict.fromkeys(row["verdict"] for row in checked))
    parts = [
        f"{counts.cite(f'orderings {verdict}', sum(row['verdict'] == verdict for row in checked))} {verdict}"
        for verdict in verdicts
    ]
    shaky = max(checked, key=lambda row: float(row["opposite"]))
    addresses = row_ids("orderings", [ordering_place(row) for row in orderings])
    share = link(shortened(shaky["opposite"]), addresses[orderings.index(shaky)])
    least = (
        f"Least supported is this one: {chosen(shaky['statement'].rstrip('.'))}. "
        f"One seed contradicts it with a frequency of {share}."
    )
    if float(shaky["opposite"]) == 0:
        least = "No single seed contradicts any of them."
    word = "ordering" if len(checked) == 1 else "orderings"
    return joined(
        [
            f"{counts.cite('orderings checked', len(checked))} published {word} can be checked. With "
            f"{counted(seeds, 'seed')} a point, the verdicts are: {listed(parts)}.",
            *rule_sentences(pairs),
            least,
        ]
    )


def ordering_place(row: Row) -> tuple[str, str, str]:
    """Return the leading cells of an ordering's row in the report's table."""
    return row["statement"], row["metric"].replace("_", " "), row["optimizer"] or "–"


def rule_sentences(pairs: list[tuple[Row, Row | None]]) -> list[str]:
    """Name the orderings that this study does not confirm, but does with the update rule of Keras 2."""
    turned = [
        row for row, again in pairs if row["verdict"] != "confirmed" and again and again["verdict"] == "confirmed"
    ]
    opening = "Under the rule of Keras 2 this one holds:"
    return [f"{opening} {chosen(row['statement'])}" for row in turned]
