"""How all figures look: colours, markers, Matplotlib's settings."""

# Okabe and Ito's palette, told apart by the colour-blind; markers and dashes tell the same apart in grey.
BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#777777"
BASELINE = ORANGE
SERIES = [(BLUE, "o", "-"), (ORANGE, "s", "--"), (GREEN, "^", "-."), (PURPLE, "D", ":"), (GREY, "v", "-")]
STYLE = {
    "figure.constrained_layout.use": True,
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "svg.hashsalt": "study",  # identical identifiers, so identical bytes, in every run
    "svg.fonttype": "none",
}
