"""Declared ways to read the target's state. Observers never write."""
