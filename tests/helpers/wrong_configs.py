"""Configurations that are wrong, by kind: what the YAML files hold, and every line that is then printed."""

from helpers.workflow import PROJECT, SUBSET

INF, NAN = float("inf"), float("nan")

INTEGER = "a positive integer"
WHOLE = "a whole number, like its default 512 in the network's file (others: write 512.0 there)"
POSITIVE = "a positive finite number"
SHARE = "a number from 0 to below 1"
LEVEL = "a number from 0.000001 to below 0.5"
DPI = "an integer from 50 to 600"
OPTIMIZER = "one of rmsprop, rmsprop_keras2, sgd, adam"
NAME = "a name of at most 40 letters, digits, - and _ that does not repeat itself (it names a folder)"
MAPPING = "a mapping"
SWITCH = "true or false"
TEXT = "text or null"

TOP = (
    "Known: dataset, data_folder, class_names, network, baseline, replicates, seeds_per_job, checkpoint_every, "
    "keep_optimizer_state, mixed_arithmetic, sweeps, grids, alpha, margins, published, figures."
)
POINT = "Known: units, learning_rate, momentum, batch_size, optimizer, epochs."
GRID_NAME = (
    "a grid's name must be 1 to 40 lower-case letters, digits and underscores, and not that of a factor or of another "
    "table or figure."
)
ADAM = "optimizer adam takes no momentum (it has its own), momentum must be 0. Received: momentum="
TOO_LARGE = "batch_size must be at most the training set's 60000 images. Received: "
UNKNOWN_DATASET = (
    "`dataset` must be one of mnist, fashion_mnist, or a name of your own with `data_folder` set to the folder of its "
    "files. Received: "
)


STUDY = "/study"  # a study's folder in the lines


def placed(problems, study, project=PROJECT):
    """Return lines as they are printed where study and project lie elsewhere."""
    return [line.replace(f"'{STUDY}", f"'{study}").replace(f"'{PROJECT}", f"'{project}") for line in problems]


def looked_for(name):
    """Return the end of the line about a relative path that is not there."""
    return f"Received: {name!r}, looked for as '{STUDY}/{name}' and as '{PROJECT}/{name}'"


def nested(key, value):
    """Return `{"a": {"b": value}}` for the key `a.b`."""
    for part in reversed(key.split(".")):
        value = {part: value}
    return value


