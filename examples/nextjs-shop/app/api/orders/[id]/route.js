import { answering, json, served } from '../../../../lib/served.js';

export const GET = answering((request, params) => {
  const { id, status, amount, currency, fulfilled, intent } = served().shop.order(params.id);
  return json({ id, status, amount, currency, fulfilled, paymentIntent: intent });
});
