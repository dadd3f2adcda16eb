"""What is done with reports besides reading them: accepting findings, comparing, putting together."""
