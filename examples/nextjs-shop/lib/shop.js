// Orders and their payments. Amounts come from the catalogue, states from Stripe as it is when an event arrives.
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import nodemailer from 'nodemailer';

export const PRICES = { 'mug usd': 1999, 'mug eur': 1799, 'stickers jpy': 500 };
export const ALERTS_TO = 'ops@example.com';
const OPEN = ['requires_payment_method', 'requires_confirmation', 'requires_action', 'processing'];
const BURST = 120;
const PER_SECOND = 20;

export class Refused extends Error {
  constructor(status, code) {
    super(code);
    this.name = 'Refused'; // each bundle has a class of its own
    this.status = status;
    this.code = code;
  }
}

// What is logged while a request is served has its id. Each route is a bundle of its own; this must not be.
export const requestId = (globalThis.shopRequestId ??= new AsyncLocalStorage());
export const log = (level, message, fields = {}) =>
  console.log(JSON.stringify({ level, message, request_id: requestId.getStore(), ...fields }));

// A journal of changes in one file: what is not yet appended has not happened.
class Records {
  constructor(path) {
    this.path = path;
    this.held = { orders: new Map(), events: new Map(), mails: new Map() };
    if (!existsSync(path)) return;
    for (const line of readFileSync(path, 'utf8').split('\n')) if (line) this.take(JSON.parse(line));
  }

  // Throws where nothing can be written.
  probe() {
    appendFileSync(this.path, '');
  }

  take(changes) {
    for (const [kind, record] of changes) this.held[kind].set(record.id, record);
  }

  change(...changes) {
    appendFileSync(this.path, JSON.stringify(changes) + '\n');
    this.take(changes);
  }
}

// With the disputes, since they tell how they ended; the charge says only that there was one, for ever.
function stateOf(intent, disputes) {
  const charge = intent.latest_charge;
  if (intent.status === 'succeeded' && charge) {
    if (disputes.some(({ status }) => !['won', 'warning_closed'].includes(status))) return 'disputed';
    if (charge.amount_refunded) return charge.amount_refunded >= intent.amount ? 'refunded' : 'partially_refunded';
  }
  if (intent.status === 'requires_payment_method' && intent.last_payment_error) return 'failed';
  return { succeeded: 'paid', canceled: 'canceled', processing: 'processing' }[intent.status] ?? 'open';
}

const isText = (value, shape) => typeof value === 'string' && shape.test(value);

export class Shop {
  constructor(stripe, path) {
    this.stripe = stripe;
    this.records = new Records(path);
    this.orders = this.records.held.orders;
    this.byIntent = new Map([...this.orders.values()].map((order) => [order.intent, order.id]));
    this.inWork = new Map();
    this.turns = BURST;
    this.turnsAt = Date.now();
    const { SMTP_HOST: host = 'localhost', SMTP_PORT: port = 25 } = process.env;
    this.mailer = nodemailer.createTransport({ host, port: Number(port), secure: false, ignoreTLS: true });
    setInterval(() => this.sendMails(), 1000).unref();
  }

  // One after the other for each order, so that a double click finds the first one's payment.
  alone(id, work) {
    const before = this.inWork.get(id) ?? Promise.resolve();
    const result = before.then(work, work);
    const settled = result.catch(() => {}).then(() => this.inWork.get(id) === settled && this.inWork.delete(id));
    this.inWork.set(id, settled);
    return result;
  }

  order(id) {
    const found = this.orders.get(id);
    if (!found) throw new Refused(404, 'unknown_order');
    return found;
  }

  takeTurn() {
    const now = Date.now();
    this.turns = Math.min(BURST, this.turns + ((now - this.turnsAt) / 1000) * PER_SECOND);
    this.turnsAt = now;
    if (this.turns < 1) throw new Refused(429, 'too_many_requests');
    this.turns -= 1;
  }

