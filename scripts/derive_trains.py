"""Derive what changed in Stripe's objects from one API train to the next, from the official library of each train.

    python scripts/derive_trains.py ACACIA BASIL CLOVER DAHLIA > src/stripe_audit/emulator/shapes/trains.json

The four arguments are unpacked wheels of the last ``stripe`` release of each train (11.6.0, 12.5.1, 14.4.2, 15.6.2);
the fifth train, endive, is the installed one. Written is, per train: which fields ``arrived`` with it (an older version
does not show them), which ``left`` with it (an older version still shows them) and where their value is found now, and
which ``words`` it renamed. Nothing of the packages is imported.

Where a value is found: ``null``: it has none; ``"a.0.b"``: a path in the object; ``{"equal": [path, word]}``;
``{"object": path}``: the stored object of that id; ``{"sum": [path, field]}``; ``{"each": [path, {name: value}]}``: a
list of hashes; ``{"hash": {name: value}}``; ``{"find": [kind, its path, our path, result path]}``: the newest stored
object of a kind whose field equals ours; with ``"then": field``, that field of the object that the result names.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
TRAINS = {
    "acacia": "2024-09-30",
    "basil": "2025-03-31",
    "clover": "2025-09-30",
    "dahlia": "2026-03-25",
    "endive": "2026-09-30",
}
MODULES = (
    "account", "balance", "balance_transaction", "bank_account", "card", "charge", "checkout.session", "coupon",
    "credit_note", "customer", "discount", "dispute", "event", "identity.verification_session", "invoice",
    "invoice_item", "invoice_line_item", "issuing.authorization", "issuing.card", "issuing.cardholder",
    "issuing.transaction", "mandate", "payment_intent", "payment_link", "payment_method", "payout", "plan", "price",
    "product", "promotion_code", "quote", "refund", "setup_attempt", "setup_intent", "source", "subscription",
    "subscription_item", "subscription_schedule", "tax_rate", "topup", "transfer",
)  # fmt: skip
_TAXES = {
    "amount": "amount",
    "inclusive": {"equal": ["tax_behavior", "inclusive"]},
    "tax_rate": "tax_rate_details.tax_rate",
    "taxability_reason": "taxability_reason",
    "taxable_amount": "taxable_amount",
}
_PAID_BY = {"find": ["invoice_payment", "payment.payment_intent", "id", "invoice"]}
NOW_AT: dict[str, dict[str, Any]] = {
    "charge": {"invoice": {"find": ["invoice_payment", "payment.payment_intent", "payment_intent", "invoice"]}},
    "payment_intent": {"invoice": _PAID_BY},
    "checkout.session": {"shipping_details": "collected_information.shipping_details"},
    "subscription": {
        "current_period_start": "items.data.0.current_period_start",
        "current_period_end": "items.data.0.current_period_end",
        "discount": "discounts.0",
    },
    "invoice": {
        "charge": {
            "find": ["invoice_payment", "invoice", "id", "payment.payment_intent"],
            "then": "latest_charge",
        },
        "discount": "discounts.0",
        "paid": {"equal": ["status", "paid"]},
        "payment_intent": {"find": ["invoice_payment", "invoice", "id", "payment.payment_intent"]},
        "quote": "parent.quote_details.quote",
        "subscription": "parent.subscription_details.subscription",
        "subscription_details": {"hash": {"metadata": "parent.subscription_details.metadata"}},
        "subscription_proration_date": "parent.subscription_details.subscription_proration_date",
        "tax": {"sum": ["total_taxes", "amount"]},
        "total_tax_amounts": {"each": ["total_taxes", _TAXES]},
    },
    "invoiceitem": {
        "price": {"object": "pricing.price_details.price"},
        "subscription": "parent.subscription_details.subscription",
        "subscription_item": "parent.subscription_details.subscription_item",
        "unit_amount_decimal": "pricing.unit_amount_decimal",
    },
    "line_item": {
        "amount_excluding_tax": "amount",
        "invoice_item": "parent.invoice_item_details.invoice_item",
        "price": {"object": "pricing.price_details.price"},
        "proration": "parent.subscription_item_details.proration",
        "subscription_item": "parent.subscription_item_details.subscription_item",
        "tax_amounts": {"each": ["taxes", _TAXES]},
        "type": "parent.type",
        "unit_amount_excluding_tax": "pricing.unit_amount_decimal",
    },
    "credit_note": {"refund": "refunds.0.refund", "tax_amounts": {"each": ["total_taxes", _TAXES]}},
    "promotion_code": {"coupon": {"object": "promotion.coupon"}},
    "discount": {"coupon": {"object": "source.coupon"}},
}
WORDS = {
    "basil": {
        "line_item": {"type": {"subscription_item_details": "subscription", "invoice_item_details": "invoiceitem"}}
    },
    "dahlia": {
        "checkout.session": {"ui_mode": {"hosted_page": "hosted", "embedded_page": "embedded", "elements": "custom"}}
    },
}
"""The newer word, then what an older version says: github.com/stripe/stripe-python, the literals of both releases."""


def _derivation() -> Any:
    spec = importlib.util.spec_from_file_location("derive_shapes", ROOT / "scripts" / "derive_shapes.py")
    if spec is None or spec.loader is None:
        raise SystemExit("scripts/derive_shapes.py is gone")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DERIVE = _derivation()


def fields_by_path(definition: ast.ClassDef, prefix: str = "") -> dict[str, set[str]]:
    """The fields of a class and of the hashes inside it, by their dotted path."""
    found = {prefix: {name for name, _ in DERIVE.fields_of(definition) if name not in ("deleted", "OBJECT_NAME")}}
    for node in definition.body:
        if isinstance(node, ast.ClassDef) and "Params" not in node.name:
            path = f"{prefix}.{DERIVE.snake(node.name)}".removeprefix(".")
            found.update(fields_by_path(node, path))
    return found


def objects(package: Path) -> dict[str, dict[str, set[str]]]:
    """All modules' classes, by the name that the object itself carries."""
    found = {}
    for module in MODULES:
        folder, _, last = module.rpartition(".")
        path = package / folder / f"_{last}.py"
        if path.exists():
            definition = DERIVE.classes_in(path)[DERIVE.camel(last)]
            found[_object_name(definition) or module] = fields_by_path(definition)
    return found


