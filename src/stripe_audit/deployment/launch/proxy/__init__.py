"""For apps whose interpreter takes no injection: a proxy on the loopback that answers as Stripe, and trust for it."""
