"""Training and evaluation of one point: network, optimizer, compiled epochs, states on disk, and what they cost."""
