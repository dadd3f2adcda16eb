"""Orders over the target's own HTTP API: its route of role ``order``."""

from __future__ import annotations

from stripe_audit.deployment.target import TargetClient
from stripe_audit.errors import Inconclusive
from stripe_audit.models import Effect, Party
from stripe_audit.observers.interface import Order, OrderMapping, OrderObserver

__all__ = ["HttpOrders"]


class HttpOrders(OrderObserver):
    """Sends GET and nothing else."""

    def __init__(self, target: TargetClient, mapping: OrderMapping) -> None:
        self._target = target
        self.mapping = mapping

    async def read(self, reference: str) -> Order | None:
        answer = await self._target.call(
            "order", {"order": reference}, method="GET", effect=Effect.READ, source=Party.AUDIT
        )
        if answer.status in (404, 410):
            return None
        if not answer.is_success:
            raise Inconclusive(
                f"the order route answered {answer.status} (exchange {answer.exchange})", supply="target.routes.order"
            )
        record = self._target.mapped("order", answer, "status")
        return self.mapping.order(reference, record)
