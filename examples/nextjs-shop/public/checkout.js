const order = new URLSearchParams(location.search).get('order');
const stripe = Stripe(document.querySelector('main').dataset.key);
fetch(`/api/orders/${order}/retry`, { method: 'POST' })
  .then((answer) => answer.json())
  .then(({ clientSecret }) => {
    const elements = stripe.elements({ clientSecret });
    elements.create('payment').mount('#payment-element');
    const confirmParams = { return_url: location.href };
    document.querySelector('button').onclick = () => stripe.confirmPayment({ elements, confirmParams });
  });
