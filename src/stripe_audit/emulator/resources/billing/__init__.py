"""Billing: coupons, tax rates, plans, invoices, subscriptions, their schedules, credit notes, quotes, test clocks."""
