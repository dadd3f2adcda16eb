"""The interlock: writes need positive proof of test mode, and any live sign ends them."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import replace

import pytest

from stripe_audit.errors import SafetyError
from stripe_audit.models import Effect
from stripe_audit.safety import Interlock, Permission, TestModeFacts, is_loopback, live_sign, permission

NOTHING = TestModeFacts(
    environment="unknown", launched=False, keys_injected=False, calls_with_audit_keys=0, declared_key=None
)
LAUNCHED = replace(NOTHING, launched=True, keys_injected=True, calls_with_audit_keys=1)
DECLARED = replace(NOTHING, environment="test", declared_key="test")
SIGN = ("a live key (sk_live_…) in an answer of the target",)

TABLE = [
    # facts, without --allow-probes, with it, part of the reason, part of the setting
    (NOTHING, Effect.READ, Effect.PROBE, "nothing proves", "target.launch"),
    (replace(NOTHING, environment="test"), Effect.READ, Effect.PROBE, "nothing proves", "stripe.secret_key"),
    (replace(NOTHING, declared_key="test"), Effect.READ, Effect.PROBE, "nothing proves", "target.environment: test"),
    (replace(NOTHING, environment="live"), Effect.READ, Effect.PROBE, "declare a live environment", "environment"),
    (replace(NOTHING, declared_key="live"), Effect.READ, Effect.READ, "a live key", "stripe.secret_key"),
    (replace(NOTHING, live_signs=SIGN), Effect.READ, Effect.READ, "a live sign was seen: a live key", "test mode"),
    (DECLARED, Effect.LOAD, Effect.LOAD, "declared as a test environment", None),
    (replace(DECLARED, declared_key="live"), Effect.READ, Effect.READ, "a live key", "stripe.secret_key"),
    (replace(DECLARED, live_signs=SIGN), Effect.READ, Effect.READ, "a live sign was seen", "test mode"),
    (replace(DECLARED, environment="live"), Effect.READ, Effect.PROBE, "declare a live environment", "environment"),
    (
        replace(DECLARED, far_host="shop.test"),
        Effect.WRITE,
        Effect.WRITE,
        "shop.test is not on it",
        "faults_allowed_on",
    ),
    (replace(NOTHING, far_host="shop.test"), Effect.READ, Effect.PROBE, "nothing proves", "target.launch"),
    (LAUNCHED, Effect.LOAD, Effect.LOAD, "seen to use them", None),
    (replace(LAUNCHED, environment="test"), Effect.LOAD, Effect.LOAD, "seen to use them", None),
    (replace(LAUNCHED, calls_with_audit_keys=0), Effect.PROBE, Effect.PROBE, "no call of the target", "{stripe_url}"),
    (replace(LAUNCHED, keys_injected=False), Effect.READ, Effect.PROBE, "nothing proves", "target.launch"),
    (replace(LAUNCHED, environment="live"), Effect.READ, Effect.PROBE, "declare a live environment", "environment"),
    (replace(LAUNCHED, declared_key="live"), Effect.READ, Effect.READ, "a live key", "stripe.secret_key"),
    (replace(LAUNCHED, live_signs=SIGN), Effect.READ, Effect.READ, "a live sign was seen", "test mode"),
    (
        replace(NOTHING, environment="live", declared_key="live"),
        Effect.READ,
        Effect.READ,
        "a live key",
        "stripe.secret_key",
    ),
]


@pytest.mark.parametrize(("facts", "bare", "probing", "reason", "setting"), TABLE)
def test_what_is_permitted(facts, bare, probing, reason, setting):
    for allow_probes, expected in ((False, bare), (True, probing)):
        granted = permission(facts, allow_probes=allow_probes)
        assert granted.strongest is expected
        assert reason in granted.reason
        assert granted.setting is None if setting is None else setting in granted.setting
    assert permission(facts).is_probing_possible == (bare is Effect.READ and probing is Effect.PROBE)


def _every_fact():
    for environment, launched, injected, calls, key, signs in itertools.product(
        ("test", "live", "unknown"), (True, False), (True, False), (0, 3), ("test", "live", None), ((), SIGN)
    ):
        yield TestModeFacts(environment, launched, injected, calls, key, signs)


def test_nothing_live_ever_permits_a_write():
    for facts in _every_fact():
        if facts.environment == "live" or facts.declared_key == "live" or facts.live_signs:
            assert permission(facts, allow_probes=True).strongest <= Effect.PROBE


def test_a_live_fact_never_permits_more_than_its_absence():
    for facts in _every_fact():
        for worse in (
            replace(facts, environment="live"),
            replace(facts, declared_key="live"),
            replace(facts, live_signs=SIGN),
        ):
            for probes in (True, False):
                before, after = permission(facts, allow_probes=probes), permission(worse, allow_probes=probes)
                assert after.strongest <= before.strongest


def test_writes_need_one_of_the_two_proofs():
    for facts in _every_fact():
        if permission(facts, allow_probes=True).strongest > Effect.PROBE:
            is_seen = facts.launched and facts.keys_injected and facts.calls_with_audit_keys
            assert is_seen or (facts.environment == "test" and facts.declared_key == "test")


def test_probes_are_only_added_where_the_flag_is_said_to_help():
    for facts in _every_fact():
        bare, probing = permission(facts), permission(facts, allow_probes=True)
        assert bare.strongest <= probing.strongest
        assert (bare.strongest < probing.strongest) == (bare.is_probing_possible and bare.strongest is Effect.READ)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ('{"key": "sk_live_abcdefgh12345678"}', "a live key (sk_live_…)"),
        ("Stripe('pk_live_51Habcdefgh')", "a live key (pk_live_…)"),
        ("rk_live_abcdefgh", "a live key (rk_live_…)"),
        ("ek_live_abcdefgh", "a live key (ek_live_…)"),
        ("sk_org_live_abcdefgh", "a live key (sk_org_live_…)"),
        ("VITE_STRIPE_KEY_pk_live_abcdefgh", "a live key (pk_live_…)"),
        ('{"id": "pi_1", "livemode": true}', '"livemode": true'),
        ('{"livemode"  :\n true}', '"livemode": true'),
        (r'{"body": "{\"livemode\":true}"}', '"livemode": true'),
        (r'"{\\\"livemode\\\": true}"', '"livemode": true'),
        ("&quot;livemode&quot;:true", '"livemode": true'),
        ("&#34;livemode&#34;: true", '"livemode": true'),
        ("{'livemode': True}", '"livemode": true'),
        ('{"livemode": false}', None),
        ("the field livemode: true means", None),
        ("sk_test_abcdefgh12345678 pk_test_abcdefgh", None),
        ("sk_live_…", None),
        ("sk_live_short", None),
        ("task_live_abcdefgh12", None),
        ("", None),
    ],
)
def test_signs_of_live_mode(text, sign):
    found = live_sign(["nothing here", text])
    assert found is None if sign is None else found is not None and sign in found
    assert "abcdefgh" not in (found or "")


def test_looking_for_signs_takes_time_in_proportion_to_the_text():
    """A target may answer with anything; a regular expression that goes back and forth would stop the whole audit."""
    hostile = ["\\" * 400_000, '"livemode"' * 40_000, '"livemode' + " " * 400_000, "sk_live_" * 50_000, "'" * 400_000]
    began = time.monotonic()
    assert live_sign(hostile) is None
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("127.999.0.1", False),
        ("127.1", False),
        ("2130706433", False),
        ("example.com", False),
        ("", False),
    ],
)
def test_what_stays_on_this_machine(host, is_ours):
    assert is_loopback(host) is is_ours


@pytest.mark.parametrize("strongest", list(Effect))
def test_the_interlock_permits_what_is_granted_and_less(strongest):
    interlock = Interlock(Permission(strongest, "for a reason", "some.setting"))
    for effect in Effect:
        if effect.rank <= strongest.rank:
            interlock.permit(effect)
        else:
            with pytest.raises(SafetyError) as caught:
                interlock.permit(effect)
            assert caught.value.message == f"a request of effect {effect.value!r} was refused: for a reason"
            assert caught.value.hint == "some.setting"


@pytest.mark.parametrize("strongest", list(Effect))
def test_the_interlock_can_only_be_tightened(strongest):
    interlock = Interlock(Permission(strongest, "for a reason"))
    interlock.trip("a live key was seen")
    after = interlock.granted
    assert after.strongest is (Effect.NONE if strongest is Effect.NONE else Effect.READ)
    assert after.reason == ("a live key was seen" if strongest > Effect.READ else "for a reason")
    interlock.trip("and another")
    assert interlock.granted == after
    with pytest.raises(SafetyError):
        interlock.permit(Effect.WRITE)


def test_a_tripped_interlock_is_tripped_in_every_thread():
    """No thread gets a write through after another one has seen a live sign."""
    interlock = Interlock(Permission(Effect.LOAD, "proved"))
    is_tripped, go, late = threading.Event(), threading.Barrier(9), []

    def write():
        go.wait(10)
        for _ in range(2000):
            was_tripped = is_tripped.is_set()
            try:
                interlock.permit(Effect.WRITE)
            except SafetyError:
                continue
            if was_tripped:
                late.append(1)

    def trip():
        go.wait(10)
        interlock.trip("a live sign")
        is_tripped.set()

    threads = [threading.Thread(target=write) for _ in range(8)] + [threading.Thread(target=trip)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not late and interlock.granted.strongest is Effect.READ


def test_effects_are_ordered_from_none_to_load():
    assert [effect.value for effect in sorted(Effect, key=lambda e: e.rank)] == [
        "none",
        "read",
        "probe",
        "write",
        "fault",
        "load",
    ]
    for one, other in itertools.product(Effect, repeat=2):
        assert (one < other, one <= other, one > other, one >= other) == (
            one.rank < other.rank,
            one.rank <= other.rank,
            one.rank > other.rank,
            one.rank >= other.rank,
        )
