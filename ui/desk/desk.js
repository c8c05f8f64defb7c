"use strict";
(async () => {
  if (byId("refusal").textContent) {
    document.querySelector("main").hidden = true;
    return;
  }
  let first;
  try {
    first = await ask("list");
  } catch (error) {
    byId("refusal").textContent = error.message;
    return;
  }
  const items = [], texts = first.texts.map((one) => ({ ...one, marks: [] })), places = new Map();
  let version = first.version, editing = -1, view, actions, comparing;

  // Items name each other by keys; the view knows them by their numbers.
  const placeOf = (key) => places.get(key);
  const linked = (item) => {
    const number = (key) => placeOf(key);
    item.same = item.sameKey === undefined ? undefined : number(item.sameKey);
    const differs = (item.differsKeys || []).map(number).filter((one) => one !== undefined);
    item.differs = differs.length ? differs : undefined;
  };
  const add = (item) => {
    Object.assign(item, { sameKey: item.same, differsKeys: item.differs });
    const known = places.get(item.key);
    if (known === undefined) {
      places.set(item.key, items.length);
      items.push(item);
      return items.length - 1;
    }
    items[known] = item;
    return known;
  };
  let repeats = new Map(); // the duplicates of a pair, by its number
  const link = () => {
    repeats = new Map();
    items.forEach((item, number) => {
      linked(item);
      if (item.same !== undefined) repeats.set(item.same, [...(repeats.get(item.same) || []), number]);
    });
  };
  for (const item of first.items) add(item);
  link();

  // The places of kept pairs in a document, and those on which no pair draws.
  const uncovered = new Map();
  const mark = (number) => {
    const steps = new Map();
    const step = (at, by) => steps.set(at, (steps.get(at) || 0) + by);
    for (const item of items) {
      if (item.document !== number || item.state !== "kept" || !item.span) continue;
      step(item.span[0], 1);
      step(item.span[1], -1);
    }
    const marks = [];
    let depth = 0, begun = 0;
    for (const at of [...steps.keys()].sort((one, two) => one - two)) {
      if (depth) marks.push([begun, at, 1]);
      depth += steps.get(at);
      begun = at;
    }
    for (const [from, to] of uncovered.get(number) || []) marks.push([from, to, 0]);
    texts[number].marks = marks.sort((one, two) => one[0] - two[0] || one[1] - two[1]);
  };
  const load = async (number) => {
    const loaded = await ask(`documents/${number}`);
    mark(number);
    ask(`documents/${number}?uncovered`).then((spans) => {
      uncovered.set(number, spans);
      mark(number);
      view.source.remark(number);
    }).catch(() => undefined);
    return loaded;
  };

  const filters = openFilters(items);
  const progress = () => {
    let total = 0, done = 0;
    for (const item of items) {
      if (!item.pair || item.gone || !(item.state === "kept" || item.review)) continue;
      total += 1;
      if (item.review) done += 1;
    }
    const values = { done: done.toLocaleString(), total: total.toLocaleString(), left: (total - done).toLocaleString() };
    byId("reviewed").textContent = filled(words.reviewed, values);
    byId("progress").max = total || 1;
    byId("progress").value = done;
  };

  // A card: what a person did, what can be done, and its form while it is edited.
  const about = (line, item) => {
    if (item.who !== undefined) {
      const when = new Date(item.when * 1000).toLocaleString();
      line.append(" · ", make("span", "", filled(item.who ? words.by : words.at, { who: item.who, when })));
    }
    if (item.headings) line.append(" · ", make("span", "", item.headings));
  };
  const card = (element, item, number) => {
    if (!item.pair) return;
    if (item.review) {
      element.dataset.review = item.review;
      element.prepend(make("span", "mark", words.marks[item.review]));
    }
    if (item.match === "none" && item.state === "kept") element.append(make("p", "alarm", words.noEvidence));
    element.classList.toggle("merging", actions.merging === number);
    if (editing === number) return element.append(form(item, number));
    const row = make("div", "actions");
    for (const [name, key, act] of [
      ["accept", "a", () => decide("accept", number)], ["reject", "r", () => decide("reject", number)],
      ["edit", "e", () => edit(number)], ["merge", "m", () => actions.merge(number)],
      ["wording", "w", () => wording(number)],
    ]) {
      const label = name === "merge" && item.state === "duplicate" ? words.acts.split : words.acts[name];
      const one = button(label, act);
      one.dataset.act = name;
      one.append(" ", make("kbd", "", key));
      row.append(one);
    }
    element.append(row);
  };
  const form = (item, number, proposed = proposal) => {
    const element = make("form"), since = item.version || 0;
    const question = area(proposed ? proposed.question : item.question, 2);
    const answer = area(proposed ? proposed.answer : item.answer, 4);
    const over = () => { editing = -1; proposal = null; redrawn([number]); focus(number); };
    const save = () => {
      if (!question.value.trim() || !answer.value.trim()) return toast(words.blank);
      editing = -1;
      proposal = null;
      actions.reword(number, question.value.trim(), answer.value.trim(), since);
      focus(number);
    };
    const buttons = make("div", "buttons");
    buttons.append(button(words.save, save), button(words.cancel, over));
    element.append(labelled(words.question, question), labelled(words.answer, answer), buttons);
    element.addEventListener("submit", (event) => { event.preventDefault(); save(); });
    element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); over(); }
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); save(); }
    });
    return element;
  };
  let proposal = null;
  const focus = (number) => {
    const own = byId("cards").querySelector(`[data-item="${number}"]`);
    if (own) own.focus({ preventScroll: true });
  };
  const edit = (number) => {
    if (!items[number] || !items[number].pair) return;
    editing = number;
    redrawn([number]);
    const box = byId("cards").querySelector(`[data-item="${number}"] textarea`);
    if (box) box.focus();
  };
  const decide = (what, number) => {
    if (!items[number] || !items[number].pair) return;
    actions[what](number);
    view.step(1);
  };
  // What changed is drawn at once; what counts or links all items, when there is time.
  let counting = 0;
  const redrawn = (numbers) => {
    view.again(numbers);
    if (numbers.includes(view.selected)) comparing.show(view.selected);
    clearTimeout(counting);
    counting = setTimeout(() => {
      link();
      view.recount();
      filters.fill();
      progress();
    }, 60);
  };

  const selected = (item, number) => {
    comparing.again();
    comparing.show(number);
    const paged = item.page && item.document !== undefined;
    byId("toggle-page").hidden = !paged;
    if (image.on && paged) image.show();
    else if (image.on) image.hide();
  };

  // What is marked in the text by hand.
  const marking = () => {
    const marked = view.source.marking();
    byId("marked").hidden = !marked;
    return marked;
  };
  const asEvidence = () => {
    const marked = marking(), item = items[view.selected];
    if (!marked || !item || !item.pair) return toast(words.markFirst);
    if (item.document !== marked[0]) return toast(words.otherDocument);
    actions.prove(view.selected, marked);
    getSelection().removeAllRanges();
  };
  const quoted = (marked) => texts[marked[0]].text.slice(marked[1], marked[2]);
  const write = (question = "", answer = "") => {
    const marked = marking();
    if (!marked) return toast(words.markFirst);
    const asked = area(question, 2), told = area(answer, 4);
    openDialog(words.writeTitle, [make("blockquote", "", quoted(marked).slice(0, 2000)), labelled(words.question, asked), labelled(words.answer, told)], [
      [words.save, async () => {
        if (!asked.value.trim() || !told.value.trim()) { toast(words.blank); return false; }
        const answered = await actions.write(asked.value.trim(), told.value.trim(), marked);
        if (answered) view.filter();
        if (answered) view.goTo(placeOf(answered.pairs[0]));
      }],
    ]);
  };
  // The model is asked only after its cost was said.
  const askModel = async (title, query, took) => {
    try {
      const { cost } = await ask(`cost?${query}`);
      openDialog(title, [make("p", "", cost)], [[words.askModel, async () => {
        byId("dialog-body").append(make("p", "", words.loading));
        took(await ask(`ask?${query}`, {}));
        return false;
      }]]);
    } catch (error) {
      toast(error.message);
    }
  };
  const more = () => {
    const marked = marking();
    if (!marked) return toast(words.markFirst);
    const query = new URLSearchParams({ document: marked[0], start: marked[1], end: marked[2] });
    askModel(words.moreTitle, query, (found) => {
      const boxes = found.pairs.map((one) => [one, ...checked(`${one.question} → ${one.answer}`, true)]);
      const body = [make("p", "reason", found.told), ...boxes.map(([, line]) => line)];
      openDialog(words.moreTitle, body, boxes.length ? [[words.take, async () => {
        const chosen = boxes.filter(([, , box]) => box.checked);
        const answered = chosen.length && await actions.change(chosen.map(([one]) => ({
          pair: undefined, saw: 0, edit: { question: one.question, answer: one.answer, fate: "kept" }, marked: one.marked || marked,
        })));
        if (answered) view.filter();
      }]] : []);
    });
  };
  const wording = (number) => {
    if (!items[number] || !items[number].pair) return;
    askModel(words.wordingTitle, new URLSearchParams({ pair: items[number].pair }), (found) => {
      byId("dialog").close();
      toast(found.told);
      proposal = found.pairs[0];
      edit(number);
    });
  };
  const history = async (number) => {
    if (!items[number] || !items[number].pair) return;
    try {
      const told = await ask(`history/${items[number].pair}`);
      const lines = told.map((one) => {
        const when = new Date(one.made * 1000).toLocaleString();
        const fate = one.edit ? words.reviews[{ kept: "accepted", "left out": "rejected", duplicate: "duplicate" }[one.edit.fate]] || "" : words.takenBack;
        return make("p", "", [when, one.who, fate, one.edit && one.edit.question, one.edit && one.edit.answer].filter(Boolean).join(" · "));
      });
      openDialog(words.historyTitle, lines.length ? lines : [make("p", "", words.noHistory)]);
    } catch (error) {
      toast(error.message);
    }
  };

  // What the server has made of changes, ours and others'.
  const taken = (answer) => {
    const spans = (item) => (item && item.span ? [item.span, ...(item.more || [])] : []);
    const touched = new Map(); // the places that changed, by document
    const touch = (item) => {
      if (!item || item.document === undefined) return;
      touched.set(item.document, [...(touched.get(item.document) || []), ...spans(item)]);
    };
    // What was sent meanwhile is newer than an answer that was on its way.
    const fresh = answer.items.filter((one) => !((items[placeOf(one.key)] || {}).version > one.version));
    const numbers = fresh.map((item) => {
      touch(items[placeOf(item.key)]);
      touch(item);
      return add(item);
    });
    for (const key of answer.gone || []) {
      const number = placeOf(key);
      if (number === undefined) continue;
      touch(items[number]);
      items[number] = { ...items[number], gone: true, state: "gone" };
      numbers.push(number);
    }
    version = Math.max(version, answer.version);
    link();
    for (const [number, places_] of touched) {
      if (texts[number].text === undefined) continue;
      mark(number);
      if (places_.length > 50) view.source.remark(number); else view.source.refresh(places_);
    }
    redrawn(numbers.filter((number) => number !== editing)); // what is being typed stays
    return numbers;
  };
  const again = async () => taken(await ask(`changes?version=${version}`));
  const poll = async () => {
    try {
      const mine = version;
      const answer = await ask(`changes?version=${version}`);
      const others = answer.items.filter((item) => (item.who || "") !== (first.who || "") && item.changed > mine);
      if (answer.items.length || answer.gone.length) taken(answer);
      if (others.length) toast(filled(words.othersChanged, { who: others[0].who || words.somebody, count: others.length }));
    } catch {
      // The server is away: what is changed meanwhile is said where it is changed.
    }
    setTimeout(poll, 3000);
  };

  actions = openActions({ items, placeOf, taken, again, redrawn: (numbers) => redrawn(numbers), goTo: (number) => view.goTo(number), listed: () => view.listed });
  const image = openPageImage({ items, texts, selected: () => view.selected });
  comparing = openCompare({
    items, texts, repeats: (number) => repeats.get(number) || [], selected: () => view.selected,
    goTo: (number) => view.goTo(number), settle: actions.settle,
  });
  const on = (act) => () => act(view.selected);
  view = openView({ texts, items, words }, {
    load, card, about, selected, isListed: filters.isListed, order: filters.order, unfilter: filters.clear,
    keys: {
      a: on((number) => decide("accept", number)), r: on((number) => decide("reject", number)),
      e: on(edit), u: actions.undo, m: on(actions.merge), w: on(wording), i: on(history),
      1: comparing.by("this"), 2: comparing.by("other"), 3: comparing.by("both"), 0: comparing.next,
      n: () => {
        const from = view.listed.indexOf(view.selected);
        const next = view.listed.find((number, at) => at > from && items[number].pair && !items[number].review);
        if (next === undefined) toast(words.allSeen); else view.goTo(next);
      },
      p: () => { if (!byId("toggle-page").hidden) byId("toggle-page").click(); },
      v: () => {
        const marks = byId("text").querySelectorAll("mark");
        if (!marks.length) return toast(words.markFirst);
        byId("text").focus();
        getSelection().setBaseAndExtent(marks[0].firstChild, 0, marks[marks.length - 1].lastChild, marks[marks.length - 1].lastChild.length);
      },
      c: () => write(), s: () => byId("toggle-report").click(), x: openExport, "?": openHelp,
      Escape: () => {
        actions.endMerge();
        getSelection().removeAllRanges();
        if (byId("search").value || document.activeElement === byId("search")) {
          byId("search").value = "";
          byId("search").blur();
          view.filter();
        }
      },
    },
  });
  byId("title").textContent = first.name;
  document.title = `${first.name} - qa3`;
  if (!texts.length) byId("name").textContent = words.noText;
  filters.fill();
  progress();
  if (view.listed.length) view.select(view.listed[0]);

  for (const id of filters.ids) byId(id).addEventListener("change", () => view.filter());
  byId("bulk").addEventListener("click", (event) => {
    const one = event.target.closest("[data-bulk]");
    if (one) actions.bulk(one.dataset.bulk);
  });
  byId("undo").addEventListener("click", actions.undo);
  byId("open-export").addEventListener("click", openExport);
  byId("open-import").addEventListener("click", () => openImport(again));
  byId("open-help").addEventListener("click", openHelp);
  byId("toggle-page").addEventListener("click", () => { if (image.on) image.hide(); else image.show(); });
  document.addEventListener("selectionchange", marking);
  byId("marked").addEventListener("click", (event) => {
    const one = event.target.closest("[data-marked]");
    if (one) ({ evidence: asEvidence, write, more })[one.dataset.marked]();
  });
  byId("marked").addEventListener("mousedown", (event) => event.preventDefault()); // what is marked stays marked
  byId("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && marking()) { event.preventDefault(); asEvidence(); }
  });
  const statistics = async () => {
    byId("sections").innerHTML = await ask("report"); // made of escaped texts by the server
  };
  byId("toggle-report").addEventListener("click", () => { if (!byId("report").hidden) statistics(); });
  document.querySelector("nav").addEventListener("click", (event) => {
    if (event.target.closest('[data-show="report"]')) statistics();
  });
  // A long list comes in several answers; it can be worked on meanwhile.
  for (let have = first.items.length; have < first.total;) {
    const next = await ask(`list?from=${have}`);
    if (!next.items.length) break;
    have += next.items.length;
    next.items.forEach(add);
    link();
    if (have >= first.total) {
      view.more();
      filters.fill();
      progress();
    }
    byId("shown").textContent = filled(words.shown, { shown: have.toLocaleString(), total: first.total.toLocaleString() });
  }
  setTimeout(poll, 3000);
})();
