// The shop, once for all routes, and what its answers have in common.
import { randomUUID } from 'node:crypto';
import Stripe from 'stripe';
import { log, Refused, requestId, Shop } from './shop.js';

function opened() {
  const { STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET, DATABASE = 'shop.jsonl' } = process.env;
  const stripe = new Stripe(STRIPE_SECRET_KEY, { maxNetworkRetries: 1, timeout: 4000 });
  const opened = { stripe, secret: STRIPE_WEBHOOK_SECRET, shop: new Shop(stripe, DATABASE), isStripeReached: true };
  stripe.on('response', () => (opened.isStripeReached = true)); // by the last call, so that /health needs none
  return opened;
}

// Each route is a bundle of its own; the shop must not be.
export const served = () => (globalThis.shopServed ??= opened());

export function json(value, status = 200, headers = {}) {
  return Response.json(value, { status, headers: { 'Cache-Control': 'no-store', ...headers } });
}

export function answering(handle) {
  return (request, context) => {
    const [id, began] = [randomUUID(), performance.now()];
    return requestId.run(id, async () => {
      const answer = await answerOf(handle, request, context);
      const duration_ms = Math.round(performance.now() - began);
      const path = new URL(request.url).pathname;
      log('info', 'request', { method: request.method, path, status: answer.status, duration_ms });
      answer.headers.set('X-Request-Id', id);
      return answer;
    });
  };
}

async function answerOf(handle, request, context) {
  try {
    return await handle(request, await context?.params);
  } catch (error) {
    if (error.name === 'Refused') {
      return json({ error: error.code }, error.status, error.status === 429 ? { 'Retry-After': '2' } : {});
    }
    if (error.type?.startsWith('Stripe')) {
      if (error.type === 'StripeConnectionError') served().isStripeReached = false;
      log('error', 'stripe failed', { error: error.type, stripe_request: error.requestId, stack: error.stack });
      return json({ error: 'payments_unavailable' }, 503);
    }
    log('error', 'unexpected error', { error: error.name, stack: error.stack });
    return json({ error: 'internal' }, 500);
  }
}

const BODY_CAP = 1024 * 1024;

export async function bodyOf(request) {
  const parts = [];
  let size = 0;
  for await (const part of request.body ?? []) {
    size += part.length;
    if (size > BODY_CAP) throw new Refused(413, 'too_large');
    parts.push(part);
  }
  return Buffer.concat(parts);
}
