// The view "Native against WebAssembly": its experiments, the ratios that come out, and
// what is left when it is cut short.

import assert from "node:assert/strict";
import { overflow, story, violations, world } from "./support.mjs";

const shared = world();
const view = { path: "/webassembly" };

/** The experiments that the server has, newest first. */
const lines = async (server) => (await server.json("/api/v1/experiments")).experiments;

const PAIRS = [
  ["threads", "browser-workers"],
  ["tokio-current", "browser-loop"],
];

/** What the view is to hold: each pair that can run each workload with settings that compute. */
async function contests(server) {
  const computing = (await server.json("/api/v1/workloads")).filter((one) => Object.keys(one.cpu_bound).length > 0);
  return computing.flatMap((one) => PAIRS.filter((pair) => pair.every((id) => !(id in one.unavailable))));
}

story(shared, "all pairs are measured, drawn as ratios, and found again", view, async ({ page, server }) => {
  const open = page.locator("#versus-table td", { hasText: "Not measured yet." });
  const expected = await contests(server);
  await open.nth(expected.length - 1).waitFor();
  assert.equal(await open.count(), expected.length);
  await page.locator("#versus-run").click();
  await page.locator("#versus-cancel").waitFor();
  await page.locator("#versus-run").waitFor();
  const measured = async () => {
    await page.locator("#versus-table a").nth(expected.length - 1).waitFor();
    assert.equal(await page.locator("#chart .median").count(), expected.length);
    assert.equal(await page.locator("#chart .even").count(), 1);
  };
  await measured();
  const pairs = (await lines(server)).map((line) => [line.state, ...line.spec.executors]);
  assert.deepEqual(pairs, expected.toReversed().map((pair) => ["done", ...pair]));
  assert.deepEqual(await violations(page), []);
  assert.equal(await overflow(page), "");

  await page.reload();
  await measured();

  // The ratio is that of the medians which the experiment shows.
  const row = page.locator("#versus-table tbody tr").first();
  const ratio = Number.parseFloat(await row.locator("strong").textContent());
  await row.locator("a").click();
  await page.locator("#verdict", { hasText: "spawned and joined" }).waitFor();
  const id = new URL(page.url()).pathname.split("/").pop();
  const [native, browser] = (await server.json(`/api/v1/experiments/${id}`)).cells;
  const medians = browser.summary.wall_ns.median / native.summary.wall_ns.median;
  assert.ok(Math.abs(ratio / medians - 1) < 0.01, `${ratio} instead of ${medians}`);
});

story(shared, "Cancel ends the series, and so does leaving the view", view, async ({ page, server }) => {
  const before = (await lines(server)).length;
  const state = async () => (await lines(server))[0].state;
  await page.locator("#versus-run").click();
  await page.locator("#versus-cancel").click();
  await page.locator("#versus-progress", { hasText: "Cancelled" }).waitFor();
  await page.locator("#versus-run").waitFor();
  assert.equal(await state(), "cancelled");

  const accepted = page.waitForResponse((answer) => answer.request().method() === "POST");
  await page.locator("#versus-run").click();
  await accepted;
  await page.locator("nav a", { hasText: "History" }).click();
  const [{ id }] = await lines(server);
  assert.equal((await server.finished(id)).state, "cancelled");
  assert.equal((await lines(server)).length, before + 2, "nothing was started after that");
});
