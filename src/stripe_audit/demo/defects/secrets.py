"""Defects of phase 1 that lie in files: keys in the source, in history and in build output; env files that are open."""

from __future__ import annotations

from stripe_audit.demo.defects.model import Defect

__all__ = ["DEFECTS"]

_TAIL = "k7Qm2Zp9Xw4Tn8Rb5Lc1Vd6Hs3Jg0Fy"
_LIVE, _TEST = (f"sk_{mode}_51Demo0Demo0Dem0oA{_TAIL}X" for mode in ("live", "test"))
_SIGNING = "whsec_" + "n4Qz7Wn2Xk9Tb5Rc8Lv1Hd6Js3Gf0Yz"
"""Made up, and of the real ones' shapes."""

DEFECTS = (
    Defect(
        "key-in-source",
        "A secret key stands in a script of the server",
        "secrets-not-in-source",
        seen_in="samarbadriddin0v/notion-clone#2",
        files={"scripts/refund.py": f"import stripe\n\nstripe.api_key = {_LIVE!r}\n"},
    ),
    Defect(
        "key-in-build",
        "The bundler has put the signing secret into what it builds, which git ignores",
        "secrets-not-in-source",
        files={"dist/assets/index-3f2a.js": f"const e={{WEBHOOK_SECRET:{_SIGNING!r}}};\n"},
    ),
    Defect(
        "key-in-history",
        "A secret key was committed once, and a later commit has taken it out",
        "secrets-not-in-history",
        past={"config/payments.json": f'{{"secretKey": "{_TEST}"}}\n'},
    ),
    Defect(
        "env-file-tracked",
        "The env file is in the repository",
        "env-file-protected",
        seen_in="chobbledotcom/tickets#647",
        files={".gitignore": "node_modules/\ndist/\n"},
    ),
    Defect(
        "env-file-readable",
        "Every user of the machine may read the env file",
        "env-file-protected",
        env_mode=0o644,
    ),
    Defect(
        "env-sets-mixed",
        "The frontend's env file has a live publishable key, and the backend's a test key",
        "env-files-not-mixed",
        seen_in="chobbledotcom/tickets#647",
        files={"frontend/.env": f"VITE_STRIPE_PUBLISHABLE_KEY=pk_live_51Demo0Demo0Dem0oA{_TAIL}P\n"},
    ),
    Defect(
        "publishable-key-as-secret",
        "The publishable key stands where the secret key belongs",
        "api-keys-well-formed",
        env={"STRIPE_SECRET_KEY": f"pk_test_51Demo0Demo0Dem0oA{_TAIL}P"},
    ),
    Defect(
        "key-with-line-break",
        "The secret key ends with a line break, inside its quotation marks",
        "api-keys-well-formed",
        env={"STRIPE_SECRET_KEY": f'"{_TEST}\\n"'},
    ),
)
