"""Placeholder until the package API lands."""
