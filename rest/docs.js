"use strict";
// Shows /openapi.json as a page a person can read: what each path takes, and what it may answer.

const words = JSON.parse(document.getElementById("words").textContent);
const at = (id) => document.getElementById(id);

for (const place of document.querySelectorAll("[data-word]")) {
  place.textContent = words[place.dataset.word];
}
at("token").value = sessionStorage.getItem("qa3.token") || "";

function element(tag, text, name) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (name) made.className = name;
  return made;
}

function resolved(schema, all, deep = 0) {
  if (!schema || typeof schema !== "object" || deep > 8) return schema;
  if (schema.$ref) return resolved(all[schema.$ref.split("/").pop()], all, deep + 1);
  if (Array.isArray(schema)) return schema.map((one) => resolved(one, all, deep + 1));
  const said = Object.entries(schema).filter(([name]) => name !== "title" || typeof schema[name] !== "string");
  return Object.fromEntries(said.map(([name, value]) => [name, resolved(value, all, deep + 1)]));
}

function shown(title, schema, all) {
  const box = document.createElement("details");
  box.append(element("summary", title));
  box.append(element("pre", JSON.stringify(resolved(schema, all), null, 1)));
  return box;
}

function operation(path, method, told, all) {
  const box = document.createElement("details");
  const head = document.createElement("summary");
  head.append(element("code", method.toUpperCase(), "method"), element("code", path));
  box.append(head, element("p", told.description || told.summary || ""));
  for (const one of told.parameters || []) {
    box.append(shown(`${one.name} (${one.in})`, one.schema, all));
  }
  for (const [kind, body] of Object.entries(told.requestBody?.content || {})) {
    box.append(shown(`${words["docs.body"]}: ${kind}`, body.schema, all));
  }
  for (const [status, answer] of Object.entries(told.responses)) {
    const schema = Object.values(answer.content || {})[0]?.schema;
    const title = `${status} ${answer.description}`;
    box.append(schema && Number(status) < 400 ? shown(title, schema, all) : element("div", title, "from"));
  }
  return box;
}

async function load() {
  const token = at("token").value.trim();
  sessionStorage.setItem("qa3.token", token);
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const answer = await fetch("openapi.json", { headers });
  at("lock").hidden = answer.status !== 401;
  if (!answer.ok) {
    at("status").textContent = (await answer.json()).detail;
    return;
  }
  at("status").textContent = "";
  const told = await answer.json();
  at("about").textContent = told.info.description;
  const rooms = new Map();
  for (const [path, methods] of Object.entries(told.paths)) {
    for (const [method, one] of Object.entries(methods)) {
      const room = (one.tags || ["qa3"])[0];
      if (!rooms.has(room)) rooms.set(room, []);
      rooms.get(room).push(operation(path, method, one, told.components.schemas));
    }
  }
  at("operations").replaceChildren(
    ...[...rooms].flatMap(([room, made]) => [element("h2", room), ...made]),
  );
}

at("token").addEventListener("change", load);
load();
