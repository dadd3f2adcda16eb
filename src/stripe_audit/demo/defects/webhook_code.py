"""Defects that lie in the project's code: a webhook service that nothing leads to, and names that do not exist."""

from __future__ import annotations

from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.sources import MAIN

__all__ = ["DEFECTS"]

_SERVICE = """import Stripe from 'stripe';
import { orders } from '../database';

export class WebhookService {
  constructor(private readonly stripe: Stripe, private readonly secret: string) {}

  async receive(body: Buffer, signature: string): Promise<void> {
    const event = this.stripe.webhooks.constructEvent(body, signature, this.secret);
    switch (event.type) {
      case 'payment_intent.succeeded':
        return orders.pay(event.data.object.id);
      case 'charge.refunded':
        return orders.refund(event.data.object.id);
    }
  }
}
"""
_DATABASE = "export const orders = { pay: async (id: string) => {}, refund: async (id: string) => {} };\n"
_SERVER = """import Fastify from 'fastify';
{line}
const app = Fastify();
app.post('/hooks', async () => ({{ received: true }}));
app.listen({{ port: 3001 }});
"""
_BILLING = '''"""What renewals tell."""

import stripe


def handle(payload: bytes, signature: str, secret: str) -> str:
    event = stripe.Webhook.construct_event(payload, signature, secret)
    match event["type"]:
        case "invoice.paid":
            return "paid"
        case "invoice.payment_suceeded":
            return "paid"
        case "customer.subscription.deleted":
            return "over"
    return "ignored"
'''

DEFECTS = (
    Defect(
        "webhook-service-unreached",
        "A whole webhook service is in the source; its import is commented out, and a stand-in acknowledges everything",
        "webhook-service-reached",
        files={
            "backend/server.ts": _SERVER.format(line="// import { WebhookService } from './services/webhook-service';"),
            "backend/services/webhook-service.ts": _SERVICE,
            "backend/database.ts": _DATABASE,
        },
    ),
    Defect(
        "webhook-import-broken",
        "The webhook service imports a file that is not there",
        "webhook-service-reached",
        seen_in="Layr-Labs/d-inference#710",
        files={
            "backend/server.ts": _SERVER.format(line="import { WebhookService } from './services/webhook-service';"),
            "backend/services/webhook-service.ts": _SERVICE,
        },
    ),
    Defect(
        "event-name-misspelt",
        "A handler waits for invoice.payment_suceeded, which Stripe does not have",
        "webhook-event-names-exist",
        files={"shop/billing_events.py": _BILLING, "shop/__main__.py": f"import shop.billing_events\n{MAIN}"},
    ),
)
