"""Sources and the cards and bank accounts that customers hold: how payments were made before payment methods."""
