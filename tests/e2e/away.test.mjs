// The server goes away and comes back: the page says so, keeps what it has, and goes on.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Server, dots, ended, idOf, launch, open, quick, run, slow } from "./support.mjs";

/** What the browser itself writes to the console when nobody answers. */
const allowed = [/net::ERR_/];

async function scene(path, body) {
  const server = await Server.start();
  const browser = await launch();
  const shared = { server, browser };
  try {
    const { page, errors } = await open(shared, path, { allowed });
    // A server on the address and with the data of the one that went away.
    const again = async () => {
      shared.server = await Server.start({ data: server.data, listen: server.address });
    };
    await body(page, server, again);
    assert.deepEqual(errors, []);
  } finally {
    await browser.close();
    if (shared.server !== server) await shared.server.end();
    await server.close();
  }
}

test("a server killed in the middle of a run comes back, and the page knows what was lost", () =>
  scene(slow(300), async (page, server, again) => {
    await run(page);
    await page.locator("#chart .dot > *").nth(2).waitFor({ state: "attached" });
    await server.end("SIGKILL");
    await page.locator("#banner").waitFor();
    const kept = (await dots(page))["tokio-current"];
    assert.ok(kept >= 3, `the chart keeps ${kept} dots`);
    await again();
    await page.locator("#banner").waitFor({ state: "hidden" });
    await page.locator(".result-head .state.interrupted").waitFor();
    // No sample that was shown is lost: the chart is drawn anew after the state is told.
    await page.locator("#chart .dot > *").nth(kept - 1).waitFor({ state: "attached" });
  }));

test("a run that nobody can take is refused, and possible again once the server is back", () =>
  scene(quick(), async (page, server, again) => {
    await run(page);
    await ended(page);
    const first = idOf(page);
    const verdict = await page.locator("#verdict").textContent();
    await server.end();
    await page.locator("#run-button").click();
    await page.locator("#banner").waitFor();
    assert.equal(await page.locator("#verdict").textContent(), verdict);
    await again();
    await page.locator("#banner button").click();
    await page.locator("#banner").waitFor({ state: "hidden" });
    await run(page);
    await ended(page);
    assert.notEqual(idOf(page), first);
  }));

test("a page that is opened while a run goes on survives a graceful restart", () =>
  scene(slow(300), async (page, server, again) => {
    await run(page);
    await page.locator("#chart .dot > *").first().waitFor({ state: "attached" });
    await server.end("SIGTERM");
    await page.locator("#banner").waitFor();
    await again();
    await page.locator(".result-head .state.interrupted").waitFor();
  }));
