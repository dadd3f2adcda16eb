"""Reporters: one file per format. Each renders the same report; ``interface.py`` finds them by name."""
