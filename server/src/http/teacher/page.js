// Tells the server the token, which a link may carry behind its #: that part of an address
// is never sent, and is taken out of the history of the browser at once.

const form = document.querySelector("form");
const said = document.querySelector("#said");
const after = document.querySelector(".after");

function say(text, isWrong) {
  said.textContent = text;
  said.className = isWrong ? "wrong" : "";
}

async function ask(method, body, path = "/api/v1/teacher") {
  const headers = body ? { "Content-Type": "application/json" } : {};
  try {
    const answer = await fetch(path, { method, headers, body });
    if (answer.ok) return answer;
    const problem = await answer.json();
    say(problem.detail, true);
  } catch {
    say("The server does not answer.", true);
  }
  return null;
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

document.querySelector("#cancel-all").addEventListener("click", async () => {
  if (!confirm("Cancel all experiments that wait, of everybody?")) return;
  const answer = await ask("DELETE", undefined, "/api/v1/experiments?state=queued");
  if (!answer) return;
  const { cancelled } = await answer.json();
  say(`${cancelled} ${cancelled === 1 ? "experiment" : "experiments"} cancelled.`, false);
});

const token = decodeURIComponent(location.hash.slice(1));
if (token) {
  history.replaceState(null, "", location.pathname);
  become(token);
}
