// The form: it lives in the address, says what is wrong where it is wrong, and never
// lets a user's text become markup.

import assert from "node:assert/strict";
import { EXECUTORS, ended, idOf, quick, ready, run, story, world } from "./support.mjs";

const shared = world();

story(shared, "the form lives in the address", {}, async ({ page }) => {
  await ready(page);
  await page.locator("#change-workload").click();
  await page.locator("#workload-counter").click();
  await page.locator("#param-workers").fill("3");
  await page.locator("label[for=param-lock-atomic]").click();
  await page.locator("#executor-threads").uncheck();
  await page.waitForURL(/workload=counter/);
  await page.waitForURL(/p\.workers=3/);
  await page.waitForURL(/p\.lock=atomic/);
  const before = page.url();
  await page.reload();
  await ready(page);
  assert.equal(page.url(), before);
  assert.equal(await page.locator("#param-workers").inputValue(), "3");
  await page.locator("#workloads", { hasText: "Shared counter" }).waitFor();
  assert.ok(await page.locator("#param-lock-atomic").isChecked());
  assert.ok(!(await page.locator("#executor-threads").isChecked()));
  assert.ok(await page.locator("#executor-tokio-multi").isChecked());
});

story(
  shared,
  "a wrong value is said at its field with the range, and Run is refused",
  {},
  async ({ page }) => {
    await ready(page);
    const sent = [];
    page.on("request", (request) => request.method() === "POST" && sent.push(request.url()));
    for (const [value, said] of [
      ["0", "must be from 1 to 1000000"],
      ["1000001", "must be from 1 to 1000000"],
      ["many", "whole number"],
    ]) {
      await page.locator("#param-units").fill(value);
      const error = page.locator("#error-units");
      await error.waitFor();
      const text = await error.textContent();
      assert.ok(text.includes(said) && text.includes(value), text);
      assert.equal(await page.locator("#param-units").getAttribute("aria-invalid"), "true");
      assert.equal(await page.locator("#run-button").getAttribute("aria-disabled"), "true");
      await page.locator("#run-button").click({ force: true });
    }
    await page.locator("#param-units").fill("10");
    await page.locator("#error-units").waitFor({ state: "hidden" });
    await ready(page);
    assert.deepEqual(sent, []);
  },
);

story(shared, "a form without an executor says so", {}, async ({ page }) => {
  await ready(page);
  for (const id of EXECUTORS) {
    await page.locator(`#executor-${id}`).uncheck();
  }
  await page.locator("#error-executors").waitFor();
  assert.equal(await page.locator("#run-button").getAttribute("aria-disabled"), "true");
});

story(shared, "wrong values of a sweep are said at their field", {}, async ({ page }) => {
  await ready(page);
  await page.locator("#sweep-switch").check();
  for (const values of ["10, 10", "0, 5", "ten", ""]) {
    await page.locator("#sweep-values").fill(values);
    await page.locator("#error-sweep-values").waitFor();
    assert.equal(await page.locator("#run-button").getAttribute("aria-disabled"), "true");
  }
  await page.locator("#sweep-values").fill("10 20, 30");
  await page.locator("#error-sweep-values").waitFor({ state: "hidden" });
  await ready(page);
});

story(
  shared,
  "an executor that cannot run the form is off and says why",
  { path: "/?workload=counter" },
  async ({ page }) => {
    await ready(page);
    await page.locator("label[for=param-lock-async-mutex]").click();
    await page.locator("#executor-threads:disabled").waitFor();
    const why = await page.locator("#executor-threads-about").textContent();
    assert.ok(why.includes("tasks only"), why);
  },
);

story(
  shared,
  "what only the server finds wrong is said at the field too",
  { allowed: [/status of 422/] },
  async ({ page }) => {
    await ready(page);
    const problem = {
      type: "/problems/invalid-params",
      title: "Invalid",
      status: 422,
      detail: "One field is wrong.",
      errors: [{ pointer: "/params/units", detail: "`units` is too many on a Sunday" }],
    };
    await page.route("**/api/v1/experiments", (route) =>
      route.request().method() === "POST"
        ? route.fulfill({ status: 422, contentType: "application/problem+json", json: problem })
        : route.continue(),
    );
    await page.locator("#run-button").click();
    await page.locator("#error-units", { hasText: "on a Sunday" }).waitFor();
  },
);

story(
  shared,
  "units are observed where that is asked for, beside the samples and with its cost",
  { path: quick() },
  async ({ page, server }) => {
    await page.locator(".measuring summary").click();
    await page.locator("#observe").check();
    assert.match(page.url(), /observe=on/);
    await run(page);
    await ended(page);
    const row = (name) => page.locator("#figures-table tr", { hasText: name });
    await row("Spawn to first instruction").locator("td", { hasText: "p99" }).first().waitFor();
    await row("Observed").locator("td", { hasText: "the median" }).first().waitFor();
    const answer = await page.request.get(`${server.url}/api/v1/experiments/${idOf(page)}`);
    const { spec, cells } = await answer.json();
    assert.ok(spec.observe && cells.every((cell) => cell.observed.units > 0));
  },
);

const MARKUP = `<img src=x onerror="alert('oh')"> & </p><script>alert(1)</script>`;

story(
  shared,
  "a label with markup is shown as text everywhere",
  { path: quick({ label: MARKUP }) },
  async ({ page }) => {
    await run(page);
    await ended(page);
    await page.locator(".result-head", { hasText: MARKUP }).waitFor();
    await page.goto("/history");
    await page.locator("#history-list", { hasText: MARKUP }).waitFor();
    assert.equal(await page.locator("main img").count(), 0);
  },
);
