"""Walk through the page in a real browser as a newcomer does after `make demo`."""

import os
import shutil
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Locator, Page, async_playwright, expect

from bot.core.cards import charts
from tests.support.places import REPOSITORY
from tests.support.world import ANA, LEA, OpenWorld, World

CHROMIUM = shutil.which("chromium")
QUIET = (
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE_MS = 10_000
PICTURES = REPOSITORY / "docs" / "pictures"


@pytest_asyncio.fixture
async def shown(open_world: OpenWorld) -> AsyncIterator[tuple[World, Page]]:
    if CHROMIUM is None:
        reason = "Chromium is not installed (Debian: apt-get install chromium)"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    async with open_world() as world, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        page = await browser.new_page(viewport={"width": 1440, "height": 1100})
        page.set_default_timeout(PATIENCE_MS)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(world.page)
        yield world, page
        await browser.close()
        assert faults == []


async def approve(page: Page) -> None:
    await page.get_by_test_id("button-case.approve").last.click()
    await page.get_by_test_id("confirm-yes").click()


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


async def test_a_newcomer_sends_a_call_and_two_people_approve_the_refund(shown: tuple[World, Page]) -> None:
    world, page = shown
    await page.get_by_test_id(f"person-{ANA}").click()
    await page.get_by_test_id("call-refund-duplicate").click()
    await page.get_by_test_id("channel-finance-refunds").click()
    card = page.get_by_test_id("message").last
    await expect(card).to_contain_text("0 of 2 approvals")
    await expect(card).to_contain_text("129.50 USD")
    await keep(page, "card-waiting")
    await approve(page)
    await expect(card).to_contain_text("1 of 2 approvals")
    await page.get_by_test_id(f"person-{LEA}").click()
    await approve(page)
    await expect(card).to_contain_text("A person does step 2 of 3")
    await expect(page.get_by_test_id("button-case.approve")).to_have_count(0)
    await page.get_by_test_id("tab-stripe").click()
    await expect(page.get_by_test_id("panel-stripe")).to_contain_text("129.50")
    for step in ("3 of 3", "Done"):
        await page.get_by_test_id("button-case.step_done").last.click()
        await page.get_by_test_id("confirm-yes").click()
        await expect(card).to_contain_text(step)
    await keep(card, "card-done")
    assert len([one for one in (await world.stripe())["refunds"] if "pi_DUPLICATE" in str(one)]) == 1


async def test_an_approved_brand_appears_in_the_fidel_panel(shown: tuple[World, Page]) -> None:
    _, page = shown
    await page.get_by_test_id(f"person-{ANA}").click()
    await page.get_by_test_id("call-brand-create").click()
    await page.get_by_test_id("channel-finance-brands").click()
    await expect(page.get_by_test_id("message").last).to_contain_text("New brand")
    await approve(page)
    await expect(page.get_by_test_id("message").last).to_contain_text("Done.")
    await page.get_by_test_id("tab-fidel").click()
    await expect(page.get_by_test_id("panel-fidel")).to_contain_text("Juniper & Sage Tea House")
    await keep(page, "brand-created")


async def test_a_rejection_asks_for_a_reason_and_shows_the_fault_on_its_field(shown: tuple[World, Page]) -> None:
    _, page = shown
    await page.get_by_test_id(f"person-{ANA}").click()
    await page.get_by_test_id("call-refund-small").click()
    await page.get_by_test_id("channel-finance-refunds").click()
    await page.get_by_test_id("button-case.reject").last.click()
    await page.get_by_test_id("modal").wait_for()
    await page.get_by_test_id("field-reason").fill("no")
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("error-reason")).to_be_visible()
    await keep(page.get_by_test_id("modal"), "form-reject")
    await page.get_by_test_id("field-reason").fill("The seat was used.")
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("message").last).to_contain_text("Rejected")


async def test_what_was_typed_stays_when_the_form_is_put_in_order_for_another_kind(shown: tuple[World, Page]) -> None:
    _, page = shown
    await page.get_by_test_id(f"person-{ANA}").click()
    await page.get_by_test_id("call-unknown-intent").click()
    await page.get_by_test_id("channel-finance-review").click()
    await page.get_by_test_id("button-case.complete").last.click()
    modal = page.get_by_test_id("modal")
    await page.get_by_test_id("field-customer_name").fill("Fern and Field")
    await page.get_by_test_id("field-kind").select_option("brand_create")
    await expect(modal.locator("input, textarea").first).to_have_attribute("data-testid", "field-brand_name")
    await expect(page.get_by_test_id("field-customer_name")).to_have_value("Fern and Field")


async def test_a_command_and_the_home_tab_work_from_the_page(shown: tuple[World, Page]) -> None:
    _, page = shown
    await page.get_by_test_id(f"person-{ANA}").click()
    await page.get_by_test_id("channel-finance-documents").click()
    composer = page.get_by_test_id("composer")
    await composer.fill("/invoice-resend INV-123 ap@northwind.example")
    await composer.press("Enter")
    await expect(page.get_by_test_id("ephemeral").last).to_contain_text("Opened case C-")
    await expect(page.get_by_test_id("message").last).to_contain_text("Invoice resend")
    await page.get_by_test_id("app-home-open").click()
    await expect(page.get_by_text("What waits")).to_be_visible()


async def test_a_digest_draws_its_charts_and_an_old_workspace_shows_them_as_an_image(
    shown: tuple[World, Page],
) -> None:
    world, page = shown
    await world.call("refund-small")
    await world.card("finance-refunds")
    await world.command(ANA, "finance-refunds", "/finance digest")
    await page.get_by_test_id(f"person-{ANA}").click()
    await page.get_by_test_id("channel-Countersign").click()
    digest = page.get_by_test_id("message").last
    await expect(digest.get_by_test_id("chart")).to_contain_text("New cases by kind")
    await expect(digest).to_contain_text("Refund: 1 case")
    await world.fault("slack", "old_blocks")
    await world.command(ANA, "finance-refunds", "/finance digest")
    image = page.locator(".block-image")
    await expect(image).to_have_attribute("alt", "Refund: 1 case")
    assert await image.evaluate("image => image.decode().then(() => image.naturalWidth)") == charts.WIDTH
