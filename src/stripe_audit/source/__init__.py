"""What lies in the target's files: env files, secrets. Read only."""

from __future__ import annotations

from stripe_audit.source.env_files import EnvFile, EnvValue, read_env_file, read_env_files
from stripe_audit.source.key_sets import HeldKey, Mismatch, keys_in, mismatches

__all__ = ["EnvFile", "EnvValue", "HeldKey", "Mismatch", "keys_in", "mismatches", "read_env_file", "read_env_files"]
