// The engine's dedicated worker, one message at a time. To `run` it answers with `sample`s and
// then `done`, `refused` or `failed`; to `count-workers` with `workers`, the most that this
// browser holds, or `failed`. To cancel, and after `failed`, terminate it: that ends every
// worker that it has started.
import start, * as plain from "{{engine.js}}";

// The instance that runs at present: a panic in it is what an error is about.
let engine = plain;
const fail = (reason) =>
  postMessage({ type: "failed", reason: `the engine stopped: ${engine.last_panic() ?? reason}` });

// A panic traps the WebAssembly instance wherever it happens to run.
addEventListener("error", (event) => fail(event.message));
addEventListener("unhandledrejection", (event) => fail(event.reason));

// Why this browser cannot run threads on one memory, if it cannot.
function workersObstacle() {
  if (!self.crossOriginIsolated) {
    return "the page is not cross-origin isolated, without which a browser shares no memory " +
      "between workers: open it over https, or on localhost";
  }
  try {
    new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  } catch (error) {
    return `this browser has no shared memory for WebAssembly: ${error}`;
  }
  return self.Worker ? null : "in this browser a worker cannot start workers";
}

const ready = start({ module_or_path: "{{engine.wasm}}" }).then(() =>
  postMessage({
    type: "ready",
    clock_resolution_ns: plain.clock_resolution_ns(),
    cross_origin_isolated: self.crossOriginIsolated,
    workers_obstacle: workersObstacle(),
  }),
);

// The second engine, which has shared memory, is loaded when it is first needed.
async function threads() {
  const module = await import("{{engine-threads.js}}");
  await module.default({ module_or_path: "{{engine-threads.wasm}}" });
  return module;
}

const post = (json) => postMessage(JSON.parse(json));

// Registered at once: a message that comes before the engine is ready waits for it.
addEventListener("message", async ({ data }) => {
  await ready;
  const { type, executor, ...plan } = data;
  const json = JSON.stringify(plan);
  if (type === "run" && executor !== "browser-workers") {
    engine = plain;
    await plain.run_on_event_loop(json, post);
    return;
  }
  const reason = workersObstacle();
  if (reason) {
    postMessage({ type: "failed", reason });
    return;
  }
  engine = await threads();
  if (type === "run") {
    await engine.run_on_workers(json, "{{thread-worker.js}}", post);
  } else if (type === "count-workers") {
    postMessage({ type: "workers", most: await engine.count_workers("{{thread-worker.js}}") });
  }
});
