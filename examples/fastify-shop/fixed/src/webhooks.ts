// Webhook events: verified over the raw body, handled once, refused (500) when they could not be handled.
import type { FastifyBaseLogger } from 'fastify';
import type Stripe from 'stripe';
import { config } from './config.js';
import { inTransaction, row } from './db.js';
import { mailsQueued } from './mailer.js';
import { alert, alone, apply, Refusal } from './orders.js';
import { noteFailure, stripe } from './stripe.js';

export const SUB_ROUTES = Object.keys(config.webhookSecrets).filter(Boolean);

export async function receive(route: string, body: Buffer, signature: string | undefined, log: FastifyBaseLogger) {
  const event = verified(route, body, signature, log);
  if (event.livemode) {
    log.warn({ event_id: event.id }, 'live event refused in test mode');
    throw new Refusal(400, 'wrong_mode', 'This endpoint takes test events.');
  }
  if (typeof event.id !== 'string' || typeof event.type !== 'string') throw new Refusal(400, 'not_an_event', 'No event.');
  try {
    await handle(event, log);
  } catch (error) {
    noteFailure(error);
    const { name, stack } = error as Error;
    log.error({ event_id: event.id, event_type: event.type, error: name, stack }, 'webhook handler failed');
    const text = `Event ${event.id}`;
    await inTransaction((run) => alert(run, `webhook-${event.id}`, 'A webhook handler failed', text)).catch(() => undefined);
    mailsQueued();
    throw new Refusal(500, 'not_handled', 'The event could not be handled.');
  }
}

function verified(route: string, body: Buffer, signature: string | undefined, log: FastifyBaseLogger): Stripe.Event {
  try {
    const event = stripe.webhooks.constructEvent(body, signature ?? '', config.webhookSecrets[route]!);
    if (event && typeof event === 'object' && !Array.isArray(event)) return event;
  } catch (error) {
    if ((error as Error).name !== 'SyntaxError') log.warn({ route: route || 'main' }, 'webhook signature refused');
    else log.warn({ route: route || 'main' }, 'webhook body is no JSON');
  }
  throw new Refusal(400, 'bad_signature', 'The signature is not valid.');
}

async function handle(event: Stripe.Event, log: FastifyBaseLogger): Promise<void> {
  const data = (event.data?.object ?? {}) as any;
  const seen = await row('SELECT 1 FROM handled_events WHERE id = :id', { id: event.id });
  if (seen) {
    log.info({ event_id: event.id, event_type: event.type }, 'webhook event seen before');
  } else if (/^(payment_intent|charge|refund)\./.test(event.type)) {
    await follow(event, data.object === 'payment_intent' ? data.id : data.payment_intent, log);
  } else if (event.type === 'invoice.paid' || event.type === 'customer.subscription.updated') {
    await inTransaction(async (run) => {
      if (await claim(run, event)) {
        const args = { event: event.id, type: event.type, object: String(data.id) };
        await run('INSERT OR IGNORE INTO billing (event, type, object) VALUES (:event, :type, :object)', args);
      }
    });
    log.info({ event_id: event.id, event_type: event.type }, 'billing event');
  } else {
    log.info({ event_id: event.id, event_type: event.type }, 'webhook event not needed');
  }
}

type Run = (sql: string, args?: Record<string, any>) => Promise<number>;

/** Note that it is handled, inside the transaction of its effect; false if it was. */
async function claim(run: Run, event: Stripe.Event): Promise<boolean> {
  const args = { id: event.id, type: event.type };
  return (await run('INSERT OR IGNORE INTO handled_events (id, type) VALUES (:id, :type)', args)) === 1;
}

async function follow(event: Stripe.Event, intentId: unknown, log: FastifyBaseLogger): Promise<void> {
  const order = typeof intentId === 'string' ? await row('SELECT * FROM orders WHERE intent = :id', { id: intentId }) : undefined;
  if (!order || typeof intentId !== 'string') {
    log.info({ event_id: event.id, payment_intent: intentId }, 'webhook event of no order');
    return;
  }
  await alone(intentId, async () => {
    // As Stripe shows it now, not as the event remembers it: events come in any order.
    const intent = await stripe.paymentIntents.retrieve(intentId, { expand: ['latest_charge'] });
    const disputes = (intent.latest_charge as Stripe.Charge | null)?.disputed
      ? (await stripe.disputes.list({ payment_intent: intentId })).data
      : [];
    await inTransaction(async (run) => {
      if (await claim(run, event)) await apply(run, log, order, intent, disputes, event.type);
    });
    mailsQueued(); // only now can the mailer see them
  });
}
