"""Photograph the HTML report for the README: the demo with three defects, in light and in dark, and one finding.

    python scripts/screenshots.py [RUN.json [NAME.png]]

With a name, only the summary of that report, in light. Otherwise ``docs/images/report-light.png`` and
``report-dark.png`` (the summary), and ``report-finding.png`` (a finding with its sequence diagram). The report on the
Fastify backend takes a run of its own, in ``examples/fastify-shop/as-reviewed``. Needs Debian's Chromium; it looks best
where the fonts Inter and JetBrains Mono are installed.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from scripts.chromium import Page, open_page

from stripe_audit.reporters.html import HtmlReporter
from stripe_audit.reporters.json_format import read_report

IMAGES = Path(__file__).parent.parent / "docs" / "images"
DEFECTS = ("unsigned-accepted", "duplicates-fulfil-again", "decline-reason-shown")
WIDTH, HEIGHT = 1280, 1080
SETTLED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))"


def demo(folder: Path) -> Path:
    """The report of the demo shop with its defects."""
    wanted = [word for defect in DEFECTS for word in ("--defect", defect)]
    command = [sys.executable, "-c", "from stripe_audit.cli import main; main()", "run", "--demo", *wanted]
    made = folder / "report.json"
    subprocess.run([*command, "-q", "--seed", "7", "--output", str(folder / "runs"), "-f", f"json={made}"], check=False)
    return made


async def photograph(page_file: Path, name: str | None) -> None:
    """All images, or the one that has a name."""
    async with open_page() as page:
        await page.resize(WIDTH, HEIGHT)
        await _shot(page, page_file, "light", "body", name or "report-light.png")
        if not name:
            await _shot(page, page_file, "dark", "body", "report-dark.png")
            await _shot(page, page_file, "light", ".finding:has(.sequence)", "report-finding.png")


async def _shot(page: Page, page_file: Path, scheme: str, selector: str, name: str) -> None:
    await page.show(scheme=scheme)
    await page.open(page_file)
    await page.ask(f"document.querySelector({selector!r}).scrollIntoView()")
    await page.ask(SETTLED)
    image = IMAGES / name
    image.write_bytes(await page.photograph())
    sys.stdout.write(f"{image}: {image.stat().st_size // 1024} KiB\n")


def main() -> None:
    """Run, render, photograph."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="stripe-audit-screenshots-") as folder:
        report = Path(sys.argv[1]) if sys.argv[1:] else demo(Path(folder))
        page = Path(folder, "report.html")
        page.write_text(HtmlReporter().render(read_report(report)), "utf-8")
        asyncio.run(photograph(page, sys.argv[2] if sys.argv[2:] else None))


if __name__ == "__main__":
    main()
