"""The audit's own side of a preflight: settings, env files, the Stripe side, the checks."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

from stripe_audit.audit.auditing import Audit, Options
from stripe_audit.audit.preflight.lines import WITHIN_S, Line, State, safe, status_of
from stripe_audit.catalog import Selection
from stripe_audit.errors import AuditError
from stripe_audit.keys import KeyKind, KeyMode, make_test_keys, parse_key, problems
from stripe_audit.settings import Settings
from stripe_audit.source.env_files import EnvFile, read_env_file
from stripe_audit.stripe_backend.account import RealAccount
from stripe_audit.stripe_backend.embedded import EmbeddedStripe

__all__ = ["env_file_lines", "plan_lines", "settings_lines", "stripe_cli_lines", "stripe_lines"]


def settings_lines(settings: Settings) -> Iterator[Line]:
    """The settings themselves."""
    if settings.origin:
        yield Line("settings", State.OK, f"{settings.origin.name} loads")
    else:
        yield Line("settings", State.NOTE, "no settings file; defaults are in force", "stripe-audit init")
    if settings.model.target.environment == "unknown":
        told = "target.environment is unknown, which counts as live: nothing will be written"
        yield Line("environment", State.NOTE, told, "target.environment: test, if it is")


# Env files and keys


def env_file_lines(settings: Settings) -> Iterator[Line]:
    """Each env file, and the keys in it."""
    declared = settings.model.target.env_files
    if not declared:
        yield Line("env files", State.NOTE, "none declared; keys are not looked at", "target.env_files: [.env]")
    for name in declared:
        try:
            file = read_env_file(settings.path(name))
        except (OSError, AuditError) as error:
            told = f"{name} cannot be read ({getattr(error, 'strerror', None) or error})"
            yield Line("env file", State.NOTE, told, "mend target.env_files, or make the file")
            continue
        yield Line("env file", State.OK, f"{name}: {len(file.variables)} variables")
        yield from _keys(settings, file, name)


def _keys(settings: Settings, file: EnvFile, name: str) -> Iterator[Line]:
    is_test = settings.model.target.environment == "test"
    for kind in (KeyKind.SECRET, KeyKind.PUBLISHABLE, KeyKind.WEBHOOK_SECRET):
        for entry in file.meaning(kind):
            where = f"{name}:{entry.line} {entry.name}"
            if trouble := problems(entry.value, kind):
                yield Line("key", State.NOTE, f"{where} {', '.join(trouble)}", "copy it again from Stripe's dashboard")
                continue
            mode = parse_key(entry.value).mode
            named = str(kind).replace("_", " ")
            told = f"{where} is a {named} key" if kind is not KeyKind.WEBHOOK_SECRET else f"{where} is a {named}"
            if mode is KeyMode.LIVE and is_test:
                yield Line("key", State.NOTE, f"{told}, live", "a test deployment needs test keys")
            else:
                yield Line("key", State.OK, told + ("" if mode is KeyMode.UNKNOWN else f", {mode}"))


def stripe_lines(settings: Settings) -> Iterator[Line]:
    """The Stripe side."""
    target = settings.model.target
    if settings.model.stripe.mode == "test":
        yield _account_line(settings)
        return
    if target.stripe == "none":
        told = "the app cannot be led to the audit's Stripe: payments are not judged"
        yield Line("stripe", State.NOTE, told, "target.stripe")
        return
    port = settings.model.stripe.port
    if target.launch is None and not port:
        told = "an app that is already running cannot know a port that is chosen for each run"
        yield Line("stripe", State.WRONG, told, "stripe.port: 12111, and the app's own setting for Stripe's address")
        return
    stripe = EmbeddedStripe(make_test_keys(0), port=port, seed=0, api_version=settings.model.stripe.api_version)
    try:
        stripe.start()
    except AuditError as error:
        yield Line("stripe", State.WRONG, safe(error.message), error.hint or "stripe.port")
        return
    try:
        status = status_of(f"{stripe.address.url}/v1/charges")
    finally:
        stripe.stop()
    if status == 401:
        yield Line("stripe", State.OK, "the embedded Stripe starts and answers on the loopback")
    else:
        yield Line("stripe", State.WRONG, "the embedded Stripe does not answer", "is the loopback filtered?")


def _account_line(settings: Settings) -> Line:
    """Whether the account's key is one of test mode and works: one read."""
    stripe = settings.model.stripe
    account = None
    try:
        secret, publishable = settings.secret(stripe.secret_key), settings.secret(stripe.publishable_key)
        account = RealAccount(secret, publishable, address=stripe.api_base, api_version=stripe.api_version)
        account.start()
    except AuditError as error:
        return Line("stripe", State.WRONG, safe(error.message), error.hint or "stripe.secret_key")
    finally:
        if account:
            account.stop()
    return Line("stripe", State.OK, f"the test account answers in version {account.api_version}")


def stripe_cli_lines(settings: Settings) -> Iterator[Line]:
    """The official Stripe CLI."""
    path = shutil.which("stripe")
    if path is None:
        is_real = settings.model.stripe.mode == "test"
        told = "events are read from the account instead" if is_real else "only checks of the CLI itself need it"
        yield Line("stripe CLI", State.NOTE, f"not found; {told}", "docs.stripe.com/stripe-cli")
        return
    try:
        told = subprocess.run([path, "version"], capture_output=True, text=True, timeout=WITHIN_S, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        yield Line("stripe CLI", State.NOTE, f"{path} does not tell its version", "reinstall it")
        return
    first = told.strip().splitlines()[:1]
    yield Line("stripe CLI", State.OK, safe(first[0]) if first else path)


def plan_lines(settings: Settings) -> Iterator[Line]:
    """What would run, and what is permitted."""
    try:
        plan = Audit(settings, Options(Selection())).plan()
    except AuditError as error:
        yield Line("checks", State.WRONG, safe(error.message), error.hint)
        return
    told = f"{len(plan.running)} of {len(plan.entries)} will run"
    is_all = len(plan.running) == len(plan.entries)
    yield Line("checks", State.OK, told, None if is_all else "stripe-audit run --dry-run says why the others will not")
    allowed = f"up to '{plan.permission.strongest.value}': {plan.permission.reason}"
    yield Line("permission", State.OK, allowed, plan.permission.setting)
