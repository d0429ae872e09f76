// What the end-to-end tests share: a server of their own, a browser, and pages that
// remember every error they report. FILATURE_BIN and CHROMIUM say which programs.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The program under test. */
export const PROGRAM = process.env.FILATURE_BIN ?? here("../../target/release/filature");

/** Where pictures go: of failures, and those that screenshots.mjs takes. */
export const ARTIFACTS = here("artifacts");

/** All executors, in the order in which they are shown. */
export const EXECUTORS = ["threads", "tokio-multi", "tokio-current", "browser-loop", "browser-workers"];

/** Nothing that these tests wait for takes this long on any machine. */
const PATIENCE_MS = 60_000;

// The browser's own services would call home, which no test needs.
const BROWSER_ARGUMENTS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A server as a process of its own. */
export class Server {
  /** Starts a server; on a data directory of its own unless one is given. */
  static async start({ data, listen = "127.0.0.1:0", arguments: more = [] } = {}) {
    const server = new Server();
    server.owned = data === undefined;
    server.data = data ?? (await mkdtemp(join(tmpdir(), "filature-e2e-")));
    const arguments_ = ["serve", "--listen", listen, "--data", server.data, ...more];
    server.process = spawn(PROGRAM, arguments_, { stdio: ["ignore", "pipe", "inherit"] });
    await once(server.process, "spawn");
    server.ended = once(server.process, "exit");
    const lines = createInterface({ input: server.process.stdout });
    const [line] = await Promise.race([
      once(lines, "line"),
      server.ended.then(([code]) => assert.fail(`${PROGRAM} ended with ${code}`)),
    ]);
    server.url = line.match(/http:\/\/[^\s/]+/)?.[0];
    assert.ok(server.url, `the server did not say where it listens, but: ${line}`);
    return server;
  }

  /** `host:port`. */
  get address() {
    return new URL(this.url).host;
  }

  /** The parsed answer to a GET. */
  async json(path) {
    const response = await fetch(this.url + path);
    assert.ok(response.ok, `GET ${path}: ${response.status}`);
    return response.json();
  }

  /** Asks for an experiment and returns its id. */
  async submit(request) {
    const response = await fetch(`${this.url}/api/v1/experiments`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
    });
    const body = await response.json();
    assert.equal(response.status, 202, JSON.stringify(body));
    return body.id;
  }

  /** The experiment, once nothing will change any more. */
  async finished(id) {
    const stream = await fetch(`${this.url}/api/v1/events?experiment=${id}`);
    const path = `/api/v1/experiments/${id}`;
    let experiment = await this.json(path);
    const isOpen = () => ["queued", "running"].includes(experiment.state);
    const events = stream.body.getReader();
    while (isOpen()) {
      await events.read();
      experiment = await this.json(path);
    }
    await events.cancel();
    return experiment;
  }

  /** Ends the process and waits for that; its data stay. */
  async end(signal = "SIGTERM") {
    this.process.kill(signal);
    await this.ended;
  }

  /** Ends the process and removes the data directory, if it is its own. */
  async close() {
    await this.end();
    if (this.owned) await rm(this.data, { recursive: true, force: true });
  }
}

/** Starts the browser, with further arguments if any. */
export function launch(more = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [...BROWSER_ARGUMENTS, ...more],
  });
}

/** A server and a browser for all tests of a file. */
export function world() {
  const shared = {};
  before(async () => {
    shared.server = await Server.start();
    shared.browser = await launch();
    const page = await (await fetch(shared.server.url)).text();
    assert.ok(page.includes("<script"), `${PROGRAM} has no page: cargo xtask build-web, then build it`);
  });
  after(async () => {
    await shared.browser?.close();
    await shared.server?.close();
  });
  return shared;
}

/**
 * Opens `path` in a context of its own. `errors` gathers what the page reports on its
 * console, uncaught exceptions and violations of its security policy, but for texts
 * that match one of `allowed`.
 */
