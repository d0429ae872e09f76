// Pinning an experiment: its medians stand beside those of another one of the same
// workload, also after a reload, until it is unpinned. And the strip of the newest ones,
// from which it is pinned.

import assert from "node:assert/strict";
import { ended, idOf, quick, run, slow, story, world } from "./support.mjs";

const shared = world();

story(shared, "a finished experiment is in the strip at once, and can be pinned there", { path: quick() }, async ({ page }) => {
  await run(page);
  await ended(page);
  const id = idOf(page);
  const card = page.locator(".newest li").first();
  await card.locator(`a[href="/e/${id}"]`).waitFor();
  await card.getByRole("button", { name: "Pin to compare" }).click();
  await card.locator("[aria-pressed=true]").waitFor();
  assert.equal(await page.locator("#pinned").count(), 0, "nothing is compared with itself");

  await page.locator("#param-units").fill("20");
  await run(page);
  await ended(page);
  const line = page.locator("#pinned");
  const isThere = async () => {
    await line.waitFor();
    assert.match(await line.textContent(), /Tokio \(current\) [\d.]+× of [\d.]+ .s/);
    assert.equal(await line.locator("a").getAttribute("href"), `/e/${id}`);
    await page.locator("#chart line.pinned.s-tokio-current").waitFor({ state: "attached" });
  };
  await isThere();
  await page.reload();
  await ended(page);
  await isThere();

  await line.getByRole("button", { name: "Unpin" }).click();
  await line.waitFor({ state: "detached" });
  await page.reload();
  await ended(page);
  assert.equal(await line.count(), 0);
  assert.equal(await page.locator("#chart line.pinned").count(), 0);
});

story(shared, "another workload is not compared with what is pinned", { path: quick() }, async ({ page }) => {
  await run(page);
  await ended(page);
  await page.locator(".result-head").getByRole("button", { name: "Pin to compare" }).click();
  await page.locator(".result-head [aria-pressed=true]").waitFor();
  await page.goto("/?workload=counter&p.increments=10&samples=3&executors=tokio-current");
  await run(page);
  await ended(page);
  assert.equal(await page.locator("#pinned").count(), 0);
});

story(shared, "an experiment that is left while it runs ends in the strip without a reload", { path: slow(20) }, async ({ page }) => {
  await run(page);
  const link = `.newest li:has(a[href="/e/${idOf(page)}"])`;
  // It may not have begun when the strip was loaded: events then say that it has.
  await page.locator(link, { hasText: "Running" }).waitFor();
  await page.locator(".top .name").click();
  await page.waitForURL((url) => url.pathname === "/");
  await page.locator(link, { hasText: "Tokio" }).waitFor();
});
