"""Clients that nobody can inject reach the emulator through the proxy, by the certificates of the run."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stripe_audit.deployment.launch.proxy import overlay
from stripe_audit.deployment.launch.proxy.authority import make_authority
from stripe_audit.deployment.launch.proxy.overlay import Overlay, bundles_below, can_overlay
from stripe_audit.deployment.launch.proxy.way import ProxyWay
from stripe_audit.emulator import Emulator
from tests.conftest import stripe_cli
from tests.servers import always

BALANCE = "https://api.stripe.com/v1/balance"
RUBY = """
require "net/http"
uri = URI(ARGV[0])
request = Net::HTTP::Get.new(uri)
request.basic_auth(ENV["STRIPE_SECRET_KEY"], "")
puts Net::HTTP.start(uri.host, uri.port, use_ssl: true) { |http| http.request(request) }.code
"""
PHP = """<?php
$call = curl_init($argv[1]);
curl_setopt_array($call, [CURLOPT_RETURNTRANSFER => 1, CURLOPT_USERPWD => getenv("STRIPE_SECRET_KEY") . ":"]);
echo curl_exec($call) === false ? curl_error($call) : curl_getinfo($call, CURLINFO_HTTP_CODE);
"""
GO = """package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	request, _ := http.NewRequest("GET", os.Args[1], nil)
	request.SetBasicAuth(os.Getenv("STRIPE_SECRET_KEY"), "")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(answer.StatusCode)
}
"""
PYTHON = """
import base64, os, sys, urllib.request
key = base64.b64encode((os.environ["STRIPE_SECRET_KEY"] + ":").encode()).decode()
request = urllib.request.Request(sys.argv[1], headers={"Authorization": "Basic " + key})
print(urllib.request.urlopen(request).status)
"""
CURL = ["curl", "-sS", "-o", os.devnull, "-w", "%{http_code}", "--basic", "-K", "key.txt"]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def way(emulator: Emulator, tmp_path: Path) -> Iterator[ProxyWay]:
    way = ProxyWay(emulator.url, tmp_path / "proxy", {})
    way.open()
    yield way
    way.close()


def environment(way: ProxyWay, emulator: Emulator, folder: Path) -> dict[str, str]:
    own = {"PATH": os.environ["PATH"], "HOME": str(folder), "NO_PROXY": "127.0.0.1", "GOCACHE": str(folder / "go")}
    return way.environment({**own, "GO111MODULE": "off", "STRIPE_SECRET_KEY": emulator.keys.secret})


def said(command: list[str], env: dict[str, str], folder: Path) -> str:
    ended = subprocess.run(
        command, env=env, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
    )
    return (ended.stdout + ended.stderr).strip()


def client(name: str, folder: Path, emulator: Emulator) -> list[str]:
    """The command of a client in its language's own HTTP library, to be followed by an address."""
    (folder / "client.rb").write_text(RUBY)
    (folder / "client.php").write_text(PHP)
    (folder / "client.go").write_text(GO)
    (folder / "client.py").write_text(PYTHON)
    (folder / "key.txt").write_text(f'user = "{emulator.keys.secret}:"\n')
    commands = {
        "curl": CURL,
        "ruby": ["ruby", "client.rb"],
        "php": ["php", "client.php"],
        "go": ["go", "run", "client.go"],
        "python": [sys.executable, "client.py"],
    }
    return commands[name]


CLIENTS = ["python", *(pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("curl", "ruby", "php", "go"))]


@pytest.mark.parametrize("name", CLIENTS)
def test_a_standard_client_reaches_the_emulator(name: str, way: ProxyWay, emulator: Emulator, tmp_path: Path) -> None:
    command = way.command([*client(name, tmp_path, emulator), BALANCE], tmp_path)
    assert said(command, environment(way, emulator, tmp_path), tmp_path) == "200"
    assert not way.refused


