"""Identity verification sessions, from both ends."""

from __future__ import annotations

import pytest
import stripe

from tests.emulator.billing.declared import differences
from tests.emulator.steps import wait_for


@pytest.fixture
def session(client):
    return client.v1.identity.verification_sessions.create(
        {
            "type": "document",
            "options": {"document": {"require_matching_selfie": True}},
            "metadata": {"user": "7"},
            "return_url": "https://example.com",
        }
    )


def test_a_new_session_waits_for_a_document(client, session, seen):
    assert (session.status, session.type) == ("requires_input", "document")
    assert session.options.document.require_matching_selfie is True
    assert session.client_secret.startswith(f"{session.id}_secret_")
    assert differences(session.to_dict()) == []
    assert seen() == ["identity.verification_session.created"]
    assert [one.id for one in client.v1.identity.verification_sessions.list().data] == [session.id]
    assert client.v1.identity.verification_sessions.list({"status": "verified"}).data == []


def test_a_kind_must_be_named(client):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.identity.verification_sessions.create({})
    assert (caught.value.code, caught.value.param) == ("parameter_missing", "type")


def test_a_genuine_document(client, control, session, seen):
    control.post(f"verification_sessions/{session.id}/verify", outcome="succeed")
    verified = client.v1.identity.verification_sessions.retrieve(session.id, {"expand": ["last_verification_report"]})
    assert (verified.status, verified.url, verified.verified_outputs.first_name) == ("verified", None, "Jenny")
    report = verified.last_verification_report
    assert (report.document.status, report.verification_session) == ("verified", session.id)
    assert differences(report.to_dict()) == []
    assert [one.id for one in client.v1.identity.verification_reports.list().data] == [report.id]
    assert [type.rsplit(".", 1)[1] for type in seen()] == ["created", "processing", "verified"]
    with pytest.raises(stripe.InvalidRequestError, match="verified"):
        client.v1.identity.verification_sessions.cancel(session.id)


def test_a_document_that_is_not(client, control, session, previous):
    control.post(f"verification_sessions/{session.id}/verify", outcome="fail")
    failed = client.v1.identity.verification_sessions.retrieve(session.id)
    assert (failed.status, failed.last_error.code) == ("requires_input", "document_unverified_other")
    assert previous("identity.verification_session.requires_input") == {"status": "processing", "last_error": None}
    assert control("POST", f"verification_sessions/{session.id}/verify", {"outcome": "maybe"})[0] == 400


def test_a_session_is_called_off(client, session, previous):
    canceled = client.v1.identity.verification_sessions.cancel(session.id)
    assert (canceled.status, canceled.url, canceled.client_secret) == ("canceled", None, None)
    assert previous("identity.verification_session.canceled")["status"] == "requires_input"
    with pytest.raises(stripe.InvalidRequestError, match="canceled"):
        client.v1.identity.verification_sessions.cancel(session.id)


def test_what_was_collected_is_forgotten(client, control, session, previous):
    control.post(f"verification_sessions/{session.id}/verify", outcome="succeed")
    assert client.v1.identity.verification_sessions.redact(session.id).redaction.status == "processing"
    with pytest.raises(stripe.InvalidRequestError, match="already"):
        client.v1.identity.verification_sessions.redact(session.id)
    wait_for(lambda: client.v1.identity.verification_sessions.retrieve(session.id).redaction.status == "redacted")
    redacted = client.v1.identity.verification_sessions.retrieve(session.id)
    assert (redacted.verified_outputs, redacted.metadata.to_dict()) == (None, {"user": "[redacted]"})
    assert previous("identity.verification_session.redacted") == {"redaction": {"status": "processing"}}


def test_options_are_changed_only_while_it_waits(client, session):
    changed = client.v1.identity.verification_sessions.update(session.id, {"type": "id_number"})
    assert changed.type == "id_number"
    client.v1.identity.verification_sessions.cancel(session.id)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.identity.verification_sessions.update(session.id, {"type": "document"})
    assert (
        client.v1.identity.verification_sessions.update(session.id, {"metadata": {"user": "8"}}).metadata["user"] == "8"
    )
