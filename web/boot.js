// Starts the page: the theme first, so that nothing flashes, then the WebAssembly.
import start, { mount } from "{{page.js}}";

try {
  const theme = localStorage.getItem("filature-theme");
  if (theme === "light" || theme === "dark") {
    document.documentElement.dataset.theme = theme;
  }
} catch {
  // A browser that keeps nothing for this page follows the system's theme.
}

start({ module_or_path: "{{page.wasm}}" }).then(mount, (error) => {
  const words = document.createElement("p");
  words.textContent = `The page could not be started: ${error}. It needs a browser with WebAssembly.`;
  document.body.replaceChildren(words);
});
