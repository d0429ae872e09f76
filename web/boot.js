// Starts the page.
import start from "{{page.js}}";

start({ module_or_path: "{{page.wasm}}" });
