"""The target: its routes, the one HTTP client that meets it, and launching it."""
