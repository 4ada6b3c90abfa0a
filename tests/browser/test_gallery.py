"""Draw every card, form and home tab on the sandbox's page in a real browser; `PICTURES=1` keeps the main ones."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.browser.conftest import keep, open_page
from tests.support.cards import NOW
from tests.support.sandbox import ANA, REFUNDS, REVIEW, Sandbox, running
from tools.gallery import pictures

pytestmark = pytest.mark.asyncio(loop_scope="module")  # one browser and one sandbox for all

Seen = dict[str, Any]

# name in the gallery -> picture of the documentation
PICTURES = {
    "dispute-open": "card-dispute",
    "urgent": "card-urgent",
    "refund-stuck": "card-stuck",
    "paid-already": "card-paid-already",
    "sensitive": "card-sensitive",
    "digest": "digest",
    "complete-refund": "form-complete",
    "bulk": "form-bulk",
    "home": "home",
}

# What is wrong with the drawn blocks of one message or view, as sentences.
LOOK = """
(root) => {
  const wrong = [], { left, right } = root.closest(".message, .dialog-body, .home").getBoundingClientRect();
  const say = (what, node) => wrong.push(`${what}: ${node.outerHTML.slice(0, 200)}`);
  const all = (selector) => [...root.querySelectorAll(selector)];
  for (const node of root.children) {
    const { width, height } = node.getBoundingClientRect();
    if (!width || !height) say("nothing to see", node);
  }
  for (const node of all("*")) {
    const box = node.getBoundingClientRect();
    if (box.width && (box.right > right + 1 || box.left < left - 1)) say("outside", node);
    if (node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).overflowX === "hidden") say("cut", node);
  }
  for (const node of all("button, select, input, textarea")) {
    const { width, height } = node.getBoundingClientRect();
    if (width < 12 || height < 12 || !node.checkVisibility()) say("cannot be pressed", node);
  }
  all(".unknown").forEach((node) => say("not drawn", node));
  const texts = (selector) => all(selector).map((node) => node.textContent);
  return {
    wrong, count: root.children.length, buttons: all("button").length,
    text: [root.textContent, ...all("input, textarea").map((node) => node.value)].join("\\n"),
    mentions: texts(".mention"), code: texts("code"), bold: texts("strong"),
    hosts: all("a[href]").map((node) => node.hostname),
  };
}
"""


@dataclass
class Stage:
    """Hold the sandbox with its page open; without a bot, so that what is shown is what was sent."""

    box: Sandbox
    page: Page

    async def go(self, place: str) -> None:
        """Open the page at a place; it is told of what happens from here on."""
        await self.page.goto("about:blank")  # another hash alone would load nothing anew
        async with self.page.expect_response(lambda answer: "/sim/events" in answer.url):
            await self.page.goto(f"{self.box.url}/#user={ANA}&at={place}")

    async def look(self, selector: str) -> list[Seen]:
        return list(await self.page.locator(selector).evaluate_all(f"(roots) => roots.map({LOOK})"))

    async def post(self, channel: str, shown: Iterable[pictures.Shown]) -> None:
        for one in shown:
            text, blocks = one.picture.text, one.picture.blocks
            await self.box.slack.chat_postMessage(channel=channel, text=text or one.name, blocks=blocks)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage() -> AsyncIterator[Stage]:
    async with running(limited=False) as box, open_page(height=1800) as page:
        box.clock.now = NOW.timestamp()
        await page.clock.set_fixed_time(NOW)
        errors: list[str] = []
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        yield Stage(box, page)
        assert errors == []


def check(name: str, seen: Seen, blocks: list[dict[str, Any]]) -> None:
    """Assert that what was sent is shown whole within its column, and that words of callers are only words."""
    assert seen["wrong"] == [], name
    assert seen["count"] == len(blocks), name
    pressed = [one for block in blocks for one in [*block.get("elements", []), block.get("accessory", {})]]
    assert seen["buttons"] == sum(one.get("type") in ("button", "overflow") for one in pressed), name
    assert not [one for one in seen["mentions"] if "channel" in one or "EVIL" in one], name
    assert all(f"({host})" in seen["text"] or host == "acme.slack.com" for host in seen["hosts"]), name
    assert "evil.example" not in seen["hosts"], name
    assert "x" not in seen["code"], name
    assert "Stuck" not in seen["bold"], name
    if "!channel" in str(blocks):
        assert "!channel" in seen["text"], name


async def test_every_card_and_message_is_drawn_whole_and_hostile_words_stay_words(stage: Stage) -> None:
    shown = pictures.all_messages()
    await stage.post(REFUNDS, shown)
    await stage.go(REFUNDS)
    blocks = "#messages .message .body > .blocks"
    await stage.page.locator(blocks).nth(len(shown) - 1).wait_for()
    seen = await stage.look(blocks)
    assert len(seen) == len(shown)
    for one, drawn in zip(shown, seen, strict=True):
        check(one.name, drawn, one.picture.blocks)
    for at, one in enumerate(shown):
        if one.name in PICTURES:
            await keep(stage.page.get_by_test_id("message").nth(at), PICTURES[one.name])


async def test_the_largest_card_fits_beside_the_channel_too(stage: Stage) -> None:
    # the thread's pane is narrow; a card stands there above its answers
    by_name = {one.name: one for one in pictures.all_messages()}
    cards, answer = (by_name["refund-stuck-hostile"], by_name["refund-done"]), by_name["trail"].picture.blocks
    await stage.post(REVIEW, cards)
    for ts in list(stage.box.ws.messages(REVIEW)):
        await stage.box.slack.chat_postMessage(channel=REVIEW, text="told", blocks=answer, thread_ts=ts)
    for at, card in enumerate(cards):
        await stage.go(REVIEW)
        await stage.page.get_by_test_id("thread-open").nth(at).click()
        await stage.page.locator("#thread-messages .blocks").nth(1).wait_for()
        seen = await stage.look("#thread-messages .blocks")
        check(card.name, seen[0], card.picture.blocks)
        check("trail", seen[1], answer)
    await keep(stage.page.locator("#thread-messages .message").last, "thread")


async def check_newest(stage: Stage, view: pictures.View, root: str, blocks: str, picture_of: str) -> None:
    """Check the view that was just sent, keep its picture, and mark it, so that the next one is waited for."""
    await stage.page.locator(f"{root}:not([data-seen])").wait_for()
    (seen,) = await stage.look(blocks)
    check(view.name, seen, view.view["blocks"])
    if view.name in PICTURES:
        await keep(stage.page.locator(picture_of), PICTURES[view.name])
    await stage.page.locator(root).evaluate("(root) => root.setAttribute('data-seen', '')")


async def test_every_form_is_drawn_whole_and_hostile_words_stay_words(stage: Stage) -> None:
    await stage.go(REVIEW)
    await stage.page.set_viewport_size({"width": 1440, "height": 1000})
    for one in pictures.views():
        trigger = stage.box.ws.new_trigger(ANA)
        await stage.box.slack.views_open(trigger_id=trigger, view=one.view)
        await check_newest(stage, one, ".dialog-form", ".dialog-body > .blocks", "[data-testid=modal]")


async def test_every_home_tab_is_drawn_whole_and_hostile_words_stay_words(stage: Stage) -> None:
    await stage.go("home")
    await stage.page.set_viewport_size({"width": 1440, "height": 1360})
    for one in pictures.homes():
        await stage.box.slack.views_publish(user_id=ANA, view=one.view)
        await check_newest(stage, one, "#home > .blocks", "#home > .blocks", "#main")
