"""Walk through the page in a real browser as a newcomer does after `make demo`."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Page, expect

from bot.core.cards import charts
from tests.browser.conftest import keep, open_page
from tests.support.world import ANA, LEA, World


@pytest_asyncio.fixture
async def shown(sqlite_world: World) -> AsyncIterator[tuple[World, Page]]:
    async with open_page(height=1100) as page:
        await page.goto(sqlite_world.page)
        yield sqlite_world, page


async def begin(page: Page, call: str, channel: str) -> None:
    """Send a call as Ana and open the channel of its card."""
    await page.get_by_test_id(f"person-{ANA}").click()
    await page.get_by_test_id(f"call-{call}").click()
    await page.get_by_test_id(f"channel-{channel}").click()


async def approve(page: Page) -> None:
    await page.get_by_test_id("button-case.approve").last.click()
    await page.get_by_test_id("confirm-yes").click()


async def test_a_newcomer_sends_a_call_and_two_people_approve_the_refund(shown: tuple[World, Page]) -> None:
    world, page = shown
    await begin(page, "refund-duplicate", "finance-refunds")
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
    await begin(page, "brand-create", "finance-brands")
    await expect(page.get_by_test_id("message").last).to_contain_text("New brand")
    await approve(page)
    await expect(page.get_by_test_id("message").last).to_contain_text("Done.")
    await page.get_by_test_id("tab-fidel").click()
    await expect(page.get_by_test_id("panel-fidel")).to_contain_text("Juniper & Sage Tea House")
    await keep(page, "brand-created")


async def test_a_rejection_asks_for_a_reason_and_shows_the_fault_on_its_field(shown: tuple[World, Page]) -> None:
    _, page = shown
    await begin(page, "refund-small", "finance-refunds")
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
    await begin(page, "unknown-intent", "finance-review")
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


async def test_a_digest_draws_its_charts_and_an_old_workspace_shows_them_as_an_image(shown: tuple[World, Page]) -> None:
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
