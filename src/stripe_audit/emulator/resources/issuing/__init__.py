"""Issued cards: who holds them, what is authorized on them, what is spent (docs.stripe.com/issuing)."""
