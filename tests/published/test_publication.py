"""What was published is read strictly, every fault in one line, and the shipped file says what the original prints."""

import copy

import pytest
import yaml

from design.network_file import read_network
from design.places import Places
from helpers.hand_made import FACTORS
from helpers.workflow import PROJECT
from published.publication import publication_file, publications, read_published

SHIPPED = PROJECT / "config" / "published.yaml"
DENSE = PROJECT / "config" / "networks" / "dense.py"
DEFAULTS = {"units": 512, "learning_rate": 0.001, "momentum": 0, "batch_size": 128, "optimizer": "rmsprop", "epochs": 5}
PRINTED = "a loss in nats, or an accuracy as a share from 0 to 1 (97.97 % is 0.9797)"
SOUND = {
    "dataset": "mnist",
    "network": "dense",
    "source": "A paper.",
    "defaults": DEFAULTS,
    "numbers": [
        {"id": "first", "quantity": "test_accuracy", "published": 0.975, "units": 256, "source": "table 1"},
        {"id": "again", "repeats": "first", "source": "table 2"},
    ],
    "orderings": [
        {
            "id": "wide",
            "statement": "Wider is better.",
            "metric": "test_loss",
            "winner": {"units": 1024},
            "loser": {},
            "source": "section 2",
        }
    ],
}


def changed(path, value):
    """The sound file with the value at a path of keys replaced; `...` removes the key."""
    content = copy.deepcopy(SOUND)
    *parents, last = path
    place = content
    for key in parents:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return content


def problems_of(path, content):
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ValueError, match=r"\S") as caught:
        read_published(path, "dense", FACTORS)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines)
    return [line.removeprefix(f"{path}: ") for line in lines]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "published.yaml"


def test_settings_are_completed_and_canonical(path):
    content = changed(("numbers", 0, "learning_rate"), "1e-4")
    content["numbers"][0] |= {"momentum": 0.0, "units": 256.0}
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    publication = read_published(path, "dense", FACTORS)
    first, again = publication.numbers
    assert first.levels == {
        "units": "256",
        "learning_rate": "0.0001",
        "momentum": "0",
        "batch_size": "128",
        "optimizer": "rmsprop",
        "epochs": "5",
    }
    assert list(first.levels) == list(publication.defaults)
    assert (first.published, first.source, first.repeats) == (0.975, "table 1", "")
    assert (again.id, again.repeats, again.source) == ("again", "first", "table 2")
    assert (again.quantity, again.published, again.levels) == (first.quantity, first.published, first.levels)
    [ordering] = publication.orderings
    assert ordering.winner == publication.defaults | {"units": "1024"}
    assert ordering.loser == publication.defaults


def test_a_repeat_may_stand_before_its_original(path):
    content = copy.deepcopy(SOUND)
    content["numbers"].reverse()
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert [number.id for number in read_published(path, "dense", FACTORS).numbers] == ["again", "first"]


@pytest.mark.parametrize("published", [0, 1, "9.75e-1"])
def test_accuracies_from_0_to_1_are_accepted(path, published):
    path.write_text(yaml.safe_dump(changed(("numbers", 0, "published"), published)), encoding="utf-8")
    assert read_published(path, "dense", FACTORS).numbers[0].published == float(published)


