// Taking an experiment along: as a link, as curl, as a command line, as files.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { PROGRAM, ended, idOf, open, quick, ready, run, story, world } from "./support.mjs";

const shared = world();
const execute = promisify(execFile);
const clipboard = { permissions: ["clipboard-read", "clipboard-write"] };

/** Presses a button that copies, and returns what it copied. */
async function copied(page, id) {
  await page.locator(id).click();
  await page.locator(id, { hasText: "Copied" }).waitFor();
  return page.evaluate(() => navigator.clipboard.readText());
}

/** Presses a link or button that downloads, and returns the file's name and bytes. */
async function downloaded(page, element) {
  const [download] = await Promise.all([page.waitForEvent("download"), element.click()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

const AWKWARD = quick({ "p.units": 12, label: `it's "quoted" & $HOME`, sweep: "units:5,7" });

story(
  shared,
  "the form copied as curl asks for the same experiment",
  { path: AWKWARD, ...clipboard },
  async ({ page, server }) => {
    await ready(page);
    const command = await copied(page, "#copy-curl");
    const { stdout } = await execute("bash", ["-c", command]);
    const experiment = await server.finished(JSON.parse(stdout).id);
    assert.equal(experiment.state, "done");
    assert.equal(experiment.spec.label, `it's "quoted" & $HOME`);
    assert.deepEqual(experiment.spec.sweep, { param: "units", values: [5, 7] });
    assert.deepEqual(experiment.spec.executors, ["tokio-current"]);
    assert.equal(experiment.spec.samples, 3);
  },
);

story(
  shared,
  "the form copied as a command line runs without a server",
  { path: quick({ "p.units": 12, executors: "threads,tokio-current" }), ...clipboard },
  async ({ page }) => {
    await ready(page);
    const command = await copied(page, "#copy-command");
    assert.match(command, /^filature run fan-out /);
    const { stdout } = await execute("bash", ["-c", `${command.replace(/^filature/, '"$0"')} --json`, PROGRAM]);
    const experiment = JSON.parse(stdout);
    assert.equal(experiment.spec.params.units, 12);
    assert.deepEqual(
      experiment.cells.map((cell) => [cell.executor, cell.samples.length]),
      [["threads", 3], ["tokio-current", 3]],
    );
  },
);

story(
  shared,
  "a shared link shows the same in another browser, and a link to the setup fills its form",
  { path: quick({ executors: "threads,browser-loop" }), ...clipboard },
  async ({ page }) => {
    await run(page);
    await ended(page);
    const link = await copied(page, "#copy-link");
    assert.equal(new URL(link).pathname, `/e/${idOf(page)}`);
    const other = await open(shared, link);
    await ended(other.page);
    assert.equal(
      await other.page.locator("#verdict").textContent(),
      await page.locator("#verdict").textContent(),
    );
    const setup = await copied(page, "#copy-setup");
    await other.page.goto(setup);
    await ready(other.page);
    assert.equal(await other.page.locator("#param-units").inputValue(), "10");
    assert.ok(await other.page.locator("#executor-browser-loop").isChecked());
    assert.ok(!(await other.page.locator("#executor-tokio-multi").isChecked()));
    assert.deepEqual(other.errors, []);
    await other.context.close();
  },
);

story(
  shared,
  "JSON, CSV and the chart as SVG and PNG can be downloaded",
  { path: quick({ executors: "threads,tokio-current" }) },
  async ({ page, server }) => {
    await run(page);
    await ended(page);
    const id = idOf(page);

    const json = await downloaded(page, page.locator("#download-json"));
    assert.match(json.name, /\.json$/);
    assert.deepEqual(JSON.parse(json.bytes), await server.json(`/api/v1/experiments/${id}`));

    const csv = await downloaded(page, page.locator("#download-csv"));
    assert.match(csv.name, /\.csv$/);
    const [head, ...rows] = csv.bytes.toString().trim().split(/\r?\n/);
    assert.ok(head.includes("executor") && head.includes("wall_ns"), head);
    assert.equal(rows.length, 6);

    const svg = await downloaded(page, page.locator("#chart button", { hasText: "SVG" }));
    assert.match(svg.name, /\.svg$/);
    assert.match(svg.bytes.toString(), /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg".*<\/svg>$/s);

    const png = await downloaded(page, page.locator("#chart button", { hasText: "PNG" }));
    assert.match(png.name, /\.png$/);
    assert.equal(png.bytes.subarray(1, 4).toString(), "PNG");
    assert.ok(png.bytes.length > 5_000, `${png.bytes.length} bytes`);
  },
);
