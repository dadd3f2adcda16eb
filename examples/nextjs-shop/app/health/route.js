import { answering, json, served } from '../../lib/served.js';

export const dynamic = 'force-dynamic';
export const GET = answering(() => {
  const { shop, isStripeReached } = served();
  const stripe = isStripeReached ? 'ok' : 'unreachable';
  try {
    shop.records.probe();
  } catch {
    return json({ status: 'failing', database: 'unreachable', stripe }, 503);
  }
  return json({ status: 'ok', database: 'ok', stripe });
});