@pytest.mark.parametrize(
    ("keys", "value", "problem"),
    [
        (["dataset"], ..., "`dataset` is missing"),
        (["dataset"], "fashion mnist", "`dataset` must be the name of a data set, of letters, digits, _ and -"),
        (["source"], 2020, "`source` must be one line of text, in quotes if it looks like a number. Received: 2020"),
        (["source"], "two\nlines", "`source` must be one line of text"),
        (["sources"], "x", "`sources` is not a known key. Did you mean `source`?"),
        (
            ["two\nlines"],
            "x",
            "`'two\\nlines'` is not a known key. Known: dataset, network, source, defaults, numbers, orderings.",
        ),
        (["learning_rates"], "x", "`learning_rates` is not a known key. Known: dataset, "),
        (["defaults"], ..., "`defaults` is missing"),
        (["defaults"], [512], "`defaults` must be a mapping. Received: [512]"),
        (["defaults", "epochs"], ..., "`defaults.epochs` is missing"),
        (["defaults", "epochs"], 0, "`defaults.epochs` must be a positive integer. Received: 0"),
        (["defaults", "epoch"], 5, "`defaults.epoch` is not a known key. Did you mean `epochs`?"),
        (["numbers"], {"a": 1}, "`numbers` must be a list. Received: {'a': 1}"),
        (["numbers"], ..., "`numbers` is missing"),
        (["orderings"], "none", "`orderings` must be a list. Received: 'none'"),
        (["numbers", 0], 0.975, "`numbers[0]` must be a mapping. Received: 0.975"),
        (["numbers", 0, "id"], ..., "`numbers[0].id` is missing"),
        (
            ["numbers", 0, "id"],
            "a b",
            "`numbers[0].id` must be a name of letters, digits, '.', _ and -. Received: 'a b'",
        ),
        (["numbers", 0, "id"], ["first"], "`numbers[0].id` must be a name of letters"),
        (["numbers", 1, "id"], "first", "`numbers[1].id` must be given once. Received: 'first' again"),
        (["numbers", 0, "quantity"], ..., "`numbers.first.quantity` is missing"),
        (
            ["numbers", 0, "quantity"],
            "test_acuracy",
            "`numbers.first.quantity` must be one of test_accuracy, test_loss, train_accuracy. "
            "Received: 'test_acuracy'",
        ),
        (["numbers", 0, "quantity"], ["test_loss"], "`numbers.first.quantity` must be one of"),
        (["numbers", 0, "published"], ..., "`numbers.first.published` is missing"),
        (
            ["numbers", 0, "published"],
            97.5,
            f"`numbers.first.published` must be {PRINTED}. Received: 97.5",
        ),
        (["numbers", 0, "published"], "97.5 %", f"`numbers.first.published` must be {PRINTED}. Received: "),
        (["numbers", 0, "published"], -0.1, f"`numbers.first.published` must be {PRINTED}. Received: "),
        (["numbers", 0, "published"], float("nan"), f"`numbers.first.published` must be {PRINTED}. Received: "),
        (["numbers", 0, "published"], True, f"`numbers.first.published` must be {PRINTED}. Received: "),
        (["numbers", 0, "published"], [0.9], f"`numbers.first.published` must be {PRINTED}. Received: "),
        (["numbers", 0, "units"], "many", "`numbers.first.units` must be a whole number"),
        (["numbers", 0, "units"], None, "`numbers.first.units` must be a whole number"),
        (["numbers", 0, "momentum"], 1, "`numbers.first.momentum` must be a number from 0 to below 1. Received: 1"),
        (
            ["orderings", 0, "winner"],
            {"optimizer": "adam", "momentum": 0.9},
            "`orderings.wide.winner`: optimizer adam takes no momentum (it has its own), momentum must be 0.",
        ),
        (["numbers", 0, "optimizer"], "rmsporp", "`numbers.first.optimizer` must be one of rmsprop, rmsprop_keras2,"),
        (["numbers", 0, "lr"], 0.1, "`numbers.first.lr` is not a known key. Known: units, learning_rate, "),
        (["numbers", 0, "source"], ..., "`numbers.first.source` is missing"),
        (
            ["numbers", 1, "repeats"],
            "frist",
            "`numbers.again.repeats` must be the id of a number that repeats no other. "
            "Received: 'frist' (did you mean 'first'?)",
        ),
        (
            ["numbers", 1, "repeats"],
            "again",
            "`numbers.again.repeats` must be the id of a number that repeats no other",
        ),
        (["numbers", 1, "repeats"], None, "`numbers.again.repeats` must be a name of letters"),
        (["numbers", 1, "repeats"], 5, "`numbers.again.repeats` must be a name of letters"),
        (
            ["numbers", 1, "published"],
            0.975,
            "`numbers.again.published` is not a known key. Known: id, source, repeats.",
        ),
        (["numbers", 1, "source"], ..., "`numbers.again.source` is missing"),
        (["orderings", 0, "statement"], ..., "`orderings.wide.statement` is missing"),
        (["orderings", 0, "metric"], "loss", "`orderings.wide.metric` must be one of test_accuracy, test_loss"),
        (["orderings", 0, "winner"], ..., "`orderings.wide.winner` is missing"),
        (["orderings", 0, "winner"], [1024], "`orderings.wide.winner` must be a mapping. Received: [1024]"),
        (
            ["orderings", 0, "winner", "unit"],
            9,
            "`orderings.wide.winner.unit` is not a known key. Did you mean `units`?",
        ),
        (["orderings", 0, "loser"], {"epochs": 2.5}, "`orderings.wide.loser.epochs` must be a positive integer"),
        (
            ["orderings", 0, "winner"],
            {"units": "512"},
            "`orderings.wide.winner` and `orderings.wide.loser` must differ. Received: the same settings",
        ),
        (
            ["orderings", 0, "quux"],
            1,
            "`orderings.wide.quux` is not a known key. Known: id, source, statement, metric,",
        ),
    ],
)
def test_a_fault_is_one_line_that_names_the_key(path, keys, value, problem):
    problems = problems_of(path, changed(keys, value))
    assert sum(line.startswith(problem) for line in problems) == 1, problems
    if keys[:2] != ["numbers", 0] or "id" not in keys:  # a row without its id has repeats of nothing
        assert len(problems) == (2 if keys == ["numbers", 0] else 1), problems


def test_all_faults_are_told_at_once(path):
    content = changed(("numbers", 0, "published"), 97.5)
    content["source"] = 5
    content["orderings"][0]["metric"] = "speed"
    content["extra"] = 1
    assert len(problems_of(path, content)) == 4


def test_a_negative_loss_is_refused_and_a_large_one_is_not(path):
    content = changed(("numbers", 0, "quantity"), "test_loss")
    content["numbers"][0]["published"] = 2.3
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert read_published(path, "dense", FACTORS).numbers[0].published == 2.3
    content["numbers"][0]["published"] = -0.1
    [problem] = problems_of(path, content)
    assert problem == f"`numbers.first.published` must be {PRINTED}. Received: -0.1"


