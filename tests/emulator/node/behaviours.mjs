// What the official Node library must see: the same names as tests/emulator/behaviours.py, one JSON line for each.
//
//   node behaviours.mjs [NAME ...]     with EMULATOR = {"stripe", "url", "secret", "publishable", "token"}
//
// "stripe" is the folder of the library. A line is {"name", "ok", "error"}.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const emulator = JSON.parse(process.env.EMULATOR);
const Stripe = createRequire(import.meta.url)(emulator.stripe);
const address = new URL(emulator.url);
const makeClient = (key, options = {}) =>
  new Stripe(key, {
    host: address.hostname,
    port: Number(address.port),
    protocol: 'http',
    telemetry: false,
    maxNetworkRetries: 0,
    ...options,
  });
const client = makeClient(emulator.secret);
const browser = makeClient(emulator.publishable);
const AUTOMATIC = { enabled: true, allow_redirects: 'never' };
const BACK = 'https://example.com/back';

const create = (params = {}, options) =>
  client.paymentIntents.create(
    { amount: 2000, currency: 'usd', automatic_payment_methods: AUTOMATIC, ...params },
    options,
  );
const pay = (card = 'pm_card_visa', params = {}) => create({ payment_method: card, confirm: true, ...params });

async function control(method, path, body) {
  const answer = await fetch(`${emulator.url}/_emulator/${path}`, {
    method,
    headers: { 'X-Emulator-Token': emulator.token, 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  assert.equal(answer.status, 200, path);
  return answer.json();
}

// The error that a call ends with: of this class, with these members.
async function refused(call, kind, expected = {}) {
  let error;
  try {
    await call();
  } catch (caught) {
    error = caught;
  }
  assert.ok(error !== undefined, 'it was not refused');
  assert.equal(error.type, kind, String(error));
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(error.raw[name], value, name);
  return error;
}

async function declined(card, code, declineCode) {
  const error = await refused(() => pay(card), 'StripeCardError', { type: 'card_error', code });
  assert.equal(error.statusCode, 402);
  assert.equal(error.raw.decline_code, declineCode);
  const intent = await client.paymentIntents.retrieve(error.payment_intent.id);
  assert.equal(intent.status, 'requires_payment_method');
  assert.equal(intent.last_payment_error.code, code);
}

async function waitFor(condition, seconds = 5) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await condition();
    if (found) return found;
    assert.ok(Date.now() < deadline, 'did not come true');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

// Runs `action` while a webhook receiver listens at the URL that it gets; returns what was received.
async function receiving(action) {
  const received = [];
  const server = createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(parts) });
      response.end('ok');
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await action(`http://127.0.0.1:${server.address().port}/webhook`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  return received;
}

const ids = (list) => list.data.map((one) => one.id);
const someone = () => `${randomUUID()}@example.com`;

const behaviours = {
  // Customers and payment methods

  async customer_is_created_retrieved_and_updated() {
    const made = await client.customers.create({ email: 'ada@example.com', name: 'Ada', address: { city: 'London' } });
    assert.ok(made.id.startsWith('cus_') && made.object === 'customer' && made.livemode === false);
    const changed = await client.customers.update(made.id, { name: 'Countess', address: { city: 'Paris' } });
    assert.deepEqual([changed.name, changed.address.city], ['Countess', 'Paris']);
    assert.deepEqual(await client.customers.retrieve(made.id), changed);
  },

  async customer_is_deleted() {
    const made = await client.customers.create();
    assert.equal((await client.customers.del(made.id)).deleted, true);
    assert.equal((await client.customers.retrieve(made.id)).deleted, true);
    const update = () => client.customers.update(made.id, { name: 'x' });
    await refused(update, 'StripeInvalidRequestError', { code: 'resource_missing' });
  },

  async customers_are_found_by_email() {
    const email = someone();
    const made = await client.customers.create({ email });
    await client.customers.create({ email: 'other@example.com' });
    assert.deepEqual(ids(await client.customers.list({ email })), [made.id]);
  },

  async customers_are_searched() {
    const mark = randomUUID();
    const made = await client.customers.create({ metadata: { mark } });
    assert.deepEqual(ids(await client.customers.search({ query: `metadata['mark']:'${mark}'` })), [made.id]);
  },

  async metadata_is_merged_and_unset() {
    const made = await client.customers.create({ metadata: { a: '1', b: '2' } });
    const changed = await client.customers.update(made.id, { metadata: { a: '', c: '3' } });
    assert.deepEqual({ ...changed.metadata }, { b: '2', c: '3' });
  },

  async metadata_has_limits() {
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'v']));
    for (const metadata of [{ ['k'.repeat(41)]: 'v' }, { k: 'v'.repeat(501) }, many])
      await refused(() => client.customers.create({ metadata }), 'StripeInvalidRequestError');
  },

  async payment_method_is_made_from_a_token() {
    const made = await client.paymentMethods.create({ type: 'card', card: { token: 'tok_mastercard' } });
    assert.deepEqual([made.type, made.card.brand, made.card.last4], ['card', 'mastercard', '4444']);
  },

  async browser_tokenises_a_card_number() {
    const card = { number: '4242424242424242', exp_month: 12, exp_year: 2040, cvc: '123' };
    const made = await browser.paymentMethods.create({ type: 'card', card });
    assert.deepEqual([made.card.last4, made.card.exp_year], ['4242', 2040]);
  },

  async payment_method_is_attached_listed_and_detached() {
    const customer = await client.customers.create();
    const method = await client.paymentMethods.attach('pm_card_visa', { customer: customer.id });
    assert.equal(method.customer, customer.id);
    assert.deepEqual(ids(await client.customers.listPaymentMethods(customer.id)), [method.id]);
    assert.equal((await client.paymentMethods.detach(method.id)).customer, null);
    assert.deepEqual(ids(await client.customers.listPaymentMethods(customer.id)), []);
  },

  async declined_card_cannot_be_attached() {
    const customer = (await client.customers.create()).id;
    const attach = () => client.paymentMethods.attach('pm_card_visa_chargeDeclined', { customer });
    await refused(attach, 'StripeCardError', { code: 'card_declined' });
  },

  // Intents

  async intent_waits_for_a_payment_method() {
    const intent = await create();
    assert.deepEqual(
      [intent.status, intent.amount_received, intent.latest_charge],
      ['requires_payment_method', 0, null],
    );
    assert.ok(intent.client_secret.startsWith(`${intent.id}_secret_`));
  },

  async intent_succeeds_at_once() {
    const intent = await pay();
    assert.deepEqual([intent.status, intent.amount_received], ['succeeded', 2000]);
    const charge = await client.charges.retrieve(intent.latest_charge);
    assert.deepEqual(
      [charge.paid, charge.captured, charge.status, charge.payment_intent],
      [true, true, 'succeeded', intent.id],
    );
  },

  async intent_is_confirmed_later() {
    const intent = await create({ payment_method: 'pm_card_visa' });
    assert.equal(intent.status, 'requires_confirmation');
    assert.equal((await client.paymentIntents.confirm(intent.id)).status, 'succeeded');
  },

  async intent_is_updated_before_it_is_paid() {
    const { id } = await create();
    const intent = await client.paymentIntents.update(id, { amount: 2500, metadata: { order: '7' } });
    assert.deepEqual([intent.amount, { ...intent.metadata }], [2500, { order: '7' }]);
  },

  async intent_is_captured_by_hand() {
    const intent = await pay('pm_card_visa', { capture_method: 'manual' });
    assert.deepEqual([intent.status, intent.amount_capturable], ['requires_capture', 2000]);
    const captured = await client.paymentIntents.capture(intent.id);
    assert.deepEqual(
      [captured.status, captured.amount_received, captured.amount_capturable],
      ['succeeded', 2000, 0],
    );
  },

  async intent_is_captured_in_part() {
    const intent = await pay('pm_card_visa', { capture_method: 'manual' });
    const captured = await client.paymentIntents.capture(intent.id, { amount_to_capture: 700 });
    const charge = await client.charges.retrieve(captured.latest_charge);
    assert.deepEqual([captured.status, captured.amount_received], ['succeeded', 700]);
    assert.deepEqual([charge.amount, charge.amount_captured, charge.refunded], [2000, 700, false]);
  },

  async more_than_authorised_is_not_captured() {
    const { id } = await pay('pm_card_visa', { capture_method: 'manual' });
    const capture = () => client.paymentIntents.capture(id, { amount_to_capture: 2001 });
    await refused(capture, 'StripeInvalidRequestError', { code: 'amount_too_large' });
  },

  async intent_is_canceled() {
    const { id } = await create();
    const intent = await client.paymentIntents.cancel(id, { cancellation_reason: 'duplicate' });
    assert.deepEqual([intent.status, intent.cancellation_reason], ['canceled', 'duplicate']);
    assert.ok(intent.canceled_at);
  },

  async authorisation_is_canceled() {
    const { id } = await pay('pm_card_visa', { capture_method: 'manual' });
    const intent = await client.paymentIntents.cancel(id);
    assert.deepEqual([intent.status, intent.amount_capturable, intent.amount_received], ['canceled', 0, 0]);
  },

  async wrong_states_are_refused() {
    const { id } = await pay();
    for (const verb of ['cancel', 'confirm', 'capture']) {
      const call = () => client.paymentIntents[verb](id);
      const error = await refused(call, 'StripeInvalidRequestError', { code: 'payment_intent_unexpected_state' });
      assert.equal(error.payment_intent.status, 'succeeded');
    }
  },

  async intents_are_searched() {
    const order = randomUUID();
    const intent = await pay('pm_card_visa', { metadata: { order } });
    await create({ metadata: { order } });
    const query = `metadata['order']:'${order}' AND status:'succeeded'`;
    assert.deepEqual(ids(await client.paymentIntents.search({ query })), [intent.id]);
  },

  async browser_confirms_with_the_client_secret() {
    const { id, client_secret } = await create();
    const confirmed = await browser.paymentIntents.confirm(id, { client_secret, payment_method: 'pm_card_visa' });
    assert.equal(confirmed.status, 'succeeded');
    assert.equal((await browser.paymentIntents.retrieve(id, { client_secret })).id, id);
  },

  async browser_sees_nothing_else() {
    const { id } = await create();
    await refused(() => browser.customers.list(), 'StripePermissionError', { code: 'secret_key_required' });
    await refused(() => browser.paymentIntents.confirm(id), 'StripeInvalidRequestError');
  },

  async redirects_need_a_return_url() {
    const params = {
      amount: 2000,
      currency: 'usd',
      automatic_payment_methods: { enabled: true },
      payment_method: 'pm_card_visa',
      confirm: true,
    };
    await refused(() => client.paymentIntents.create(params), 'StripeInvalidRequestError');
    const paid = await client.paymentIntents.create({ ...params, return_url: 'https://example.com/' });
    assert.equal(paid.status, 'succeeded');
  },

  async saved_card_pays_again() {
    const customer = (await client.customers.create()).id;
    const first = await pay('pm_card_visa', { customer, setup_future_usage: 'off_session' });
    const again = await pay(first.payment_method, { customer, off_session: true });
    assert.deepEqual([again.status, again.payment_method], ['succeeded', first.payment_method]);
  },

  async unsaved_card_pays_once() {
    const method = await client.paymentMethods.create({ type: 'card', card: { token: 'tok_visa' } });
    await pay(method.id);
    await refused(() => pay(method.id), 'StripeInvalidRequestError');
  },

  // Authentication

  async authentication_is_asked_for() {
    const intent = await pay('pm_card_authenticationRequired', { return_url: BACK });
    assert.deepEqual([intent.status, intent.next_action.type], ['requires_action', 'redirect_to_url']);
    assert.ok(intent.next_action.redirect_to_url.url.startsWith('http') && intent.latest_charge === null);
  },

  async authentication_that_passes_pays() {
    const { id } = await pay('pm_card_authenticationRequired', { return_url: BACK });
    await control('POST', `payment_intents/${id}/authenticate`, { outcome: 'succeed' });
    const intent = await client.paymentIntents.retrieve(id);
    assert.deepEqual([intent.status, intent.next_action], ['succeeded', null]);
  },

  async authentication_that_fails_does_not() {
    const { id } = await pay('pm_card_authenticationRequired', { return_url: BACK });
    await control('POST', `payment_intents/${id}/authenticate`, { outcome: 'fail' });
    const intent = await client.paymentIntents.retrieve(id);
    assert.equal(intent.status, 'requires_payment_method');
    assert.equal(intent.last_payment_error.code, 'payment_intent_authentication_failure');
  },

  async authentication_is_required_off_session() {
    const customer = (await client.customers.create()).id;
    const method = await client.paymentMethods.attach('pm_card_authenticationRequired', { customer });
    const call = () => pay(method.id, { customer, off_session: true });
    const error = await refused(call, 'StripeCardError', { code: 'authentication_required' });
    assert.equal(error.statusCode, 402);
  },

  // Declines

  generic_decline: () => declined('pm_card_visa_chargeDeclined', 'card_declined', 'generic_decline'),
  insufficient_funds: () =>
    declined('pm_card_visa_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'),
  lost_card: () => declined('pm_card_visa_chargeDeclinedLostCard', 'card_declined', 'lost_card'),
  stolen_card: () => declined('pm_card_visa_chargeDeclinedStolenCard', 'card_declined', 'stolen_card'),
  expired_card: () => declined('pm_card_chargeDeclinedExpiredCard', 'expired_card', undefined),
  incorrect_cvc: () => declined('pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', undefined),
  processing_error: () => declined('pm_card_chargeDeclinedProcessingError', 'processing_error', 'processing_error'),

  async attached_card_may_be_declined_later() {
    const customer = (await client.customers.create()).id;
    const method = await client.paymentMethods.attach('pm_card_chargeCustomerFail', { customer });
    await refused(() => pay(method.id, { customer }), 'StripeCardError', { code: 'card_declined' });
  },

  async declined_intent_is_paid_with_another_card() {
    const error = await refused(() => pay('pm_card_visa_chargeDeclined'), 'StripeCardError');
    const { id } = error.payment_intent;
    const intent = await client.paymentIntents.confirm(id, { payment_method: 'pm_card_visa' });
    assert.deepEqual([intent.status, intent.last_payment_error], ['succeeded', null]);
    const charges = await client.charges.list({ payment_intent: id });
    assert.deepEqual(charges.data.map((one) => one.status), ['succeeded', 'failed']);
  },

  // Errors

  async missing_parameter() {
    await refused(() => client.paymentIntents.create({ amount: 2000 }), 'StripeInvalidRequestError', {
      type: 'invalid_request_error',
      code: 'parameter_missing',
      param: 'currency',
    });
  },

  async unknown_parameter() {
    const call = () => create({ alien: 1 });
    await refused(call, 'StripeInvalidRequestError', { code: 'parameter_unknown', param: 'alien' });
  },

  async invalid_integer() {
    const call = () => create({ amount: '20.5' });
    await refused(call, 'StripeInvalidRequestError', { code: 'parameter_invalid_integer', param: 'amount' });
  },

  async amount_too_small() {
    await refused(() => create({ amount: 49 }), 'StripeInvalidRequestError', { code: 'amount_too_small' });
  },

  async yen_have_no_cents() {
    const paid = await pay('pm_card_visa', { amount: 50, currency: 'jpy' });
    assert.deepEqual([paid.amount, paid.currency], [50, 'jpy']);
    const call = () => create({ amount: 49, currency: 'jpy' });
    await refused(call, 'StripeInvalidRequestError', { code: 'amount_too_small' });
  },

  async unknown_currency() {
    await refused(() => create({ currency: 'xyz' }), 'StripeInvalidRequestError', { param: 'currency' });
  },

  async missing_resource() {
    const call = () => client.paymentIntents.retrieve('pi_none');
    const error = await refused(call, 'StripeInvalidRequestError', { code: 'resource_missing', param: 'intent' });
    assert.equal(error.statusCode, 404);
    assert.ok(error.requestId.startsWith('req_'));
  },

  async wrong_key() {
    const error = await refused(() => makeClient('sk_test_wrong').balance.retrieve(), 'StripeAuthenticationError');
    assert.equal(error.statusCode, 401);
  },

  async rate_limit() {
    await control('POST', 'faults', { path: '/v1/balance', times: 1, action: { kind: 'rate_limit' } });
    try {
      await refused(() => client.balance.retrieve(), 'StripeRateLimitError');
    } finally {
      await control('DELETE', 'faults');
    }
  },

  // Idempotency

  async same_key_gives_the_same_answer() {
    const options = { idempotencyKey: randomUUID() };
    const first = await client.customers.create({ email: 'a@example.com' }, options);
    const second = await client.customers.create({ email: 'a@example.com' }, options);
    assert.equal(first.id, second.id);
    assert.equal(second.lastResponse.headers['idempotent-replayed'], 'true');
    assert.ok(!('idempotent-replayed' in first.lastResponse.headers));
  },

  async same_key_for_another_request_is_refused() {
    const options = { idempotencyKey: randomUUID() };
    await client.customers.create({ name: 'a' }, options);
    const call = () => client.customers.create({ name: 'b' }, options);
    await refused(call, 'StripeIdempotencyError', { type: 'idempotency_error' });
  },

  async declines_are_replayed_and_refusals_are_not() {
    let options = { idempotencyKey: randomUUID() };
    const fail = () => create({ confirm: true, payment_method: 'pm_card_visa_chargeDeclined' }, options);
    const errors = [await refused(fail, 'StripeCardError'), await refused(fail, 'StripeCardError')];
    assert.equal(errors[0].payment_intent.id, errors[1].payment_intent.id);
    options = { idempotencyKey: randomUUID() };
    await refused(() => create({ confirm: true, alien: '1' }, options), 'StripeInvalidRequestError');
    const paid = await create({ confirm: true, payment_method: 'pm_card_visa' }, options);
    assert.equal(paid.status, 'succeeded');
  },

  async retries_create_once() {
    const action = { kind: 'reset_after' };
    await control('POST', 'faults', { method: 'POST', path: '/v1/customers', times: 1, action });
    const email = someone();
    try {
      const made = await makeClient(emulator.secret, { maxNetworkRetries: 2 }).customers.create({ email });
      assert.deepEqual(ids(await client.customers.list({ email })), [made.id]);
    } finally {
      await control('DELETE', 'faults');
    }
  },

  // Lists and expansion

  async lists_have_pages() {
    const email = someone();
    const all = [];
    for (let n = 0; n < 5; n += 1) all.unshift((await client.customers.create({ email })).id);
    const first = await client.customers.list({ email, limit: 2 });
    assert.deepEqual([ids(first), first.has_more], [all.slice(0, 2), true]);
    assert.deepEqual(ids(await client.customers.list({ email, limit: 2, starting_after: all[1] })), all.slice(2, 4));
    const before = await client.customers.list({ email, limit: 2, ending_before: all[2] });
    assert.deepEqual([ids(before), before.has_more], [all.slice(0, 2), false]);
  },

  async pages_follow_by_themselves() {
    const email = someone();
    const all = [];
    for (let n = 0; n < 5; n += 1) all.unshift((await client.customers.create({ email })).id);
    const found = [];
    for await (const one of client.customers.list({ email, limit: 2 })) found.push(one.id);
    assert.deepEqual(found, all);
  },

  async lists_are_filtered() {
    const customer = (await client.customers.create()).id;
    const mine = await create({ customer });
    await create();
    const found = await client.paymentIntents.list({ customer, created: { gte: mine.created } });
    assert.deepEqual(ids(found), [mine.id]);
    assert.deepEqual(ids(await client.paymentIntents.list({ created: { gt: mine.created + 1000 } })), []);
  },

  async answers_are_expanded() {
    const customer = (await client.customers.create({ name: 'Ada' })).id;
    const intent = await pay('pm_card_visa', { customer, expand: ['customer', 'latest_charge.balance_transaction'] });
    assert.equal(intent.customer.name, 'Ada');
    assert.equal(intent.latest_charge.object, 'charge');
    assert.equal(intent.latest_charge.balance_transaction.object, 'balance_transaction');
    const listed = await client.paymentIntents.list({ customer, expand: ['data.customer'] });
    assert.equal(listed.data[0].customer.name, 'Ada');
  },

  async unknown_expansion_is_refused() {
    await refused(() => create({ expand: ['amount'] }), 'StripeInvalidRequestError');
  },

  // Refunds, disputes, balance

  async refund_of_everything() {
    const paid = await pay();
    const refund = await client.refunds.create({ payment_intent: paid.id, reason: 'requested_by_customer' });
    const charge = await client.charges.retrieve(paid.latest_charge);
    assert.deepEqual(
      [refund.status, refund.amount, charge.refunded, charge.amount_refunded],
      ['succeeded', 2000, true, 2000],
    );
    assert.equal((await client.paymentIntents.retrieve(paid.id)).status, 'succeeded');
  },

  async refunds_in_parts() {
    const paid = await pay();
    for (const amount of [500, 700]) await client.refunds.create({ payment_intent: paid.id, amount });
    const charge = await client.charges.retrieve(paid.latest_charge);
    assert.deepEqual([charge.refunded, charge.amount_refunded], [false, 1200]);
    const listed = await client.refunds.list({ payment_intent: paid.id });
    assert.deepEqual(listed.data.map((one) => one.amount), [700, 500]);
  },

  async no_refund_of_more_than_was_paid() {
    const payment_intent = (await pay()).id;
    await refused(() => client.refunds.create({ payment_intent, amount: 2001 }), 'StripeInvalidRequestError');
    await client.refunds.create({ payment_intent });
    const again = () => client.refunds.create({ payment_intent });
    await refused(again, 'StripeInvalidRequestError', { code: 'charge_already_refunded' });
  },

  async refund_that_is_pending_succeeds() {
    const { id, status } = await client.refunds.create({ payment_intent: (await pay('pm_card_pendingRefund')).id });
    assert.equal(status, 'pending');
    await waitFor(async () => (await client.refunds.retrieve(id)).status === 'succeeded');
  },

  async refund_that_fails_later() {
    const { id, status } = await client.refunds.create({ payment_intent: (await pay('pm_card_refundFail')).id });
    assert.equal(status, 'succeeded');
    const failed = await waitFor(async () => {
      const refund = await client.refunds.retrieve(id);
      return refund.status === 'failed' && refund;
    });
    assert.ok(failed.failure_reason);
  },

  async card_that_is_disputed() {
    const paid = await pay('pm_card_createDispute');
    const dispute = await waitFor(async () => {
      const events = await client.events.list({ type: 'charge.dispute.created' });
      return events.data.map((one) => one.data.object).find((one) => one.payment_intent === paid.id);
    });
    assert.deepEqual(
      [dispute.status, dispute.reason, dispute.amount],
      ['needs_response', 'fraudulent', 2000],
    );
  },

  async payment_reaches_the_balance() {
    const paid = await pay('pm_card_visa', { expand: ['latest_charge'] });
    const transaction = await client.balanceTransactions.retrieve(paid.latest_charge.balance_transaction);
    assert.deepEqual(
      [transaction.amount, transaction.type, transaction.net],
      [2000, 'charge', 2000 - transaction.fee],
    );
    assert.ok(transaction.fee > 0);
  },

  // Catalogue

  async product_with_a_price() {
    const product = (await client.products.create({ name: 'Book' })).id;
    const price = await client.prices.create({ product, unit_amount: 1500, currency: 'eur' });
    assert.deepEqual([price.product, price.unit_amount, price.type], [product, 1500, 'one_time']);
    assert.deepEqual(ids(await client.prices.list({ product })), [price.id]);
    assert.equal((await client.products.update(product, { active: false })).active, false);
  },

  // Events and webhooks

  async events_tell_what_happened() {
    const paid = await pay();
    const listed = await client.events.list({ limit: 20 });
    const events = listed.data.filter((one) => JSON.stringify(one).includes(paid.id));
    const types = new Set(events.map((one) => one.type));
    for (const type of ['payment_intent.created', 'charge.succeeded', 'payment_intent.succeeded'])
      assert.ok(types.has(type), type);
    const one = events.find((event) => event.type === 'payment_intent.succeeded');
    assert.deepEqual([one.data.object.status, one.request.id], ['succeeded', paid.lastResponse.requestId]);
    assert.equal((await client.events.retrieve(one.id)).type, one.type);
  },

  async events_tell_what_was_before() {
    const made = await client.customers.create({ name: 'Ada' });
    await client.customers.update(made.id, { name: 'Countess' });
    const [event] = (await client.events.list({ type: 'customer.updated' })).data;
    assert.deepEqual([event.data.object.name, event.data.previous_attributes.name], ['Countess', 'Ada']);
  },

  async delivered_events_verify() {
    let endpoint;
    let paid;
    const received = await receiving(async (url) => {
      endpoint = await client.webhookEndpoints.create({ url, enabled_events: ['payment_intent.succeeded'] });
      paid = await pay();
      await control('POST', 'deliveries/drain', {});
      await client.webhookEndpoints.del(endpoint.id);
    });
    assert.equal(received.length, 1);
    const [{ body, headers }] = received;
    const header = headers['stripe-signature'];
    const event = client.webhooks.constructEvent(body, header, endpoint.secret);
    assert.deepEqual([event.type, event.data.object.id], ['payment_intent.succeeded', paid.id]);
    for (const [text, secret] of [[`${body} `, endpoint.secret], [body, 'whsec_other']])
      assert.throws(() => client.webhooks.constructEvent(text, header, secret), {
        type: 'StripeSignatureVerificationError',
      });
  },

  async thin_events_verify() {
    let destination;
    let paid;
    const received = await receiving(async (url) => {
      destination = await client.v2.core.eventDestinations.create({
        name: 'Mine',
        type: 'webhook_endpoint',
        event_payload: 'thin',
        enabled_events: ['v1.payment_intent.succeeded'],
        webhook_endpoint: { url },
        include: ['webhook_endpoint.signing_secret'],
      });
      paid = await pay();
      await control('POST', 'deliveries/drain', {});
      await client.v2.core.eventDestinations.del(destination.id);
    });
    assert.equal(received.length, 1);
    const [{ body, headers }] = received;
    const secret = destination.webhook_endpoint.signing_secret;
    const told = client.parseEventNotification(body, headers['stripe-signature'], secret);
    assert.deepEqual([told.type, told.related_object.id], ['v1.payment_intent.succeeded', paid.id]);
    assert.equal((await told.fetchRelatedObject()).status, 'succeeded');
    assert.equal((await told.fetchEvent()).id, told.id);
  },
};

const asked = process.argv.slice(2);
for (const [name, run] of Object.entries(behaviours)) {
  if (asked.length && !asked.includes(name)) continue;
  let error = null;
  try {
    await run();
  } catch (caught) {
    error = String(caught?.stack ?? caught).slice(0, 1000);
  }
  console.log(JSON.stringify({ name, ok: error === null, error }));
}
