"""A bundle is the same for the same run, and says which of its files is not what it was."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from stripe_audit.bundle import packing
from stripe_audit.bundle.manifest import MANIFEST, SIGNATURE, chained, read_manifest
from stripe_audit.bundle.packing import write_bundle
from stripe_audit.bundle.verifying import verify_bundle
from stripe_audit.errors import OutputError, UsageError
from tests.reporters.golden import EXCHANGES, GOLDEN


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run's folder."""
    run = tmp_path / "run"
    run.mkdir()
    lines = [json.dumps(dataclasses.asdict(one)) for one in EXCHANGES]
    (run / "exchanges.ndjson").write_text("\n".join(lines) + "\n")
    (run / "settings.json").write_text('{"version": 1}\n')
    (run / "versions.json").write_text('{"python": "3.11"}\n')
    return run


@pytest.fixture
def bundle(folder: Path, tmp_path: Path) -> Path:
    path = tmp_path / "evidence.zip"
    write_bundle(path, GOLDEN, folder)
    return path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)], check=True)
    return path


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewrite(path: Path, change) -> None:
    """The bundle with other members: ``change`` gets them all and returns pairs."""
    found = members(path)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in change(found):
            archive.writestr(name, data)


def test_it_holds_the_report_the_exchanges_and_the_circumstances(bundle: Path) -> None:
    found = members(bundle)
    assert set(found) >= {
        "README.txt",
        "report.json",
        "report.md",
        "exchanges.har",
        "journal.ndjson",
        "settings.json",
        "versions.json",
        MANIFEST,
    }
    assert len(json.loads(found["exchanges.har"])["log"]["entries"]) == len(EXCHANGES)
    journal = [json.loads(line) for line in found["journal.ndjson"].splitlines()]
    assert [entry["id"] for entry in journal] == ["x1", "x3"]
    for name in found:
        if name not in (MANIFEST, "README.txt"):
            assert name.split(".")[0] in found["README.txt"].decode()


