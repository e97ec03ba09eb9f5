"""From the runs of a study to the rows of its tables."""