@pytest.mark.node
def test_a_program_of_stripes_own_reaches_the_emulator_by_its_real_address(
    way: ProxyWay, emulator: Emulator, tmp_path: Path
) -> None:
    """The official CLI: Go, a client of Stripe's, and told of no other address."""
    env = {**environment(way, emulator, tmp_path), "STRIPE_API_KEY": emulator.keys.secret}
    env |= {"XDG_CONFIG_HOME": str(tmp_path), "STRIPE_CLI_TELEMETRY_OPTOUT": "1"}
    words = [str(stripe_cli()), "payment_intents", "create", "-d", "amount=1999", "-d", "currency=usd"]
    told = said(way.command(words, tmp_path), env, tmp_path)
    assert '"object": "payment_intent"' in told and '"amount": 1999' in told, told
    assert not way.refused


@pytest.mark.curl
def test_stripes_other_hosts_are_refused_and_the_real_ones_lead_nowhere(
    way: ProxyWay, emulator: Emulator, tmp_path: Path
) -> None:
    env = environment(way, emulator, tmp_path)
    assert "403" in said(way.command(["curl", "-sS", "https://dashboard.stripe.com/"], tmp_path), env, tmp_path)
    plain = ["curl", "-sS", "-w", "%{http_code}", "http://api.stripe.com/v1/balance"]
    assert said(way.command(plain, tmp_path), env, tmp_path) == "403"
    assert set(way.refused) == {"dashboard.stripe.com", "api.stripe.com"}
    if way.is_private:
        around = said(way.command(["curl", "-sS", "--noproxy", "*", BALANCE], tmp_path), env, tmp_path)
        assert "Failed to connect to api.stripe.com port 443" in around


@pytest.mark.curl
def test_everything_else_passes(way: ProxyWay, emulator: Emulator, tmp_path: Path) -> None:
    env = {**environment(way, emulator, tmp_path), "NO_PROXY": "", "no_proxy": ""}
    with always(204) as other:
        port = other.url.rsplit(":", 1)[1]
        through = ["curl", "-sS", "-w", "%{http_code}"]
        assert said([*through, f"http://localhost:{port}/plain?x=1"], env, tmp_path) == "204"
        assert said([*through, "--proxytunnel", f"http://localhost:{port}/tunnel"], env, tmp_path) == "204"
    assert "502" in said(["curl", "-sS", "https://localhost:1/"], env, tmp_path)


@pytest.mark.curl
def test_a_proxy_of_the_callers_own_comes_after_ours(emulator: Emulator, tmp_path: Path) -> None:
    seen: list[bytes] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as upstream:

        def serve() -> None:
            for answer in (
                b"HTTP/1.1 407 No\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
            ):
                with upstream.accept()[0] as connection:
                    seen.append(connection.recv(65536))
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        address = f"http://us%65r:pass@127.0.0.1:{upstream.getsockname()[1]}"
        way = ProxyWay(emulator.url, tmp_path / "proxy", {"HTTPS_PROXY": address})
        way.open()
        try:
            env = environment(way, emulator, tmp_path)
            assert "502" in said(["curl", "-sS", "https://example.invalid/"], env, tmp_path)
            assert said(["curl", "-sS", "http://example.invalid/a"], env, tmp_path) == "ok"
            assert said([*client("curl", tmp_path, emulator), BALANCE], env, tmp_path) == "200"
        finally:
            way.close()
            thread.join(10)
    assert len(seen) == 2  # Stripe's call did not come by
    assert seen[0].startswith(b"CONNECT example.invalid:443 HTTP/1.1\r\n") and seen[1].startswith(
        b"GET http://example.invalid/a "
    )
    assert all(b"Proxy-Authorization: Basic dXNlcjpwYXNz\r\n" in head for head in seen)


def test_the_authority_can_speak_for_nobody_but_stripe(tmp_path: Path) -> None:
    made = make_authority(tmp_path / "ca", None)
    assert not (tmp_path / "ca" / "ca.key").exists()
    assert (tmp_path / "ca").stat().st_mode & 0o077 == 0
    text = subprocess.run(
        ["openssl", "x509", "-in", made.certificate, "-noout", "-text"], capture_output=True, text=True
    ).stdout
    assert "Permitted:\n                  DNS:stripe.com\n" in text
    assert "X509v3 Name Constraints: critical" in text


