"""Derive the emulator's object shapes and parameter schemas from the installed ``stripe`` package.

    python scripts/derive_shapes.py [--check]

Reads the package's generated classes as text (nothing of it is imported) and writes two files into
``src/stripe_audit/emulator/shapes/``: ``objects.json`` (which fields each object has, in Stripe's order, which of them
are never null, and which can be expanded to what) and ``params.json`` (which parameters each call takes). With
``--check`` nothing is written, and the exit code is 1 if the committed files differ.

The encoding of a parameter's type: ``i`` integer, ``s`` string, ``b`` boolean, ``f`` decimal, ``m`` map of strings,
``*`` anything; ``{"e": [...]}`` one of these words; ``{"l": T}`` list; ``{"p": {...}, "r": [...]}`` hash with its
required names; ``{"o": [T, ...]}`` any of these; ``{"z": T}`` T, or the empty string, which unsets the value.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "src" / "stripe_audit" / "emulator" / "shapes"

OBJECTS = (
    "account", "account_link", "application_fee", "balance", "balance_transaction", "bank_account", "billing.meter",
    "billing.meter_event", "billing.meter_event_summary", "billing_portal.configuration", "billing_portal.session",
    "capability", "card", "cash_balance", "charge", "checkout.session", "confirmation_token", "coupon", "credit_note",
    "credit_note_line_item", "customer", "customer_balance_transaction", "customer_cash_balance_transaction",
    "customer_session", "discount", "dispute", "ephemeral_key", "event", "fee_refund", "file",
    "identity.verification_report", "identity.verification_session", "invoice", "invoice_payment", "invoiceitem",
    "issuing.authorization", "issuing.card", "issuing.cardholder", "issuing.dispute", "issuing.transaction", "item",
    "line_item", "login_link", "mandate", "payment_intent", "payment_link", "payment_method", "payout", "person",
    "plan", "price", "product", "promotion_code", "quote", "radar.early_fraud_warning", "refund",
    "reporting.report_run", "reporting.report_type", "review", "setup_attempt", "setup_intent", "shipping_rate",
    "source", "subscription", "subscription_item", "subscription_schedule", "tax_id", "tax_rate",
    "test_helpers.test_clock", "token", "topup", "transfer", "transfer_reversal", "v2.core.event_destination",
    "webhook_endpoint",
)  # fmt: skip
"""Every object that the emulator makes, by the name in its ``object`` field."""
NESTED = (
    "charge:Outcome", "charge:BillingDetails", "charge:PaymentMethodDetails.Card", "payment_method:BillingDetails",
    "payment_method:Card", "payment_intent:NextAction.RedirectToUrl", "customer:InvoiceSettings",
)  # fmt: skip
CALLS = (
    "account_capability_update", "account_create", "account_external_account_create", "account_external_account_list",
    "account_external_account_update", "account_link_create", "account_list", "account_list_capabilities",
    "account_login_link_create", "account_person_create", "account_person_list", "account_person_update",
    "account_reject", "account_update", "application_fee_create_refund", "application_fee_list",
    "application_fee_list_refunds", "application_fee_modify_refund", "balance_transaction_list", "billing.meter_create",
    "billing.meter_deactivate", "billing.meter_event_create", "billing.meter_list",
    "billing.meter_list_event_summaries", "billing.meter_reactivate", "billing.meter_update",
    "billing_portal.configuration_create", "billing_portal.configuration_list", "billing_portal.configuration_update",
    "billing_portal.session_create", "charge_capture", "charge_create", "charge_list", "charge_search", "charge_update",
    "checkout.session_create", "checkout.session_expire", "checkout.session_list", "checkout.session_list_line_items",
    "checkout.session_update", "coupon_create", "coupon_list", "coupon_update", "credit_note_create",
    "credit_note_list", "credit_note_preview", "credit_note_update", "credit_note_void_credit_note",
    "customer_cash_balance_update", "customer_create", "customer_create_balance_transaction", "customer_create_source",
    "customer_create_tax_id", "customer_list", "customer_list_balance_transactions",
    "customer_list_cash_balance_transactions", "customer_list_payment_methods", "customer_list_sources",
    "customer_payment_source_update", "customer_payment_source_verify", "customer_search", "customer_session_create",
    "customer_update", "dispute_close", "dispute_list", "dispute_update", "ephemeral_key_create", "event_list",
    "file_create", "file_list", "identity.verification_report_list", "identity.verification_session_cancel",
    "identity.verification_session_create", "identity.verification_session_list",
    "identity.verification_session_redact", "identity.verification_session_update", "invoice_add_lines",
    "invoice_create", "invoice_create_preview", "invoice_finalize_invoice", "invoice_item_create", "invoice_item_list",
    "invoice_item_update", "invoice_list", "invoice_list_lines", "invoice_mark_uncollectible", "invoice_pay",
    "invoice_payment_list", "invoice_search", "invoice_send_invoice", "invoice_update", "invoice_void_invoice",
    "issuing.authorization_approve", "issuing.authorization_decline", "issuing.authorization_list",
    "issuing.authorization_update", "issuing.card_create", "issuing.card_list", "issuing.card_update",
    "issuing.cardholder_create", "issuing.cardholder_list", "issuing.cardholder_update", "issuing.dispute_create",
    "issuing.dispute_list", "issuing.dispute_submit", "issuing.dispute_update",
    "issuing.transaction_create_force_capture", "issuing.transaction_list", "issuing.transaction_update",
    "payment_intent_apply_customer_balance", "payment_intent_cancel", "payment_intent_capture",
    "payment_intent_confirm", "payment_intent_create", "payment_intent_list", "payment_intent_retrieve",
    "payment_intent_search", "payment_intent_update", "payment_intent_verify_microdeposits", "payment_link_create",
    "payment_link_list", "payment_link_list_line_items", "payment_link_update", "payment_method_attach",
    "payment_method_create", "payment_method_detach", "payment_method_list", "payment_method_update", "payout_cancel",
    "payout_create", "payout_list", "payout_reverse", "payout_update", "plan_create", "plan_list", "plan_update",
    "price_create", "price_list", "price_search", "price_update", "product_create", "product_list", "product_search",
    "product_update", "promotion_code_create", "promotion_code_list", "promotion_code_update", "quote_accept",
    "quote_cancel", "quote_create", "quote_finalize_quote", "quote_list", "quote_list_line_items", "quote_update",
    "radar.early_fraud_warning_list", "refund_cancel", "refund_create", "refund_list", "refund_update",
    "reporting.report_run_create", "reporting.report_run_list", "reporting.report_type_list", "review_approve",
    "review_list", "setup_attempt_list", "setup_intent_cancel", "setup_intent_confirm", "setup_intent_create",
    "setup_intent_list", "setup_intent_retrieve", "setup_intent_update", "setup_intent_verify_microdeposits",
    "shipping_rate_create", "shipping_rate_list", "shipping_rate_update", "source_create", "source_retrieve",
    "source_update", "subscription_cancel", "subscription_create", "subscription_item_create",
    "subscription_item_delete", "subscription_item_list", "subscription_item_update", "subscription_list",
    "subscription_resume", "subscription_schedule_cancel", "subscription_schedule_create", "subscription_schedule_list",
    "subscription_schedule_release", "subscription_schedule_update", "subscription_search", "subscription_update",
    "tax_id_create", "tax_id_list", "tax_rate_create", "tax_rate_list", "tax_rate_update",
    "test_helpers.confirmation_token_create", "test_helpers.customer_fund_cash_balance",
    "test_helpers.issuing.authorization_capture", "test_helpers.issuing.authorization_create",
    "test_helpers.issuing.authorization_expire", "test_helpers.issuing.authorization_increment",
    "test_helpers.issuing.authorization_reverse", "test_helpers.issuing.transaction_create_force_capture",
    "test_helpers.issuing.transaction_refund", "test_helpers.refund_expire", "test_helpers.test_clock_advance",
    "test_helpers.test_clock_create", "test_helpers.test_clock_list", "token_create", "topup_cancel", "topup_create",
    "topup_list", "topup_update", "transfer_create", "transfer_create_reversal", "transfer_list",
    "transfer_list_reversals", "transfer_modify_reversal", "transfer_update", "webhook_endpoint_create",
    "webhook_endpoint_list", "webhook_endpoint_update",
)  # fmt: skip
"""Modules under ``stripe/params``, the folders before the name."""

DEPTH = 3
"""Hashes deeper than this are accepted as they come."""
WIDE = 30
"""A hash with more names than this has a member per payment method type: only cards are spelled out."""
LONG = 45
"""A list of words longer than this is not committed (payment method types, countries); event types are."""
CARD_NAMES = {"card", "link", "type", "billing_details", "metadata", "allow_redisplay"}


def package_folder() -> Path:
    spec = importlib.util.find_spec("stripe")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("the stripe package is not installed")
    return Path(spec.submodule_search_locations[0])


def classes_in(path: Path) -> dict[str, ast.ClassDef]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def fields_of(definition: ast.ClassDef) -> list[tuple[str, ast.expr]]:
    return [
        (node.target.id, node.annotation)
        for node in definition.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and not node.target.id.startswith("_")
    ]


def head(annotation: ast.expr) -> str:
    value = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    return ast.unparse(value)


def object_shape(definition: ast.ClassDef) -> dict[str, Any]:
    fields = [(name, note) for name, note in fields_of(definition) if name != "deleted"]
    never_null = [name for name, note in fields if head(note) not in ("Optional", "ClassVar")]
    return {
        "fields": [name for name, note in fields if head(note) != "ClassVar"],
        "never_null": never_null,
    }


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def expandable(definition: ast.ClassDef, prefix: str = "") -> dict[str, list[str]]:
    """Dotted paths of ids that ``expand`` replaces, with the kinds of object that may stand there."""
    inner = {node.name: node for node in definition.body if isinstance(node, ast.ClassDef)}
    found = {}
    for name, note in fields_of(definition):
        targets = [node for node in ast.walk(note) if isinstance(node, ast.Subscript) and "Expandable" in head(node)]
        if targets:
            quoted = [n.value for n in ast.walk(targets[0].slice) if isinstance(n, ast.Constant)]
            kinds = [snake(kind).removesuffix("_resource") for kind in quoted if not kind.startswith("Deleted")]
            found[f"{prefix}{name}"] = kinds
        hashes = {node.id for node in ast.walk(note) if isinstance(node, ast.Name)} & set(inner)
        if not prefix and len(hashes) == 1:
            found.update(expandable(inner[hashes.pop()], f"{name}."))
    return found


def definitions(package: Path) -> dict[str, ast.ClassDef]:
    """Every class that stands for an object, by the object's name."""
    found = {}
    for path in sorted(package.rglob("_*.py")):
        text = path.read_text("utf-8")
        if "OBJECT_NAME" in text:
            for definition in classes_in(path).values():
                for node in definition.body:
                    if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "OBJECT_NAME":
                        found[ast.literal_eval(node.value or ast.Constant(""))] = definition
    return found


