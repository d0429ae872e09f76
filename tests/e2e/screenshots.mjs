// Takes pictures of the real page into tests/e2e/artifacts: on a desktop and a phone,
// in light and dark: before a run, the gallery, after a run (native, on all five
// executors, and with pictures of its facts), of a sweep, and of the other views. With --readme it takes the picture that the README shows.

import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ARTIFACTS, Server, ended, idOf, launch, ready, run } from "./support.mjs";

const README_PICTURE = fileURLToPath(new URL("../../docs/screenshot.png", import.meta.url));
const README_BYTES_MAX = 300_000;

const desktop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

const server = await Server.start();
const browser = await launch();
try {
  if (process.argv.includes("--readme")) await readme();
  else await all();
} finally {
  await browser.close();
  await server.close();
}

async function all() {
  await mkdir(ARTIFACTS, { recursive: true });
  const result = await measured("/");
  const sweep = await measured("/?workload=fan-out&sweep=units:10,100,1000,10000&samples=5");
  const five = await measured("/?workload=counter&executors=threads,tokio-multi,tokio-current,browser-loop,browser-workers");
  const facts = await measured("/?workload=blocking&samples=3");
  await versus();
  const views = { start: "/", gallery: "/#gallery", result, facts, sweep, five, versus: "/webassembly", history: "/history" };
  for (const [device, viewport] of Object.entries({ desktop, phone })) {
    for (const colorScheme of ["light", "dark"]) {
      for (const [name, path] of Object.entries(views)) {
        const file = join(ARTIFACTS, `${name}-${device}-${colorScheme}.png`);
        await picture(path, { viewport, colorScheme, deviceScaleFactor: device === "phone" ? 2 : 1 }, {
          path: file,
          fullPage: true,
        });
        await picture(path, { viewport, colorScheme }, { path: file.replace(".png", "-fold.png") });
        console.log(file);
      }
    }
  }
}

async function readme() {
  const sweep = { workload: "fan-out", sweep: { param: "units", values: [10, 100, 1000, 10000] } };
  // During the first one the browser is still busy with its own start.
  await measuredUnwatched(sweep);
  const path = await measuredUnwatched(sweep);
  const look = { viewport: { width: 1280, height: 960 }, colorScheme: "light" };
  await mkdir(join(README_PICTURE, ".."), { recursive: true });
  await picture(path, look, { path: README_PICTURE });
  const { size } = await stat(README_PICTURE);
  if (size > README_BYTES_MAX) throw new Error(`${README_PICTURE} has ${size} bytes`);
  console.log(`${README_PICTURE}: ${size} bytes`);
}

/** Runs the form at `path` and returns the address of the finished experiment. */
async function measured(path) {
  const page = await browser.newPage({ baseURL: server.url, viewport: desktop });
  page.setDefaultTimeout(300_000);
  await page.goto(path);
  await run(page);
  await ended(page);
  const id = idOf(page);
  await page.close();
  return `/e/${id}`;
}

/** Has the server measure without a page that watches, since a browser disturbs it. */
async function measuredUnwatched(request) {
  const answer = await fetch(`${server.url}/api/v1/experiments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
  });
  const { id } = await answer.json();
  const events = await fetch(`${server.url}/api/v1/events?experiment=${id}`);
  let text = "";
  for await (const chunk of events.body) {
    text += Buffer.from(chunk).toString();
    if (/"event":"experiment"[^\n]*"state":"done"/.test(text)) break;
  }
  return `/e/${id}`;
}

/** Has all pairs of native and WebAssembly measured. */
async function versus() {
  const page = await browser.newPage({ baseURL: server.url, viewport: desktop });
  page.setDefaultTimeout(300_000);
  await page.goto("/webassembly");
  await page.locator("#versus-run").click();
  await page.locator("#versus-cancel").waitFor();
  await page.locator("#versus-run").waitFor();
  await page.close();
}

async function picture(path, look, options) {
  const page = await browser.newPage({ baseURL: server.url, reducedMotion: "reduce", ...look });
  await page.goto(path);
  if (path.startsWith("/e/")) {
    await ready(page);
    await ended(page);
  }
  else if (path === "/webassembly") await page.locator("#versus-table a").last().waitFor();
  else if (path === "/history") await page.locator("#history-list li").first().waitFor();
  else await ready(page);
  if (path.endsWith("#gallery")) await page.keyboard.press("/");
  await page.screenshot(options);
  await page.close();
}
