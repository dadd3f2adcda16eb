// Orders and their payments: amounts from the catalogue, one intent per order, state from what Stripe shows now.
import { createHash } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import type Stripe from 'stripe';
import { config } from './config.js';
import { inTransaction, row, type Row } from './db.js';
import { queueMail, type Run } from './mailer.js';
import { unitAmount } from './products.js';
import { stripe } from './stripe.js';

export class Refusal extends Error {
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message);
  }
}

const ORDER = /^[A-Za-z0-9_-]{1,80}$/;
const EMAIL = /^[^@\s]{1,64}@[^@\s]{1,255}$/;
const REUSABLE = ['requires_payment_method', 'requires_confirmation', 'requires_action', 'processing'];

const locks = new Map<string, Promise<unknown>>();

/** One after another for each key. */
function alone<T>(key: string, work: () => Promise<T>): Promise<T> {
  const mine = (locks.get(key) ?? Promise.resolve()).then(work, work);
  const settled = mine.catch(() => undefined);
  locks.set(key, settled);
  void settled.then(() => locks.get(key) === settled && locks.delete(key));
  return mine;
}

export { alone };

function refuseUnless(condition: unknown, code: string, message: string): asserts condition {
  if (!condition) throw new Refusal(400, code, message);
}

export async function createPayment(body: any) {
  refuseUnless(body && typeof body === 'object' && !Array.isArray(body), 'invalid_body', 'The body must be an object.');
  const { order, item, quantity = 1, currency, email } = body;
  refuseUnless(typeof order === 'string' && ORDER.test(order), 'invalid_order', 'The order reference is not valid.');
  refuseUnless(typeof email === 'string' && EMAIL.test(email), 'invalid_email', 'The e-mail address is not valid.');
  refuseUnless(Number.isInteger(quantity) && quantity >= 1 && quantity <= 99, 'invalid_quantity', 'Between 1 and 99.');
  refuseUnless(typeof item === 'string' && typeof currency === 'string', 'invalid_item', 'Item and currency are needed.');
  const unit = unitAmount(item, currency.toLowerCase());
  refuseUnless(unit, 'unknown_item', 'There is no such item in this currency.');
  return alone(order, async () => {
    await inTransaction((run) =>
      run(
        `INSERT OR IGNORE INTO orders (id, item, quantity, amount, currency, email)
         VALUES (:order, :item, :quantity, :amount, :currency, :email)`,
        { order, item, quantity, amount: unit * quantity, currency: currency.toLowerCase(), email },
      ),
    );
    const known = (await row('SELECT * FROM orders WHERE id = :order', { order })) as Row;
    const isSame = known.item === item && known.quantity === quantity && known.currency === currency.toLowerCase();
    if (!isSame || known.email !== email) throw new Refusal(409, 'order_exists', 'This order is another one.');
    const intent = await intentFor(known);
    return { clientSecret: intent.client_secret, paymentIntentId: intent.id, orderId: order, amount: known.amount };
  });
}

async function intentFor(order: Row): Promise<Stripe.PaymentIntent> {
  if (order.intent) {
    const current = await stripe.paymentIntents.retrieve(order.intent);
    if (REUSABLE.includes(current.status)) return current;
    if (current.status !== 'canceled') throw new Refusal(409, 'already_paid', 'This order is paid.');
  }
  const attempt = order.attempt + 1;
  const intent = await stripe.paymentIntents.create(
    {
      amount: order.amount,
      currency: order.currency,
      automatic_payment_methods: { enabled: true },
      description: `Order ${order.id}`,
      metadata: { order_id: order.id },
    },
    { idempotencyKey: `order-${order.id}-${attempt}` },
  );
  await inTransaction((run) =>
    run('UPDATE orders SET intent = :intent, attempt = :attempt WHERE id = :id', { intent: intent.id, attempt, id: order.id }),
  );
  return intent;
}

export async function retryPayment(id: string) {
  return alone(id, async () => {
    const order = await row('SELECT * FROM orders WHERE id = :id', { id });
    if (!order) throw new Refusal(404, 'unknown_order', 'There is no such order.');
    const intent = await intentFor(order);
    return { clientSecret: intent.client_secret, paymentIntentId: intent.id, orderId: id };
  });
}

