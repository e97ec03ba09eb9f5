"""Statistics: arrays in, numbers out; no file is read and no word is written."""
