"""The data sets: where their files come from, what they must hold, how they become arrays."""
