import { answering, json } from '../../../lib/served.js';
import { PRICES } from '../../../lib/shop.js';

export const dynamic = 'force-dynamic';
export const GET = answering(() => {
  const products = Object.entries(PRICES).map(([name, price]) => {
    const [id, currency] = name.split(' ');
    return { id, price, currency };
  });
  return json({ products });
});
