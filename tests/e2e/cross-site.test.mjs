// A page of somebody else, opened in the same browser: it can start nothing, read nothing and
// delete nothing on this server, whatever name it reaches it by.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Server, launch } from "./support.mjs";

/** A name that leads to this machine although nobody here has it: DNS rebinding. */
const REBOUND = "rebound.example";

/** How long a page waits for what must never come. */
const SILENCE_MS = 1_500;

const REQUEST = JSON.stringify({
  workload: "fan-out",
  params: { units: 2 },
  executors: ["tokio-current"],
  samples: 1,
  label: "from another site",
});

let server;
let elsewhere;
let browser;
let own;

before(async () => {
  server = await Server.start();
  own = await server.submit(JSON.parse(REQUEST.replace("from another site", "our own")));
  await server.finished(own);
  // It answers every path with the same empty page.
  elsewhere = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end("<!doctype html><title>Elsewhere</title><body></body>");
  });
  await new Promise((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  browser = await launch([`--host-resolver-rules=MAP ${REBOUND} 127.0.0.1`]);
});

after(async () => {
  await browser?.close();
  elsewhere?.close();
  await server?.close();
});

/** The history as the server's own user has it. */
async function history() {
  const { experiments } = await server.json("/api/v1/experiments?limit=100");
  const { comparisons } = await server.json("/api/v1/comparisons?limit=100");
  return JSON.stringify([experiments, comparisons]);
}

/** Runs `body` in a page at `url`, with `argument`, and returns what it returns. */
async function inPage(url, body, argument) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(url);
    return await page.evaluate(body, argument);
  } finally {
    await context.close();
  }
}

/** In a page: all ways to send something that changes things; returns what could be read. */
async function change({ target, request, own }) {
  const all = `${target}/api/v1/experiments`;
  const one = `${all}/${own}`;
  const read = async (url, options) => {
    try {
      const response = await fetch(url, { ...options, signal: AbortSignal.timeout(5_000) });
      return response.type === "opaque" ? "" : `${response.status} ${await response.text()}`;
    } catch {
      return "";
    }
  };
  const json = { "content-type": "application/json" };
  const seen = [];
  for (const mode of ["cors", "no-cors"]) {
    for (const credentials of ["include", "omit"]) {
      const options = { method: "POST", mode, credentials, body: request };
      seen.push(await read(all, { ...options, headers: mode === "cors" ? json : {} }));
      seen.push(await read(all, { ...options, headers: { "content-type": "text/plain" } }));
      seen.push(await read(`${target}/api/v1/comparisons`, { ...options, body: "{}" }));
    }
  }
  seen.push(await read(one, { method: "DELETE" }));
  seen.push(await read(one, { method: "POST", headers: { "x-http-method-override": "DELETE" } }));
  for (const type of ["text/plain", "application/json"]) {
    try {
      navigator.sendBeacon(all, new Blob([request], { type }));
    } catch {
      // Some browsers refuse the type themselves.
    }
  }
  // The text of a form can be made to be JSON, with the sign of equality within a text.
  const enctypes = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"];
  const answers = enctypes.map((enctype) => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    frame.name = `answer-${enctype}`;
    const form = document.body.appendChild(document.createElement("form"));
    Object.assign(form, { method: "post", action: all, enctype, target: frame.name });
    const input = form.appendChild(document.createElement("input"));
    const [start, end] = request.split("from another site");
    Object.assign(input, { type: "hidden", name: `${start}from`, value: `another site${end}` });
    const loaded = new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
    form.submit();
    return loaded;
  });
  await Promise.race([Promise.all(answers), new Promise((resolve) => setTimeout(resolve, 2_000))]);
  return seen.filter((text) => text !== "");
}

