"""What the shop keeps."""

from __future__ import annotations

from django.db import models


class Order(models.Model):
    """One purchase; the amount in minor units."""

    id = models.CharField(primary_key=True, max_length=80)
    item = models.CharField(max_length=40)
    quantity = models.PositiveIntegerField()
    amount = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    email = models.CharField(max_length=320)
    status = models.CharField(max_length=20, default="open")
    intent = models.CharField(max_length=80, default="", blank=True, db_index=True)
    attempt = models.PositiveIntegerField(default=0)
    fulfilled = models.PositiveIntegerField(default=0)


class Event(models.Model):
    """A webhook event that has had its effect."""

    id = models.CharField(primary_key=True, max_length=80)


class Mail(models.Model):
    """A mail to be sent, once."""

    key = models.CharField(primary_key=True, max_length=160)
    recipient = models.CharField(max_length=320)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    sent = models.BooleanField(default=False)
