"use strict";
// Sends a text or files to /pairs/stream and shows the pairs as they arrive. Everything a document
// or a model wrote is set as text, never as markup.

const words = JSON.parse(document.getElementById("words").textContent);
const formats = JSON.parse(document.getElementById("formats").textContent);
const at = (id) => document.getElementById(id);
let running = null;

for (const place of document.querySelectorAll("[data-word]")) {
  place.textContent = words[place.dataset.word];
}
at("token").value = sessionStorage.getItem("qa3.token") || "";

function say(code, fields = {}) {
  return words[code].replace(/\{(\w+)\}/g, (_, name) => String(fields[name]));
}

function show(text, wrong = false) {
  at("status").textContent = text;
  at("status").classList.toggle("wrong", wrong);
}

function headers(more = {}) {
  const token = at("token").value.trim();
  sessionStorage.setItem("qa3.token", token);
  return token ? { ...more, Authorization: `Bearer ${token}` } : more;
}

async function ask(path, options) {
  const answer = await fetch(path, options);
  if (!answer.ok) {
    const said = await answer.json().catch(() => ({}));
    throw new Error(said.detail || `HTTP ${answer.status}`);
  }
  return answer;
}

async function input(signal) {
  const given = {};
  for (const box of at("settings").querySelectorAll("input, select, textarea")) {
    const value = box.value.trim();
    if (value) given[box.id] = box.type === "number" ? Number(value) : value;
  }
  const files = [...at("file").files];
  if (!files.length) return { ...given, text: at("text").value };
  const form = new FormData();
  for (const file of files) form.append("file", file);
  const sent = await ask("../../files", { method: "POST", body: form, headers: headers(), signal });
  return { ...given, files: (await sent.json()).files.map((file) => file.id) };
}

async function* events(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    waiting += value;
    const whole = waiting.split("\n\n");
    waiting = whole.pop();
    for (const block of whole) {
      const lines = block.split("\n");
      const of = (name) => lines.filter((line) => line.startsWith(`${name}: `))
        .map((line) => line.slice(name.length + 2)).join("\n");
      if (of("event")) yield { name: of("event"), data: of("data") };
    }
  }
}

function addPair(pair) {
  const item = document.createElement("li");
  item.dataset.id = pair.id;
  const add = (tag, text, name) => {
    const part = document.createElement(tag);
    part.textContent = text;
    if (name) part.className = name;
    item.append(part);
  };
  add("div", pair.question, "question");
  add("div", pair.answer, "answer");
  if (pair.evidence.sentence) add("blockquote", pair.evidence.sentence);
  const page = pair.page ? say("playground.page", { page: pair.page }) : "";
  add("div", [pair.source, page].filter(Boolean).join(", "), "from");
  at("pairs").append(item);
}

function finish(told) {
  at("pairs").replaceChildren();
  told.result.kept.forEach(addPair);
  const failed = told.result.chunks.filter((chunk) => chunk.state === "failed").length;
  const unasked = told.result.chunks.filter((chunk) => chunk.state === "not asked").length;
  show(say("playground.done", {
    kept: told.result.kept.length, duplicates: told.result.duplicates.length,
    rejected: told.result.rejected.length, chunks: told.result.chunks.length, failed, unasked,
  }), failed + unasked > 0);
  at("downloads").replaceChildren(...formats.map((format) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = format;
    button.addEventListener("click", () => download(told.job, format));
    return button;
  }));
  at("downloads").hidden = false;
}

async function download(job, format) {
  try {
    const answer = await ask(`../../jobs/${job}/pairs?format=${format}`, { headers: headers() });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") || "")?.[1]
      || `pairs.${format}`;
    link.click();
    URL.revokeObjectURL(link.href);
  } catch (error) {
    show(error.message, true);
  }
}

function take({ name, data }) {
  if (name === "error") throw new Error(JSON.parse(data).message);
  if (name !== "data") return;
  const told = JSON.parse(data);
  if (told.event === "prepared") {
    show(say("playground.prepared", told));
    at("progress").max = told.chunks || 1;
  } else if (told.event === "chunk") {
    told.pairs.forEach(addPair);
    at("progress").value = told.done;
  } else if (told.event === "done") {
    finish(told);
  }
}

async function run() {
  running = new AbortController();
  const { signal } = running;
  at("pairs").replaceChildren();
  at("downloads").hidden = true;
  at("progress").value = 0;
  for (const id of ["start", "stop", "progress"]) at(id)[id === "progress" ? "hidden" : "disabled"] = id === "start";
  show(say("playground.sending"));
  try {
    const body = JSON.stringify({ input: await input(signal) });
    const sent = headers({ "Content-Type": "application/json" });
    const answer = await ask("../stream", { method: "POST", headers: sent, body, signal });
    for await (const event of events(answer)) take(event);
  } catch (error) {
    if (!signal.aborted) at("pairs").replaceChildren(); // no list under what went wrong
    show(signal.aborted ? say("playground.stopped") : error.message, true);
  } finally {
    at("start").disabled = false;
    at("stop").disabled = true;
    at("progress").hidden = true;
  }
}

at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
at("stop").addEventListener("click", () => running && running.abort());
