"""The checks of env files on files: what they find, where, and that no value is shown."""

from __future__ import annotations

import pytest

from stripe_audit.audit.stage import Stage
from stripe_audit.models import Outcome
from stripe_audit.settings import load_settings
from stripe_audit.source import read_env_file
from stripe_audit.testing import demo_stage, run_checks
from tests.checks.modules import module_of

CHECKS = ("env-keys-present", "env-keys-test-mode", "env-keys-consistent", "webhook-secret-well-formed")


@pytest.mark.parametrize(
    ("text", "wanted", "needs_secret", "found"),
    [
        ("STRIPE_SECRET_KEY=sk_test_a\nWHSEC=whsec_a\n", {"STRIPE_SECRET_KEY": "SECRET"}, True, []),
        ("STRIPE_SECRET_KEY=\n", {"STRIPE_SECRET_KEY": "SECRET"}, False, ["STRIPE_SECRET_KEY"]),
        ("", {"STRIPE_SECRET_KEY": "SECRET", "HOOK": "WEBHOOK_SECRET"}, True, ["STRIPE_SECRET_KEY", "HOOK"]),
        ("STRIPE_SECRET_KEY=sk_test_a\n", {}, False, []),
        ("STRIPE_SECRET_KEY=sk_test_a\n", {}, True, [""]),
        ("STRIPE_SECRET_KEY=sk_test_a\nSTRIPE_WEBHOOK_SECRET=x\n", {}, True, []),
        ("PORT=1\n", {}, True, ["", ""]),
    ],
)
def test_what_no_file_sets(tmp_path, text, wanted, needs_secret, found):
    module = module_of("env-keys-present")
    path = tmp_path / ".env"
    path.write_text(text)
    kinds = {name: module.keys.KeyKind[kind] for name, kind in wanted.items()}
    told = module.missing([read_env_file(path)], kinds, needs_webhook_secret=needs_secret)
    assert [name for name, _ in told] == found


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("[dotenv@17.2.3] injecting env (29) from .env", "29"),
        ('{"message": "configuration loaded", "variables": 14}', "14"),
        ("Loaded 21 environment variables", "21"),
        ("listening on port 3001", None),
    ],
)
def test_how_an_app_tells_of_its_variables(line, count):
    said = module_of("env-keys-present").LOADED.search(line)
    assert (said and next(filter(None, said.groups()))) == count


@pytest.mark.parametrize(
    ("environment", "defect", "outcome"),
    [
        ("live", (), Outcome.FAILED),
        ("live", ("env-live-keys",), Outcome.PASSED),
        ("unknown", (), Outcome.INCONCLUSIVE),
    ],
)
def test_the_mode_is_compared_with_the_environment(environment, defect, outcome):
    with demo_stage(defects=defect, flags={"target": {"environment": environment}}) as stage:
        result = run_checks(["env-keys-test-mode"], stage)["env-keys-test-mode"]
    assert result.outcome is outcome


def test_a_file_that_is_not_there_is_no_pass():
    with demo_stage(flags={"target": {"env_files": ["missing.env"]}}) as stage:
        results = run_checks(CHECKS, stage)
    assert {result.outcome for result in results.values()} == {Outcome.INCONCLUSIVE}
    assert "missing.env cannot be read" in (results["env-keys-present"].reason or "")


def test_findings_name_variable_and_line_and_no_value():
    defects = ["env-live-keys", "webhook-secret-of-wrong-kind"]
    with demo_stage(defects=defects) as stage:
        results = run_checks(CHECKS, stage)
    found = [finding for result in results.values() for finding in result.findings]
    assert {str(finding.source) for finding in found} == {".env:3", ".env:4", ".env:5"}
    assert not any(secret in repr(found) for secret in ("NotARealKey", "DemoDemoDemo"))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_file_as_powershell_writes_it_is_told_from_one_that_lacks_a_key(tmp_path, encoding):
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}[encoding]
    (tmp_path / ".env").write_bytes(mark + "STRIPE_SECRET_KEY=sk_test_x\r\n".encode(encoding))
    (tmp_path / "stripe-audit.yaml").write_text("version: 1\ntarget: {env_files: [.env], stripe: none}\n")
    with Stage(load_settings(tmp_path / "stripe-audit.yaml", environ={})) as stage:
        (finding,) = run_checks(["env-keys-present"], stage)["env-keys-present"].findings
    assert finding.detail == (
        "A secret key is not set in .env. In UTF-16, as .env is, nobody finds a variable: save it as UTF-8."
    )
