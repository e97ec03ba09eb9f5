"""The commands of make: one run at a time, what it will do and take, how far it is, and the audit of it."""
