"""What lies in the target's files: env files, secrets. Read only."""
