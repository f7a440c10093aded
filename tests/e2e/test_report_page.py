"""The page of a run in a real browser: it renders, asks nobody, and its numbers are the summary's."""

from __future__ import annotations

import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.async_api import async_playwright, expect
from support.e2e_cli import desk, term, write_csv

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser, Page

CHROMIUM: Final = shutil.which("chromium")
QUIET: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
HOSTILE: Final = "</script><img src=x onerror=document.title='owned'>"

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian's package chromium)"),
]


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        try:
            yield opened
        finally:
            await opened.close()


class Seen:
    """What a page said and asked for while it was looked at."""

    def __init__(self, page: Page) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))


@asynccontextmanager
async def looking_at(opened: Browser, file: str, **surroundings: Any) -> AsyncIterator[tuple[Page, Seen]]:  # noqa: ANN401 - the library's own options
    context = await opened.new_context(**surroundings)
    page = await context.new_page()
    seen = Seen(page)
    await page.goto(f"file://{file}")
    await page.wait_for_selector("#table[data-ready]")
    yield page, seen
    assert (seen.said, seen.asked) == ([], [f"file://{file}"])
    await context.close()


async def a_run(folder: Path) -> dict[str, Any]:
    """A run of 300 rows: every eighth names a role that there is not, one of them in markup, and one has no user."""
    rows = [{**row, "role": "pet" if nth % 8 == 0 else "", "note": f"n{nth:03}"} for nth, row in enumerate(term(300))]
    rows[16] |= {"role": HOSTILE, "note": HOSTILE}
    rows[17] |= {"user_id": ""}
    async with desk(folder) as it:
        done = await it.run(str(write_csv(folder / "term.csv", rows)))
    return done.summary


async def cells(page: Page, column: int) -> list[str]:
    return await page.locator(f"#table tbody td:nth-child({column})").all_inner_texts()


async def test_the_page_of_a_run_is_true_searchable_and_at_home_everywhere(tmp_path: Path) -> None:
    summary = await a_run(tmp_path)
    file = summary["files"]["report"]
    outcomes = {kind: count for kind, count in summary["outcomes"].items() if count}
    async with browser() as opened:
        async with looking_at(opened, file, color_scheme="light") as (page, _):
            shown = page.locator("[data-outcome]")
            named = await shown.evaluate_all("all => all.map(one => [one.dataset.outcome, one.textContent])")
            assert {name.replace(" ", "_"): int(count.replace(",", "")) for name, count in named} == outcomes
            counts = await page.locator(".cause .count").all_inner_texts()
            assert list(map(int, counts)) == [cause["count"] for cause in summary["causes"]]
            assert await page.locator("svg").count() >= 1
            await search_and_sort(page, outcomes["invalid"])
            assert await page.title() != "owned"
            light = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        async with looking_at(opened, file, color_scheme="dark") as (page, _):
            assert await page.evaluate("getComputedStyle(document.body).backgroundColor") != light
        async with looking_at(opened, file, viewport={"width": 320, "height": 700}) as (page, _):
            assert await page.evaluate("document.documentElement.scrollWidth") == 320


async def search_and_sort(page: Page, invalid: int) -> None:
    """Looks for rows as a person would."""
    found = page.locator("#found")
    await page.fill("#search", "N008 e104")
    await expect(found).to_have_text(f"1 of {invalid} rows")
    assert await cells(page, 8) == ["n008"]
    await page.fill("#search", "onerror")
    await expect(page.locator("#table tbody td:nth-child(8)")).to_have_text([HOSTILE])
    assert await page.locator("img").count() == 0
    await page.click("a[data-code=E104] >> nth=0")
    await expect(found).to_have_text(f"{invalid - 1} of {invalid} rows")
    head = page.locator("#table th").first
    await head.locator("button").press("Enter")
    rows = [int(row) for row in await cells(page, 1)]
    assert await head.get_attribute("aria-sort") == "ascending"
    await head.locator("button").press("Enter")
    assert await head.get_attribute("aria-sort") == "descending"
    assert int((await cells(page, 1))[0]) > rows[-1] > rows[0]
    await page.click("#forth")
    assert (await page.locator("#page").inner_text()).startswith("Page 2 of")
    assert rows[0] in [int(row) for row in await cells(page, 1)]
