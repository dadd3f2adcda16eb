// What is sold, in major units as text: no price ever passes through a float.
export const PRODUCTS = [
  { id: 'tee', name: 'T-shirt', price: '19.99', currency: 'usd' },
  { id: 'tee', name: 'T-shirt', price: '17.99', currency: 'eur' },
  { id: 'sticker', name: 'Sticker', price: '4.35', currency: 'usd' },
  { id: 'sticker', name: 'Sticker', price: '500', currency: 'jpy' },
];

const ZERO_DECIMAL = new Set(['jpy', 'krw', 'vnd', 'clp']);

/** Minor units of a price, exactly; undefined for what is not sold. */
export function unitAmount(item: string, currency: string): number | undefined {
  const product = PRODUCTS.find((one) => one.id === item && one.currency === currency);
  if (!product) return undefined;
  const [whole, cents = ''] = product.price.split('.');
  return ZERO_DECIMAL.has(currency) ? Number(whole) : Number(whole) * 100 + Number(cents.padEnd(2, '0'));
}
