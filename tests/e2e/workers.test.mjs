// Web Workers on one shared memory, the fifth executor: from the form to a chart of all
// five, what it refuses and why, and what is left of it when a run is cut short.

import assert from "node:assert/strict";
import { EXECUTORS, dots, ended, idOf, open, quick, ready, run, story, world } from "./support.mjs";

const shared = world();

/** The address of a form that adds to a shared counter, in an instant unless `more` says else. */
function counter(more = {}) {
  const form = { workload: "counter", "p.workers": 2, "p.increments": 10_000, samples: 5 };
  return `/?${new URLSearchParams({ ...form, executors: "browser-workers", ...more })}`;
}

/** A counter whose body takes minutes, so that nothing but its end from outside ends it. */
const ENDLESS = { "p.increments": 10_000_000, "p.hold_spins": 100_000, warmups: 0 };

/** The experiment that the page shows, as the server has it. */
const stored = (page, server) => server.json(`/api/v1/experiments/${idOf(page)}`);

/** The scripts of the page's workers, and of those that these have started. */
const workers = (page) => page.workers().map((worker) => new URL(worker.url()).pathname);

/** The workers of the page that are threads, once there are as many as `count`. */
async function threads(page, count) {
  const all = () => page.workers().filter((worker) => worker.url().includes("/thread-worker"));
  while (all().length < count) await page.waitForEvent("worker");
  return all();
}

story(
  shared,
  "one experiment on all five executors goes from the form to a chart, a verdict and a link",
  { path: counter({ executors: EXECUTORS }) },
  async ({ page, server }) => {
    await run(page);
    await ended(page);
    assert.deepEqual(await dots(page), Object.fromEntries(EXECUTORS.map((id) => [id, 5])));
    const verdict = await page.locator("#verdict").textContent();
    for (const name of ["OS threads", "Tokio (multi)", "Tokio (current)", "Browser loop", "Web Workers"]) {
      assert.ok(verdict.includes(name), `${name} is not in: ${verdict}`);
    }

    const { state, cells } = await stored(page, server);
    assert.equal(state, "done");
    assert.deepEqual(
      cells.map((cell) => [cell.executor, cell.state, cell.samples.length, cell.outcome.total]),
      EXECUTORS.map((id) => [id, "done", 5, 20_000]),
    );
    for (const { executor, browser, spawn_costs } of cells) {
      const isInBrowser = executor.startsWith("browser-");
      assert.equal(/Chromium/.test(browser?.browser), isInBrowser, `the card of ${executor}`);
      const costs = Object.entries(spawn_costs ?? {}).filter(([, ns]) => ns > 0);
      const kinds = executor === "browser-workers" ? ["new_worker_ns", "warm_worker_ns"] : [];
      assert.deepEqual(costs.map(([kind]) => kind).sort(), kinds, `what spawning cost on ${executor}`);
    }

    const shown = async () => ({
      verdict: await page.locator("#verdict").textContent(),
      chart: await page.locator("#chart svg").innerHTML(),
      figures: await page.locator("#figures-table").textContent(),
      browser: await page.locator("#browser-card").textContent(),
    });
    const before = await shown();
    await page.reload();
    await ended(page);
    assert.deepEqual(await shown(), before);
    assert.deepEqual(workers(page), [], "to look at an experiment takes no engine");
  },
);

story(
  shared,
  "more units than a browser has workers for are refused with the limit in words",
  { path: quick({ "p.units": 1000, executors: "tokio-current,browser-workers" }) },
  async ({ page, server }) => {
    await run(page);
    await ended(page);
    const refused = (await stored(page, server)).cells[1];
    assert.equal(refused.state, "refused");
    assert.equal(refused.refusal.needed_units, 1000);
    assert.ok(refused.refusal.available_units >= 1 && refused.refusal.available_units < 128);
    const told = (await page.locator(".unmeasured").textContent()).replace(/\s/g, " ");
    const { limit, available_units: available } = refused.refusal;
    for (const part of ["Web Workers refused", "1 000 units", `${limit.value} Web Workers`, `allow ${available}`]) {
      assert.ok(told.includes(part), `"${part}" is not in: ${told}`);
    }
    assert.ok(told.includes(limit.how_to_raise), told);
    // Its pool is as good as new: fewer units run on it.
    await page.locator("#param-units").fill("10");
    await run(page);
    await ended(page);
    assert.deepEqual(await dots(page), { "tokio-current": 3, "browser-workers": 3 });
  },
);

story(
  shared,
  "a lock that is for tasks only switches the workers off and says why",
  { path: counter({ executors: EXECUTORS, "p.lock": "async-mutex" }) },
  async ({ page, server }) => {
    await ready(page);
    await page.locator("#executor-browser-workers:disabled").waitFor();
    const why = await page.locator("#executor-browser-workers-about").textContent();
    assert.match(why, /lock=async-mutex is for tasks only: .*thread has nothing to await with/);
    await run(page);
    await ended(page);
    const { cells } = await stored(page, server);
    assert.deepEqual(
      cells.map((cell) => [cell.executor, cell.state]),
      ["tokio-multi", "tokio-current", "browser-loop"].map((id) => [id, "done"]),
    );
  },
);

