"""Provide pages in a real browser, whose own faults fail the test, and keep pictures for the documentation."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO

import pytest
from PIL import Image
from playwright.async_api import Locator, Page, async_playwright, expect

from tests.support.outside import PATIENCE_S
from tests.support.places import REPOSITORY
from tests.support.world import open_world, sqlite_world

__all__ = ["open_world", "sqlite_world"]

CHROMIUM = shutil.which("chromium")
QUIET = (
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PICTURES = REPOSITORY / "docs" / "pictures"

expect.set_options(timeout=PATIENCE_S * 1000)


@asynccontextmanager
async def open_page(height: int) -> AsyncIterator[Page]:
    """Yield an empty page in a browser of its own; skip without Chromium, except in CI."""
    if CHROMIUM is None:
        reason = "Chromium is not installed (Debian: apt-get install chromium)"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        page = await browser.new_page(viewport={"width": 1440, "height": height}, timezone_id="UTC")
        page.set_default_timeout(PATIENCE_S * 1000)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        yield page
        await browser.close()
        assert faults == []


async def keep(shown: Page | Locator, name: str) -> None:
    """Write a picture of the documentation if PICTURES is set, in 256 colours since readers download them all."""
    if os.environ.get("PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        page = shown if isinstance(shown, Page) else shown.page
        await page.mouse.move(0, 0)  # what lies under it looks different
        await page.locator("#toasts").evaluate("(toasts) => toasts.replaceChildren()")
        whole = Image.open(BytesIO(await shown.screenshot())).convert("RGB")
        few = whole.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        few.save(PICTURES / f"{name}.png", optimize=True)
