"""Everything that a target needs which is led to the audit's Stripe by a proxy."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from stripe_audit.deployment.launch.proxy.authority import Authority, make_authority, trusted_by_caller, trusting
from stripe_audit.deployment.launch.proxy.overlay import Overlay, can_overlay
from stripe_audit.deployment.launch.proxy.tunnel import StripeProxy

__all__ = ["ProxyWay"]


class ProxyWay:
    """Open it before the launch, close it after. ``is_private`` tells whether the target has a view of its own of the
    system's certificates and hosts; without one, what brings its own certificates or ignores the proxy is not led."""

    def __init__(self, stripe_url: str, folder: Path, environ: Mapping[str, str] | None = None) -> None:
        """``folder`` is made; ``environ`` is the caller's."""
        environ = os.environ if environ is None else environ
        self.is_private = False
        self._folder = folder
        self._authority: Authority = make_authority(folder, trusted_by_caller(environ))
        upstream = environ.get("HTTPS_PROXY") or environ.get("https_proxy")
        self._proxy = StripeProxy(stripe_url, self._authority.context, upstream)

    def open(self) -> None:
        """Listen. Raises LaunchError."""
        self._proxy.start()

    def close(self) -> None:
        """Stop listening. Safe to call twice."""
        self._proxy.stop()

    @property
    def refused(self) -> tuple[str, ...]:
        """Hosts of Stripe's that were asked for, and refused."""
        return self._proxy.refused

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """With the proxy, and trust in its certificate."""
        php = self._folder / "php"
        php.mkdir(exist_ok=True)
        bundle = self._authority.bundle
        (php / "trust.ini").write_text(f'curl.cainfo = "{bundle}"\nopenssl.cafile = "{bundle}"\n')
        names = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
        proxied = {**trusting(self._authority, env), **dict.fromkeys(names, self._proxy.url)}
        # A leading colon keeps PHP's own folder (php.net/configuration.file).
        return {**proxied, "PHP_INI_SCAN_DIR": f"{env.get('PHP_INI_SCAN_DIR', '')}:{php}", "no_proxy": env["NO_PROXY"]}

    def command(self, command: Sequence[str], cwd: Path) -> list[str]:
        """The command, with a private view where this machine allows one."""
        self.is_private = can_overlay()
        if not self.is_private:
            return list(command)
        return Overlay(self._folder, bundle=self._authority.bundle, folders=[cwd]).around(command)