story(
  shared,
  "without cross-origin isolation the workers are off and say why, and all else runs",
  { path: "about:blank" },
  async ({ page, server }) => {
    const isPage = ({ pathname }) => pathname === "/" || pathname.startsWith("/e/");
    await page.route(isPage, async (route) => {
      const response = await route.fetch();
      const headers = response.headers();
      delete headers["cross-origin-opener-policy"];
      delete headers["cross-origin-embedder-policy"];
      await route.fulfill({ response, headers });
    });
    await page.goto("/");
    await ready(page);
    assert.ok(!(await page.evaluate(() => crossOriginIsolated)));
    await page.locator("#executor-browser-workers:disabled").waitFor();
    const why = await page.locator("#executor-browser-workers-about").textContent();
    assert.ok(why.includes("not cross-origin isolated"), why);
    assert.ok(why.includes("open it over https, or on localhost"), why);

    await page.locator("#executor-browser-loop").check();
    await page.locator("#executor-tokio-multi").uncheck();
    await page.locator("#executor-tokio-current").uncheck();
    await run(page);
    await ended(page);
    assert.deepEqual(await dots(page), { threads: 10, "browser-loop": 10 });
    const { cells } = await stored(page, server);
    assert.equal(cells[1].browser.cross_origin_isolated, false);
  },
);

story(
  shared,
  "in a browser whose WebAssembly shares no memory the workers are off and say why, and the loop runs",
  { path: "about:blank" },
  async ({ page }) => {
    await page.addInitScript(() => {
      const { Memory } = WebAssembly;
      WebAssembly.Memory = class extends Memory {
        constructor(wanted) {
          if (wanted.shared) throw new TypeError("shared memories are not supported");
          super(wanted);
        }
      };
    });
    await page.goto("/?executors=browser-loop");
    await ready(page);
    assert.ok(await page.evaluate(() => crossOriginIsolated));
    await page.locator("#executor-browser-workers:disabled").waitFor();
    const why = await page.locator("#executor-browser-workers-about").textContent();
    assert.ok(why.includes("no shared memory for WebAssembly"), why);
    await run(page);
    await ended(page);
    assert.deepEqual(await dots(page), { "browser-loop": 10 });
  },
);

story(
  shared,
  "Esc ends a run on workers in the middle of a body, with every worker, and the next one works",
  { path: counter({ executors: "browser-workers", ...ENDLESS }) },
  async ({ page, server }) => {
    assert.deepEqual(workers(page), []);
    await run(page);
    // Both units and the body.
    const started = await threads(page, 3);
    const gone = started.map((worker) => new Promise((closed) => worker.once("close", closed)));
    await page.keyboard.press("Escape");
    await Promise.all(gone);
    await page.locator(".result-head .state.cancelled").waitFor();
    const { state, cells } = await stored(page, server);
    assert.deepEqual([state, cells[0].state, cells[0].samples], ["cancelled", "cancelled", []]);
    assert.deepEqual(workers(page), []);

    await page.locator("#param-increments").fill("1000");
    await page.locator("#param-hold_spins").fill("0");
    await run(page);
    await ended(page);
    assert.deepEqual(await dots(page), { "browser-workers": 5 });
  },
);

story(
  shared,
  "Esc between the first cell of a browser and the next one starts no engine any more",
  { path: counter({ executors: "browser-loop,browser-workers", ...ENDLESS }) },
  async ({ page, server }) => {
    await run(page);
    const [engine] = page.workers().length ? page.workers() : [await page.waitForEvent("worker")];
    await page.locator("#progress", { hasText: "in this browser" }).waitFor();
    const later = [];
    page.on("worker", (worker) => later.push(worker.url()));
    const gone = new Promise((closed) => engine.once("close", closed));
    await page.keyboard.press("Escape");
    await gone;
    await page.locator(".result-head .state.cancelled").waitFor();
    const { cells } = await stored(page, server);
    assert.deepEqual(cells.map((cell) => cell.state), ["cancelled", "cancelled"]);
    // The strip is loaded once the page knows that all is over.
    await page.locator(`.newest a[href="/e/${idOf(page)}"]`).waitFor();
    assert.deepEqual([workers(page), later], [[], []]);
  },
);

story(
  shared,
  "a page that is closed in the middle of a browser cell leaves that cell interrupted",
  {},
  async ({ server }) => {
    // It takes time, but no processor's.
    const naps = { "p.work": "sleep", "p.duration_ms": 100, samples: 30, warmups: 0 };
    const path = quick({ executors: "threads,browser-workers", ...naps });
    const { page, context, errors } = await open(shared, path);
    await run(page);
    await page.locator("#chart .dot.s-browser-workers > *").nth(2).waitFor({ state: "attached" });
    const id = idOf(page);
    await context.close();
    const { state, cells } = await server.finished(id);
    const [native, own] = cells;
    assert.deepEqual([native.state, native.samples.length], ["done", 30]);
    assert.equal(own.state, "interrupted");
    assert.match(own.reason, /the page that measured it was silent for \d+ s/);
    assert.ok(own.samples.length >= 3 && own.samples.length < 30, `${own.samples.length} samples`);
    // What was measured stands, and is compared.
    assert.equal(state, "done");
    assert.deepEqual(errors, []);
  },
);
