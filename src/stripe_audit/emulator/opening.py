"""What an emulator begins with, beside an empty account: the webhook endpoints and faults of its configuration."""

from __future__ import annotations

from stripe_audit.emulator.resources import webhook_endpoints
from stripe_audit.emulator.world import World

__all__ = ["furnish"]


def furnish(world: World) -> None:
    """Register the endpoints and put the faults in force. Raises ApiError or ValueError for what cannot be used."""
    for url, secret in world.config.webhooks:
        webhook_endpoints.check_url(url)
        webhook_endpoints.register(world, url, ["*"], secret)
    for rule in world.config.faults:
        world.faults.add(rule)
