// A shop with Express and Stripe's Node.js library, as its documentation shows them. It knows nothing of stripe-audit.
import { randomUUID } from 'node:crypto';
import 'dotenv/config';
import express from 'express';
import Stripe from 'stripe';
import { log, PRICES, Refused, requestId, Shop } from './shop.js';

const { STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET, STRIPE_PUBLISHABLE_KEY = '', PORT = 3001 } = process.env;
if (!STRIPE_SECRET_KEY || !STRIPE_WEBHOOK_SECRET) throw new Error('STRIPE_SECRET_KEY or STRIPE_WEBHOOK_SECRET is missing');
const stripe = new Stripe(STRIPE_SECRET_KEY, { maxNetworkRetries: 1, timeout: 4000 });
let isStripeReached = true; // by the last call, so that /health needs none of its own
stripe.on('response', () => (isStripeReached = true));
const shop = new Shop(stripe, process.env.DATABASE ?? 'shop.jsonl');
const POLICY =
  "default-src 'none'; script-src 'self' https://js.stripe.com https://*.js.stripe.com; connect-src 'self' " +
  'https://api.stripe.com; frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com; ' +
  "img-src 'self' https://*.stripe.com; style-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; " +
  "frame-ancestors 'none'";
const PAGE = `<!doctype html><html lang="en"><title>Checkout</title>
<script src="https://js.stripe.com/clover/stripe.js"></script><script src="/checkout.js" defer></script>
<main data-key="${STRIPE_PUBLISHABLE_KEY}"><div id="payment-element"></div><button>Pay</button></main></html>`;
const SCRIPT = `
const order = new URLSearchParams(location.search).get('order');
const stripe = Stripe(document.querySelector('main').dataset.key);
fetch('/api/orders/' + order + '/retry', {method: 'POST'}).then((answer) => answer.json()).then(({clientSecret}) => {
  const elements = stripe.elements({clientSecret});
  elements.create('payment').mount('#payment-element');
  const confirmParams = {return_url: location.href};
  document.querySelector('button').onclick = () => stripe.confirmPayment({elements, confirmParams});
});
`;

const app = express();
app.disable('x-powered-by');
app.use((request, response, next) => {
  const [id, began] = [randomUUID(), performance.now()];
  response.set({ 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store', 'X-Request-Id': id });
  requestId.run(id, () => {
    response.on('finish', () => {
      const { method, path } = request;
      const duration_ms = Math.round(performance.now() - began);
      log('info', 'request', { method, path, status: response.statusCode, duration_ms, request_id: id });
    });
    next();
  });
});

// Before the JSON parser: the signature is over the bytes that were sent.
app.post('/webhooks/stripe', express.raw({ type: '*/*', limit: '1mb' }), async (request, response) => {
  let event;
  try {
    event = stripe.webhooks.constructEvent(request.body, request.get('Stripe-Signature') ?? '', STRIPE_WEBHOOK_SECRET);
    if (typeof event.id !== 'string' || typeof event.type !== 'string' || !event.data.object) throw new Error('no event');
  } catch {
    log('warning', 'a webhook event was refused');
    return response.status(400).json({ error: 'bad_event' });
  }
  if (!event.livemode) {
    await shop.handle(event).catch((error) => {
      shop.alert(event);
      throw error;
    });
  }
  return response.json({ received: true });
});

app.use(express.json({ limit: '1mb' }));
app.get('/health', (request, response) => {
  const stripe = isStripeReached ? 'ok' : 'unreachable';
  try {
    shop.records.probe();
  } catch {
    return response.status(503).json({ status: 'failing', database: 'unreachable', stripe });
  }
  return response.json({ status: 'ok', database: 'ok', stripe });
});
app.get('/api/products', (request, response) => {
  const products = Object.entries(PRICES).map(([name, price]) => {
    const [id, currency] = name.split(' ');
    return { id, price, currency };
  });
  response.json({ products });
});
app.post('/api/payments', async (request, response) => response.json(await shop.createPayment(request.body)));
app.get('/api/orders/:id', (request, response) => {
  const { id, status, amount, currency, fulfilled, intent } = shop.order(request.params.id);
  response.json({ id, status, amount, currency, fulfilled, paymentIntent: intent });
});
app.post('/api/orders/:id/retry', async (request, response) => response.json(await shop.paymentOf(request.params.id)));
app.get('/checkout', (request, response) => {
  response.set({
    'Content-Security-Policy': POLICY,
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'strict-origin-when-cross-origin',
    'Permissions-Policy': 'camera=(), microphone=()',
  });
  response.type('html').send(PAGE);
});
app.get('/checkout.js', (request, response) => response.type('js').send(SCRIPT));
app.use((request, response) => response.status(404).json({ error: 'not_found' }));
app.use((error, request, response, next) => {
  if (response.headersSent) return next(error);
  if (error instanceof Refused) {
    if (error.status === 429) response.set('Retry-After', '2');
    return response.status(error.status).json({ error: error.code });
  }
  if (error instanceof Stripe.errors.StripeError) {
    if (error instanceof Stripe.errors.StripeConnectionError) isStripeReached = false;
    log('error', 'stripe failed', { error: error.type, stripe_request: error.requestId, stack: error.stack });
    return response.status(503).json({ error: 'payments_unavailable' });
  }
  if (error.status >= 400 && error.status < 500) return response.status(error.status).json({ error: 'bad_request' });
  log('error', 'unexpected error', { error: error.name, stack: error.stack });
  return response.status(500).json({ error: 'internal' });
});

app.listen(PORT, () => log('info', 'listening', { port: PORT }));
