"""Payment methods other than cards: bank debits, redirects, vouchers and bank transfers."""
