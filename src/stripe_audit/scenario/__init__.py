"""Payment journeys in YAML: the model, the reader, the runner, and the import of Stripe CLI fixtures."""