/** In a page: all ways to read something of another server; returns what could be read. */
async function look({ target, own, silence }) {
  const paths = [
    "/",
    "/metrics",
    "/api/openapi.json",
    "/api/v1/machine",
    "/api/v1/experiments",
    `/api/v1/experiments/${own}`,
    `/api/v1/experiments/${own}/export.csv`,
    `/api/v1/experiments/${own}/report.html`,
  ];
  const seen = [];
  const within = (promise) =>
    Promise.race([promise, new Promise((resolve) => setTimeout(resolve, silence, ""))]);
  const tryPath = async (path) => {
    for (const credentials of ["include", "omit"]) {
      try {
        const response = await fetch(target + path, { credentials });
        seen.push(`fetch ${path}: ${response.status} ${await response.text()}`);
      } catch {
        // Nothing was read.
      }
    }
    const element = (name, attributes) =>
      new Promise((resolve) => {
        const made = document.createElement(name);
        made.addEventListener("load", () => resolve(`${name} ${path} was loaded`));
        made.addEventListener("error", () => resolve(""));
        document.body.append(Object.assign(made, attributes));
      });
    seen.push(await within(element("script", { src: target + path })));
    seen.push(await within(element("img", { src: target + path })));
    seen.push(await within(element("link", { rel: "stylesheet", href: target + path })));
    const frame = document.body.appendChild(document.createElement("iframe"));
    const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
    frame.src = target + path;
    await within(loaded);
    try {
      const text = frame.contentDocument?.body.textContent;
      if (text) seen.push(`iframe ${path}: ${text}`);
    } catch {
      // It is of another origin.
    }
    const opened = frame.contentWindow?.length;
    if (opened) seen.push(`iframe ${path} has ${opened} frames`);
  };
  await Promise.all(paths.map(tryPath));
  const stream = new EventSource(`${target}/api/v1/events`, { withCredentials: true });
  const heard = ["open", "message", "experiment", "samples"].map(
    (name) => new Promise((resolve) => stream.addEventListener(name, () => resolve(`event ${name}`))),
  );
  seen.push(await within(Promise.race(heard)));
  stream.close();
  const socket = new WebSocket(`${target.replace("http", "ws")}/api/v1/events`);
  const open = new Promise((resolve) => socket.addEventListener("open", () => resolve("a socket")));
  seen.push(await within(open));
  socket.close();
  return seen.filter((text) => text !== "");
}

/** Where a hostile page can be, and by which name it reaches the server. */
function cases() {
  const pagePort = elsewhere.address().port;
  const serverPort = new URL(server.url).port;
  return [
    ["another port of the same host", `http://127.0.0.1:${pagePort}`, server.url],
    ["localhost against 127.0.0.1", `http://localhost:${pagePort}`, server.url],
    ["the other way round", `http://127.0.0.1:${pagePort}`, `http://localhost:${serverPort}`],
    ["another name", `http://${REBOUND}:${pagePort}`, server.url],
    ["a rebound name", `http://${REBOUND}:${pagePort}`, `http://${REBOUND}:${serverPort}`],
  ];
}

test("a page of another site starts nothing and deletes nothing", { timeout: 180_000 }, async () => {
  const before = await history();
  for (const [where, page, target] of cases()) {
    const seen = await inPage(`${page}/`, change, { target, request: REQUEST, own });
    assert.deepEqual(seen, [], where);
    assert.equal(await history(), before, `${where}: the history has changed`);
  }
});

test("a page of another site reads nothing", { timeout: 300_000 }, async () => {
  for (const [where, page, target] of cases()) {
    const seen = await inPage(`${page}/`, look, { target, own, silence: SILENCE_MS });
    assert.deepEqual(seen, [], where);
  }
});

test("a rebound name is refused as the page's own origin too", { timeout: 60_000 }, async () => {
  const before = await history();
  // After a rebinding, the browser takes the server for the page's own.
  const origin = `http://${REBOUND}:${new URL(server.url).port}`;
  const seen = await inPage(`${origin}/`, change, { target: origin, request: REQUEST, own });
  // It may read refusals, and nothing else.
  assert.ok(seen.length > 0, "the requests were not sent");
  for (const text of seen) assert.match(text, /^403 /);
  assert.equal(await history(), before);
  const read = await inPage(`${origin}/`, look, { target: origin, own, silence: 200 });
  for (const text of read) {
    assert.match(text, /: (403 )?\{"type":"\/problems\/forbidden"/);
    assert.ok(!text.includes("our own"), text);
  }
});

test("the server's own page does what the other one could not", { timeout: 60_000 }, async () => {
  const before = await history();
  const context = { target: server.url, request: REQUEST, own: "0000000000000000" };
  const seen = await inPage(`${server.url}/api/v1/machine`, change, context);
  assert.ok(seen.some((text) => text.startsWith("202 ")), seen.join("\n"));
  assert.notEqual(await history(), before);
});
