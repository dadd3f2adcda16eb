"""Money that is disputed, paid out, passed on or brought in."""