# key, what was expected, values that are something else
_VALUES = [
    (
        "dataset",
        NAME,
        ["", "a/b", "../mnist", "-mnist", "two words", "mnist\n", 19 * "a", 41 * "a", 5, None, ["mnist"]],
    ),
    ("data_folder", TEXT, [5, True, ["data"], {"path": "data"}]),
    (
        "class_names",
        "null or a list of 2 to 256 different names, in quotes if they look like numbers",
        [5, "cat", ["cat"], ["cat", "cat"], ["cat", 5], ["cat", ""], [str(name) for name in range(257)], {"cat": 0}],
    ),
    ("published", TEXT, [5, True, ["mine.yaml"], {"path": "mine.yaml"}]),
    ("network", "a path", [5, None, ["dense.py"]]),
    ("baseline", MAPPING, [5, "rmsprop", []]),
    ("baseline.units", WHOLE, [2.5, 2**53, INF, NAN, True, None, "many", "", [512], {"value": 512}]),
    (
        "baseline.learning_rate",
        POSITIVE,
        [0, -0.1, INF, -INF, NAN, 10**400, False, True, None, "fast", "0x10", [0.1]],
    ),
    ("baseline.momentum", SHARE, [-0.1, -1, 1, 1.5, INF, NAN, True, False, None, "none", "0,9", []]),
    ("baseline.batch_size", INTEGER, [0, -128, 12.5, INF, True, None, "all"]),
    ("baseline.optimizer", OPTIMIZER, ["RMSprop", "adagrad", "", 5, None, ["sgd"], {"sgd": 1}]),
    ("baseline.epochs", INTEGER, [0, -5, 2.5, NAN, None, "five", [5, 10]]),
    ("replicates", INTEGER, [0, -1, 2.5, INF, True, None, "ten", [0, 1]]),
    ("seeds_per_job", INTEGER, [0, -1, 0.5, None, "all"]),
    ("checkpoint_every", INTEGER, [0, -5, 2.5, None, "never"]),
    ("alpha", LEVEL, [0, -0.05, 0.5, 1, NAN, INF, None, "5 %"]),
    ("keep_optimizer_state", SWITCH, [2, None, "perhaps"]),
    ("mixed_arithmetic", SWITCH, ["AVX2"]),
    ("margins", MAPPING, [None, 0.001, [0.001]]),
    ("margins.accuracy", POSITIVE, [0, -0.001, INF, NAN, None, "small"]),
    ("margins.loss", POSITIVE, [0, -0.001, INF, NAN, None, "small"]),
    ("figures", MAPPING, [None, 150, "large"]),
    ("figures.dpi", DPI, [49, 601, 0, 99.5, INF, None, "high"]),
    ("figures.show_seeds", SWITCH, [2, None, "maybe", []]),
    ("sweeps", MAPPING, [5, "units", [], ["units"], False]),
    ("grids", MAPPING, [5, "units", [], [{"units": [1, 2]}], False]),
]
# key, what the line ends with
_UNKNOWN_KEYS = [
    ("replicate", "Did you mean `replicates`?"),
    ("Replicates", "Did you mean `replicates`?"),
    ("dataste", "Did you mean `dataset`?"),
    ("sweep", "Did you mean `sweeps`?"),
    ("seeds", "Did you mean `sweeps`?"),
    ("epochs", "Did you mean `baseline.epochs` or `sweeps.epochs`?"),
    ("learning_rates", "Did you mean `baseline.learning_rate` or `sweeps.learning_rate`?"),
    ("quux", TOP),
    ("Alpha", "Did you mean `alpha`?"),
    ("momentum", "Did you mean `baseline.momentum` or `sweeps.momentum`?"),
    ("baseline.unit", "Did you mean `units`?"),
    ("baseline.lr", POINT),
    ("baseline.learning-rate", "Did you mean `learning_rate`?"),
    ("baseline.quux", POINT),
    ("margins.acuracy", "Did you mean `accuracy`?"),
    ("margins.quux", "Known: accuracy, loss."),
    ("figures.DPI", "Known: dpi, show_seeds."),
    ("figures.show_seed", "Did you mean `show_seeds`?"),
    ("sweeps.unit", "Did you mean `units`?"),
    ("sweeps.moment", "Did you mean `momentum`?"),
    ("sweeps.seed", POINT),
    ("grids.both.optimiser", "Did you mean `optimizer`?"),
]
_KEYS_THAT_ARE_NO_WORD = [
    ({5: 1}, f"`5` is not a known key. {TOP}"),
    ({None: 1}, f"`None` is not a known key. {TOP}"),
    ({2.5: 1}, f"`2.5` is not a known key. {TOP}"),
    ({"two\nlines": 1}, f"`'two\\nlines'` is not a known key. {TOP}"),
    ({"x" * 500: 1}, f"`'{'x' * 76}…` is not a known key. {TOP}"),
    ({"baseline": {5: 1}}, f"`baseline.5` is not a known key. {POINT}"),
    ({"margins": {None: 1}}, "`margins.None` is not a known key. Known: accuracy, loss."),
    ({"sweeps": {5: [1]}}, f"`sweeps.5` is not a known key. {POINT}"),
    ({"sweeps": {None: None}}, f"`sweeps.None` is not a known key. {POINT}"),
    ({"sweeps": {"two\nlines": [1]}}, f"`sweeps.'two\\nlines'` is not a known key. {POINT}"),
    ({"grids": {"both": {5: [1], "units": [1]}}}, f"`grids.both.5` is not a known key. {POINT}"),
    ({"grids": {5: {"units": [1], "epochs": [1]}}}, f"`grids.5`: {GRID_NAME} Received: 5"),
    ({"grids": {"two\nlines": {}}}, f"`grids.'two\\nlines'`: {GRID_NAME} Received: 'two\\nlines'"),
]
# factor, values, what is wrong with them in a sweep as in a grid
_LISTS = [
    ("units", 512, "must be a list of values, e.g. [512]. Received: 512"),
    ("units", {"from": 1}, "must be a list of values, e.g. [512]. Received: {'from': 1}"),
    ("optimizer", "sgd", "must be a list of values, e.g. [rmsprop]. Received: 'sgd'"),
    ("batch_size", [512, 0], f"must be {INTEGER}. Received: 0"),
    ("units", [512, 2.5], f"must be {WHOLE}. Received: 2.5"),
    ("units", [512, [64]], f"must be {WHOLE}. Received: [64]"),
    ("units", [512, None], f"must be {WHOLE}. Received: None"),
    ("learning_rate", [0.001, 0], f"must be {POSITIVE}. Received: 0"),
    ("learning_rate", [0.001, "slow"], f"must be {POSITIVE}. Received: 'slow'"),
    ("momentum", [0, 1], f"must be {SHARE}. Received: 1"),
    ("batch_size", [128, 0], f"must be {INTEGER}. Received: 0"),
    ("optimizer", ["rmsprop", "lion"], f"must be {OPTIMIZER}. Received: 'lion'"),
    ("epochs", [5, 0], f"must be {INTEGER}. Received: 0"),
    ("momentum", [0, 0.9, 0.0], "must hold each value once. Received: 0.0 and 0, both 0"),
    ("momentum", [0, "0"], "must hold each value once. Received: '0' and 0, both 0"),
    ("momentum", ["0.0", -0.0], "must hold each value once. Received: -0.0 and '0.0', both 0"),
    ("learning_rate", [0.001, "1e-3"], "must hold each value once. Received: '1e-3' and 0.001, both 0.001"),
    ("learning_rate", ["1e-5", 0.00001], "must hold each value once. Received: 1e-05 and '1e-5', both 0.00001"),
    ("units", [512, 64, 512.0], "must hold each value once. Received: 512.0 and 512, both 512"),
    ("optimizer", ["sgd", "sgd"], "must hold each value once. Received: 'sgd' and 'sgd', both sgd"),
]
_SWEEPS_AND_GRIDS = [
    (
        {"grids": {"units_loss": {"units": [64, 512], "epochs": [5]}}},
        "`grids.units_loss`: is the name of the table of losses of `units`. Take another",
    ),
    (
        {"sweeps": {"units": []}},
        "`sweeps.units` must hold at least one value. Received: [] (null removes the sweep)",
    ),
    (
        {"grids": {"both": {"units": [], "epochs": [5]}}},
        "`grids.both.units` must hold at least one value. Received: []",
    ),
    (
        {"grids": {"both": {"units": None, "epochs": [5]}}},
        "`grids.both.units` must be a list of values, e.g. [512]. Received: None",
    ),
    (
        {"grids": {"one": {"units": [64, 512]}}},
        "`grids.one` must map two or more factors to lists of values. Received: {'units': [64, 512]}",
    ),
    ({"grids": {"one": {}}}, "`grids.one` must map two or more factors to lists of values. Received: {}"),
    ({"grids": {"one": [64]}}, "`grids.one` must map two or more factors to lists of values. Received: [64]"),
    *(
        ({"grids": {name: {"units": [64, 512], "epochs": [5]}}}, f"`grids.{name}`: {GRID_NAME} Received: {name!r}")
        for name in [
            "units",
            "runs",
            "comparisons",
            "forest",
            "baseline",
            "train_and_test",
            "Both",
            "1st",
            "a-b",
            "a/b",
            "..",
            "",
        ]
    ),
]
_COMBINATIONS = [
    ({"baseline": {"optimizer": "adam", "momentum": 0.9}}, [f"`baseline`: {ADAM}0.9"]),
    (
        {"baseline": {"optimizer": "adam", "momentum": 0.9}, "sweeps": {"units": [64, 512]}},
        [f"`baseline`: {ADAM}0.9"],
    ),
    (
        {"baseline": {"momentum": 0.9}, "sweeps": {"optimizer": ["rmsprop", "adam"]}},
        [f"`sweeps.optimizer`: {ADAM}0.9"],
    ),
    (
        {"baseline": {"optimizer": "adam"}, "sweeps": {"momentum": [0, "0.5", 0.9]}},
        [f"`sweeps.momentum`: {ADAM}0.5", f"`sweeps.momentum`: {ADAM}0.9"],
    ),
    (
        {"grids": {"both": {"optimizer": ["sgd", "adam"], "momentum": [0, 0.9]}}},
        [f"`grids.both`: {ADAM}0.9"],
    ),
    (
        {"grids": {"three": {"optimizer": ["sgd", "adam"], "momentum": [0.5], "batch_size": [64, 128]}}},
        [f"`grids.three`: {ADAM}0.5"],
    ),
    (
        {"baseline": {"optimizer": "adam"}, "grids": {"both": {"units": [64, 512], "momentum": [0, 0.5]}}},
        [f"`grids.both`: {ADAM}0.5"],
    ),
    ({"baseline": {"batch_size": 60001}}, [f"`baseline`: {TOO_LARGE}60001"]),
    (
        {"baseline": {"batch_size": 60001}, "sweeps": {"units": [64, 512], "batch_size": [60001, 70000]}},
        [f"`baseline`: {TOO_LARGE}60001", f"`sweeps.batch_size`: {TOO_LARGE}70000"],
    ),
    ({"sweeps": {"batch_size": [128, 60000, 60001]}}, [f"`sweeps.batch_size`: {TOO_LARGE}60001"]),
    (
        {"grids": {"both": {"batch_size": [128, 99999], "units": [64, 512]}}},
        [f"`grids.both`: {TOO_LARGE}99999"],
    ),
]
_DATA_SETS = [
    ({"dataset": "minst"}, f"{UNKNOWN_DATASET}'minst' (did you mean 'mnist'?)"),
    ({"dataset": "fashion-mnist"}, f"{UNKNOWN_DATASET}'fashion-mnist' (did you mean 'fashion_mnist'?)"),
    ({"dataset": "letters"}, f"{UNKNOWN_DATASET}'letters'"),
    ({"data_folder": "no/such"}, f"`data_folder` must be an existing folder. {looked_for('no/such')}"),
    ({"data_folder": __file__}, f"`data_folder` must be an existing folder. Received: {__file__!r}"),
    (
        {"dataset": "letters", "data_folder": str(PROJECT / "config")},
        "`data_folder` must hold the IDX files train-images-idx3-ubyte, train-labels-idx1-ubyte, "
        "t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte (raw or .gz), the arrays x_train.npy, y_train.npy, x_test.npy, "
        f"y_test.npy, or an .npz with x_train, y_train, x_test, y_test. Received: {str(PROJECT / 'config')!r} with "
        "README.md, config.yaml, convolutional.yaml, datasets.yaml, depth.yaml, fashion.yaml, published.yaml, "
        "quick.yaml, 1 more. Save your arrays under these names: "
        "`np.savez('data.npz', x_train=…, y_train=…, x_test=…, y_test=…)`",
    ),
    (
        {"dataset": "letters", "data_folder": str(SUBSET), "sweeps": {"batch_size": [128, 1001]}},
        "`sweeps.batch_size`: batch_size must be at most the training set's 1000 images. Received: 1001",
    ),
]
# key, a number whose canonical text is long
_LONG_NUMBERS = [
    ("baseline.learning_rate", 1e-30),
    ("sweeps.learning_rate", 1e300),
    ("sweeps.momentum", 1e-50),
]
_TOO_MANY_RUNS = [
    ({"replicates": 2_000_000_000}, "2,000,000,000"),
    ({"sweeps": {"epochs": [5, 2_000_000_000]}}, "4,000,000,020"),
    ({"grids": {"g": {"units": [*range(1, 500)], "batch_size": [*range(1, 500)]}}}, "2,490,020"),
]
_FILES = [
    ({"data_folder": 300 * "x"}, f"`data_folder` must be an existing folder. {looked_for(300 * 'x')}"),
    ({"data_folder": "a\0b"}, "`data_folder` must be text without a zero byte. Received: 'a\\x00b'"),
    (
        {"data_folder": "~nobody-of-this-name/x"},
        f"`data_folder` must be an existing folder. {looked_for('~nobody-of-this-name/x')}",
    ),
    ({"data_folder": "$HOME"}, f"`data_folder` must be an existing folder. {looked_for('$HOME')}"),
    ({"data_folder": "\ud800"}, "`data_folder` must be text that UTF-8 can hold. Received: '\\ud800'"),
    ({"network": "none.py"}, f"`network` must be an existing file. {looked_for('none.py')}"),
    ({"published": "none.yaml"}, f"`published` must be an existing file, or null. {looked_for('none.yaml')}"),
    ({"published": "config"}, f"`published` must be an existing file, or null. {looked_for('config')}"),
    ({"published": 300 * "x"}, f"`published` must be an existing file, or null. {looked_for(300 * 'x')}"),
]


