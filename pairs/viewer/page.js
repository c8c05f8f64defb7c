"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const { texts, items, words } = JSON.parse(byId("content").textContent);
  const cards = byId("cards"), text = byId("text"), search = byId("search"), picked = byId("document");
  const GROUP = 20; // cards laid out together
  const BLOCK = 2000; // characters of a text laid out together, about
  const LONGEST = 12000; // the most, where no line ends

  const make = (name, kind, words) => {
    const element = document.createElement(name);
    if (kind) element.className = kind;
    // Texts only ever become text nodes: nothing in them is read as markup.
    if (words !== undefined) element.textContent = words;
    return element;
  };
  const filled = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  // Parts of a long pane: each is filled when it comes near, and laid out only while it is seen.
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) entry.target.fill();
  }, { rootMargin: "1500px 0px" });
  const lay = (host, parts) => {
    for (const old of host.children) near.unobserve(old);
    host.replaceChildren(...parts);
    host.scrollTop = 0;
    if (parts.length) parts[0].fill(); // at once, so that nothing blank is ever shown
    for (const part of parts) near.observe(part);
  };
  const part = (kind, height, fill) => {
    const element = make("div", kind);
    element.style.containIntrinsicSize = `auto ${Math.round(height)}px`;
    let done = false;
    element.fill = () => {
      if (done) return;
      done = true;
      near.unobserve(element);
      fill(element);
    };
    element.again = () => {
      if (done) fill(element);
    };
    return element;
  };

  // The text of one document.
  let document_ = -1, blocks = [], selected = -1;
  const ends = (all, at) => {
    if (at + BLOCK >= all.length) return all.length;
    let end = all.indexOf("\n", at + BLOCK) + 1;
    if (!end || end > at + LONGEST) end = Math.min(all.length, at + LONGEST);
    // Not between the halves of a character.
    return end < all.length && (all.charCodeAt(end) & 0xfc00) === 0xdc00 ? end + 1 : end;
  };
  const firstAfter = (marks, place) => {
    let low = 0, high = marks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (marks[middle][1] > place) high = middle; else low = middle + 1;
    }
    return low;
  };
  // The places of the selected pair in this text, the first first.
  const spansHere = () => {
    const item = items[selected];
    return item && item.document === document_ && item.span ? [item.span, ...(item.more || [])] : [];
  };
  const fillBlock = (element, start, end) => {
    const { text: all, marks } = texts[document_];
    const spans = spansHere();
    const cuts = [...new Set(spans.flat())].sort((one, other) => one - other);
    const pieces = [];
    const put = (a, b, kind) => {
      if (a >= b) return;
      const inside = [a, ...cuts.filter((cut) => cut > a && cut < b), b];
      for (let at = 0; at + 1 < inside.length; at++) {
        const words = all.slice(inside[at], inside[at + 1]);
        const here = spans.some(([from, to]) => inside[at] >= from && inside[at + 1] <= to);
        if (!here && !kind) { pieces.push(words); continue; }
        const piece = make(here ? "mark" : "span", kind, words);
        piece.dataset.at = inside[at];
        pieces.push(piece);
      }
    };
    let at = start;
    for (let next = firstAfter(marks, start); next < marks.length && marks[next][0] < end; next++) {
      const [first, last, proves] = marks[next];
      put(at, Math.max(at, first), "");
      at = Math.max(at, first);
      put(at, Math.min(end, last), proves ? "proof" : "open");
      at = Math.max(at, Math.min(end, last));
    }
    put(at, end, "");
    element.replaceChildren(...pieces);
  };
  const estimated = (all, start, end) => {
    const width = Math.min(text.clientWidth - 38, 768) || 600;
    let lines = 0;
    for (let at = start; at < end;) {
      let stop = all.indexOf("\n", at);
      if (stop < 0 || stop > end) stop = end;
      const across = all.charCodeAt(at) > 0x2e00 ? 15 : 7.2;
      lines += Math.max(1, Math.ceil(((stop - at) * across) / width));
      at = stop + 1;
    }
    return lines * 23.25;
  };
  const showText = (number) => {
    if (number === document_ || !texts[number]) return;
    document_ = number;
    const { name, text: all } = texts[number];
    byId("name").textContent = name;
    blocks = [];
    for (let start = 0; start < all.length;) {
      const end = ends(all, start), from = start;
      const element = part("block", estimated(all, from, end), (own) => fillBlock(own, from, end));
      blocks.push({ start, end, element });
      start = end;
    }
    lay(text, blocks.map((block) => block.element));
    // All of it in the end, so that the browser's own search finds everything.
    let next = 0;
    const rest = (deadline) => {
      if (number !== document_) return;
      while (next < blocks.length && deadline.timeRemaining() > 4) blocks[next++].element.fill();
      if (next < blocks.length) later(rest);
    };
    later(rest);
  };
  const later = window.requestIdleCallback
    ? (act) => requestIdleCallback(act)
    : (act) => setTimeout(() => act({ timeRemaining: () => 8 }), 50);
  const refresh = (spans) => {
    for (const block of blocks)
      if (spans.some(([from, to]) => block.start < to && block.end > from)) block.element.again();
  };
  const showPlace = () => {
    if (!spansHere().length) return;
    const [from, to] = spansHere()[0];
    for (const block of blocks) if (block.start < to && block.end > from) block.element.fill();
    // What stands above takes its true height only once it is seen, which may move the place.
    let tries = 4;
    const settle = () => {
      const mark = text.querySelector(`mark[data-at="${from}"]`) || text.querySelector("mark");
      if (!mark) return;
      const tall = mark.getBoundingClientRect().height > text.clientHeight;
      mark.scrollIntoView({ block: tall ? "start" : "center" });
      if (--tries) requestAnimationFrame(settle);
    };
    settle();
  };

  // The list.
  let state = "all", listed = [];
  const link = (label, other) => {
    const line = make("p", "reason", `${label} `);
    const button = make("button", "", items[other].question);
    button.type = "button";
    button.dataset.go = other;
    line.append(button);
    if (items[other].answer) line.append(` ${items[other].answer}`);
    return line;
  };
  const about = (item) => {
    const line = make("p", "about");
    line.append(make("b", "", words.states[item.state]));
    const told = [];
    if (item.page) told.push(filled(words.page, { page: item.page }));
    if (item.match) told.push(words.matches[item.match] + (item.score ? ` ${item.score}` : ""));
    if (item.verdict) told.push(words.verdicts[item.verdict]);
    if (item.verified) told.push(words.confirmed);
    if (item.edited) told.push(words.edited);
    if (item.source || texts.length > 1) told.push(item.source || texts[item.document].name);
    line.append(...told.map((words) => ` · ${words}`));
    if (item.doubtful) line.append(" · ", make("span", "warning", words.oneDoubtful));
    if (item.numbers === false) line.append(" · ", make("span", "warning", words.numbers));
    return line;
  };
  const quotes = (item) => [item.quote, ...(item.quotes || [])].filter(Boolean);
  const card = (number, place) => {
    const item = items[number];
    const element = make("article", `card ${item.state.replace(" ", "-")}`);
    element.tabIndex = 0;
    element.dataset.item = number;
    element.setAttribute("aria-posinset", place + 1);
    element.setAttribute("aria-setsize", listed.length);
    element.setAttribute("aria-current", String(number === selected));
    element.append(about(item));
    if (item.question) element.append(make("h3", "", item.question), make("p", "answer", item.answer));
    if (item.reason) element.append(make("p", "reason", item.reason));
    // A rejected pair's reason has the model's words already.
    if (item.objection && item.state !== "rejected")
      element.append(make("p", "reason", `${words.refused} ${item.objection}`));
    if (item.again) element.append(make("p", "reason", `${words.again} ${item.again}`));
    if (item.header) element.append(make("p", "reason", item.header));
    for (const quote of quotes(item)) element.append(make("p", "reason", `“${quote}”`));
    if (item.same !== undefined) element.append(link(words.sameAs, item.same));
    for (const other of item.differs || []) element.append(link(words.differs, other));
    if (item.raw) {
      const raw = make("details");
      raw.append(make("summary", "", words.raw), make("pre", "", item.raw));
      element.append(raw);
    }
    return element;
  };
  const fold = (words) => words.normalize("NFKC").toLowerCase();
  let haystacks;
  const haystack = (item) => {
    const quote = item.span ? texts[item.document].text.slice(...item.span) : item.quote || "";
    const name = item.source || (texts[item.document] || { name: "" }).name;
    return fold([item.question, item.answer, item.reason, item.objection, item.again, item.raw, quote.slice(0, 5000), name].join("\n"));
  };
  // Marks of a pair that are filters beside its state.
  const marked = { doubtful: (item) => item.doubtful, conflict: (item) => item.differs };
  const isListed = (item, number, sought) => {
    if (marked[state] ? !marked[state](item) : state !== "all" && item.state !== state) return false;
    if (picked.value !== "" && item.document !== Number(picked.value)) return false;
    return sought.every((word) => haystacks[number].includes(word));
  };
  const list = () => {
    const sought = fold(search.value).split(/\s+/).filter(Boolean);
    if (sought.length && !haystacks) haystacks = items.map(haystack);
    listed = [];
    items.forEach((item, number) => { if (isListed(item, number, sought)) listed.push(number); });
    const groups = [];
    for (let start = 0; start < listed.length; start += GROUP) {
      const numbers = listed.slice(start, start + GROUP);
      const fill = (own) => own.replaceChildren(...numbers.map((number, at) => card(number, start + at)));
      groups.push(part("group", numbers.length * 105, fill));
    }
    lay(cards, groups.length ? groups : [emptied()]);
    byId("shown").textContent = filled(words.shown, {
      shown: listed.length.toLocaleString(), total: items.length.toLocaleString(),
    });
  };
  const emptied = () => part("empty", 40, (own) => { own.textContent = words.nothing; });
  const cardAt = (place) => {
    const group = cards.children[Math.floor(place / GROUP)];
    group.fill();
    return group.children[place % GROUP];
  };
  const select = (number) => {
    const before = spansHere();
    selected = number;
    const item = items[number];
    for (const old of cards.querySelectorAll('[aria-current="true"]')) old.setAttribute("aria-current", "false");
    const own = cards.querySelector(`[data-item="${number}"]`);
    if (own) own.setAttribute("aria-current", "true");
    if (item.document === undefined) byId("name").textContent = words.noText;
    else if (item.document === document_) byId("name").textContent = texts[document_].name;
    else showText(item.document);
    byId("asked").textContent = item.question ? `${item.question} → ${item.answer}` : item.reason || "";
    refresh(before);
    refresh(spansHere());
    showPlace();
  };
  // The pane beside the list shows a pair of the list, whatever is filtered.
  const filter = () => {
    list();
    if (listed.includes(selected)) return;
    if (listed.length) return select(listed[0]);
    const before = spansHere();
    selected = -1;
    byId("asked").textContent = "";
    refresh(before);
  };
  // Where the filters hide the card they are undone: what is asked for is always shown.
  const goTo = (number) => {
    if (!listed.includes(number)) {
      state = "all";
      search.value = "";
      picked.value = "";
      press();
      list();
    }
    const own = cardAt(listed.indexOf(number));
    own.scrollIntoView({ block: "nearest" });
    own.focus({ preventScroll: true });
    select(number);
  };
  const step = (by) => {
    const place = listed.indexOf(selected) + by;
    if (listed.length) goTo(listed[Math.min(Math.max(place, 0), listed.length - 1)]);
  };

  // What a person does.
  const pane = (name) => {
    document.body.dataset.pane = name;
    for (const button of document.querySelectorAll("[data-show]"))
      button.setAttribute("aria-pressed", String(button.dataset.show === name));
  };
  const press = () => {
    for (const button of byId("states").children)
      button.setAttribute("aria-pressed", String(button.dataset.state === state));
  };
  const addStates = () => {
    const counts = { all: items.length };
    for (const item of items) {
      counts[item.state] = (counts[item.state] || 0) + 1;
      for (const [mark, bears] of Object.entries(marked)) if (bears(item)) counts[mark] = (counts[mark] || 0) + 1;
    }
    const labels = { all: words.all, ...words.filters, doubtful: words.doubtful, conflict: words.conflict };
    for (const [name, label] of Object.entries(labels)) {
      if (!counts[name]) continue;
      const button = make("button", "", `${label} ${counts[name].toLocaleString()}`);
      button.type = "button";
      button.dataset.state = name;
      byId("states").append(button);
    }
  };
  const addDocuments = () => {
    picked.append(new Option(words.allDocuments, ""));
    texts.forEach((one, number) => picked.append(new Option(one.name, String(number))));
    picked.hidden = texts.length < 2;
  };
  const toggleReport = () => {
    const report = byId("report");
    report.hidden = !report.hidden;
    byId("toggle-report").setAttribute("aria-expanded", String(!report.hidden));
  };
  const toggleTheme = () => {
    const root = document.documentElement;
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  };
  // The kept pairs a place proves, one after the other when it is clicked again.
  const clickText = (event) => {
    const piece = event.target.closest("[data-at]");
    if (!piece || String(getSelection())) return;
    const at = Number(piece.dataset.at);
    const proved = [];
    items.forEach((item, number) => {
      if (item.state === "kept" && item.document === document_ && item.span
        && item.span[0] <= at && at < item.span[1]) proved.push(number);
    });
    if (proved.length) goTo(proved[(proved.indexOf(selected) + 1) % proved.length]);
  };
  const clickCard = (event) => {
    const button = event.target.closest("[data-go]");
    if (button) return goTo(Number(button.dataset.go));
    const own = event.target.closest(".card");
    if (!own || event.target.closest("details") || String(getSelection())) return;
    pane("text");
    select(Number(own.dataset.item));
  };
  const keys = {
    "/": () => search.focus(),
    j: () => step(1),
    k: () => step(-1),
    r: toggleReport,
    Escape: () => { search.value = ""; search.blur(); filter(); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input, select");
    const inText = event.target.closest("#text, #report");
    let act = keys[event.key];
    if (event.key === "ArrowDown" && !inText) act = keys.j;
    if (event.key === "ArrowUp" && !inText) act = keys.k;
    if (event.key === "Enter" && event.target.matches(".card")) act = () => {
      pane("text");
      select(Number(event.target.dataset.item));
    };
    if (!act || (typing && event.key !== "Escape")) return;
    event.preventDefault();
    act();
  });
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 80);
  });
  picked.addEventListener("change", () => {
    if (picked.value !== "") showText(Number(picked.value));
    filter();
  });
  byId("states").addEventListener("click", (event) => {
    const button = event.target.closest("[data-state]");
    if (!button) return;
    state = button.dataset.state;
    press();
    filter();
  });
  cards.addEventListener("click", clickCard);
  text.addEventListener("click", clickText);
  byId("toggle-report").addEventListener("click", toggleReport);
  byId("toggle-theme").addEventListener("click", toggleTheme);
  document.querySelector("nav").addEventListener("click", (event) => {
    const button = event.target.closest("[data-show]");
    if (button) pane(button.dataset.show);
    if (button && button.dataset.show === "text") showPlace();
  });

  addStates();
  addDocuments();
  press();
  pane("pairs");
  showText(0);
  list();
})();
