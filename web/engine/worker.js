// The engine's dedicated worker: takes one message `run`, and answers with `sample`s and
// then `done` or `failed`. To cancel, terminate the worker.
import start, { clock_resolution_ns, run } from "{{engine.js}}";

const fail = (reason) => postMessage({ type: "failed", reason: `the engine stopped: ${reason}` });

// A panic traps the WebAssembly instance wherever it happens to run.
addEventListener("error", (event) => fail(event.message));
addEventListener("unhandledrejection", (event) => fail(event.reason));

const ready = start({ module_or_path: "{{engine.wasm}}" }).then(() =>
  postMessage({
    type: "ready",
    clock_resolution_ns: clock_resolution_ns(),
    cross_origin_isolated: self.crossOriginIsolated,
  }),
);

// Registered at once: a message that comes before the engine is ready waits for it.
addEventListener("message", async ({ data }) => {
  await ready;
  const { type, ...plan } = data;
  if (type === "run") {
    await run(JSON.stringify(plan), (json) => postMessage(JSON.parse(json)));
  }
});
