"""A stateful Stripe on a loopback port: the payment core, webhook deliveries, faults, and a journal of every call."""

from __future__ import annotations

from stripe_audit.emulator.apart import EmulatorApart
from stripe_audit.emulator.config import API_VERSION, EmulatorConfig
from stripe_audit.emulator.remote import ControlRefused, RemoteControl
from stripe_audit.emulator.server import Emulator, run_forever

__all__ = [
    "API_VERSION",
    "ControlRefused",
    "Emulator",
    "EmulatorApart",
    "EmulatorConfig",
    "RemoteControl",
    "run_forever",
]
