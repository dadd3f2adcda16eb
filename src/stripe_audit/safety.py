"""The interlock: which effects an audit may have on its target, and why.

Writes need positive proof of test mode; unknown counts as live. Proof is one of two:

* the audit launched the target with its own test keys, and the journal saw a call made with them;
* the settings declare ``environment: test``, the declared secret key is a test key, and nothing seen contradicts.

Loopback proves nothing. Any live sign ends all writes, and no flag overrides that. The plan applies the rule, and the
transport applies it again before each request.
"""

from __future__ import annotations

import ipaddress
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from stripe_audit.errors import SafetyError
from stripe_audit.models import Effect

__all__ = ["Interlock", "Permission", "TestModeFacts", "is_loopback", "live_sign", "permission"]

_LIVE_KEY = re.compile(r"(?<![A-Za-z0-9])(sk_org|sk|rk|pk|ek)_live_[A-Za-z0-9]{8,}")
_LIVE_OBJECT = re.compile(
    r"""(?:["']|&quot;|&#0?3[49];|&#x2[27];)livemode(?:\\{0,16}["']|&quot;|&#0?3[49];|&#x2[27];)\s{0,16}:\s{0,16}true""",
    re.IGNORECASE,
)
"""As JSON, as JSON inside a text of JSON or of HTML, or as another language prints it."""


@dataclass(frozen=True, slots=True)
class TestModeFacts:
    """What is known about the target's mode before anything is written.

    ``calls_with_audit_keys`` counts what the journal saw the launched target call with the keys that it was given.
    ``declared_key`` is ``"test"``, ``"live"`` or None for the mode of the secret key that the settings declare.
    ``far_host`` is the target's host where that is neither on this machine nor named in ``audit.faults_allowed_on``.
    """

    __test__ = False  # the name begins with "Test"; pytest need not look at it

    environment: str
    launched: bool
    keys_injected: bool
    calls_with_audit_keys: int
    declared_key: str | None
    live_signs: tuple[str, ...] = ()
    far_host: str = ""


@dataclass(frozen=True, slots=True)
class Permission:
    """The strongest permitted effect, the reason in words, and the setting that would prove more, if any."""

    strongest: Effect
    reason: str
    setting: str | None = None
    is_probing_possible: bool = False
    """Whether ``--allow-probes`` would permit probes, or does."""


_PROVE = "target.launch, or target.environment: test with stripe.secret_key"


def permission(facts: TestModeFacts, *, allow_probes: bool = False) -> Permission:
    """Apply the rule. Pure. No fact that speaks of live mode ever permits more than its absence would."""
    proved = _proved(facts, allow_probes=allow_probes)
    if facts.far_host and proved.strongest > Effect.WRITE:
        reason = f"faults and load stay on this machine, and {facts.far_host} is not on it"
        return Permission(Effect.WRITE, reason, "audit.faults_allowed_on")
    return proved


def _proved(facts: TestModeFacts, *, allow_probes: bool) -> Permission:
    """What the mode alone permits."""
    reading = Effect.PROBE if allow_probes else Effect.READ
    if facts.live_signs:
        return Permission(
            Effect.READ, f"a live sign was seen: {facts.live_signs[0]}", "the target must run in test mode"
        )
    if facts.declared_key == "live":
        return Permission(Effect.READ, "the declared secret key is a live key", "stripe.secret_key")
    if facts.environment == "live":
        return Permission(reading, "the settings declare a live environment", "target.environment", True)
    if facts.launched and facts.keys_injected:
        if facts.calls_with_audit_keys:
            return Permission(Effect.LOAD, "launched by the audit with its own test keys, and seen to use them")
        return Permission(
            Effect.PROBE,
            "launched by the audit, but no call of the target with the audit's test keys has reached the emulator",
            "target.launch.env: give the app the emulator's address as {stripe_url} and the key as {secret_key}",
        )
    if facts.environment == "test" and facts.declared_key == "test":
        return Permission(Effect.LOAD, "declared as a test environment, with a secret key of test mode")
    return Permission(reading, "nothing proves that this target runs in test mode, so it counts as live", _PROVE, True)


def live_sign(texts: Iterable[str]) -> str | None:
    """The first sign of live mode in texts that the target sent, in words without the key itself, or None."""
    for text in texts:
        if match := _LIVE_KEY.search(text):
            return f"a live key ({match[1]}_live_…) in an answer of the target"
        if _LIVE_OBJECT.search(text):
            return 'an object with "livemode": true in an answer of the target'
    return None


def is_loopback(host: str) -> bool:
    """Whether a host name or address, as it stands in a URL, stays on this machine."""
    name = host.removeprefix("[").removesuffix("]").lower()
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Interlock:
    """Holds the permission of a run. Thread-safe; can be tightened, never loosened."""

    def __init__(self, granted: Permission) -> None:
        self._lock = threading.Lock()
        self._granted = granted

    @property
    def granted(self) -> Permission:
        """What is permitted now."""
        with self._lock:
            return self._granted

    def permit(self, effect: Effect) -> None:
        """Pass, or raise SafetyError with the reason."""
        granted = self.granted
        if not effect <= granted.strongest:
            raise SafetyError(
                f"a request of effect {effect.value!r} was refused: {granted.reason}",
                hint=granted.setting,
            )

    def trip(self, reason: str) -> None:
        """End all writes for the rest of the run."""
        with self._lock:
            if self._granted.strongest > Effect.READ:
                self._granted = Permission(Effect.READ, reason, "the target must run in test mode")
