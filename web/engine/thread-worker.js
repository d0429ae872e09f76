// A worker of the pool: one more thread on the engine's shared memory. Its first message
// says where the engine's glue is, and brings the module and the memory.

// To its parent a failure in here would only be "an error event".
addEventListener("unhandledrejection", ({ reason }) => postMessage({ type: "lost", reason: `${reason}` }));

addEventListener("message", async ({ data: { glue, module, memory, stack_bytes } }) => {
  const engine = await import(glue);
  const exports = await engine.default({
    module_or_path: module,
    memory,
    thread_stack_size: stack_bytes,
  });
  postMessage({ type: "ready", first_instruction_ns: engine.shared_now_ns() });
  try {
    engine.work();
  } catch (error) {
    // The instance has trapped; these two need nothing of what it was doing.
    engine.trapped();
    postMessage({ type: "lost", reason: engine.last_panic() ?? `${error}` });
    return;
  }
  exports.__wbindgen_thread_destroy();
  postMessage({ type: "left" });
  close();
}, { once: true });
