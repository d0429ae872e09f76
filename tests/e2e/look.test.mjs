// How the page looks and is read: no violation that axe knows of and nothing to scroll
// sideways, in light and dark, on a desktop and on a phone; and how much is downloaded.

import assert from "node:assert/strict";
import { EXECUTORS, ended, overflow, quick, ready, run, story, violations, world } from "./support.mjs";

const shared = world();

/** The most that the first load may take, compressed. */
const FIRST_LOAD_BYTES_MAX = 200 * 1024;

const desktop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };
const looks = [
  { name: "on a desktop in light", viewport: desktop, colorScheme: "light" },
  { name: "on a desktop in dark", viewport: desktop, colorScheme: "dark" },
  { name: "on a phone in light", viewport: phone, colorScheme: "light", hasTouch: true },
  { name: "on a phone in dark", viewport: phone, colorScheme: "dark", hasTouch: true },
  { name: "on a very small phone", viewport: { width: 320, height: 568 }, colorScheme: "light" },
  { name: "on a tablet", viewport: { width: 820, height: 1180 }, colorScheme: "light" },
];

async function isSound(page, where) {
  const found = { violations: await violations(page), overflow: await overflow(page) };
  assert.deepEqual(found, { violations: [], overflow: "" }, where);
}

for (const { name, ...look } of looks) {
  const options = { ...look, reducedMotion: "reduce" };

  story(shared, `before a run the page is sound ${name}`, options, async ({ page }) => {
    await ready(page);
    await isSound(page, "ready");
    await page.locator("#param-units").fill("0");
    await page.locator("#error-units").waitFor();
    await isSound(page, "with a wrong value");
  });

  story(
    shared,
    `after a run, with all details open, the page is sound ${name}`,
    { ...options, path: quick({ executors: EXECUTORS }) },
    async ({ page }) => {
      await run(page);
      await ended(page);
      await isSound(page, "ended");
      const folded = page.locator("main details:not([open]) > summary");
      while ((await folded.count()) > 0) await folded.first().click();
      await isSound(page, "with details open");
    },
  );

  story(
    shared,
    `a sweep, the history and the help are sound ${name}`,
    { ...options, path: quick({ executors: "threads,tokio-multi", sweep: "units:10,400" }) },
    async ({ page }) => {
      await run(page);
      await ended(page);
      await page.locator("#sweep-chart svg").waitFor();
      await isSound(page, "the sweep");
      await page.locator("#help-button").click();
      await page.locator("dialog[open]").waitFor();
      await isSound(page, "the help");
      await page.goto("/history");
      await page.locator("#history-list li").first().waitFor();
      await isSound(page, "the history");
    },
  );
}

story(
  shared,
  "the page follows the system's colours, and the choice of its reader outlasts a reload",
  { colorScheme: "dark" },
  async ({ page }) => {
    const paper = () =>
      page.evaluate(() => {
        const [red] = getComputedStyle(document.body).backgroundColor.match(/\d+/g);
        return Number(red) < 128 ? "dark" : "light";
      });
    await ready(page);
    assert.equal(await paper(), "dark");
    await page.locator("#theme-toggle").click();
    assert.equal(await paper(), "light");
    await page.reload();
    await ready(page);
    assert.equal(await paper(), "light");
  },
);

story(shared, "the first load stays within its budget", {}, async ({ page }) => {
  await ready(page);
  const bytes = await page.evaluate(() => {
    const kinds = ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind));
    return kinds.reduce((sum, entry) => sum + entry.encodedBodySize, 0);
  });
  assert.ok(bytes > 10_000 && bytes <= FIRST_LOAD_BYTES_MAX, `${bytes} bytes`);
});
