"""Load: signed webhook events on a schedule, how fast they were answered, and whether each had its effect once."""
