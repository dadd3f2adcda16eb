import { answering } from '../../lib/served.js';

const POLICY =
  "default-src 'none'; script-src 'self' https://js.stripe.com https://*.js.stripe.com; connect-src 'self' " +
  'https://api.stripe.com; frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com; ' +
  "img-src 'self' https://*.stripe.com; style-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; " +
  "frame-ancestors 'none'";

export const dynamic = 'force-dynamic';
export const GET = answering(() => {
  const page = `<!doctype html><html lang="en"><title>Checkout</title>
<script src="https://js.stripe.com/clover/stripe.js"></script><script src="/checkout.js" defer></script>
<main data-key="${process.env.STRIPE_PUBLISHABLE_KEY ?? ''}"><div id="payment-element"></div><button>Pay</button></main></html>`;
  return new Response(page, {
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy': POLICY,
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'strict-origin-when-cross-origin',
      'Permissions-Policy': 'camera=(), microphone=()',
    },
  });
});
