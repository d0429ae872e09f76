// Running an experiment in the page: from the first press to the finished chart, live
// samples, Cancel, the queue, and what a reload finds.

import assert from "node:assert/strict";
import { EXECUTORS, dots, ended, idOf, open, quick, run, slow, story, world } from "./support.mjs";

const shared = world();

story(
  shared,
  "opening the page and pressing Run gives a finished chart of the native executors",
  {},
  async ({ page }) => {
    await run(page);
    await ended(page);
    assert.deepEqual(await dots(page), { threads: 10, "tokio-multi": 10, "tokio-current": 10 });
    assert.deepEqual(page.workers(), [], "no engine is loaded for these");
  },
);

story(
  shared,
  "with the browser's executors switched on, one chart shows native and browser executors",
  { path: `/?executors=${EXECUTORS}` },
  async ({ page, server }) => {
    await run(page);
    await ended(page);
    const sentence = await page.locator("#verdict").textContent();
    assert.match(sentence, /spawned and joined 1.000 units in [\d.]+ (ns|µs|ms|s)/);
    const measured = EXECUTORS.slice(0, 4);
    const samples = Object.fromEntries(measured.map((id) => [id, 10]));
    // No browser holds a thousand workers, so the fifth one has none.
    assert.deepEqual(await dots(page), { ...samples, "browser-workers": 0 });
    assert.equal(await page.locator("#chart .median").count(), 4);
    assert.equal(await page.locator("#figures-table thead th").count(), 6);
    const experiment = await server.json(`/api/v1/experiments/${idOf(page)}`);
    assert.deepEqual(
      experiment.cells.map((cell) => [cell.executor, cell.state, cell.samples.length]),
      [...measured.map((id) => [id, "done", 10]), ["browser-workers", "refused", 0]],
    );
    assert.match(experiment.cells[3].browser.browser, /Chromium/);
    assert.ok(experiment.cells[3].browser.cross_origin_isolated);
    assert.ok((await page.locator("#browser-card").textContent()).includes("Chromium"));
  },
);

story(
  shared,
  "samples land in the chart one by one while the experiment runs",
  { path: slow(12, 200) },
  async ({ page }) => {
    await run(page);
    // What the chart held whenever it changed, from the first dot to the last.
    const seen = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const counts = new Set();
          const look = () => {
            counts.add(document.querySelectorAll("#chart .dot > *").length);
            if (counts.has(12)) resolve([...counts]);
          };
          new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
          look();
        }),
    );
    assert.ok(seen.length >= 4, `the chart held ${seen} dots in turn`);
    assert.deepEqual(seen, [...seen].sort((a, b) => a - b));
    await ended(page);
  },
);

story(
  shared,
  "Cancel ends the run at once and keeps what was measured",
  { path: slow(200) },
  async ({ page, server }) => {
    await run(page);
    await page.locator("#chart .dot > *").nth(1).waitFor({ state: "attached" });
    await page.locator("#cancel-button").click();
    await page.locator(".result-head .state.cancelled").waitFor();
    await page.locator("#run-button").waitFor();
    const [cell] = (await server.json(`/api/v1/experiments/${idOf(page)}`)).cells;
    assert.equal(cell.state, "cancelled");
    assert.ok(cell.samples.length >= 2 && cell.samples.length < 200);
    await page.waitForFunction(
      (count) => document.querySelectorAll("#chart .dot > *").length === count,
      cell.samples.length,
    );
  },
);

story(shared, "Esc cancels a run", { path: slow(200) }, async ({ page }) => {
  await run(page);
  await page.locator("#cancel-button").waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".result-head .state.cancelled").waitFor();
});

story(
  shared,
  "Cancel ends a run in the browser as well",
  { path: quick({ executors: "browser-loop", "p.work": "sleep", "p.duration_ms": 200, samples: 99 }) },
  async ({ page, server }) => {
    await run(page);
    await page.locator("#chart .dot > *").first().waitFor({ state: "attached" });
    await page.locator("#cancel-button").click();
    await page.locator(".result-head .state.cancelled").waitFor();
    const [cell] = (await server.json(`/api/v1/experiments/${idOf(page)}`)).cells;
    assert.equal(cell.state, "cancelled");
  },
);

story(
  shared,
  "a reload on a permanent link shows the same",
  { path: quick({ executors: "threads,tokio-multi,browser-loop" }) },
  async ({ page }) => {
    await run(page);
    await ended(page);
    const shown = async () => ({
      verdict: await page.locator("#verdict").textContent(),
      figures: await page.locator("#figures-table").textContent(),
      chart: await page.locator("#chart svg").innerHTML(),
      units: await page.locator("#param-units").inputValue(),
    });
    const before = await shown();
    assert.equal(before.units, "10");
    await page.reload();
    await ended(page);
    await page.waitForFunction(() => document.querySelector("#param-units")?.value === "10");
    assert.deepEqual(await shown(), before);
  },
);

story(
  shared,
  "a reload in the middle of a run picks it up again",
  { path: slow(20) },
  async ({ page }) => {
    await run(page);
    await page.locator("#chart .dot > *").first().waitFor({ state: "attached" });
    await page.reload();
    await page.locator("#cancel-button").waitFor();
    await ended(page);
    assert.deepEqual(await dots(page), { "tokio-current": 20 });
  },
);

story(
  shared,
  "a second visitor waits in the queue and sees its place",
  { path: slow(200) },
  async ({ page }) => {
    await run(page);
    await page.locator("#chart .dot > *").first().waitFor({ state: "attached" });
    const second = await open(shared, quick());
    await run(second.page);
    await second.page.locator("#progress", { hasText: "queue" }).waitFor();
    await page.locator("#cancel-button").click();
    await ended(second.page);
    assert.deepEqual(second.errors, []);
    await second.context.close();
  },
);

story(
  shared,
  "more threads than the machine holds are refused with the limit that binds",
  { path: quick({ "p.units": 1_000_000, executors: "threads,tokio-current", samples: 1 }) },
  async ({ page, server }) => {
    await run(page);
    await ended(page);
    const { cells } = await server.json(`/api/v1/experiments/${idOf(page)}`);
    const refused = cells.find((cell) => cell.executor === "threads");
    assert.equal(refused.state, "refused");
    const told = await page.locator(".unmeasured").textContent();
    assert.ok(told.includes("OS threads") && told.includes(refused.refusal.limit.name), told);
  },
);