def _object_name(definition: ast.ClassDef) -> str | None:
    """``OBJECT_NAME``; an invoice's line carries ``line_item`` in its field ``object`` alone."""
    for node in definition.body:
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") in ("OBJECT_NAME", "object"):
            words = [
                one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
            words = [word for word in words if word and " " not in word and "[" not in word]
            if words:
                return words[0]
    return None


def step(older: dict[str, dict[str, set[str]]], newer: dict[str, dict[str, set[str]]], train: str) -> dict[str, Any]:
    """What changed from one train to the next."""
    arrived: dict[str, list[str]] = {}
    left: dict[str, dict[str, Any]] = {}
    for kind in sorted(set(older) & set(newer)):
        for path in sorted(set(older[kind]) & set(newer[kind])):
            before, after = older[kind][path], newer[kind][path]
            if path.count(".") or path in ("payment_method_details", "payment_method_options", "capabilities"):
                continue
            names = [f"{path}.{name}".removeprefix(".") for name in sorted(after - before)]
            if names:
                arrived.setdefault(kind, []).extend(names)
            for name in sorted(before - after):
                full = f"{path}.{name}".removeprefix(".")
                left.setdefault(kind, {})[full] = NOW_AT.get(kind, {}).get(full)
    return {"since": TRAINS[train], "arrived": arrived, "left": left, "words": WORDS.get(train, {})}


def main() -> int:
    """Print the data."""
    folders = [Path(text) / "stripe" for text in sys.argv[1:]]
    if len(folders) != len(TRAINS) - 1 or not all(folder.is_dir() for folder in folders):
        sys.stderr.write("usage: derive_trains.py ACACIA BASIL CLOVER DAHLIA (unpacked wheels)\n")
        return 2
    found = [objects(folder) for folder in [*folders, DERIVE.package_folder()]]
    names = list(TRAINS)
    steps = {names[i + 1]: step(found[i], found[i + 1], names[i + 1]) for i in range(len(found) - 1)}
    rows = []
    for name, entry in steps.items():
        inner = [
            f'  "{part}": {{\n'
            + ",\n".join(f"   {json.dumps(k)}: {json.dumps(v)}" for k, v in entry[part].items())
            + "\n  }"
            for part in ("arrived", "left", "words")
        ]
        rows.append(f' "{name}": {{\n  "since": "{entry["since"]}",\n' + ",\n".join(inner) + "\n }")
    sys.stdout.write("{\n" + ",\n".join(rows) + "\n}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
