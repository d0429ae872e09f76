// While a browser executor works at its hardest, the page stays free to answer: nothing
// that it does takes its main thread longer than the 50 ms of a "long task".

import assert from "node:assert/strict";
import { ended, ready, run, story, world } from "./support.mjs";

const shared = world();

/** Notes every long task of the page from now on, once the page has come to rest. */
async function watch(page) {
  await ready(page);
  await page.waitForLoadState("networkidle");
  await page.evaluate(async () => {
    await new Promise((idle) => requestIdleCallback(idle));
    globalThis.longTasks = [];
    const note = ({ startTime, duration }) => globalThis.longTasks.push({ startTime, duration });
    new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type: "longtask" });
  });
}

/** The long tasks since then. They are noted in order, so one on purpose brings up the rear. */
function longTasks(page) {
  return page.evaluate(async () => {
    const now = performance.now();
    await new Promise((seen) => {
      const isOnPurpose = ({ startTime }) => startTime >= now;
      const look = (list) => list.getEntries().some(isOnPurpose) && seen();
      new PerformanceObserver(look).observe({ type: "longtask" });
      setTimeout(() => {
        while (performance.now() < now + 200);
      });
    });
    return globalThis.longTasks.filter(({ startTime }) => startTime < now);
  });
}

const heavy = {
  "a counter on Web Workers": "workload=counter&executors=browser-workers",
  "a fan-out of 100 000 tasks on the event loop":
    "workload=fan-out&p.units=100000&executors=browser-loop",
};

for (const [what, form] of Object.entries(heavy)) {
  story(shared, `the page answers within 50 ms during ${what}`, { path: `/?${form}` }, async ({ page }) => {
    await watch(page);
    await run(page);
    await ended(page);
    await page.locator("#figures-table tbody tr").first().waitFor();
    assert.deepEqual(await longTasks(page), []);
  });
}
