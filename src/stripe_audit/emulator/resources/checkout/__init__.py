"""Checkout: sessions and the pages on which they are paid, payment links, the customer portal."""
