import { answering, bodyOf, json, served } from '../../../lib/served.js';
import { log } from '../../../lib/shop.js';

export const POST = answering(async (request) => {
  const { stripe, secret, shop } = served();
  const body = await bodyOf(request);
  let event;
  try {
    event = stripe.webhooks.constructEvent(body, request.headers.get('Stripe-Signature') ?? '', secret);
    if (typeof event.id !== 'string' || typeof event.type !== 'string' || !event.data.object) throw new Error('no event');
  } catch {
    log('warning', 'a webhook event was refused');
    return json({ error: 'bad_event' }, 400);
  }
  if (!event.livemode) {
    await shop.handle(event).catch((error) => {
      shop.alert(event);
      throw error;
    });
  }
  return json({ received: true });
});
