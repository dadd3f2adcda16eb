"""What lies in the target's files: env files, secrets. Read only."""

from __future__ import annotations

from stripe_audit.source.env_files import EnvFile, EnvValue, read_env_file

__all__ = ["EnvFile", "EnvValue", "read_env_file"]
