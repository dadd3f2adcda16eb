"""PDF: printed by whichever Chromium there is, with nothing left running, and a clear word where there is none."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from tests.reporters.golden import GOLDEN

from stripe_audit.cli.outputs import Outputs
from stripe_audit.errors import OutputError, UsageError
from stripe_audit.reporters import pdf
from stripe_audit.reporters.interface import FILE_FORMATS, FORMATS, Output, file_reporter_named, parse_output


@pytest.fixture
def chromium(monkeypatch, tmp_path):
    """A program in the place of Chromium, given as the body of a Python script; none without one."""

    def put(body=None):
        folder = tmp_path / "bin"
        folder.mkdir()
        if body is not None:
            path = folder / "chromium"
            path.write_text(f"#!{sys.executable}\nimport os, sys, time\nfrom pathlib import Path\n{body}\n")
            path.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        monkeypatch.setattr(pdf, "_PLACES", ())
        return folder

    return put


OUT = "out = next(word for word in sys.argv if word.startswith('--print-to-pdf=')).partition('=')[2]"


@pytest.mark.chromium
def test_chromium_prints_the_report():
    data = file_reporter_named("pdf").encoded(GOLDEN)
    assert data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF")
    assert data.count(b"/Type /Page\n") + data.count(b"/Type /Page ") > 2
    assert not list(Path(os.environ.get("TMPDIR", "/tmp")).glob("stripe-audit-pdf-*/report.pdf"))


def test_chromium_is_given_the_page_a_new_profile_and_no_network(chromium, tmp_path):
    chromium(
        f"{OUT}; Path(out).write_bytes(b'%PDF-' + '\\n'.join(sys.argv).encode() + Path(sys.argv[-1][7:]).read_bytes())"
    )
    data = file_reporter_named("pdf").encoded(GOLDEN).decode()
    assert "<!doctype html>" in data and "A forged event changed an order" in data
    words = data.splitlines()
    assert {"--headless", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND"} <= set(words)
    assert any(word.startswith("--user-data-dir=") and "stripe-audit-pdf-" in word for word in words)


def test_without_chromium_it_is_said_before_the_run_and_says_what_to_install(chromium, tmp_path):
    chromium()
    with pytest.raises(UsageError, match="pdf needs Chromium") as caught:
        Outputs.read([f"pdf={tmp_path / 'report.pdf'}"])
    assert "apt-get install chromium" in (caught.value.hint or "") and "html=FILE" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("sys.exit('the profile is locked')", "exit code 1, the profile is locked"),
        (f"{OUT}; Path(out).write_bytes(b'')", "exit code 0"),
        (f"{OUT}; Path(out).write_bytes(b'<html>')", "exit code 0"),
    ],
)
def test_what_prints_nothing_is_an_error_with_its_words(chromium, body, told):
    chromium(body)
    with pytest.raises(OutputError, match="printed no PDF") as caught:
        file_reporter_named("pdf").encoded(GOLDEN)
    assert caught.value.message.endswith(told)


def test_what_does_not_end_is_ended_with_its_children(chromium, monkeypatch, tmp_path):
    pid = tmp_path / "pid"
    chromium(f"child = os.fork()\nif child: Path({str(pid)!r}).write_text(str(child))\ntime.sleep(600)")
    monkeypatch.setattr(pdf, "_PATIENCE_S", 4.0)  # on a busy machine an interpreter takes seconds to start
    with pytest.raises(OutputError, match="not finished after"):
        file_reporter_named("pdf").encoded(GOLDEN)
    status = Path("/proc", pid.read_text(), "stat")
    assert not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"


def test_what_cannot_be_run_is_an_error(chromium):
    folder = chromium("")
    (folder / "chromium").write_text("#!/nowhere/at/all\n")
    with pytest.raises(OutputError, match="cannot be run"):
        file_reporter_named("pdf").encoded(GOLDEN)


def test_pdf_is_a_format_of_files_only():
    assert parse_output("pdf=report.pdf") == Output("pdf", Path("report.pdf"))
    for text in ("pdf", "pdf=-", "PDF"):
        with pytest.raises(UsageError, match="pdf goes to a file"):
            parse_output(text)
    assert "pdf" in FILE_FORMATS and "pdf" not in FORMATS


def test_text_formats_are_written_as_utf8():
    for name in FORMATS:
        reporter = file_reporter_named(name)
        reporter.check_ready()
        assert reporter.encoded(GOLDEN).decode("utf-8").endswith("\n")
