"""The demo shop as a project on disk: settings, an env file, the certificate that its TLS port is trusted by."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from stripe_audit.demo.certificate import TLS
from stripe_audit.demo.pages import SCRIPT
from stripe_audit.demo.repository import write_repository
from stripe_audit.demo.sources import shop_sources

if TYPE_CHECKING:
    from stripe_audit.demo.defects import Defect

__all__ = ["write_project"]

_ACCOUNT = "51Demo0Demo0Dem0oA"
_TAIL = "k7Qm2Zp9Xw4Tn8Rb5Lc1Vd6Hs3Jg0Fy"
_ENV: Mapping[str, str] = {
    "PORT": "3001",
    "DATABASE": "shop.db",
    "STRIPE_SECRET_KEY": f"sk_test_{_ACCOUNT}{_TAIL}S",
    "STRIPE_PUBLISHABLE_KEY": f"pk_test_{_ACCOUNT}{_TAIL}P",
    "STRIPE_WEBHOOK_SECRET": "whsec_m4Qz7Wn2Xk9Tb5Rc8Lv1Hd6Js3Gf0Yp",
    "STRIPE_WEBHOOK_SECRET_PAYMENT_SUCCEEDED": "whsec_a4Qz7Wn2Xk9Tb5Rc8Lv1Hd6Js3Gf0Yq",
    "STRIPE_WEBHOOK_SECRET_PAYMENT_FAILED": "whsec_b4Qz7Wn2Xk9Tb5Rc8Lv1Hd6Js3Gf0Yr",
    "STRIPE_WEBHOOK_SECRET_INVOICE_PAID": "whsec_c4Qz7Wn2Xk9Tb5Rc8Lv1Hd6Js3Gf0Ys",
    "STRIPE_WEBHOOK_SECRET_SUBSCRIPTION_UPDATED": "whsec_d4Qz7Wn2Xk9Tb5Rc8Lv1Hd6Js3Gf0Yt",
    "SMTP_HOST": "127.0.0.1",
    "SMTP_PORT": "1025",
    "MAIL_FROM": "shop@example.com",
    "ALERT_EMAIL": "ops@example.com",
    "FRONTEND_ORIGIN": "http://127.0.0.1:5173",
}
"""Made-up values of the real ones' shapes. The launched shop gets the audit's own instead."""


_FILES: Mapping[str, str] = {
    ".gitignore": ".env\nnode_modules/\ndist/\n",
    "README.md": "# Demo shop\n\nCopy `.env.example` to `.env` and fill it in.\n",
    ".env.example": "STRIPE_SECRET_KEY=sk_test_your_key_here\nSTRIPE_WEBHOOK_SECRET=whsec_your_secret_here\n",
    "requirements.txt": f"aiohttp\nstripe=={version('stripe')}\n",
    "static/checkout.js": SCRIPT,
    "dist/assets/checkout.js": f"// built from static/checkout.js\n{SCRIPT}",
}
"""The project's own files, besides its env file; ``dist`` is build output and not tracked."""


def write_project(
    folder: Path, *, variant: str = "", defects: Sequence[str] = (), env: Mapping[str, str | None] | None = None
) -> Path:
    """Write the project into an existing folder; the path of its settings. ``env`` changes the env file, as the defects
    do.

    It is a git repository of two commits, where defects may have left something in the first. Raises OSError.
    """
    template = resources.files("stripe_audit.demo").joinpath("project.yaml").read_text("utf-8")
    filled = {"python": sys.executable, "variant": variant, "defects": ",".join(defects)}
    for name, value in filled.items():
        template = template.replace(f"<<{name}>>", json.dumps(value))
    settings = folder / "stripe-audit.yaml"
    settings.write_text(template, "utf-8")
    shutil.copyfile(TLS / "ca.pem", folder / "ca.pem")
    broken = {name: value for defect in _chosen(defects) for name, value in defect.env.items()}
    variables = {**_ENV, **broken, **(env or {})}
    lines = [f"{name}={value}\n" for name, value in variables.items() if value is not None]
    env_file = folder / ".env"
    env_file.touch(mode=0o600)
    env_file.write_text("".join(lines), "utf-8")
    _write_files(folder, defects, "".join(lines))
    return settings


def _chosen(names: Sequence[str]) -> Sequence[Defect]:
    """The defects by name, whose code brings the whole shop with it, and Stripe's library. Raises ValueError."""
    if not names:
        return ()
    from stripe_audit.demo.defects import chosen

    return chosen(names)


def _write_files(folder: Path, defects: Sequence[str], env: str) -> None:
    """The project's other files and its history, as its defects have made them."""
    files, past = {**_FILES, **shop_sources()}, dict[str, str]()
    for defect in _chosen(defects):
        files |= defect.files
        past |= defect.past
        if defect.env_mode is not None:
            (folder / ".env").chmod(defect.env_mode)
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
    ignored = files[".gitignore"].split()
    everything = {**files, ".env": env}
    tracked = {path: text for path, text in everything.items() if f"{path.split('/')[0]}/" not in ignored}
    tracked = {path: text for path, text in tracked.items() if path not in ignored}
    write_repository(folder, [("Begin", {**tracked, **past}), ("Tidy up", tracked)])
