"""The evidence bundle: one file that a reviewer can keep, read with other tools, and check for changes."""
