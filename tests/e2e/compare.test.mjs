// Threads or tasks: the table measured from the page, read, taken along, put beside another
// machine's, and asked for advice. It is measured once; the other stories look at that.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { overflow, story, violations, world } from "./support.mjs";

const shared = world();
const view = { path: "/compare", permissions: ["clipboard-read", "clipboard-write"] };
/** A minute is what the quick table may take; slow machines get some more. */
const MEASURING_MS = 150_000;

/** Waits until the part of this number or a later one is measured, and returns its number. */
async function measuring(page, number) {
  const current = await page.waitForFunction((least) => {
    const words = document.querySelector("#compare-progress p")?.textContent ?? "";
    const now = Number(words.match(/^Part (\d+) of/)?.[1]);
    return now >= least && now;
  }, number);
  return current.jsonValue();
}

/** The finished comparison as the API gives it. */
async function finished(server) {
  const { comparisons } = await server.json("/api/v1/comparisons");
  const own = comparisons.find((one) => one.state === "done" && !one.imported_at);
  assert.ok(own, "nothing was measured");
  return server.json(`/api/v1/comparisons/${own.id}`);
}

/** Opens a finished comparison and waits for its table. */
async function opened(page, server) {
  const comparison = await finished(server);
  await page.goto(`/compare/${comparison.id}`);
  await page.locator("#comparison-table .row").first().waitFor();
  return comparison;
}

/** Whether there is a figure in every row. */
const hasFigures = ({ rows }) =>
  rows.every((row) => row.measures.some((measure) => measure.cells.some((cell) => cell.estimate)));

/** Chooses a file that holds `text` for the import. */
const choose = (page, name, text) =>
  page.locator("#compare-import").setInputFiles({ name, mimeType: "application/json", buffer: Buffer.from(text) });

/** The text of an element, with every kind of space as a plain one. */
const plain = (text) => text.replaceAll(/\s+/gu, " ").trim();

story(shared, "a newcomer finds the table, measures it, and every row is there", {}, async ({ page, server }) => {
  await page.locator("#compare-link-card").click();
  await page.waitForURL("**/compare");
  await page.locator("#compare-quick").click();
  await page.waitForURL(/\/compare\/.+/);
  await page.locator("#compare-progress").waitFor();
  // The button that had the focus is gone; what ends the wait has it now.
  await page.locator("#compare-cancel:focus").waitFor();
  await measuring(page, 2);
  assert.deepEqual(await violations(page), []);

  // What the reader has opened stays open while parts end.
  const panel = page.locator("#comparison-table details").first();
  await panel.locator("summary").click();
  const id = await panel.getAttribute("id");
  await measuring(page, (await measuring(page, 2)) + 1);
  assert.equal(await page.locator(`[id="${id}"][open]`).count(), 1);

  // A reload loses nothing.
  await page.reload();
  await measuring(page, 2);
  await page.locator("#compare-report").waitFor({ timeout: MEASURING_MS });
  const comparison = await server.json(`/api/v1/comparisons/${page.url().split("/").pop()}`);
  assert.equal(comparison.state, "done", comparison.reason);
  assert.ok(comparison.rows.length >= 7, `${comparison.rows.length} rows`);
  assert.ok(hasFigures(comparison) && comparison.answers.length > 0, "nothing was measured");
  for (const row of comparison.rows) {
    const section = page.locator(`[id="row-${row.id}"]`);
    assert.equal(await section.locator("h2").textContent(), row.title);
    for (const measure of row.measures) {
      for (const cell of measure.cells) {
        const shown = page.locator(`[id="cell-${row.id}-${measure.id}-${cell.executor}"]`);
        const text = plain(await shown.textContent());
        if (cell.estimate) assert.ok(text.includes(plain(cell.text)), `${text} has no ${cell.text}`);
      }
    }
  }
  for (const answer of comparison.answers) {
    await page.locator(".answers p", { hasText: answer }).waitFor();
  }
});

story(shared, "a panel says how a figure was measured and leads to its samples", view, async ({ page, server }) => {
  const { rows } = await opened(page, server);
  const row = rows.find((one) => one.measures.some((measure) => measure.cells.some((cell) => cell.evidence.length)));
  const measure = row.measures.find((one) => one.cells.some((cell) => cell.evidence.length));
  const panel = page.locator(`[id="how-${row.id}-${measure.id}"]`);
  await panel.locator("summary").focus();
  await page.keyboard.press("Enter");
  const text = plain(await panel.textContent());
  for (const paragraph of [measure.how, ...measure.details]) assert.ok(text.includes(plain(paragraph)), paragraph);
  assert.deepEqual(await violations(page), []);
  const { experiment } = measure.cells.flatMap((cell) => cell.evidence)[0];
  await panel.locator(`a[href="/e/${experiment}"]`).first().click();
  await page.locator(".result-head").waitFor();
  assert.equal(new URL(page.url()).pathname, `/e/${experiment}`);
});

