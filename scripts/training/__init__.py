"""Train and evaluate one point: network, optimizer, compiled epochs, states on disk, and their cost."""
