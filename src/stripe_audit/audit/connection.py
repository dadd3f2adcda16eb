"""Whether a launched target reaches the audit's Stripe; if it does not, why, as far as can be told, and what to try."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from stripe_audit.audit.launching import injection_folder
from stripe_audit.audit.stage import Stage
from stripe_audit.deployment.launch.injection import Noted, read_notes
from stripe_audit.deployment.launch.losses import loss_below
from stripe_audit.deployment.launch.proxy.overlay import can_overlay
from stripe_audit.stripe_backend.account import RealAccount
from stripe_audit.stripe_backend.embedded import EmbeddedStripe

__all__ = ["connection_notes", "lost_injection", "what_to_try"]

_WITHOUT_INJECTION = (
    "target.stripe: proxy, which needs no injection; or a start command that keeps PYTHONPATH and NODE_OPTIONS "
    "(PYTHONPATH=src:$PYTHONPATH)"
)

_SHOWN = 5
"""Names of a kind; a target can make up many."""


def connection_notes(stage: Stage, *, is_tried: bool = True) -> tuple[str, ...]:
    """What the report should say about the way from the target to Stripe. ``is_tried``: it had an occasion to call."""
    if isinstance(stage.stripe, RealAccount):
        return tuple(stage.safe(text) for text in stage.stripe.notes)
    if not stage.is_launching or not isinstance(stage.stripe, EmbeddedStripe) or stage.unreached:
        return ()
    noted = read_notes(injection_folder(stage.scratch))
    if stage.proxy:
        noted = replace(noted, refused=stage.proxy.refused)
    is_shown = is_tried or (stage.way == "inject" and not noted.runtimes)
    return tuple(stage.safe(text) for text in _notes(stage, noted, is_tried=is_shown))


def lost_injection(stage: Stage) -> tuple[str, ...]:
    """What is to be said before anything is tried of a target that cannot reach the emulator as it was started."""
    if stage.way != "inject" or stage.unreached or (lost := _loss(stage)) is None:
        return ()
    return (stage.safe(f"the injection was lost: {lost}; try: {_WITHOUT_INJECTION}"),)


def _loss(stage: Stage) -> str | None:
    launched = stage.launched
    return loss_below(launched.pid, injection_folder(stage.scratch)) if launched and launched.pid else None


def _notes(stage: Stage, noted: Noted, *, is_tried: bool) -> Iterator[str]:
    assert stage.stripe
    if is_tried and not stage.stripe.target_calls() and not stage.stripe.live_keys_refused():
        yield f"the target does not reach the emulator: {_why(stage, noted)}; try: {what_to_try(stage)}"
    if noted.live:
        yield (
            f"the target's own files hold a live key ({_some(noted.live)}); it was launched with the audit's test key "
            "instead, and the live one went nowhere"
        )
    if stage.proxy and not stage.proxy.is_private:
        yield (
            "this machine allows no private view of files, so that nothing but HTTPS_PROXY and SSL_CERT_FILE leads the "
            "target to the emulator, and a library that ignores them finds the real Stripe"
        )
    if noted.refused:
        hosts = _some(noted.refused)
        yield f"the target tried to reach {hosts}; what the audit launches is kept from Stripe's real hosts"


def _why(stage: Stage, noted: Noted) -> str:
    if stage.way == "proxy":
        return "no call of its own came through the audit's proxy"
    if stage.way != "inject":
        return "no call of its own has come with the audit's keys"
    if not noted.runtimes:
        kept = "" if can_overlay() else ", and nothing on this machine keeps it from the real Stripe"
        lost = _loss(stage)
        return f"none of its processes took the injection{f' ({lost})' if lost else ''}{kept}"
    if not noted.libraries:
        return f"{_some(noted.runtimes)} took the injection, but nothing in it has called Stripe"
    return f"{_some(noted.libraries)} was turned to it, but no call has come with the audit's keys"


def what_to_try(stage: Stage) -> str:
    """The next thing to do for a target whose calls are not seen. Names settings."""
    if stage.way == "proxy":
        return "target.stripe: inject for Python and Node.js, or env with {stripe_url} in target.launch.env"
    if stage.way != "inject":
        return "target.launch.env: give the app the emulator's address as {stripe_url} and the key as {secret_key}"
    noted = read_notes(injection_folder(stage.scratch))
    if not noted.runtimes:
        return (
            "a target.launch.command that starts Python or Node.js here: not in a container, not with python -I or -E, "
            "and not by a script that sets PYTHONPATH anew; for other languages target.stripe: proxy, or env with "
            "{stripe_url}"
        )
    if "create_payment" not in stage.spec.routes or not stage.spec.items:
        return "target.routes.create_payment and target.items, so that the audit can make it call Stripe"
    if stage.settings.model.target.environment != "test":
        return "target.environment: test, so that the audit may create a first payment"
    return "target.launch.env: the variable from which the app takes its key, as {secret_key}"


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
