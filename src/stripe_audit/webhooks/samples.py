"""An object of every kind that webhook events are about, read from the ``stripe`` package without importing it.

The package's classes say which members an object has, of which type, and whether they may be null: those are null,
the others get a plausible value. Nothing here comes from a real account.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stripe_audit.webhooks.catalogue import event_types

__all__ = ["kind_of", "sample_object"]

_CREATED = 1_790_000_000
"""Unix seconds; an object was made then, unless it is overridden."""
_AMOUNT = 1999
_ODD = {
    "account.external_account": "bank_account",
    "application_fee.refund": "fee_refund",
    "customer.source": "card",
}
_PREFIXES = {
    "account": "acct", "application": "ca", "application_fee": "fee", "balance_transaction": "txn",
    "bank_account": "ba", "billing_portal.configuration": "bpc", "billing_portal.session": "bps", "charge": "ch",
    "checkout.session": "cs_test", "credit_note": "cn", "customer": "cus", "discount": "di", "dispute": "du",
    "fee_refund": "fr", "file": "file", "identity.verification_session": "vs", "invoice": "in", "invoiceitem": "ii",
    "invoice_payment": "inpay", "issuing.authorization": "iauth", "issuing.card": "ic", "issuing.cardholder": "ich",
    "issuing.dispute": "idp", "issuing.transaction": "ipi", "mandate": "mandate", "payment_intent": "pi",
    "payment_link": "plink", "payment_method": "pm", "payout": "po", "person": "person", "plan": "plan",
    "price": "price", "product": "prod", "promotion_code": "promo", "quote": "qt", "radar.early_fraud_warning": "issfr",
    "refund": "re", "reporting.report_run": "frr", "review": "prv", "setup_intent": "seti", "source": "src",
    "subscription": "sub", "subscription_item": "si", "subscription_schedule": "sub_sched", "tax_id": "txi",
    "tax_rate": "txr", "terminal.reader": "tmr", "test_helpers.test_clock": "clock", "topup": "tu", "transfer": "tr",
}  # fmt: skip
_WORDS: Mapping[str, Any] = {
    "currency": "usd",
    "country": "US",
    "email": "customer@example.com",
    "name": "A name",
    "url": "https://example.com",
    "livemode": False,
    "active": True,
    "quantity": 1,
    "brand": "visa",
    "last4": "4242",
    "exp_month": 12,
    "exp_year": 2040,
}
_NAME = re.compile(r'OBJECT_NAME: ClassVar\[\s*Literal\["([^"]+)"\]\s*\]')
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a kind's class is, and what it is called."""

    path: Path
    name: str


def kind_of(event_type: str) -> str:
    """The kind of object that events of a type are about. Raises LookupError for a type that does not exist."""
    if event_type not in event_types():
        raise LookupError(f"there is no webhook event {event_type!r}")
    parts = event_type.split(".")
    for end in range(len(parts) - 1, 0, -1):
        for start in range(end):
            name = ".".join(parts[start:end])
            if start == 0 and name in _ODD:
                return _ODD[name]
            for kind in (name, name.replace("issuing_", "issuing.", 1)):
                if kind in _sources():
                    return kind
    raise LookupError(f"the stripe package has no object for {event_type!r}")


def sample_object(kind: str, event_type: str = "") -> dict[str, Any]:
    """An object of a kind. Where its status can be the event's last word (``canceled``), it is."""
    obj = _object(kind, 0)
    last = event_type.rpartition(".")[2]
    if last in _statuses(kind):
        obj["status"] = last
    return obj


@functools.cache
def _sources() -> dict[str, _Source]:
    found: dict[str, _Source] = {}
    spec = importlib.util.find_spec("stripe")
    for folder in (spec and spec.submodule_search_locations) or ():
        for path in sorted(Path(folder).rglob("_*.py")):
            inside = path.relative_to(folder).parts[:-1]
            if {"params", "events", "v2"} & set(inside) or path.name.endswith("_service.py"):
                continue
            text = path.read_text("utf-8")
            if match := _NAME.search(text):
                before = re.findall(r"^class (\w+)", text[: match.start()], re.MULTILINE)
                found.setdefault(match[1], _Source(path, before[-1]))
    return found


