"use strict";
// One dialog, filled for what is asked; and the short lines that come and go.
const words = JSON.parse(byId("words").textContent);
const base = location.pathname.replace(/\/$/, "");

// The answer of the server as JSON; what it refuses is thrown with its sentence.
const ask = async (path, body) => {
  const sent = body === undefined ? {} : {
    method: "POST",
    headers: body instanceof Blob ? {} : { "Content-Type": "application/json" },
    body: body instanceof Blob ? body : JSON.stringify(body),
  };
  let answer;
  try {
    answer = await fetch(`${base}/${path}`, sent);
  } catch {
    throw new Error(words.lost);
  }
  if (answer.status === 401) location.reload();
  const type = answer.headers.get("content-type") || "";
  const content = type.includes("json") ? await answer.json() : await answer.text();
  if (!answer.ok) throw new Error(content.error || words.lost);
  return content;
};

let toasting = 0;
const toast = (sentence) => {
  byId("toast").textContent = sentence;
  clearTimeout(toasting);
  toasting = setTimeout(() => { byId("toast").textContent = ""; }, Math.max(4000, sentence.length * 60));
};

const labelled = (label, input) => {
  const line = make("label", "", label);
  line.append(input);
  return line;
};
const checked = (label, value = false) => {
  const line = make("label", "check");
  const box = make("input");
  box.type = "checkbox";
  box.checked = value;
  line.append(box, label);
  return [line, box];
};
const area = (value, rows) => {
  const box = make("textarea");
  box.value = value;
  box.rows = rows;
  return box;
};
const button = (label, act, kind = "") => {
  const one = make("button", kind, label);
  one.type = "button";
  one.addEventListener("click", act);
  return one;
};

// Opens the dialog; buttons are [label, act] in order, the first one is what Enter means. An act
// that returns false leaves it open. Escape and the last button close it.
const openDialog = (title, body, buttons = []) => {
  const dialog = byId("dialog");
  byId("dialog-title").textContent = title;
  byId("dialog-body").replaceChildren(...body);
  const run = async (act) => {
    try {
      if ((await act()) !== false) dialog.close();
    } catch (error) {
      toast(error.message);
    }
  };
  byId("dialog-buttons").replaceChildren(
    ...buttons.map(([label, act]) => button(label, () => run(act))),
    button(words.close, () => dialog.close()),
  );
  dialog.querySelector("form").onsubmit = (event) => {
    event.preventDefault();
    if (buttons.length) run(buttons[0][1]);
  };
  if (!dialog.open) dialog.showModal();
  const first = byId("dialog-body").querySelector("textarea, input, select");
  (first || byId("dialog-buttons").firstChild).focus();
};

const openHelp = () => {
  const keys = make("dl");
  for (const [key, sentence] of words.help) keys.append(make("dt", "", key), make("dd", "", sentence));
  openDialog(words.helpTitle, [keys]);
};

// What is written, and how the first rows of it look.
const openExport = () => {
  const format = make("select");
  for (const { format: name, title } of words.formats) format.append(new Option(title, name));
  const [acceptedLine, accepted] = checked(words.onlyAccepted);
  const [provenLine, proven] = checked(words.onlyProven);
  const [bareLine, bare] = checked(words.onlyPairs);
  const system = area("", 2), share = make("input");
  share.type = "number";
  share.min = 0;
  share.max = 90;
  share.value = 0;
  const shown = make("pre");
  shown.tabIndex = 0;
  const query = () => new URLSearchParams({
    format: format.value, accepted: Number(accepted.checked), proven: Number(proven.checked),
    bare: Number(bare.checked), system: system.value, validation: share.value || "0",
  });
  const look = async () => {
    try {
      shown.textContent = await ask(`preview?${query()}`) || words.noPreview;
    } catch (error) {
      shown.textContent = error.message;
    }
  };
  const body = [
    labelled(words.format, format), acceptedLine, provenLine, bareLine,
    labelled(words.system, system), labelled(words.validation, share),
    make("p", "reason", words.preview), shown,
  ];
  for (const input of [format, accepted, proven, bare, system, share]) input.addEventListener("change", look);
  openDialog(words.exportTitle, body, [[words.download, () => {
    const link = make("a");
    link.href = `${base}/export?${query()}`;
    link.download = "";
    link.click();
    return false;
  }]]);
  look();
};

// A workbook that an expert has filled in comes back.
const openImport = (done) => {
  const file = make("input");
  file.type = "file";
  file.accept = ".xlsx";
  openDialog(words.importTitle, [make("p", "", words.importTold), labelled(words.file, file)], [
    [words.take, async () => {
      if (!file.files.length) return false;
      const told = await ask("import", file.files[0]);
      await done();
      const report = make("pre", "", told.lines.join("\n"));
      report.tabIndex = 0;
      openDialog(words.importTitle, [report]);
      return false;
    }],
  ]);
};
