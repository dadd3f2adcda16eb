"""The HTML report in Debian's Chromium: what it asks for, how it is laid out, read aloud, reached by keys, and printed.

Everything is measured once, in one browser; each test judges a part of it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from scripts.chromium import Page, open_page
from tests.conftest import NODE_MODULES
from tests.reporters.golden import EMPTY, SOUND
from tests.reporters.hostile import RAW
from tests.reporters.told import FORGED, STORY, TOLD

from stripe_audit.reporters.html import HtmlReporter

pytestmark = pytest.mark.chromium
AXE = NODE_MODULES / "axe-core" / "axe.min.js"
MANY = 400
LARGE = dataclasses.replace(
    TOLD,
    checks={f"check-{n}": dataclasses.replace(TOLD.checks[FORGED.check], id=f"check-{n}") for n in range(MANY)},
    results=tuple(
        dataclasses.replace(
            TOLD.results[5],
            check=f"check-{n}",
            task=f"{1 + n % 6}.{1 + n % 4}",
            findings=(dataclasses.replace(FORGED, check=f"check-{n}", discriminator=str(n)),),
        )
        for n in range(MANY)
    ),
    stories={
        dataclasses.replace(FORGED, check=f"check-{n}", discriminator=str(n)).fingerprint: tuple(
            one.id for one in STORY[n % 3 :]
        )
        for n in range(MANY)
    },
)
REPORTS = {"large": LARGE, "hostile": RAW, "told": TOLD, "sound": SOUND, "empty": EMPTY}
WIDTHS = (1280, 390)
LOOKS = (("told", "light", 1280), ("told", "dark", 390))

FOREIGN = "document.querySelectorAll('script,img,iframe,object,embed,link,form,input,audio,video,body style').length"
HIDDEN = """
    [...document.querySelectorAll('.evidence > li:first-child .sides, .check .prose, .again > pre, .standard table')]
    .filter(one => !one.checkVisibility({contentVisibilityAuto: true})).length"""
REACHABLE = """[...document.querySelectorAll('summary')]
    .filter(one => !one.parentElement.parentElement.closest('details:not([open])')).length"""
SETTLED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))"


async def measured(folder) -> dict[str, Any]:
    found: dict[str, Any] = {}
    async with open_page() as page:
        for name, report in REPORTS.items():
            (folder / f"{name}.html").write_text(HtmlReporter().render(report), "utf-8")
        for width in WIDTHS:
            await page.resize(width, 900, is_mobile=width < 500)
            for name in REPORTS:
                await page.open(folder / f"{name}.html")
                await page.ask(SETTLED)
                metrics = await page.metrics()  # since the page was opened, or longer
                found[name, width, "busy_s"] = metrics["LayoutDuration"] + metrics["RecalcStyleDuration"]
                found[name, width, "overflow"] = await page.ask("document.documentElement.scrollWidth - innerWidth")
                found[name, "foreign"] = await page.ask(FOREIGN)
                await page.ask("scrollTo(0, document.body.scrollHeight)")
                await page.ask(SETTLED)
        found["requests"], found["logged"] = list(page.requests), list(page.logged)
        await _read_aloud(page, folder, found)
        await _pressed(page, folder, found)
        await page.show(media="print")
        await page.open(folder / "told.html")
        found["hidden on paper"] = await page.ask(HIDDEN)
        await page.show(media="")
        found["hidden on screen"] = await page.ask(HIDDEN)
        found["pdf"] = await page.pdf()
        grounds = []
        for scheme in ("light", "dark"):
            await page.show(scheme=scheme)
            grounds.append(await page.ask("getComputedStyle(document.body).backgroundColor"))
        found["grounds"] = grounds
    return found


async def _read_aloud(page: Page, folder, found: dict[str, Any]) -> None:
    """axe-core's verdict, where it is there; every part is opened, and nothing is left out because it is far down."""
    for name, scheme, width in LOOKS if AXE.is_file() else ():
        await page.resize(width, 900, is_mobile=width < 500)
        await page.show(scheme=scheme)
        await page.open(folder / f"{name}.html")
        parts = "details" if scheme == "light" else ".finding details, .check:first-of-type"  # the rest looks alike
        await page.ask(f"document.querySelectorAll({parts!r}).forEach(one => {{ one.open = true }})")
        await page.ask(AXE.read_text("utf-8") + ";1")
        told = json.loads(await page.ask("axe.run(document, {resultTypes: ['violations']}).then(JSON.stringify)"))
        found[name, scheme, width, "axe"] = told["violations"]
        found[name, scheme, width, "axe passes"] = len(told["passes"])


async def _pressed(page: Page, folder, found: dict[str, Any]) -> None:
    """Tab through the page, and open the first details of a finding with a key."""
    await page.show()
    await page.resize(1280, 900)
    await page.open(folder / "told.html")
    reached = 0
    for _ in range(600):
        await page.press("Tab", 9)
        told = await page.ask(
            "[document.activeElement.tagName, !!document.activeElement.closest('.finding'),"
            " getComputedStyle(document.activeElement).outlineStyle]"
        )
        if told[0] == "BODY":
            break
        if told[0] == "SUMMARY":
            found.setdefault("outline", told[2])
            reached += 1
            if told[1] and "opened by key" not in found:
                await page.press("Enter", 13)
                found["opened by key"] = await page.ask("document.activeElement.parentElement.open")
                await page.press("Enter", 13)
    found["summaries"] = (reached, await page.ask(REACHABLE))


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict[str, Any]:
    return asyncio.run(measured(tmp_path_factory.mktemp("html")))


def test_nothing_is_asked_for_but_the_page_itself(found):
    assert {Path(address).name for address in found["requests"]} == {f"{name}.html" for name in REPORTS}
    assert {address.partition(":")[0] for address in found["requests"]} == {"file"}


def test_the_console_has_nothing_to_complain_about(found):
    assert found["logged"] == []


def test_hostile_text_makes_no_element(found):
    assert found["hostile", "foreign"] == 0


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", REPORTS)
def test_the_page_fits_its_window(found, name, width):
    assert found[name, width, "overflow"] <= 0


@pytest.mark.parametrize("width", WIDTHS)
def test_400_findings_are_laid_out_without_lag(found, width):
    assert found["large", width, "busy_s"] < 3


@pytest.mark.node
@pytest.mark.parametrize(("name", "scheme", "width"), LOOKS)
def test_axe_has_no_serious_finding(found, name, scheme, width):
    bad = [
        (one["id"], node["html"][:200], node.get("failureSummary"))
        for one in found[name, scheme, width, "axe"]
        for node in one["nodes"]
        if one["impact"] in ("serious", "critical")
    ]
    assert not bad
    assert found[name, scheme, width, "axe passes"] > 20


def test_every_part_that_folds_is_reached_and_opened_by_keys(found):
    reached, to_reach = found["summaries"]
    assert reached == to_reach > 20
    assert found["opened by key"] is True
    assert found["outline"] == "solid"


def test_paper_shows_what_the_screen_folds(found):
    assert found["hidden on screen"] > 10
    assert found["hidden on paper"] == 0
    assert found["pdf"].startswith(b"%PDF-") and len(found["pdf"]) > 30_000


def test_light_and_dark_follow_the_system(found):
    assert found["grounds"] == ["rgb(252, 252, 250)", "rgb(21, 22, 25)"]