export async function open(shared, path = "/", { allowed = [], ...options } = {}) {
  const context = await shared.browser.newContext({ baseURL: shared.server.url, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const errors = [];
  const note = (text) => allowed.some((pattern) => pattern.test(text)) || errors.push(text);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) note(message.text());
  });
  page.on("pageerror", (error) => note(String(error)));
  page.on("dialog", (dialog) => {
    note(`a dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`CSP: ${event.violatedDirective} forbids ${event.blockedURI}`);
    });
  });
  await page.goto(path);
  return { page, context, errors };
}

/**
 * A test that opens a page and fails if that reports an error. `options` are those of
 * `open` and the `path`; the body gets the page, its context and the server.
 */
export function story(shared, title, { path = "/", ...options }, body) {
  test(title, { timeout: 3 * PATIENCE_MS }, async () => {
    const { page, context, errors } = await open(shared, path, options);
    try {
      await body({ page, context, server: shared.server });
    } catch (error) {
      await mkdir(ARTIFACTS, { recursive: true });
      const file = join(ARTIFACTS, `failed-${title.replace(/[^a-z0-9]+/gi, "-")}.png`);
      await page.screenshot({ path: file, fullPage: true });
      error.message += `\n(the page then: ${file}; errors: ${JSON.stringify(errors)})`;
      throw error;
    } finally {
      await context.close();
    }
    assert.deepEqual(errors, [], "the page reported errors");
  });
}

/** Waits until the form can be run. */
export async function ready(page) {
  await page.locator("#run-button:not([aria-disabled])").waitFor();
}

/** Presses Run once that is possible, and waits for the experiment's address. */
export async function run(page) {
  await ready(page);
  const before = page.url();
  await page.locator("#run-button").click();
  await page.waitForURL((url) => url.pathname.startsWith("/e/") && url.href !== before);
}

/** Waits until the experiment that is shown has ended in `state`, its verdict said. */
export async function ended(page, state = "done") {
  await page.locator(`.result-head .state.${state}`).waitFor();
  await page.waitForFunction(() => document.querySelector("#verdict")?.textContent.trim());
}

/** The id of the experiment that the address names. */
export function idOf(page) {
  return new URL(page.url()).pathname.replace("/e/", "");
}

/** How many dots each executor has in the chart, by the executor's class. */
export function dots(page) {
  return page.locator("#chart .dot").evaluateAll((groups) =>
    Object.fromEntries(
      groups.map((group) => [group.getAttribute("class").split("s-")[1], group.children.length]),
    ),
  );
}

/** The address of a form that takes about `samples` × 100 ms and no processor time. */
export function slow(samples, durationMs = 100) {
  const form = new URLSearchParams({
    workload: "fan-out",
    "p.units": "10",
    "p.work": "sleep",
    "p.duration_ms": String(durationMs),
    executors: "tokio-current",
    warmups: "0",
    samples: String(samples),
  });
  return `/?${form}`;
}

/** The address of a form that is over in an instant. */
export function quick(more = {}) {
  const form = { workload: "fan-out", "p.units": "10", executors: "tokio-current", samples: "3" };
  return `/?${new URLSearchParams({ ...form, ...more })}`;
}

const AXE = createRequire(import.meta.url)("axe-core").source;

/** What axe finds wrong with the page as it is now, one line each. */
export async function violations(page) {
  // Evaluated from outside, so that the page's security policy can stay as it is.
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate(() => globalThis.axe.run());
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
  );
}

/** How many pixels the page can be scrolled sideways, and what sticks out. */
export function overflow(page) {
  return page.evaluate(() => {
    const root = document.documentElement;
    const wide = root.scrollWidth - root.clientWidth;
    const out = [...document.querySelectorAll("body *")].filter(
      (element) => element.getBoundingClientRect().right > root.clientWidth + 1,
    );
    return wide > 0 ? `${wide} px: ${out.slice(0, 5).map((e) => e.outerHTML.slice(0, 90))}` : "";
  });
}
