"use strict";
// The list beside its documents, as the report and the desk show it.
//
// host: what a page adds: load for the texts, card and about (fill a card further), isListed,
// order, unfilter, keys, selected.
const openView = ({ texts, items, words }, host = {}) => {
  const GROUP = 20; // cards laid out together
  const cards = byId("cards"), text = byId("text"), search = byId("search"), picked = byId("document");
  let selected = -1;
  const source = openText({ texts, selected: () => items[selected], load: host.load });

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
    if (host.about) host.about(line, item);
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
    if (host.card) host.card(element, item, number);
    return element;
  };
  let haystacks, sought_ = [];
  // What was searched for, where it stands in the cards.
  const hits = window.Highlight && CSS.highlights ? new Highlight() : null;
  if (hits) CSS.highlights.set("hits", hits);
  const showHits = (element) => {
    if (!hits || !sought_.length) return;
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const words = node.data.toLowerCase();
      if (words.length !== node.data.length) continue;
      for (const word of sought_) {
        for (let at = words.indexOf(word); at >= 0; at = words.indexOf(word, at + word.length)) {
          const range = new Range();
          range.setStart(node, at);
          range.setEnd(node, at + word.length);
          hits.add(range);
        }
      }
    }
  };
  const haystack = (item) => {
    const whole = item.span && texts[item.document].text;
    const quote = whole ? whole.slice(...item.span) : item.quote || "";
    const name = item.source || (texts[item.document] || { name: "" }).name;
    return fold([item.question, item.answer, item.reason, item.objection, item.again, item.raw, quote.slice(0, 5000), name].join("\n"));
  };
  // Marks of a pair that are filters beside its state.
  const marked = { doubtful: (item) => item.doubtful, conflict: (item) => item.differs };
  const isListed = (item, number, sought) => {
    if (marked[state] ? !marked[state](item) : state !== "all" && item.state !== state) return false;
    if (picked.value !== "" && item.document !== Number(picked.value)) return false;
    if (host.isListed && !host.isListed(item, number)) return false;
    return sought.every((word) => haystacks[number].includes(word));
  };
  const list = () => {
    const sought = fold(search.value).split(/\s+/).filter(Boolean);
    if (sought.length && !haystacks) haystacks = items.map(haystack);
    listed = [];
    items.forEach((item, number) => { if (isListed(item, number, sought)) listed.push(number); });
    if (host.order) listed.sort(host.order);
    sought_ = sought;
    const groups = [];
    for (let start = 0; start < listed.length; start += GROUP) {
      const numbers = listed.slice(start, start + GROUP);
      const fill = (own) => {
        own.replaceChildren(...numbers.map((number, at) => card(number, start + at)));
        showHits(own);
      };
      groups.push(part("group", numbers.length * 105, fill));
    }
    if (hits) hits.clear();
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
    const before = source.spans();
    selected = number;
    const item = items[number];
    for (const old of cards.querySelectorAll('[aria-current="true"]')) old.setAttribute("aria-current", "false");
    const own = cards.querySelector(`[data-item="${number}"]`);
    if (own) own.setAttribute("aria-current", "true");
    if (item.document === undefined) byId("name").textContent = words.noText;
    else if (item.document === source.document) byId("name").textContent = texts[source.document].name;
    else source.show(item.document);
    byId("asked").textContent = item.question ? `${item.question} → ${item.answer}` : item.reason || "";
    source.refresh(before);
    source.refresh(source.spans());
    source.showPlace();
    if (host.selected) host.selected(item, number);
  };
  // The pane beside the list shows a pair of the list, whatever is filtered.
  const filter = () => {
    list();
    if (listed.includes(selected)) return;
    if (listed.length) return select(listed[0]);
    const before = source.spans();
    selected = -1;
    byId("asked").textContent = "";
    source.refresh(before);
  };
  // Where the filters hide the card they are undone: what is asked for is always shown.
  const goTo = (number) => {
    if (!listed.includes(number)) {
      state = "all";
      search.value = "";
      picked.value = "";
      if (host.unfilter) host.unfilter();
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
    byId("states").replaceChildren();
    const counts = { all: 0 };
    for (const item of items) {
      if (item.gone) continue;
      counts.all += 1;
      counts[item.state] = (counts[item.state] || 0) + 1;
      for (const [mark, bears] of Object.entries(marked)) if (bears(item)) counts[mark] = (counts[mark] || 0) + 1;
    }
    const labels = { all: words.all, ...words.filters, doubtful: words.doubtful, conflict: words.conflict };
    for (const [name, label] of Object.entries(labels)) {
      if (!counts[name] && name !== state) continue;
      const button = make("button", "", `${label} ${(counts[name] || 0).toLocaleString()}`);
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
      if (item.state === "kept" && item.document === source.document && item.span
        && item.span[0] <= at && at < item.span[1]) proved.push(number);
    });
    if (proved.length) goTo(proved[(proved.indexOf(selected) + 1) % proved.length]);
  };
  const clickCard = (event) => {
    const button = event.target.closest("[data-go]");
    if (button) return goTo(Number(button.dataset.go));
    const own = event.target.closest(".card");
    if (!own || event.target.closest("details, button, textarea") || String(getSelection())) return;
    pane("text");
    select(Number(own.dataset.item));
  };
  const keys = {
    "/": () => search.focus(),
    j: () => step(1),
    k: () => step(-1),
    r: toggleReport,
    Escape: () => { search.value = ""; search.blur(); filter(); },
    ...host.keys,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("dialog")) return;
    const typing = event.target.closest("input, select, textarea");
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
    if (picked.value !== "") source.show(Number(picked.value));
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
    if (button && button.dataset.show === "text") source.showPlace();
  });

  addStates();
  addDocuments();
  press();
  pane("pairs");
  source.show(0);
  list();
  return {
    cards, source, list, filter, select, goTo, step, pane, press,
    get selected() { return selected; },
    get listed() { return listed; },
    // There are more items, or fewer; what is seen stays where it is.
    more() {
      const at = cards.scrollTop;
      haystacks = undefined;
      addStates();
      press();
      list();
      cards.scrollTop = at;
    },
    // The counts of all states, anew.
    recount() {
      addStates();
      press();
    },
    // Cards of items that have changed, laid out anew where they are laid out at all.
    again(numbers) {
      haystacks = undefined;
      for (const number of numbers) {
        const old = cards.querySelector(`[data-item="${number}"]`);
        if (!old) continue;
        const focused = old === document.activeElement;
        const own = card(number, listed.indexOf(number));
        old.replaceWith(own);
        if (focused) own.focus({ preventScroll: true });
      }
    },
  };
};