@functools.cache
def _class(kind: str) -> ast.ClassDef:
    source = _sources()[kind]
    tree = ast.parse(source.path.read_text("utf-8"))
    return next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == source.name)


@functools.cache
def _kinds_by_class() -> dict[str, str]:
    return {source.name: kind for kind, source in reversed(_sources().items())}


def _statuses(kind: str) -> set[str]:
    for node in _class(kind).body:
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "status":
            told = _parsed(node.annotation)
            return {str(one.value) for one in ast.walk(told) if isinstance(one, ast.Constant)}
    return set()


def _object(kind: str, depth: int) -> dict[str, Any]:
    return _members(_class(kind), kind, depth)


def _members(node: ast.ClassDef, kind: str, depth: int) -> dict[str, Any]:
    inner = {one.name: one for one in node.body if isinstance(one, ast.ClassDef)}
    values: dict[str, Any] = {}
    for one in node.body:
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and one.value is None:
            name = one.target.id.rstrip("_")
            is_metadata = name == "metadata"
            values[name] = {} if is_metadata else _value(name, _parsed(one.annotation), kind, inner, depth)
    return values


def _parsed(annotation: ast.AST) -> ast.AST:
    """The annotation; one that is written as a text is read."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return ast.parse(annotation.value, mode="eval").body
    return annotation


def _value(name: str, told: ast.AST, kind: str, inner: Mapping[str, ast.ClassDef], depth: int) -> Any:
    if isinstance(told, ast.Subscript):
        return _composed(name, told, kind, inner, depth)
    word = told.id if isinstance(told, ast.Name) else told.attr if isinstance(told, ast.Attribute) else ""
    if word in inner and depth < _DEEPEST:
        own = {one.name: one for one in inner[word].body if isinstance(one, ast.ClassDef)}
        return _members(inner[word], kind, depth + 1) if own or inner[word].body else {}
    if word in _kinds_by_class():
        other = _kinds_by_class()[word]
        return _object(other, depth + 1) if depth < 1 else {"id": _identity(other), "object": other}
    return _plain(name, word, kind)


def _composed(name: str, told: ast.Subscript, kind: str, inner: Mapping[str, ast.ClassDef], depth: int) -> Any:
    outer = told.value.id if isinstance(told.value, ast.Name) else ""
    members = told.slice.elts if isinstance(told.slice, ast.Tuple) else [told.slice]
    first = _parsed(members[0])
    if outer == "Literal":
        return first.value if isinstance(first, ast.Constant) else getattr(members[0], "value", name)
    if outer == "Union":
        return _value(name, first, kind, inner, depth)
    if outer == "ExpandableField":
        word = first.id if isinstance(first, ast.Name) else ""
        return _identity(_kinds_by_class().get(word, name))
    return {
        "List": [],
        "ListObject": {"object": "list", "data": [], "has_more": False, "url": f"/v1/{name}"},
        "Dict": {},
    }.get(outer)


def _plain(name: str, word: str, kind: str) -> Any:
    if name == "id":
        return _identity(kind)
    if name in _WORDS:
        return _WORDS[name]
    if word in ("int", "Decimal", "float"):
        is_time = name == "created" or name.endswith(("_at", "_date", "_start", "_end", "_time", "date"))
        return _CREATED if is_time else _AMOUNT if "amount" in name or name == "net" else 0
    if word == "bool":
        return False
    if word == "str":
        return f"https://example.com/{name}" if name.endswith("url") else name
    return {} if word else None


def _identity(kind: str) -> str:
    prefix = _PREFIXES.get(kind, kind.rpartition(".")[2])
    return f"{prefix}_1Sample0000000000000000"
