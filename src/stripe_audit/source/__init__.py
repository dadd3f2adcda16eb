"""What lies in the target's files: env files, secrets, git. Read only."""

from __future__ import annotations

from stripe_audit.source.allowed import AllowedSecret, allowance
from stripe_audit.source.code import CodeFile, files_on_disk, read_code
from stripe_audit.source.env_files import EnvFile, EnvValue, read_env_file, read_env_files
from stripe_audit.source.env_protection import Exposure, exposures
from stripe_audit.source.env_sets import MixedSets, env_files_below, mixed_sets
from stripe_audit.source.git import tracked_files
from stripe_audit.source.handlers import (
    BrokenImport,
    NamedType,
    Service,
    broken_imports,
    handles_webhooks,
    named_types,
    services,
)
from stripe_audit.source.history import History, PastSecret, read_history
from stripe_audit.source.key_sets import HeldKey, Mismatch, keys_in, mismatches
from stripe_audit.source.lock_files import FIXED, Library, is_before_fix, libraries_in
from stripe_audit.source.secrets import Secret, secrets_in
from stripe_audit.source.tree import FoundSecret, Place, Tree, is_env_file, read_tree

__all__ = [
    "FIXED",
    "AllowedSecret",
    "BrokenImport",
    "CodeFile",
    "EnvFile",
    "EnvValue",
    "Exposure",
    "FoundSecret",
    "HeldKey",
    "History",
    "Mismatch",
    "Library",
    "MixedSets",
    "NamedType",
    "PastSecret",
    "Place",
    "Secret",
    "Service",
    "Tree",
    "allowance",
    "broken_imports",
    "env_files_below",
    "exposures",
    "files_on_disk",
    "handles_webhooks",
    "is_before_fix",
    "is_env_file",
    "keys_in",
    "libraries_in",
    "mismatches",
    "mixed_sets",
    "named_types",
    "read_code",
    "read_env_file",
    "read_env_files",
    "read_history",
    "read_tree",
    "secrets_in",
    "services",
    "tracked_files",
]