def _shown(value):
    return repr(value) if len(repr(value)) <= 80 else f"{value!r:.77}…"


def _with_list(section, factor, values):
    """Return a sweep of these values, or a grid of them and two more."""
    raw = nested(f"{section}.{factor}", values)
    if section == "grids.both":
        raw["grids"]["both"]["batch_size" if factor != "batch_size" else "units"] = [128, 64]
    return raw


def _with_unknown(key):
    raw = nested(key, [64, 512])
    if key.startswith("grids."):
        raw["grids"]["both"]["units"] = [64, 512]
    return raw


# kind -> pairs of what the configuration holds and the lines it is refused with; YAML can hold the first of each kind
WRONG_CONFIGS = {
    "a wrong value": [
        (nested(key, value), [f"`{key}` must be {expected}. Received: {_shown(value)}"])
        for key, expected, values in _VALUES
        for value in values
    ],
    "a number that is long when written out": [
        (
            nested(key, [value] if key.startswith("sweeps") else value),
            [f"`{key}` must be a number of at most 20 characters when written out. Received: {value!r}"],
        )
        for key, value in _LONG_NUMBERS
    ],
    "an unknown key": [(_with_unknown(key), [f"`{key}` is not a known key. {end}"]) for key, end in _UNKNOWN_KEYS],
    "a key that is no word": [(raw, [problem]) for raw, problem in _KEYS_THAT_ARE_NO_WORD],
    "no mapping": [
        (raw, [f"the configuration must be a mapping of keys to values. Received: {raw!r}"])
        for raw in (None, 5, "dataset: mnist", ["dataset"], True)
    ],
    "a wrong list of values": [
        (_with_list(section, factor, values), [f"`{section}.{factor}` {problem}"])
        for section in ("sweeps", "grids.both")
        for factor, values, problem in _LISTS
    ],
    "a wrong sweep or grid": [(raw, [problem]) for raw, problem in _SWEEPS_AND_GRIDS],
    "values that do not go together": _COMBINATIONS,
    "too many runs": [
        (
            raw,
            [
                "the study must have at most 1,000,000 runs (milestones of all points times `replicates`). "
                f"Received: {runs}"
            ],
        )
        for raw, runs in _TOO_MANY_RUNS
    ],
    "a data set that cannot be had": [(raw, [problem]) for raw, problem in _DATA_SETS],
    "a file or folder that cannot be had": [(raw, [problem]) for raw, problem in _FILES],
}

