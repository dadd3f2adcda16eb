import { loadStripe } from '@stripe/stripe-js';

const api = import.meta.env.VITE_API_URL as string;
const list = document.querySelector<HTMLUListElement>('#products')!;
const pay = document.querySelector<HTMLButtonElement>('#pay')!;

const { products } = await (await fetch(`${api}/api/products`)).json();
for (const product of products) {
  const entry = document.createElement('li');
  const buy = document.createElement('button');
  buy.textContent = `${product.name}, ${product.price} ${product.currency.toUpperCase()}`;
  buy.addEventListener('click', () => void start(product));
  entry.append(buy);
  list.append(entry);
}

async function start(product: { id: string; currency: string }): Promise<void> {
  const body = { order: crypto.randomUUID(), item: product.id, quantity: 1, currency: product.currency, email: 'a@example.com' };
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(`${api}/api/create-payment-intent`, { method: 'POST', headers, body: JSON.stringify(body) });
  const { clientSecret } = await response.json();
  const stripe = await loadStripe(import.meta.env.VITE_STRIPE_PUBLISHABLE_KEY as string);
  const elements = stripe!.elements({ clientSecret });
  elements.create('payment').mount('#payment-element');
  pay.hidden = false;
  pay.onclick = () => void stripe!.confirmPayment({ elements, confirmParams: { return_url: location.href } });
}
