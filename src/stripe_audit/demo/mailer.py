"""A transactional outbox: mails are rows, written with the change that causes them, and sent by a worker until sent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import smtplib
import sqlite3
from collections.abc import Mapping
from email.message import EmailMessage
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from stripe_audit.demo.config import ShopConfig
from stripe_audit.demo.store import Store

__all__ = ["Outbox"]


class Outbox:
    """Queues mails by a key, so that the same one is never queued twice, and sends them in the background."""

    def __init__(self, config: ShopConfig, store: Store) -> None:
        self._config = config
        self._store = store
        self._wake = asyncio.Event()

    def told_to(self, other: Outbox) -> None:
        """From now on another worker's outbox sends what is queued here; both have the same database."""
        self._wake = other._wake

    def queue(self, key: str, recipient: str, subject: str, body: str) -> None:
        """Call inside the transaction of the change."""
        self._store.run(
            "INSERT OR IGNORE INTO outbox (key, recipient, subject, body) VALUES (:key, :recipient, :subject, :body)",
            {"key": key, "recipient": recipient, "subject": subject, "body": body},
        )
        self._wake.set()

    async def work(self) -> None:
        """Send what is queued, for ever; what cannot be sent is tried again."""
        while True:
            waiting = self._store.rows("SELECT * FROM outbox WHERE sent = 0 ORDER BY rowid LIMIT 50")
            self._wake.clear()
            if waiting:
                if not await asyncio.to_thread(self._are_sent, waiting):
                    await asyncio.sleep(0.3)
                continue
            await self._wake.wait()

    def _are_sent(self, waiting: list[dict[str, Any]]) -> bool:
        """Send them. Whether all went; what did not stays in the queue, and one that is refused holds up no other."""
        by_sms = [one for one in waiting if self._config.sms_url and one["recipient"] != self._config.alert_email]
        mails = [one for one in waiting if one not in by_sms]
        return self._are_posted(by_sms) and self._are_mailed(mails)

    def _are_mailed(self, mails: list[dict[str, Any]]) -> bool:
        if not mails:
            return True
        host, port = self._config.smtp_host, self._config.smtp_port
        are_sent = True
        try:
            with smtplib.SMTP(host, port, local_hostname="localhost", timeout=5) as connection:  # else a name look-up
                for mail in mails:
                    try:
                        connection.send_message(_message(mail, self._config.mail_from))
                    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused):
                        are_sent = False
                        continue
                    self._store.run("UPDATE outbox SET sent = 1 WHERE key = :key", mail)
        except (OSError, smtplib.SMTPException, sqlite3.Error):
            return False
        return are_sent

    def _are_posted(self, messages: list[dict[str, Any]]) -> bool:
        place = urlsplit(self._config.sms_url)
        try:
            for one in messages:
                text = json.dumps({"to": one["recipient"], "text": f"{one['subject']}\n{one['body']}"})
                with contextlib.closing(HTTPConnection(place.hostname or "", place.port, timeout=5)) as gateway:
                    gateway.request("POST", place.path, text, {"Content-Type": "application/json"})
                    if gateway.getresponse().status >= 300:
                        return False
                self._store.run("UPDATE outbox SET sent = 1 WHERE key = :key", one)
        except (OSError, HTTPException, sqlite3.Error):
            return False
        return True


def _message(mail: Mapping[str, Any], sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = mail["recipient"]
    message["Subject"] = mail["subject"]
    message.set_content(mail["body"])
    return message
