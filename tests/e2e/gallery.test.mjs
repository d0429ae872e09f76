// The gallery of workloads: it opens by click and by key, leads to every workload, and
// each of them runs as it stands there. And the presets: settings one press away.

import assert from "node:assert/strict";
import { ended, idOf, overflow, quick, ready, run, slow, story, violations, world } from "./support.mjs";

const shared = world();

/** The workloads that the server has. */
const catalogue = (server) => server.json("/api/v1/workloads");

/** Opens the gallery over the page by its button. */
async function openGallery(page) {
  await page.locator("#change-workload").click();
  await page.locator("#gallery[open]").waitFor();
}

const focused = (page) => page.evaluate(() => document.activeElement.id);

story(shared, "the first visit shows every workload in its group", {}, async ({ page, server }) => {
  await ready(page);
  const all = await catalogue(server);
  const shown = page.locator(".below .entry");
  assert.equal(await shown.count(), all.length);
  assert.equal(await page.locator(".below .entry .sketch").count(), all.length);
  const headings = await page.locator(".below h3").count();
  assert.equal(headings, new Set(all.map((one) => one.group)).size);
  await shown.filter({ hasText: "Shared counter" }).click();
  await page.locator(".opening h1", { hasText: "Shared counter" }).waitFor();
  await page.waitForURL(/workload=counter/);
  await page.goBack();
  await page.locator(".opening h1", { hasText: "Spawn and join" }).waitFor();
});

story(shared, "the gallery opens by click, Esc closes it, and the focus comes back", {}, async ({ page }) => {
  await ready(page);
  await openGallery(page);
  await page.locator("#workload-fan-out[aria-current]").waitFor();
  assert.equal(await focused(page), "workload-fan-out");
  await page.keyboard.press("Escape");
  await page.locator("#gallery[open]").waitFor({ state: "detached" });
  assert.equal(await focused(page), "change-workload");
  assert.ok(await page.locator("#workloads", { hasText: "Spawn and join" }).isVisible());
});

story(shared, "slash opens the gallery, arrows lead through it, Enter chooses", {}, async ({ page, server }) => {
  const [first, second] = await page.evaluate(async () => {
    const answer = await fetch("/api/v1/workloads");
    return (await answer.json()).map((one) => one.id);
  });
  await ready(page);
  await page.keyboard.press("/");
  await page.locator("#gallery[open]").waitFor();
  const order = await page.locator("#gallery .entry").evaluateAll((all) => all.map((one) => one.id));
  assert.equal(order.length, (await catalogue(server)).length);
  const at = order.indexOf("workload-fan-out");
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(page), order[at + 1]);
  await page.keyboard.press("ArrowUp");
  assert.equal(await focused(page), order[at]);
  await page.keyboard.press("ArrowRight");
  const beside = await focused(page);
  const left = (id) => page.locator(`#${id}`).evaluate((one) => one.getBoundingClientRect().left);
  assert.ok((await left(beside)) > (await left(order[at])), `${beside} is beside`);
  // No key of the page works below the gallery.
  await page.keyboard.press("1");
  await page.keyboard.press("Enter");
  await page.locator("#gallery[open]").waitFor({ state: "detached" });
  const chosen = beside.replace("workload-", "");
  await page.waitForURL(new RegExp(`workload=${chosen}`));
  assert.ok(await page.locator("#executor-threads").isChecked());
  assert.ok([first, second].every(Boolean));
});

story(shared, "Esc in the gallery does not cancel what is running", { path: slow(200) }, async ({ page }) => {
  await run(page);
  await page.locator("#cancel-button").waitFor();
  await openGallery(page);
  await page.keyboard.press("Escape");
  await page.locator("#gallery[open]").waitFor({ state: "detached" });
  assert.ok(await page.locator("#cancel-button").isVisible());
  await page.keyboard.press("Escape");
  await page.locator(".result-head .state.cancelled").waitFor();
});

story(shared, "another workload can be chosen beside a result, and Back takes that back", { path: quick() }, async ({ page }) => {
  await run(page);
  await ended(page);
  const link = page.url();
  await openGallery(page);
  await page.locator("#workload-pipeline").click();
  await page.locator("#param-stages").waitFor();
  await page.waitForURL(/\/e\/.*workload=pipeline/);
  await page.goBack();
  await page.locator("#param-units").waitFor();
  assert.equal(page.url(), link);
});

story(shared, "a preset fills the form, shows that it does, and Back takes it back", { path: "/?workload=counter" }, async ({ page }) => {
  await ready(page);
  const preset = (name) => page.getByRole("group", { name: "Presets" }).getByRole("button", { name });
  const isPressed = async (name, pressed) =>
    preset(name).and(page.locator(`[aria-pressed=${pressed}]`)).waitFor();
  await isPressed("defaults", true);
  await preset("one shard each").click();
  await page.waitForURL(/p\.lock=sharded/);
  assert.ok(await page.locator("#param-lock-sharded").isChecked());
  await isPressed("one shard each", true);
  await isPressed("defaults", false);
  await page.locator("#param-workers").fill("3");
  await isPressed("one shard each", false);
  await page.locator("#param-workers").fill("4");
  await isPressed("one shard each", true);
  await page.locator("#sweep-switch").check();
  await isPressed("one shard each", false);
  await preset("defaults").click();
  assert.ok(await page.locator("#param-lock-mutex").isChecked());
  assert.ok(!(await page.locator("#sweep-switch").isChecked()));
  await page.goBack();
  await page.waitForURL(/p\.lock=sharded/);
  await page.goBack();
  await isPressed("defaults", true);
  assert.ok(await page.locator("#param-lock-mutex").isChecked());
});

story(shared, "an address with a workload that does not exist says so", { path: "/?workload=nothing" }, async ({ page }) => {
  await page.locator("#workloads", { hasText: "There is no such workload." }).waitFor();
  await openGallery(page);
  await page.locator("#workload-counter").click();
  await ready(page);
});

story(
  shared,
  "each entry of the gallery opens, runs its default and shows its facts",
  { path: "/?workload=fan-out&samples=2&warmups=0" },
  async ({ page, server }) => {
    for (const { id, title } of await catalogue(server)) {
      await ready(page);
      await openGallery(page);
      await page.locator(`#workload-${id}`).click();
      await page.locator("#workloads", { hasText: title }).waitFor();
      await run(page);
      await ended(page);
      const { cells } = await server.json(`/api/v1/experiments/${idOf(page)}`);
      assert.deepEqual(cells.filter((cell) => cell.state === "failed"), [], id);
      const facts = page.locator(".facts dt, .facts th[scope=row], .facts h3");
      await facts.first().waitFor();
      const labels = new Set(cells.flatMap((cell) => cell.facts.map((fact) => fact.label)));
      assert.ok((await facts.count()) >= labels.size, `${id} shows ${[...labels]}`);
      await page.locator("#look-at-title").waitFor();
    }
  },
);

for (const colorScheme of ["light", "dark"]) {
  for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }, { width: 320, height: 568 }]) {
    const look = { colorScheme, viewport, reducedMotion: "reduce" };
    story(shared, `the open gallery is sound at ${viewport.width} px in ${colorScheme}`, look, async ({ page }) => {
      await ready(page);
      await openGallery(page);
      assert.deepEqual(await violations(page), []);
      assert.equal(await overflow(page), "");
      const sideways = await page.locator("#gallery").evaluate((one) => one.scrollWidth - one.clientWidth);
      assert.equal(sideways, 0);
    });
  }
}