def test_the_callers_own_certificates_are_still_trusted(tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    own.write_text("-----BEGIN CERTIFICATE-----\nown\n-----END CERTIFICATE-----\n")
    made = make_authority(tmp_path / "ca", own)
    assert made.bundle.read_text().startswith(own.read_text())
    context = ssl.create_default_context(cafile=str(made.certificate))
    assert len(context.get_ca_certs()) == 1


def test_what_the_emulator_resets_is_reset(way: ProxyWay, emulator: Emulator, tmp_path: Path) -> None:
    env = environment(way, emulator, tmp_path)
    rule = json.dumps({"path": "/v1/balance", "action": {"kind": "reset_before"}, "times": 1}).encode()
    headers = {"X-Emulator-Token": emulator.control_token, "Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{emulator.url}/_emulator/faults", rule, headers)).close()
    address = ("127.0.0.1", int(env["HTTPS_PROXY"].rsplit(":", 1)[1]))
    with socket.create_connection(address, 10) as plain:
        plain.sendall(b"CONNECT api.stripe.com:443 HTTP/1.1\r\n\r\n")
        assert plain.recv(100).startswith(b"HTTP/1.1 200 ")
        context = ssl.create_default_context(cafile=env["SSL_CERT_FILE"])
        with context.wrap_socket(plain, server_hostname="api.stripe.com") as secured:
            key = base64.b64encode(f"{emulator.keys.secret}:".encode()).decode()
            request = f"GET /v1/balance HTTP/1.1\r\nHost: api.stripe.com\r\nAuthorization: Basic {key}\r\n\r\n"
            secured.sendall(request.encode())
            secured.settimeout(None)
            with pytest.raises(ConnectionResetError):  # below TLS, where some versions of ssl take it for an end
                while os.read(secured.fileno(), 4096):
                    pass
    assert said([*client("python", tmp_path, emulator), BALANCE], env, tmp_path) == "200"


# The overlay


@pytest.mark.overlay
def test_the_system_keeps_its_files(tmp_path: Path) -> None:
    assert can_overlay()
    own = tmp_path / "vendor/stripe/stripe-php/data/ca-certificates.crt"
    own.parent.mkdir(parents=True)
    own.write_text("the library's own\n")
    assert list(bundles_below([tmp_path])) == [own]
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("the run's\n")
    over = Overlay(tmp_path, bundle=bundle, folders=[tmp_path])
    before = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in over.covered}
    assert own in before and Path("/etc/hosts").resolve() in before
    command = over.around(["sh", "-c", f"cat '{own}' && grep -c stripe.com /etc/hosts && echo $0 $1", "a b", "c"])
    assert said(command, {"PATH": os.environ["PATH"]}, tmp_path).splitlines() == ["the run's", "10", "a b c"]
    assert {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in before} == before


@pytest.mark.overlay
def test_a_command_that_is_not_there_is_said_through_the_overlay(tmp_path: Path) -> None:
    assert shutil.which("unshare")
    command = Overlay(tmp_path).around(["no-such-program"])
    assert "no-such-program" in said(command, {"PATH": os.environ["PATH"]}, tmp_path)


@pytest.mark.overlay
def test_a_user_without_rights_has_the_overlay_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a user namespace; the command keeps its user, and gets no capability."""
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
    user = "65534" if nobody else str(os.geteuid())
    monkeypatch.setattr(overlay.os, "geteuid", lambda: int(user))
    folder = Path(tempfile.mkdtemp(prefix="overlay-"))  # tmp_path is below a folder that others may not enter
    try:
        folder.chmod(0o755)
        inner = ["sh", "-c", "id -u; grep -c stripe.com /etc/hosts; grep CapEff /proc/self/status"]
        command = Overlay(folder).around(inner)
        assert "--user" in command
        told = said([*nobody, *command], {"PATH": os.environ["PATH"]}, folder).splitlines()
        assert told[:2] == [user, "10"] and set(told[2].split()[1]) == {"0"}
    finally:
        shutil.rmtree(folder)
