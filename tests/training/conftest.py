"""TensorFlow takes its number of threads once in a process, before the first computation."""

from training.settings import fix_settings

fix_settings()
