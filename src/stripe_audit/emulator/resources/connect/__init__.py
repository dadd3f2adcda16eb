"""Connected accounts: what is known of them, what they may do, where their money goes (docs.stripe.com/connect)."""
