// What an outcome says: once where it is the same on all executors, else beside one
// another; and its pictures, one for each executor, each with its data.

import assert from "node:assert/strict";
import { ended, idOf, overflow, quick, run, story, violations, world } from "./support.mjs";

const shared = world();

const fact = (label, value, picture) => ({ label, value, picture });
const lanes = (late) => ({
  kind: "lanes",
  unit: "ms",
  lanes: [
    { name: "blocker", marks: [{ at: 0, text: "begins" }, { at: 50, text: "ends" }] },
    { name: "other", marks: [{ at: 10, text: "due" }, { at: late, text: "woken" }] },
  ],
});
const curves = (slowest) => ({
  kind: "curves",
  x: { title: "Percentile", unit: "", scale: "percentile" },
  y: { title: "Latency", unit: "ms", scale: "log" },
  curves: [
    { name: "raw", points: [[50, 1], [90, 2], [99, 4], [99.9, 5]] },
    { name: "corrected", points: [[50, 1], [90, 9], [99, slowest / 2], [99.9, slowest]] },
  ],
});
const alone = { kind: "curves", x: { title: "Time", unit: "ms", scale: "linear" }, y: { title: "Active", unit: "", scale: "linear" }, curves: [{ name: "active", points: [[0, 1]] }] };

/** The facts that the page is to find with each executor. */
const FACTS = {
  threads: [
    fact("Still running after the timeout", "5 of 5"),
    fact("Delivered", "100"),
    fact("Woken late", "", lanes(12)),
    fact("Latency", "5 ms", curves(80)),
    fact("Active units", "", alone),
  ],
  "tokio-current": [
    fact("Still running after the timeout", "0 of 5"),
    fact("Delivered", "100"),
    fact("Woken late", "", lanes(61)),
    fact("Latency", "7 ms", curves(900)),
  ],
};

for (const look of [
  { name: "a desktop in light", viewport: { width: 1440, height: 900 }, colorScheme: "light" },
  { name: "a phone in dark", viewport: { width: 390, height: 844 }, colorScheme: "dark" },
]) {
  story(
    shared,
    `facts that differ stand beside one another, with their pictures, on ${look.name}`,
    { path: quick({ workload: "ping-pong", executors: "threads,tokio-current" }), reducedMotion: "reduce", ...look },
    async ({ page }) => {
      await run(page);
      await ended(page);
      // Alike: one value each, no table.
      await page.locator(".facts dl dt").first().waitFor();
      assert.equal(await page.locator("#facts-table").count(), 0);

      await page.route(`**/api/v1/experiments/${idOf(page)}`, async (route) => {
        const experiment = await (await route.fetch()).json();
        for (const cell of experiment.cells) cell.facts = FACTS[cell.executor];
        await route.fulfill({ json: experiment });
      });
      await page.reload();
      await ended(page);
      const rows = await page.locator("#facts-table tbody tr").evaluateAll((all) =>
        all.map((row) => [...row.children].map((cell) => cell.textContent)),
      );
      assert.deepEqual(rows, [
        ["Still running after the timeout", "5 of 5", "0 of 5"],
        ["Delivered", "100"],
        ["Latency", "5 ms", "7 ms"],
      ]);
      const pictures = page.locator(".multiples figure");
      await pictures.nth(4).locator("svg").waitFor();
      assert.equal(await pictures.count(), 5);
      for (const svg of await page.locator(".multiples svg").evaluateAll((all) => all.map((one) => one.outerHTML))) {
        assert.ok(svg.includes("<title") && svg.includes("<desc") && !/NaN|Infinity/.test(svg), svg);
      }
      // The axes reach as far for both, so that the pictures can be compared.
      const ticks = (place) => pictures.nth(place).locator(".tick").allTextContents();
      assert.deepEqual(await ticks(0), await ticks(1));
      assert.deepEqual(await ticks(2), await ticks(3));
      for (const place of [0, 2]) {
        await pictures.nth(place).locator("summary").click();
        await pictures.nth(place).locator("tbody tr").first().waitFor();
      }
      assert.deepEqual(await violations(page), []);
      assert.equal(await overflow(page), "");
    },
  );
}