def objects(package: Path) -> dict[str, Any]:
    found = definitions(package)
    result = {}
    for name in OBJECTS:
        definition = found[name]
        result[name] = {**object_shape(definition), "expandable": expandable(definition)}
    for entry in NESTED:
        owner, path = entry.split(":")
        definition = classes_in(package / f"_{owner}.py")[camel(owner)]
        for part in path.split("."):
            definition = next(n for n in definition.body if isinstance(n, ast.ClassDef) and n.name == part)
        dotted = ".".join(snake(part) for part in path.split("."))
        result[f"{owner}.{dotted}"] = object_shape(definition)
    return result


class ParamReader:
    """Turns the TypedDicts of one module under ``stripe/params`` into the encoding above."""

    def __init__(self, classes: dict[str, ast.ClassDef]) -> None:
        self.classes = classes

    def hash_of(self, name: str, depth: int) -> Any:
        if depth > DEPTH:
            return "*"
        fields = fields_of(self.classes[name])
        is_wide = len(fields) > WIDE and depth > 0
        params: dict[str, Any] = {}
        required = []
        for field, note in fields:
            is_required = head(note) != "NotRequired"
            inner = note if is_required else note.slice  # type: ignore[attr-defined]
            params[field] = "*" if is_wide and field not in CARD_NAMES else self.type_of(inner, depth)
            if is_required:
                required.append(field)
        return {"p": params, "r": required} if required else {"p": params}

    def type_of(self, note: ast.expr, depth: int) -> Any:
        if isinstance(note, ast.Constant) and isinstance(note.value, str):
            return self.type_of(ast.parse(note.value, mode="eval").body, depth)
        if isinstance(note, ast.BinOp):
            return self.union(flatten(note), depth)
        if isinstance(note, ast.Subscript):
            return self.generic(note, depth)
        name = ast.unparse(note)
        if name in self.classes:
            return self.hash_of(name, depth + 1)
        return {"int": "i", "str": "s", "bool": "b", "float": "f", "Decimal": "f"}.get(name, "*")

    def generic(self, note: ast.Subscript, depth: int) -> Any:
        kind = head(note)
        if kind == "List":
            return {"l": self.type_of(note.slice, depth)}
        if kind == "Dict":
            return "m"
        if kind == "UntypedStripeObject":
            return "m"
        if kind == "Literal":
            return {"e": words(note)} if len(words(note)) <= LONG or "charge.succeeded" in words(note) else "s"
        if kind == "Union":
            members = note.slice.elts if isinstance(note.slice, ast.Tuple) else [note.slice]
            return self.union(members, depth)
        return self.type_of(note.slice, depth)

    def union(self, members: list[ast.expr], depth: int) -> Any:
        is_clearable = any(words(member) == [""] for member in members)
        kinds = [self.type_of(member, depth) for member in members if words(member) != [""]]
        if any(is_enum(kind) for kind in kinds):
            kinds = [kind for kind in kinds if kind != "s"]  # "these words, or a string that this SDK cannot know yet"
        unique = [kind for index, kind in enumerate(kinds) if kind not in kinds[:index]]
        merged = unique[0] if len(unique) == 1 else {"o": unique}
        return {"z": merged} if is_clearable else merged


