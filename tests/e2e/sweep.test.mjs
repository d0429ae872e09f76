// A sweep: one parameter over several values, as lines, with a table and crossovers.

import assert from "node:assert/strict";
import { EXECUTORS, dots, ended, quick, ready, run, story, world } from "./support.mjs";

const shared = world();

story(
  shared,
  "a sweep of fan-out over units is drawn as lines with a table behind them",
  { path: `/?executors=${EXECUTORS}` },
  async ({ page }) => {
    await ready(page);
    await page.locator("#sweep-switch").check();
    await page.locator("#sweep-param").selectOption("units");
    await page.locator("#sweep-values").fill("10, 50, 100");
    await page.locator(".measuring summary").click();
    await page.locator("#param-samples").fill("5");
    await run(page);
    await ended(page);

    const chart = page.locator("#sweep-chart");
    assert.equal(await chart.locator(".line").count(), 5);
    assert.equal(await chart.locator(".band").count(), 5);
    assert.equal(await chart.locator(".label").count(), 5);
    assert.equal(await chart.locator(".point > *").count(), 15);

    await chart.locator("summary").click();
    const rows = chart.locator("tbody tr");
    await rows.first().waitFor();
    assert.equal(await rows.count(), 3);
    assert.match(await rows.first().textContent(), /^10/);

    // The samples below are those of the value that is picked.
    await page.locator("#chart figcaption button", { hasText: /^10$/ }).click();
    await page.locator("#verdict", { hasText: " 10 units" }).waitFor();
    assert.deepEqual(Object.values(await dots(page)), [5, 5, 5, 5, 5]);
  },
);

story(
  shared,
  "a crossover is marked where the intervals part on both sides",
  {},
  async ({ page, server }) => {
    // Made-up figures: a real crossover would depend on the machine.
    const id = await server.submit({
      workload: "fan-out",
      executors: ["threads", "tokio-current"],
      samples: 3,
      sweep: { param: "units", values: [10, 100, 1000] },
    });
    const experiment = await server.finished(id);
    for (const cell of experiment.cells) {
      const units = cell.params.units;
      const median = cell.executor === "threads" ? units * 1000 : 50_000 + units * 10;
      Object.assign(cell.summary.wall_ns, {
        median,
        median_low: median * 0.98,
        median_high: median * 1.02,
      });
    }
    await page.route(`**/api/v1/experiments/${id}`, (route) => route.fulfill({ json: experiment }));
    await page.goto(`/e/${id}`);
    await page.locator("#sweep-chart .ring.crossover").waitFor({ state: "attached" });
    const note = await page.locator("#sweep-chart .note").textContent();
    assert.equal(note, "OS threads and Tokio (current) cross near 51");
    await page.locator("#sweep-chart summary").click();
    await page.locator("#sweep-chart caption", { hasText: note }).waitFor();
  },
);

story(
  shared,
  "the texts of a chart stay inside it and apart at every width, in the fonts of this machine",
  { path: quick({ executors: EXECUTORS, sweep: "units:1,10,100,1000" }) },
  async ({ page }) => {
    await run(page);
    await ended(page);
    for (const width of [320, 390, 480, 700, 900, 1100, 1300, 1440, 1920]) {
      await page.setViewportSize({ width, height: 900 });
      await page.waitForFunction(() =>
        [...document.querySelectorAll(".plot")].every(
          // Not the width that is seen: until it is drawn anew, a picture is made to fit.
          (plot) => Math.abs(plot.clientWidth - plot.querySelector("svg").viewBox.baseVal.width) <= 1,
        ),
      );
      assert.deepEqual(await page.evaluate(textsInTheWay), [], `${width} px`);
    }
  },
);

/** Texts of charts that stick out of their chart or lie over one another. */
function textsInTheWay() {
  const wrong = [];
  for (const svg of document.querySelectorAll(".plot svg")) {
    const all = [...svg.querySelectorAll("text")].map((text) => [text.textContent, text.getBBox()]);
    for (const [place, [text, box]] of all.entries()) {
      if (box.x < -1 || box.x + box.width > svg.clientWidth + 1) wrong.push(`${text} sticks out`);
      for (const [other, its] of all.slice(0, place)) {
        const beside = box.x >= its.x + its.width || its.x >= box.x + box.width;
        // The box of a text is higher than its letters are.
        const apart = Math.abs(box.y - its.y) > box.height - 4;
        if (!beside && !apart) wrong.push(`${text} lies over ${other}`);
      }
    }
  }
  return wrong;
}
