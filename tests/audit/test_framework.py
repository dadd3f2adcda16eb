"""The report names the framework that the target's own manifests name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stripe_audit.audit.auditing import Audit, Options
from stripe_audit.catalog import Selection
from tests.audit.test_proof import settings


@pytest.mark.parametrize(
    ("folder", "target", "framework"),
    [
        ("api", {"root": "api"}, "Fastify"),
        (".", {}, "Fastify"),
        ("api", {}, None),
    ],
)
def test_the_framework_is_read_from_where_the_target_lies(tmp_path: Path, folder, target, framework) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / folder / "package.json").write_text(json.dumps({"dependencies": {"fastify": "5", "express": "4"}}))
    made = settings(tmp_path, target=target)
    report = Audit(made, Options(Selection(checks=("env-keys-present",)), is_launching=False)).run()
    assert report.target.framework == framework
