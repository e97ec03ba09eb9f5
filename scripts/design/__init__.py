"""What is asked: the config, checked and completed, and the plan of points, epochs and seeds it makes."""
