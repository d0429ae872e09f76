// The keys of the page: they work while the focus is not in a field, and only then.

import assert from "node:assert/strict";
import { ended, quick, ready, run, slow, story, world } from "./support.mjs";

const shared = world();

story(shared, "R runs the form and Esc cancels it", { path: slow(200) }, async ({ page }) => {
  await ready(page);
  await page.keyboard.press("r");
  await page.waitForURL(/\/e\//);
  await page.locator("#cancel-button").waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".result-head .state.cancelled").waitFor();
});

story(shared, "digits switch executors on and off", {}, async ({ page }) => {
  await ready(page);
  await page.keyboard.press("1");
  await page.locator("#executor-threads:not(:checked)").waitFor();
  await page.keyboard.press("4");
  await page.locator("#executor-browser-loop:checked").waitFor();
  await page.keyboard.press("5");
  await page.locator("#executor-browser-workers:checked").waitFor();
  await page.keyboard.press("1");
  await page.locator("#executor-threads:checked").waitFor();
});

story(shared, "the question mark opens the help, and Esc closes it", {}, async ({ page }) => {
  await ready(page);
  await page.keyboard.press("?");
  await page.locator("dialog[open]", { hasText: "1 – 5" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog[open]").waitFor({ state: "detached" });
});

story(shared, "in a field keys are text", { path: quick() }, async ({ page }) => {
  await ready(page);
  await page.locator(".measuring summary").click();
  const field = page.locator("#param-label");
  await field.fill("");
  await field.pressSequentially("r1/?tc");
  assert.equal(await field.inputValue(), "r1/?tc");
  assert.equal(await page.locator("dialog[open]").count(), 0);
  assert.ok(await page.locator("#executor-tokio-current").isChecked());
  assert.ok(!page.url().includes("/e/"));
});

story(shared, "T opens the data behind the chart", { path: quick() }, async ({ page }) => {
  await run(page);
  await ended(page);
  await page.locator("h1").first().click();
  await page.keyboard.press("t");
  await page.locator("#data-table[open] tbody tr").waitFor();
});

story(shared, "arrow keys read the values of a chart", { path: quick() }, async ({ page }) => {
  await run(page);
  await ended(page);
  const reading = page.locator("#chart output");
  await page.locator("#chart .plot").focus();
  await page.keyboard.press("ArrowRight");
  await reading.filter({ hasText: "Tokio (current)" }).waitFor();
  const first = await reading.textContent();
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction(
    (before) => document.querySelector("#chart output").textContent !== before,
    first,
  );
});

story(
  shared,
  "everything can be reached and run with the keyboard alone",
  { path: quick() },
  async ({ page }) => {
    await ready(page);
    await page.locator("body").press("Tab");
    for (let steps = 0; steps < 80; steps += 1) {
      const id = await page.evaluate(() => document.activeElement.id);
      if (id === "run-button") break;
      await page.keyboard.press("Tab");
    }
    const focused = page.locator("#run-button:focus-visible");
    await focused.waitFor();
    const outline = await focused.evaluate((button) => getComputedStyle(button).outlineStyle);
    assert.notEqual(outline, "none", "the focus can be seen");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/e\//);
    await ended(page);
  },
);
