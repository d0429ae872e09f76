// A class on one server: three browsers, one queue, and each its own experiments.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Server, ended, idOf, launch, open, overflow, quick, run, slow, violations } from "./support.mjs";

const TOKEN = "the-token-of-this-class";

/** What the browser itself writes to the console when a request is refused, or nobody answers. */
const allowed = [/status of 403/, /net::ERR_/];

/** A server for a class, and browsers as different people have them. */
async function lesson(body) {
  const options = { arguments: ["--admin-token", TOKEN] };
  const server = await Server.start(options);
  const shared = { server, browser: await launch() };
  const opened = [];
  const come = async (path, more = {}) => {
    const visit = await open(shared, path, { allowed, ...more });
    opened.push(visit);
    return visit.page;
  };
  const again = async () => {
    shared.server = await Server.start({ ...options, data: server.data, listen: server.address });
    return shared.server;
  };
  try {
    await body({ come, server, again });
    for (const { errors } of opened) assert.deepEqual(errors, []);
  } finally {
    await shared.browser.close();
    if (shared.server !== server) await shared.server.end();
    await server.close();
  }
}

test("each waits for its turn, is told how long, and cannot cancel what is somebody else's", () =>
  lesson(async ({ come, server }) => {
    const ann = await come(slow(1000));
    await run(ann);
    await ann.locator("#chart .dot > *").first().waitFor({ state: "attached" });
    const [bob, cy] = [await come(slow(5)), await come(slow(5))];
    await run(bob);
    await run(cy);
    await cy.locator("#progress").getByText(/In the queue: 2 experiments before this one, about \d+ (s|min)\./).waitFor();

    await bob.goto(`/e/${idOf(ann)}`);
    await bob.locator("#cancel-button").click();
    await bob.getByText("this experiment is somebody else's").waitFor();
    assert.equal((await server.json(`/api/v1/experiments/${idOf(ann)}`)).state, "running");

    await ann.locator("#cancel-button").click();
    await ended(ann, "cancelled");
    await ended(cy);
  }));

test("what had been shown is there after the plug was pulled, and is still one's own", () =>
  lesson(async ({ come, server, again }) => {
    const ann = await come(quick());
    await run(ann);
    await ended(ann);
    const shown = await server.json(`/api/v1/experiments/${idOf(ann)}`);
    const bob = await come(slow(300));
    await run(bob);
    await bob.locator("#chart .dot > *").nth(2).waitFor({ state: "attached" });
    const seen = (await server.json(`/api/v1/experiments/${idOf(bob)}`)).cells[0].samples.length;
    await server.end("SIGKILL");

    const second = await again();
    assert.deepEqual(await second.json(`/api/v1/experiments/${idOf(ann)}`), shown);
    const left = await second.json(`/api/v1/experiments/${idOf(bob)}`);
    assert.equal(left.state, "interrupted");
    assert.ok(left.cells[0].samples.length >= seen, "a sample that was shown is lost");

    // Each finds its own in the history, and can delete it there.
    const row = (page, id) =>
      page.locator("#history-list li", { has: page.locator(`a[href='/e/${id}']`) });
    await bob.goto("/history");
    await row(bob, left.id).waitFor();
    assert.equal(await row(bob, shown.id).count(), 0);
    await ann.goto("/history");
    const own = row(ann, shown.id);
    await own.getByRole("button", { name: "Delete this experiment" }).click();
    await own.getByRole("button", { name: "Delete for good" }).click();
    await own.waitFor({ state: "detached" });
  }));

test("the teacher's link makes a browser the teacher's, and leaves no token in its address", () =>
  lesson(async ({ come, server }) => {
    const ann = await come(slow(1000));
    await run(ann);
    const teacher = await come("/teacher");
    await teacher.getByLabel("Token").fill("something else that is long");
    await teacher.getByRole("button", { name: "Make this browser the teacher’s" }).click();
    await teacher.getByText("that is not the teacher's token").waitFor();

    await teacher.goto("about:blank");
    await teacher.goto(`${server.url}/teacher#${TOKEN}`);
    await teacher.getByText("This browser is the teacher’s now.").waitFor();
    assert.equal(new URL(teacher.url()).hash, "");
    await teacher.goto(`/e/${idOf(ann)}`);
    await teacher.locator("#cancel-button").click();
    await ended(teacher, "cancelled");
  }));

test("the teacher's page fits a phone and has nothing that axe finds wrong", () =>
  lesson(async ({ come }) => {
    for (const colorScheme of ["light", "dark"]) {
      const page = await come("/teacher", { viewport: { width: 320, height: 640 }, colorScheme });
      await page.getByRole("heading", { name: "For the teacher" }).waitFor();
      assert.equal(await overflow(page), "");
      assert.deepEqual(await violations(page), []);
    }
  }));