export async function customerFor(body: any) {
  const email = typeof body?.email === 'string' ? body.email.toLowerCase() : '';
  refuseUnless(EMAIL.test(email), 'invalid_email', 'The e-mail address is not valid.');
  const name = typeof body.name === 'string' ? body.name.slice(0, 200) : '';
  return alone(`customer ${email}`, async () => {
    const known = await row('SELECT customer FROM customers WHERE email = :email', { email });
    if (known) return { customerId: known.customer };
    const key = `customer-${createHash('sha256').update(email).digest('hex').slice(0, 32)}`;
    const made = await stripe.customers.create({ email, name: name || undefined }, { idempotencyKey: key });
    await inTransaction((run) =>
      run('INSERT OR IGNORE INTO customers (email, name, customer) VALUES (:email, :name, :id)', { email, name, id: made.id }),
    );
    return { customerId: made.id };
  });
}

export async function shownOrder(id: string) {
  const order = await row('SELECT * FROM orders WHERE id = :id', { id });
  if (!order) throw new Refusal(404, 'unknown_order', 'There is no such order.');
  return {
    id: order.id,
    status: order.status,
    amount: order.amount,
    currency: order.currency,
    fulfilled: order.fulfilled,
    refunded: order.refunded,
    paymentIntent: order.intent,
    message: order.status === 'failed' ? DECLINED : null,
  };
}

/** Never the bank's reason: docs.stripe.com/declines/codes. */
const DECLINED = 'Your payment was declined. Please try again, or use another card.';

/** With the disputes, since they tell how they ended; the charge says only that there was one, for ever. */
function stateOf(intent: Stripe.PaymentIntent, charge: Stripe.Charge | null, disputes: Stripe.Dispute[]): string {
  if (intent.status === 'succeeded') {
    if (disputes.some(({ status }) => !['won', 'warning_closed'].includes(status))) return 'disputed';
    if (charge?.amount_refunded) return charge.amount_refunded >= intent.amount ? 'refunded' : 'partially_refunded';
    return 'paid';
  }
  if (intent.status === 'requires_payment_method' && intent.last_payment_error) return 'failed';
  return ({ canceled: 'canceled', processing: 'processing' } as Record<string, string>)[intent.status] ?? 'open';
}

/** Bring an order to the state that Stripe shows, with its effects, in the caller's transaction. */
export async function apply(
  run: Run, log: FastifyBaseLogger, order: Row, intent: Stripe.PaymentIntent, disputes: Stripe.Dispute[], type: string,
) {
  const charge = intent.latest_charge && typeof intent.latest_charge === 'object' ? intent.latest_charge : null;
  const state = stateOf(intent, charge, disputes);
  const about = { order: order.id, payment_intent: intent.id, event_type: type, state };
  if (state === 'paid' && (intent.amount !== order.amount || intent.currency !== order.currency)) {
    log.error(about, 'amount differs from the order');
    return;
  }
  const refunded = charge?.amount_refunded ?? 0;
  await run('UPDATE orders SET status = :state, refunded = :refunded WHERE id = :id', { state, refunded, id: order.id });
  if (['paid', 'refunded', 'partially_refunded', 'disputed'].includes(state)) {
    const isFirst = await run('UPDATE orders SET fulfilled = 1 WHERE id = :id AND fulfilled = 0', { id: order.id });
    const text = `Thank you. Order ${order.id} is paid and on its way.`;
    if (isFirst) await queueMail(run, `receipt-${order.id}`, order.email, `Receipt for order ${order.id}`, text);
  }
  if (state === 'failed') {
    const attempt = charge?.id ?? 'none';
    const text = `${DECLINED}\n\nTry again: /checkout?order=${order.id}`;
    await queueMail(run, `failed-${attempt}`, order.email, `Order ${order.id}: payment declined`, text);
    await alert(run, `alert-${attempt}`, `Payment failed for order ${order.id}`, `PaymentIntent ${intent.id}`);
  }
  log[state === 'failed' || state === 'disputed' ? 'error' : 'info'](about, 'payment event');
}

/** Tell the people who run the shop. */
export async function alert(run: Run, key: string, subject: string, text: string): Promise<void> {
  await queueMail(run, key, config.alertEmail, `[alert] ${subject}`, text);
}
