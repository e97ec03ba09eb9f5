"""A publication's numbers and claims, and what the runs say of them."""