story(shared, "the files hold the figures of the API", view, async ({ page, server }) => {
  const comparison = await opened(page, server);
  await page.locator("#compare-copy").click();
  await page.locator("#compare-copy", { hasText: "Copied" }).waitFor();
  const markdown = plain(await page.evaluate(() => navigator.clipboard.readText()));
  for (const cell of comparison.rows.flatMap((row) => row.measures).flatMap((measure) => measure.cells)) {
    if (cell.estimate) assert.ok(markdown.includes(plain(cell.text)), `the Markdown has no ${cell.text}`);
  }
  const file = async (id) => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator(id).click()]);
    return readFile(await download.path(), "utf8");
  };
  assert.equal(plain(await file("#compare-markdown")), markdown);
  assert.deepEqual(JSON.parse(await file("#compare-json")), comparison);
  const cells = comparison.rows.flatMap((row) => row.measures).flatMap((measure) => measure.cells);
  assert.equal((await file("#compare-csv")).trim().split("\n").length, cells.length + 1);
  const report = await file("#compare-report");
  assert.ok(report.includes("<svg") && !report.includes("<script"), "a report is pictures and no program");
});

const refusing = { ...view, allowed: [/400|422/] };
story(shared, "a table of another machine stands beside; a broken one is refused", refusing, async ({ page, server }) => {
  const comparison = await opened(page, server);
  await choose(page, "broken.json", "{ not a table");
  await page.locator("#compare-imported.error", { hasText: "broken.json was not imported" }).waitFor();
  await choose(page, "other.json", JSON.stringify({ ...comparison, machine: { cpu: 7 } }));
  await page.locator("#compare-imported.error", { hasText: "other.json was not imported" }).waitFor();

  const machine = { ...comparison.machine, cpu: "<b>Another</b> processor", cores: 64 };
  await choose(page, "table.json", JSON.stringify({ ...comparison, machine }));
  await page.locator("#compare-imported:not(.error)", { hasText: "Imported" }).waitFor();
  const beside = page.locator("#comparison-table .beside dd", { hasText: "<b>Another</b> processor, 64 cores" });
  await beside.waitFor();
  assert.ok(page.url().includes("?with="), page.url());
  assert.equal(await overflow(page), "");
  await page.reload();
  await beside.waitFor();
  const { comparisons } = await server.json("/api/v1/comparisons");
  const imported = comparisons.find((one) => one.imported_at);
  await page.locator(`[id="beside-${imported.id}"]`).uncheck();
  await beside.waitFor({ state: "detached" });

  await page.locator(`#compare-list a[href="/compare/${imported.id}"]`).click();
  await page.locator("#comparison-table .asked", { hasText: "Imported from another machine" }).waitFor();
});

story(shared, "the adviser answers by cells of the table, and links to them", refusing, async ({ page, server }) => {
  const comparison = await opened(page, server);
  await page.locator("#advice-units").fill("1 000 000");
  await page.locator("#advice-lifetime").fill("1000");
  await page.locator("#advice-work").selectOption("waiting");
  await page.locator("#advice-ask").focus();
  await page.keyboard.press("Enter");
  const query = "units=1000000&lifetime_ms=1000&work=waiting";
  const advice = await server.json(`/api/v1/comparisons/${comparison.id}/advice?${query}`);
  await page.locator("#advice p", { hasText: advice.answer }).waitFor();
  assert.equal(await page.locator("#advice li").count(), advice.reasons.length);
  const cited = advice.reasons.find((reason) => reason.cites)?.cites;
  assert.ok(cited, "an advice rests on cells");
  const cell = `cell-${cited.row}-${cited.measure}-${cited.executor}`;
  await page.locator(`#advice a[href="#${cell}"]`).first().click();
  await page.waitForFunction((id) => document.querySelector(":target")?.id === id, cell);

  await page.locator("#advice-units").fill("0");
  await page.locator("#advice-ask").click();
  await page.locator("#advice .error", { hasText: "units" }).waitFor();
});

story(shared, "Esc cancels, and what was measured stays", view, async ({ page, server }) => {
  await page.locator("#compare-quick").click();
  await measuring(page, 2);
  await page.keyboard.press("Escape");
  await page.locator("#compare-progress").waitFor({ state: "hidden" });
  const { comparisons } = await server.json("/api/v1/comparisons");
  assert.equal(comparisons[0].state, "cancelled");
  await page.locator("#comparison-table .row").first().waitFor();
  await page.locator("#compare-quick").waitFor();
});

const phone = { ...view, viewport: { width: 390, height: 844 }, hasTouch: true };
story(shared, "the table fits a phone, in light and dark", phone, async ({ page, server }) => {
  await opened(page, server);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await violations(page), []);
    assert.equal(await overflow(page), "");
  }
});

const missing = { path: "/compare/0000000000000000", allowed: [/404/] };
story(shared, "a table that is not there is said to be missing, with a way out", missing, async ({ page }) => {
  await page.locator("#compare-error", { hasText: "no comparison" }).waitFor();
  await page.locator(".compare-failure a").click();
  await page.waitForURL("**/compare");
});