  async createPayment(wanted) {
    this.takeTurn();
    if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)) throw new Refused(400, 'invalid_body');
    const { order: id = `o${randomBytes(8).toString('hex')}`, item, quantity = 1, currency = 'usd', email } = wanted;
    if (!isText(id, /^[\w-]{1,80}$/)) throw new Refused(400, 'invalid_order');
    if (!isText(email, /^[^@\s]{1,64}@[^@\s]{1,255}$/)) throw new Refused(400, 'invalid_email');
    if (!Number.isInteger(quantity) || quantity < 1 || quantity > 100) throw new Refused(400, 'invalid_quantity');
    const price = typeof item === 'string' && typeof currency === 'string' && PRICES[`${item} ${currency}`];
    if (!price) throw new Refused(400, 'unknown_item');
    const known = this.orders.get(id);
    if (known && (known.item !== item || known.quantity !== quantity || known.currency !== currency)) {
      throw new Refused(409, 'order_differs');
    }
    if (!known) {
      const made = { id, item, quantity, currency, email, amount: price * quantity };
      this.records.change(['orders', { ...made, status: 'open', attempt: 0, fulfilled: 0 }]);
    }
    return this.paymentOf(id);
  }

  // The open PaymentIntent of an order, or a new one. The key makes a second click harmless.
  paymentOf(id) {
    return this.alone(id, async () => {
      const order = this.order(id);
      let intent = order.intent ? await this.stripe.paymentIntents.retrieve(order.intent) : null;
      if (intent && ![...OPEN, 'canceled'].includes(intent.status)) throw new Refused(409, 'already_paid');
      if (!intent || intent.status === 'canceled') {
        const attempt = order.attempt + 1;
        intent = await this.stripe.paymentIntents.create(
          {
            amount: order.amount,
            currency: order.currency,
            automatic_payment_methods: { enabled: true },
            metadata: { order_id: id },
          },
          { idempotencyKey: `order-${id}-${attempt}` },
        );
        this.records.change(['orders', { ...this.order(id), intent: intent.id, attempt }]);
        this.byIntent.set(intent.id, id);
      }
      log('info', 'payment created', { order: id, payment_intent: intent.id });
      return { clientSecret: intent.client_secret, paymentIntentId: intent.id, orderId: id };
    });
  }

  // An event's effect, once. Throws, so that Stripe delivers it again, where it cannot be had now.
  async handle(event) {
    const about = event.data.object;
    const intentId = about.object === 'payment_intent' ? about.id : about.payment_intent;
    const id = this.byIntent.get(intentId);
    if (!id || this.order(id).intent !== intentId) return; // of no order, or of a first try that is over
    await this.alone(id, async () => {
      const intent = await this.stripe.paymentIntents.retrieve(intentId, { expand: ['latest_charge'] });
      const disputes = intent.latest_charge?.disputed
        ? (await this.stripe.disputes.list({ payment_intent: intentId })).data
        : [];
      if (!this.records.held.events.has(event.id)) this.follow(this.order(id), stateOf(intent, disputes), intent, event);
    });
    this.sendMails();
  }

  // Tells the people who run the shop, once per event that fails.
  alert(event) {
    const [id, subject] = [`alert-${event.id}`, `Webhook event ${event.id} failed`];
    if (this.records.held.mails.has(id)) return;
    this.records.change(['mails', { id, to: ALERTS_TO, subject, text: `${event.type}: see the log` }]);
    this.sendMails();
  }

  follow(order, status, intent, event) {
    const isPaid = ['paid', 'refunded', 'partially_refunded', 'disputed'].includes(status);
    const mails = [];
    const mail = (key, to, subject, text) => {
      if (!this.records.held.mails.has(key)) mails.push(['mails', { id: key, to, subject, text }]);
    };
    if (isPaid && !order.fulfilled) {
      mail(`paid-${order.id}`, order.email, `Receipt for order ${order.id}`, 'Thank you. It is on its way.');
    }
    if (status === 'failed') {
      const attempt = intent.latest_charge?.id ?? intent.id;
      const text = `Your payment was declined. Try again: /checkout?order=${order.id}`;
      mail(`failed-${attempt}`, order.email, `Order ${order.id}: payment declined`, text);
      mail(`alert-${attempt}`, ALERTS_TO, `Payment failed for order ${order.id}`, intent.id);
    }
    const changed = { ...order, status, fulfilled: isPaid ? 1 : order.fulfilled };
    this.records.change(['events', { id: event.id }], ['orders', changed], ...mails);
    const level = ['failed', 'disputed'].includes(status) ? 'error' : 'info';
    const fields = { order: order.id, payment_intent: intent.id, event_type: event.type, state: status };
    log(level, 'payment event', fields);
  }

  sendMails() {
    this.sending = (this.sending ?? Promise.resolve()).then(async () => {
      for (const one of [...this.records.held.mails.values()]) {
        if (one.isSent) continue;
        try {
          await this.mailer.sendMail({ from: 'shop@example.com', to: one.to, subject: one.subject, text: one.text });
        } catch {
          return; // tried again
        }
        this.records.change(['mails', { ...one, isSent: true }]);
      }
    });
  }
}