def test_its_manifest_is_what_sha256sum_says(bundle: Path) -> None:
    entries, head = read_manifest(members(bundle)[MANIFEST].decode())
    for entry in entries:
        data = members(bundle)[entry.name]
        assert (entry.size, entry.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert chained(entries)[-1].chain == head
    assert {entry.name for entry in entries} == set(members(bundle)) - {MANIFEST}


def test_the_same_run_gives_the_same_bytes(bundle: Path, folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    write_bundle(again, GOLDEN, folder)
    assert again.read_bytes() == bundle.read_bytes()
    with zipfile.ZipFile(bundle) as archive:
        infos = archive.infolist()
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    names = [info.filename for info in infos if info.filename != MANIFEST]
    assert names == sorted(names) and infos[-1].filename == MANIFEST


def test_a_bundle_that_is_as_it_was_verifies(bundle: Path) -> None:
    verdict = verify_bundle(bundle)
    assert verdict.problems == ()
    assert not verdict.is_signed
    assert set(verdict.files) == set(members(bundle)) - {MANIFEST}


@pytest.mark.parametrize(
    "name", ["README.txt", "report.json", "report.md", "exchanges.har", "journal.ndjson", "settings.json"]
)
def test_whatever_file_was_changed_is_named(bundle: Path, name: str) -> None:
    rewrite(bundle, lambda found: {**found, name: found[name] + b" "}.items())
    assert verify_bundle(bundle).problems == (f"{name}: was changed",)


def test_one_changed_byte_of_the_same_length_is_found(bundle: Path) -> None:
    rewrite(bundle, lambda found: {**found, "report.md": b"?" + found["report.md"][1:]}.items())
    assert verify_bundle(bundle).problems == ("report.md: was changed",)


def test_what_is_missing_added_or_twice_is_named(bundle: Path) -> None:
    rewrite(bundle, lambda found: [(name, data) for name, data in found.items() if name != "report.md"])
    assert verify_bundle(bundle).problems == ("report.md: is missing",)
    rewrite(bundle, lambda found: [*found.items(), ("more.txt", b"x")])
    assert "more.txt: was added; the manifest does not list it" in verify_bundle(bundle).problems
    with pytest.warns(UserWarning, match="Duplicate name"):
        rewrite(bundle, lambda found: [*found.items(), ("report.json", b"{}")])
    assert "report.json: is there 2 times" in verify_bundle(bundle).problems


def changed_manifest(bundle: Path, change) -> tuple[str, ...]:
    def changed(found):
        document = json.loads(found[MANIFEST])
        change(document)
        return {**found, MANIFEST: json.dumps(document).encode()}.items()

    rewrite(bundle, changed)
    return verify_bundle(bundle).problems


def test_a_manifest_that_was_changed_is_named(bundle: Path) -> None:
    def other_digest(document) -> None:
        document["files"][2]["sha256"] = "0" * 64

    problems = changed_manifest(bundle, other_digest)
    assert problems[0].startswith("manifest.json: was changed: its chain breaks at ")
    assert changed_manifest(bundle, lambda document: document["files"].pop(0))[0].startswith(
        "manifest.json: was changed"
    )


@pytest.mark.parametrize(
    "change", [lambda d: d.pop("files"), lambda d: d.update(schema="x"), lambda d: d.update(files=1)]
)
def test_a_manifest_that_is_none_is_told(bundle: Path, change) -> None:
    assert changed_manifest(bundle, change)[0].startswith("manifest.json: was changed: ")


def test_the_head_alone_tells_a_manifest_that_was_made_anew(bundle: Path, folder: Path, tmp_path: Path) -> None:
    """Without a signature, whoever noted the head sees that all was replaced."""
    forged = tmp_path / "forged.zip"
    write_bundle(forged, dataclasses.replace(GOLDEN, notes=("all is well",)), folder)
    assert verify_bundle(forged).problems == ()
    assert verify_bundle(forged).head != verify_bundle(bundle).head


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x03\x04" + b"\0" * 50])
def test_what_is_no_bundle_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    with pytest.raises(UsageError, match="is no bundle"):
        verify_bundle(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x", "y")
    with pytest.raises(UsageError, match="has no manifest"):
        verify_bundle(path)
    with pytest.raises(UsageError, match="is not there"):
        verify_bundle(tmp_path / "none.zip")


def test_a_damaged_bundle_names_the_file(bundle: Path) -> None:
    data = bytearray(bundle.read_bytes())
    with zipfile.ZipFile(bundle) as archive:
        at = archive.getinfo("report.json").header_offset + 400
    data[at] ^= 0xFF
    bundle.write_bytes(data)
    (problem,) = verify_bundle(bundle).problems
    assert problem.startswith("report.json: ")


def test_a_bomb_is_read_no_further_than_the_manifest_says(bundle: Path) -> None:
    def bomb(found):
        return {**found, "settings.json": b"\0" * 50_000_000}.items()

    found = members(bundle)
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in bomb(found):
            archive.writestr(name, data)
    import tracemalloc

    tracemalloc.start()
    problems = verify_bundle(bundle).problems
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert problems == ("settings.json: was changed",)
    assert peak < 20_000_000


def test_without_the_runs_folder_there_is_what_the_report_holds(tmp_path: Path) -> None:
    path = tmp_path / "evidence.zip"
    write_bundle(path, GOLDEN, tmp_path)
    assert len(json.loads(members(path)["exchanges.har"])["log"]["entries"]) == len(GOLDEN.exchanges)
    assert "settings.json" not in members(path)
    assert verify_bundle(path).problems == ()


def test_a_broken_run_folder_is_told_and_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    with (folder / "exchanges.ndjson").open("a") as file:
        file.write('{"id": 1}\n')
    with pytest.raises(UsageError, match=r"exchanges\.ndjson:5: no exchange of a run"):
        write_bundle(tmp_path / "x.zip", GOLDEN, folder)
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_a_full_disk_is_told_and_leaves_nothing(folder: Path, tmp_path: Path, monkeypatch) -> None:
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(packing, "_add", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write_bundle(tmp_path / "x.zip", GOLDEN, folder)
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


@pytest.mark.ssh
def test_a_signature_is_ssh_keygens_own(folder: Path, tmp_path: Path, key: Path) -> None:
    path = tmp_path / "signed.zip"
    write_bundle(path, GOLDEN, folder, key=key)
    verdict = verify_bundle(path)
    told = subprocess.run(["ssh-keygen", "-l", "-f", str(key)], capture_output=True, text=True, check=True).stdout
    assert verdict.problems == () and verdict.signer is not None
    assert verdict.signer in told
    found = members(path)
    (tmp_path / SIGNATURE).write_bytes(found[SIGNATURE])
    words = ["ssh-keygen", "-Y", "check-novalidate", "-n", "stripe-audit-bundle", "-s", str(tmp_path / SIGNATURE)]
    assert subprocess.run(words, input=found[MANIFEST], capture_output=True).returncode == 0


@pytest.mark.ssh
def test_a_signature_of_another_manifest_or_signer_is_told(folder: Path, tmp_path: Path, key: Path) -> None:
    path = tmp_path / "signed.zip"
    write_bundle(path, GOLDEN, folder, key=key)
    signers = tmp_path / "allowed_signers"
    signers.write_text(f"me@example.com {key.with_suffix('.pub').read_text()}")
    verdict = verify_bundle(path, signers=signers, identity="me@example.com")
    assert (verdict.problems, verdict.identity) == ((), "me@example.com")
    other = verify_bundle(path, signers=signers, identity="you@example.com")
    assert other.identity is None
    assert other.problems[0].startswith(f"{SIGNATURE}: is not you@example.com's")
    (problem, *_) = changed_manifest(path, lambda document: document.update(run="another"))
    assert problem == f"{SIGNATURE}: is no signature of this manifest"
    rewrite(path, lambda found: [(name, data) for name, data in found.items() if name != SIGNATURE])
    assert (
        f"{SIGNATURE}: is missing, and signers were named"
        in verify_bundle(path, signers=signers, identity="me@example.com").problems
    )


@pytest.mark.ssh
def test_a_key_that_cannot_sign_is_told(folder: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("no key")
    with pytest.raises(OutputError, match="ssh-keygen does not sign with"):
        write_bundle(tmp_path / "x.zip", GOLDEN, folder, key=key)
    assert not (tmp_path / "x.zip").exists()
