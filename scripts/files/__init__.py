"""Who vouches for a file: whole or not at all, on record with its SHA-256, by which code and versions."""
