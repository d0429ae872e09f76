// Tells the server the token, which a link may carry behind its #: that part of an address
// is never sent, and is taken out of the history of the browser at once.

const form = document.querySelector("form");
const said = document.querySelector("#said");
const after = document.querySelector(".after");

function say(text, isWrong) {
  said.textContent = text;
  said.className = isWrong ? "wrong" : "";
}

async function ask(method, body) {
  const headers = body ? { "Content-Type": "application/json" } : {};
  try {
    const answer = await fetch("/api/v1/teacher", { method, headers, body });
    if (answer.ok) return true;
    const problem = await answer.json();
    say(problem.detail, true);
  } catch {
    say("The server does not answer.", true);
  }
  return false;
}

async function become(token) {
  say("", false);
  if (await ask("POST", JSON.stringify({ token }))) {
    say("This browser is the teacher’s now.", false);
    form.hidden = true;
    after.hidden = false;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  become(form.token.value.trim());
});

document.querySelector("#leave").addEventListener("click", async () => {
  if (await ask("DELETE")) {
    say("This browser is one like all others.", false);
    form.hidden = false;
    form.reset();
    after.hidden = true;
  }
});

const token = decodeURIComponent(location.hash.slice(1));
if (token) {
  history.replaceState(null, "", location.pathname);
  become(token);
}
