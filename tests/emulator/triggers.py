"""``stripe trigger``: each name run by the official CLI, and judged by what Stripe's API then says.

``triggers.json`` has an entry per name: the ``event`` (where its type is not the name), what ``is`` true of the event's
object, what is true ``around`` it (an address of the API, with fields of the object in braces, and what its answer
holds), and which events happened ``also``. Values are compared, or described: ``{"set": true}`` is not null,
``{"in": [...]}`` one of these, ``{"starts": "..."}`` a text that begins so. Names are dotted paths.
"""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stripe_audit import signatures
from stripe_audit.emulator import Emulator, EmulatorConfig
from tests.emulator.official_cli import Cli
from tests.emulator.receiver import Receiver

TABLE: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("triggers.json").read_text("utf-8"))
OUTSIDE = ("v1.billing.meter.error_report_triggered", "v1.billing.meter.no_meter_found")
"""They leave the loopback: the address of their last step is fixed in the CLI."""
SECRET = "whsec_of_the_endpoint_that_gets_everything"
PATIENCE_S = 5.0
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

Get = Callable[[str], Any]
Notice = Callable[[list[dict[str, Any]]], None]


def names_of(cli: Cli) -> list[str]:
    """What ``stripe trigger --help`` lists."""
    return re.findall(r"^  ([a-z0-9_]+(?:\.[a-z0-9_]+)+)\s*$", cli("trigger", "--help").stdout, re.M)


def run(name: str, home: Path, notice: Notice = lambda events: None) -> str | None:
    """Trigger an event in an emulator of its own. Returns what is wrong, in words; None if nothing is.

    ``notice`` gets all events, as the emulator keeps them.
    """
    receiver = Receiver()
    try:
        config = EmulatorConfig(refund_delay=0.05, webhooks=((receiver.url, SECRET),))
        with Emulator(config) as emulator:
            get = _getter(emulator)
            answer = Cli(emulator, home)("trigger", name)
            if answer.returncode != 0:
                return f"exit {answer.returncode}: {_reason(answer.stdout + answer.stderr)}"
            found = _soon(lambda: problem(TABLE[name], TABLE[name].get("event", name), get, receiver))
            notice(_stored(emulator))
            return found
    finally:
        receiver.stop()


def problem(entry: dict[str, Any], type: str, get: Get, receiver: Receiver) -> str | None:
    """What is not as the table says."""
    listed = get(f"/v1/events?type={type}&limit=100")["data"]
    if not listed:
        return f"no event {type} is listed"
    fitting = [event for event in listed if not (_unlike(event["data"]["object"], entry["is"]))]
    if not fitting:
        return f"{type}: {_unlike(listed[0]['data']['object'], entry['is'])}"
    delivered = next((one for one in receiver.received if one.event["id"] == fitting[0]["id"]), None)
    if delivered is None:
        return f"{type} was not delivered"
    signatures.verify(delivered.body, delivered.headers["Stripe-Signature"], SECRET, now=time.time())
    obj = fitting[0]["data"]["object"]
    for address, expected in entry.get("around", ()):
        path = re.sub(r"\{([a-z0-9_.]+)\}", lambda match: str(_at(obj, match[1])), address)
        unlike = _unlike(get(path), expected)
        if unlike:
            return f"{path}: {unlike}"
    missing = [other for other in entry.get("also", ()) if not get(f"/v1/events?type={other}")["data"]]
    return f"no event {', '.join(missing)}" if missing else None


def _getter(emulator: Emulator) -> Get:
    def get(path: str) -> Any:
        request = urllib.request.Request(
            emulator.url + path, headers={"Authorization": f"Bearer {emulator.keys.audit_secret}"}
        )
        try:
            with _opener.open(request, timeout=10) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return json.loads(error.read())

    return get


def _stored(emulator: Emulator) -> list[dict[str, Any]]:
    request = urllib.request.Request(
        f"{emulator.url}/_emulator/events", headers={"X-Emulator-Token": emulator.control_token}
    )
    with _opener.open(request, timeout=10) as answer:
        events: list[dict[str, Any]] = json.loads(answer.read())["events"]
    return events


def _soon(find: Callable[[], str | None]) -> str | None:
    deadline = time.monotonic() + PATIENCE_S
    while (found := find()) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def _unlike(value: Any, expected: dict[str, Any]) -> str | None:
    for path, wanted in expected.items():
        found = _at(value, path)
        if not _fits(found, wanted):
            return f"{path} is {json.dumps(found)[:120]}, not {json.dumps(wanted)}"
    return None


def _fits(found: Any, wanted: Any) -> bool:
    if not isinstance(wanted, dict):
        return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)
    if "in" in wanted:
        return found in wanted["in"]
    if "starts" in wanted:
        return isinstance(found, str) and found.startswith(wanted["starts"])
    return found is not None


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(value, list):
            value = value[int(part)] if int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value


def _reason(output: str) -> str:
    found = re.search(r'"message":\s*"(.*?)"', output)
    return (found[1] if found else output.strip()[-160:]).replace("\n", " ")
