"""Files go in and come out as they are."""

from __future__ import annotations

import io

import pytest
import requests
import stripe
from hypothesis import given
from hypothesis import strategies as st

from stripe_audit.emulator.file_calls import MOST, parts_of
from tests.emulator.billing.declared import differences
from tests.emulator.steps import pay

LATIN = st.binary(max_size=60).map(lambda raw: raw.decode("latin-1"))
PDF = b"%PDF-1.4\r\n--boundary\r\n\x00\xff\xfe end"


@pytest.fixture
def uploader(emulator):
    """The official library, with the host of files."""
    bases = {"api": emulator.url, "files": emulator.url}
    session = requests.Session()
    session.trust_env = False
    http = stripe.RequestsClient(session=session)
    yield stripe.StripeClient(emulator.keys.secret, base_addresses=bases, http_client=http)
    session.close()


def upload(uploader, content=PDF, name="receipt.pdf", purpose="dispute_evidence", options=None):
    file = io.BytesIO(content)
    file.name = name
    return uploader.v1.files.create({"purpose": purpose, "file": file}, options)


def got(emulator, identity, key=None):
    return requests.get(
        f"{emulator.url}/v1/files/{identity}/contents",
        headers={"Authorization": f"Bearer {key or emulator.keys.secret}"},
        timeout=10,
    )


def test_a_file_is_uploaded_and_comes_back(uploader, emulator, control):
    file = upload(uploader)
    assert (file.filename, file.size, file.type, file.purpose) == ("receipt.pdf", len(PDF), "pdf", "dispute_evidence")
    assert differences(file.to_dict()) == []
    assert uploader.v1.files.retrieve(file.id).id == file.id
    assert [one.id for one in uploader.v1.files.list({"purpose": "dispute_evidence"}).data] == [file.id]
    answer = got(emulator, file.id)
    assert (answer.content, answer.headers["Content-Type"]) == (PDF, "application/pdf")
    assert file.url == answer.url
    assert control.events(file.id) == ["file.created"]
    call = control.calls(path="/v1/files", method="POST")[0]
    assert (call["caller"], call["object"], call["params"]["file"]["name"]) == ("target", file.id, "receipt.pdf")


def test_it_is_evidence_of_a_dispute(uploader):
    pay(uploader, "pm_card_createDispute")
    (dispute,) = uploader.v1.disputes.list().data
    file = upload(uploader)
    updated = uploader.v1.disputes.update(dispute.id, {"evidence": {"receipt": file.id}, "submit": False})
    assert updated.evidence.receipt == file.id


def test_a_key_uploads_once(uploader, control):
    first, again = (upload(uploader, options={"idempotency_key": "k"}) for _ in range(2))
    assert first.id == again.id and len(uploader.v1.files.list().data) == 1
    with pytest.raises(stripe.IdempotencyError):
        upload(uploader, b"other", options={"idempotency_key": "k"})


def test_big_ones_pass_and_bigger_ones_do_not(uploader, emulator):
    content = bytes(range(256)) * 20_000
    assert got(emulator, upload(uploader, content).id).content == content
    with pytest.raises(stripe.StripeError):
        upload(uploader, bytes(MOST + 1))
    assert len(uploader.v1.files.list().data) == 1


@pytest.mark.parametrize(
    ("params", "files", "param"),
    [
        ({"purpose": "dispute_evidence"}, {"other": ("a.pdf", PDF)}, "file"),
        ({}, {"file": ("a.pdf", PDF)}, "purpose"),
        ({"purpose": "fun"}, {"file": ("a.pdf", PDF)}, "purpose"),
        ({"purpose": "dispute_evidence"}, {"file": ("a.pdf", b"")}, "file"),
        ({"purpose": "dispute_evidence", "file_link_data[create]": "true"}, {"file": ("a", PDF)}, "file_link_data"),
    ],
)
def test_what_makes_no_file(uploader, emulator, params, files, param):
    headers = {"Authorization": f"Bearer {emulator.keys.secret}"}
    answer = requests.post(f"{emulator.url}/v1/files", data=params, files=files, headers=headers, timeout=10)
    assert answer.status_code == 400 and answer.json()["error"]["param"] in (param, "other")
    assert uploader.v1.files.list().data == []


def test_a_form_brings_no_file(emulator):
    headers = {"Authorization": f"Bearer {emulator.keys.secret}"}
    form = {"purpose": "dispute_evidence", "file": "text"}
    answer = requests.post(f"{emulator.url}/v1/files", data=form, headers=headers, timeout=10)
    assert answer.json()["error"]["param"] == "file"


def test_contents_need_a_key_and_a_file(uploader, emulator):
    file = upload(uploader)
    assert got(emulator, file.id, "sk_live_" + "1" * 24).status_code == 401
    assert got(emulator, "file_none").json()["error"]["code"] == "resource_missing"
    assert got(emulator, file.id, emulator.keys.publishable).status_code == 403


def test_a_snapshot_keeps_them(uploader, emulator, control):
    file = upload(uploader)
    taken = control.post("snapshot")["id"]
    control.post("reset")
    assert got(emulator, file.id).status_code == 404
    control.post("restore", id=taken)
    assert got(emulator, file.id).content == PDF
    control.delete(f"snapshot/{taken}")


@given(content_type=LATIN | st.just("multipart/form-data; boundary=x"), body=st.binary(max_size=200))
def test_whatever_is_sent_is_read_without_harm(content_type, body):
    for name, filename, content in parts_of(content_type, body):
        assert isinstance(name, str) and content in body and (filename is None or isinstance(filename, str))


@given(content=st.binary(max_size=300))
def test_every_content_survives(content):
    encoded = requests.Request("POST", "http://x", files={"file": ("a.bin", content)}).prepare()
    assert parts_of(encoded.headers["Content-Type"], encoded.body) == [("file", "a.bin", content)]
