"""What a check sees of "Stripe": an interface, and the emulator behind it."""