# kind -> pairs of what a file holds and how the line begins
FILES_THAT_CANNOT_BE_READ = {
    "no YAML": [
        ("a: 1\nb: [1, 2\nc: 3\n", "study.yaml, line 3, column 2: expected ',' or ']', but got ':'"),
        ("a: 1\nb: {c: 1\n", "study.yaml, line 3, column 1: expected ',' or '}', but got '<stream end>'"),
        ("a: 1\n b: 2\n", "study.yaml, line 2, column 3: mapping values are not allowed here"),
        ("a: 1\nb: @c\n", "study.yaml, line 2, column 4: found character '@' that cannot start any token"),
        ('a: "one\nb: 2\n', "study.yaml, line 3, column 1: found unexpected end of stream"),
        ("a: *one\n", "study.yaml, line 1, column 4: found undefined alias 'one'"),
        ("a: 1\n---\na: 2\n", "study.yaml, line 2, column 1: but found another document"),
        ("sweeps:\n\tunits: [1]\n", "study.yaml, line 2, column 1: found character '\\t' that cannot start any token"),
        ("a: 1\nb: 2\na: 3\n", "study.yaml, line 3, column 1: the key `a` is given twice (first in line 1)"),
        (
            "baseline:\n  units: 1\n  epochs: 5\n  units: 2\n",
            "study.yaml, line 4, column 3: the key `units` is given twice (first in line 2)",
        ),
        ("a: {b: {c: 1, c: 2}}\n", "study.yaml, line 1, column 15: the key `c` is given twice (first in line 1)"),
        ("a:\n  - {b: 1, b: 1}\n", "study.yaml, line 2, column 12: the key `b` is given twice (first in line 2)"),
        ("5: a\n5.0: b\n", "study.yaml, line 2, column 1: the key `5.0` is given twice (first in line 1)"),
        ('"a\\nb": 1\n"a\\nb": 2\n', "study.yaml, line 2, column 1: the key `a b` is given twice (first in line 1)"),
        ("a: 1\nnull: 2\n", "study.yaml, line 2, column 1: a key must be a word or a number"),
        ("? [a, b]\n: 1\n", "study.yaml, line 1, column 3: a key must be a word or a number"),
        ("a: 1\nb: 2024-13-45\n", "study.yaml, line 2, column 4: no valid value (month must be in 1..12"),
        ("a: 1\nb: !!bool perhaps\n", "study.yaml, line 2, column 4: no valid value ('perhaps')"),
        ('a: !!int ""\n', "study.yaml, line 1, column 4: no valid value (string index out of range)"),
        ("a: &a {b: *a}\n", "study.yaml, line 1, column 4: found unconstructable recursive node"),
        ("a: " + 5000 * "[", "study.yaml: maximum recursion depth exceeded"),
        ("a: 1\nb: 2: 3\n", "study.yaml, line 2, column 5: mapping values are not allowed here"),
        ("a:\n    b: 8\n  c: 2\n", "study.yaml, line 3, column 3: "),
        ("alpha: !level 0.1\n", "study.yaml, line 1, column 8: could not determine a constructor for the tag '!level'"),
    ],
    "no mapping": [
        ("- a\n- b\n", "study.yaml: must hold a mapping of keys to values. Received: a list"),
        ("only text\n", "study.yaml: must hold a mapping of keys to values. Received: a str"),
        ("5\n", "study.yaml: must hold a mapping of keys to values. Received: a int"),
        ("# a comment\n", "study.yaml: must hold a mapping of keys to values. Received: nothing"),
    ],
    "no text": [
        ("a: é\n".encode("latin-1"), "study.yaml: cannot be read: not UTF-8 text (invalid continuation byte)"),
        ("alpha: 0.1\n".encode("utf-16"), "study.yaml: cannot be read: not UTF-8 text ("),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "study.yaml: cannot be read: not UTF-8 text ("),
        (b"alpha: 0.1\x00\n", "study.yaml: "),
    ],
}