def test_a_file_that_is_no_yaml_is_told_with_its_line(path):
    path.write_text("dataset: mnist\nnumbers: [1, 2\nsource: x\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"published\.yaml, line 3"):
        read_published(path, "dense", FACTORS)


# Everything the notebook prints about its runs, by answer: (units, learning rate, momentum, epochs) -> loss, accuracy.
TABLES = {
    "answer 3": {(512, 0.001, 0, 20): (0.1058, 0.9818), (512, 0.001, 0, 5): (0.0671, 0.9778)},
    "answer 4": {
        (256, 0.001, 0, 5): (0.0754, 0.9762),
        (512, 0.001, 0, 5): (0.0671, 0.9778),
        (1024, 0.001, 0, 5): (0.0712, 0.9763),
    },
    "answer 5": {
        (512, 0.001, 0, 5): (0.0671, 0.9778),
        (512, 0.0001, 0, 5): (0.0763, 0.9777),
        (512, 0.01, 0, 5): (0.1014, 0.9750),
    },
    "answer 6": {
        (512, 0.001, 0, 5): (0.0671, 0.9778),
        (512, 0.001, 0.5, 5): (0.0726, 0.9775),
        (512, 0.001, 0.9, 5): (0.0902, 0.9772),
    },
}
PERCENTAGES = [  # of answer 2
    ("train_accuracy", 1, 92.57),
    ("train_accuracy", 5, 98.89),
    ("test_accuracy", 5, 97.97),
]


def test_the_shipped_file_holds_every_printed_number_and_no_other():
    printed = [
        ("answer 2", quantity, (512, 0.001, 0, epochs), percent / 100) for quantity, epochs, percent in PERCENTAGES
    ]
    for answer, table in TABLES.items():
        for settings, (loss, accuracy) in table.items():
            printed += [(answer, "test_loss", settings, loss), (answer, "test_accuracy", settings, accuracy)]
    assert len(printed) == 25

    def listed(number):
        settings = tuple(float(number.levels[name]) for name in ("units", "learning_rate", "momentum", "epochs"))
        assert (number.levels["batch_size"], number.levels["optimizer"]) == ("128", "rmsprop")
        return number.source[: len("answer N")], number.quantity, settings, round(number.published, 4)

    numbers = read_published(SHIPPED, "dense", FACTORS).numbers
    assert sorted(map(listed, numbers)) == sorted((*row[:-1], round(row[-1], 4)) for row in printed)
    repeats = [number for number in numbers if number.repeats]
    assert sorted(number.published for number in repeats) == [0.0671] * 3 + [0.9778] * 3
    assert {number.source for number in repeats} == {f"answer {answer} table" for answer in (4, 5, 6)}
    assert len({(n.quantity, n.published) for n in numbers}) == len(numbers) - len(repeats) == 19


def test_the_shipped_orderings_agree_with_the_printed_numbers():
    publication = read_published(SHIPPED, "dense", FACTORS)
    assert publication.dataset == "mnist"
    values = {
        (n.quantity, tuple(n.levels.values())): n.published for n in publication.numbers if n.id != "first_run_accuracy"
    }
    assert len(publication.orderings) == 16
    for ordering in publication.orderings:
        winner, loser = (values[ordering.metric, tuple(s.values())] for s in (ordering.winner, ordering.loser))
        assert winner < loser if ordering.metric == "test_loss" else winner > loser, ordering.id
        differing = [name for name in ordering.winner if ordering.winner[name] != ordering.loser[name]]
        assert len(differing) == 1, ordering.id
    claims = {(o.metric, tuple(o.winner.values()), tuple(o.loser.values())) for o in publication.orderings}
    assert len(claims) == len({o.statement for o in publication.orderings}) == 16


def test_a_file_of_ones_own_is_found_from_the_studys_folder_else_from_the_project(tmp_path):
    places = Places(tmp_path, PROJECT)
    assert publication_file("config/published.yaml", places).samefile(SHIPPED)
    (tmp_path / "config").mkdir()
    mine = tmp_path / "config" / "published.yaml"
    mine.write_text(yaml.safe_dump(SOUND), encoding="utf-8")
    for name in ("config/published.yaml", str(mine)):
        assert publication_file(name, places).samefile(mine)
        assert publications(places)(name, str(DENSE), read_network(DENSE)) == read_published(mine, "dense", FACTORS)
    with pytest.raises(ValueError, match=r"`published` must be an existing file, or null\. Received: 'config'"):
        publication_file("config", places)


def test_null_names_no_file():
    places = Places(PROJECT, PROJECT)
    assert publication_file(None, places) is None
    assert publications(places)(None, str(DENSE), read_network(DENSE)) is None


def test_numbers_of_another_network_are_not_read(path):
    content = changed(("numbers", 0, "filters"), 32) | {"network": "convolutional"}
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    publication = read_published(path, "dense", FACTORS)
    assert (publication.network, publication.numbers, publication.orderings) == ("convolutional", (), ())