def is_enum(kind: Any) -> bool:
    return isinstance(kind, dict) and "e" in kind


def words(note: ast.expr) -> list[str]:
    if not isinstance(note, ast.Subscript) or head(note) != "Literal":
        return []
    members = note.slice.elts if isinstance(note.slice, ast.Tuple) else [note.slice]
    return [member.value for member in members if isinstance(member, ast.Constant)]


def flatten(note: ast.expr) -> list[ast.expr]:
    if isinstance(note, ast.BinOp):
        return [*flatten(note.left), *flatten(note.right)]
    return [note]


def params(package: Path) -> dict[str, Any]:
    result = {}
    for call in CALLS:
        *folders, last = call.split(".")
        classes = classes_in(Path(package, "params", *folders, f"_{last}_params.py"))
        result[call] = ParamReader(classes).hash_of(f"{camel(last)}Params", 0)
    return result


def version(package: Path) -> str:
    found = re.search(r'CURRENT = "([^"]+)"', (package / "_api_version.py").read_text("utf-8"))
    if found is None:
        raise SystemExit("the stripe package does not name its API version where version 16 did")
    return found[1]


def rendered(package: Path) -> dict[str, str]:
    source = version(package)
    tables = {"objects.json": objects(package), "params.json": params(package)}
    return {name: one_line_each({"api_version": source, **table}) for name, table in tables.items()}


def one_line_each(table: dict[str, Any]) -> str:
    lines = (f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}" for key, value in table.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> int:
    is_check = "--check" in sys.argv[1:]
    stale = []
    for name, text in rendered(package_folder()).items():
        path = FOLDER / name
        if is_check and (not path.exists() or path.read_text("utf-8") != text):
            stale.append(name)
        elif not is_check:
            path.write_text(text, "utf-8")
    if stale:
        sys.stderr.write(f"differ from the stripe package: {', '.join(stale)}; run scripts/derive_shapes.py\n")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
