"""A real Stripe account in test mode as the Stripe side: the official SDK calls it, the audit delivers its events.

Stripe cannot be made to fail, to hold an event back, or to tell what the target asked for; checks that need that are
skipped. Events are read from ``/v1/events`` and delivered to the target by the audit, signed with the endpoint's
secret, so that a target on this machine gets them, and so that they can be kept back, repeated and reordered.
"""

from stripe_audit.stripe_backend.account.backend import AccountStripe
from stripe_audit.stripe_backend.account.running import RealAccount

__all__ = ["AccountStripe", "RealAccount"]
