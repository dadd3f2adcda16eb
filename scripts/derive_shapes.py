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
    "account", "balance", "balance_transaction", "card", "charge", "customer", "dispute", "event", "payment_intent",
    "payment_method", "price", "product", "radar.early_fraud_warning", "refund", "token", "webhook_endpoint",
)  # fmt: skip
NESTED = (
    "charge:Outcome", "charge:BillingDetails", "charge:PaymentMethodDetails.Card", "payment_method:BillingDetails",
    "payment_method:Card", "payment_intent:NextAction.RedirectToUrl", "customer:InvoiceSettings",
)  # fmt: skip
CALLS = (
    "balance_transaction_list", "charge_capture", "charge_create", "charge_list", "charge_update", "customer_create",
    "customer_list", "customer_search", "customer_update", "customer_list_payment_methods", "event_list",
    "payment_intent_cancel", "payment_intent_capture", "payment_intent_confirm", "payment_intent_create",
    "payment_intent_list", "payment_intent_retrieve", "payment_intent_search", "payment_intent_update",
    "payment_method_attach", "payment_method_create", "payment_method_list", "payment_method_update", "price_create",
    "price_list", "price_update", "product_create", "product_list", "product_update", "refund_cancel", "refund_create",
    "refund_list", "refund_update", "token_create", "webhook_endpoint_create", "webhook_endpoint_list",
    "webhook_endpoint_update",
)  # fmt: skip

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


def objects(package: Path) -> dict[str, Any]:
    result = {}
    for name in OBJECTS:
        folder, _, last = name.rpartition(".")
        definition = classes_in(package / folder / f"_{last}.py")[camel(last)]
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
        classes = classes_in(package / "params" / f"_{call}_params.py")
        result[call] = ParamReader(classes).hash_of(f"{camel(call)}Params", 0)
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
