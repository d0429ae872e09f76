// The history: it lists what was run, opens it, filters it and deletes it.

import assert from "node:assert/strict";
import { ended, idOf, quick, ready, run, story, world } from "./support.mjs";

const shared = world();

story(
  shared,
  "the history lists an experiment, opens it and deletes it",
  { path: quick({ label: "to be deleted" }), allowed: [/status of 404/] },
  async ({ page, server }) => {
    await run(page);
    await ended(page);
    const id = idOf(page);
    await page.locator("nav a[href='/history']").click();
    const row = page.locator("#history-list li", { hasText: "to be deleted" });
    await row.locator("a").click();
    await page.waitForURL(`**/e/${id}`);
    await ended(page);

    await page.goBack();
    await row.getByRole("button", { name: "Delete this experiment" }).click();
    await row.getByRole("button", { name: "Keep" }).click();
    await row.getByRole("button", { name: "Delete this experiment" }).click();
    await row.getByRole("button", { name: "Delete for good" }).click();
    await row.waitFor({ state: "detached" });
    assert.equal((await fetch(`${server.url}/api/v1/experiments/${id}`)).status, 404);

    // Its link says so in words.
    await page.goto(`/e/${id}`);
    await page.getByRole("heading", { name: "cannot be shown" }).waitFor();
  },
);

story(
  shared,
  "older experiments come page by page, each once, newest first",
  {},
  async ({ page, server }) => {
    const request = { workload: "fan-out", params: { units: 2 }, executors: ["tokio-current"] };
    const ids = [];
    for (let run = 0; run < 25; run += 1) {
      // One after another: fewer may wait at once.
      ids.push(await server.submit({ ...request, samples: 1, label: `number ${run}` }));
      await server.finished(ids.at(-1));
    }
    await page.goto("/history");
    const links = page.locator("#history-list a[href^='/e/']");
    await links.first().waitFor();
    assert.equal(await links.count(), 20);
    await page.locator("#history-more").click();
    await links.nth(24).waitFor();
    const shown = await links.evaluateAll((all) => all.map((a) => a.pathname.replace("/e/", "")));
    assert.deepEqual(shown.slice(0, 25), ids.reverse());
    assert.equal(new Set(shown).size, shown.length);
  },
);

story(shared, "the history can be filtered", {}, async ({ page, server }) => {
  const id = await server.submit({
    workload: "counter",
    params: { increments: 10 },
    executors: ["tokio-current"],
    samples: 1,
  });
  await server.finished(id);
  await page.goto("/history");
  await page.locator("#history-workload").selectOption("counter");
  await page.waitForFunction(
    (href) =>
      [...document.querySelectorAll("#history-list a")].map((a) => a.pathname).join() === href,
    `/e/${id}`,
  );
  await page.locator("#history-state").selectOption("failed");
  await page.getByText("There is no such experiment").waitFor();
});

story(
  shared,
  "the newest experiments are listed below the form",
  { path: quick({ label: "the newest" }) },
  async ({ page }) => {
    await run(page);
    await ended(page);
    const id = idOf(page);
    await page.goto("/");
    await ready(page);
    const first = page.locator(".newest li a").first();
    await first.waitFor();
    assert.equal(await first.getAttribute("href"), `/e/${id}`);
    await first.click();
    await ended(page);
  },
);
