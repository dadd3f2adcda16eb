// The checkout page: Stripe.js from Stripe, no field of ours.
const STRIPE_JS = 'https://js.stripe.com/clover/stripe.js';

export const SCRIPT = `const { key, secretFrom } = document.querySelector('#payment').dataset;
const stripe = Stripe(key);
async function start() {
  const response = await fetch(secretFrom, { method: 'POST' });
  const { clientSecret } = await response.json();
  const elements = stripe.elements({ clientSecret });
  elements.create('payment').mount('#payment-element');
  document.querySelector('#pay').addEventListener('click', () => stripe.confirmPayment({
    elements, confirmParams: { return_url: location.href },
  }));
}
start();
`;

const escaped = (text: string): string => text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);

export function checkoutPage(order: string, publishableKey: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Checkout</title>
<script src="${STRIPE_JS}"></script>
<script src="/static/checkout.js" defer></script>
</head>
<body>
<h1>Order ${escaped(order)}</h1>
<main id="payment" data-key="${escaped(publishableKey)}" data-secret-from="/api/orders/${escaped(order)}/retry">
<div id="payment-element"></div>
<button id="pay" type="button">Pay now</button>
</main>
</body>
</html>
`;
}
