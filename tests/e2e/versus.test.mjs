// The view "Native against WebAssembly": its experiments, the ratios that come out, and
// what is left when it is cut short.

import assert from "node:assert/strict";
import { overflow, story, violations, world } from "./support.mjs";

const shared = world();
const view = { path: "/webassembly" };

/** The experiments that the server has, newest first. */
const lines = async (server) => (await server.json("/api/v1/experiments")).experiments;

story(shared, "all pairs are measured, drawn as ratios, and found again", view, async ({ page, server }) => {
  const open = page.locator("#versus-table td", { hasText: "Not measured yet." });
  await open.nth(5).waitFor();
  assert.equal(await open.count(), 6);
  await page.locator("#versus-run").click();
  await page.locator("#versus-cancel").waitFor();
  await page.locator("#versus-run").waitFor();
  const measured = async () => {
    await page.locator("#versus-table a").nth(5).waitFor();
    assert.equal(await page.locator("#chart .median").count(), 6);
    assert.equal(await page.locator("#chart .even").count(), 1);
  };
  await measured();
  const pairs = (await lines(server)).map((line) => [line.state, ...line.spec.executors]);
  const of = (workers) => (workers ? ["done", "threads", "browser-workers"] : ["done", "tokio-current", "browser-loop"]);
  assert.deepEqual(pairs, [false, true, false, true, false, true].map(of));
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
  const expected = browser.summary.wall_ns.median / native.summary.wall_ns.median;
  assert.ok(Math.abs(ratio / expected - 1) < 0.01, `${ratio} instead of ${expected}`);
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
