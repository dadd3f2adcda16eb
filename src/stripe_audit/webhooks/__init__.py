"""Webhook events as the target meets them: their bodies, their catalogue, and forgeries of their signatures."""
