"use strict";
// The pane with the text of one document, its marks, its tables, and the selected pair's places.
//
// texts: {name, text, marks} a document, or without a text, which load(number) then promises.
// selected: gives the item whose places are shown.
const openText = ({ texts, selected, load }) => {
  const BLOCK = 2000; // characters of a text laid out together, about
  const LONGEST = 12000; // the most, where no line ends
  const text = byId("text");
  let document_ = -1, blocks = [];
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
    const item = selected();
    return item && item.document === document_ && item.span ? [item.span, ...(item.more || [])] : [];
  };
  const fillBlock = (element, start, end) => {
    const { text: all, marks } = texts[document_];
    const spans = spansHere();
    const cuts = [...new Set(spans.flat())].sort((one, other) => one - other);
    let pieces = [];
    const put = (a, b, kind) => {
      if (a >= b) return;
      const inside = [a, ...cuts.filter((cut) => cut > a && cut < b), b];
      for (let at = 0; at + 1 < inside.length; at++) {
        const words = document.createTextNode(all.slice(inside[at], inside[at + 1]));
        offsets.set(words, inside[at]);
        const here = spans.some(([from, to]) => inside[at] >= from && inside[at + 1] <= to);
        if (!here && !kind) { pieces.push(words); continue; }
        const piece = make(here ? "mark" : "span", kind);
        piece.append(words);
        piece.dataset.at = inside[at];
        pieces.push(piece);
      }
    };
    const marked = (from, to) => {
      pieces = [];
      let at = from;
      for (let next = firstAfter(marks, from); next < marks.length && marks[next][0] < to; next++) {
        const [first, last, proves] = marks[next];
        put(at, Math.max(at, Math.min(to, first)), "");
        at = Math.max(at, Math.min(to, first));
        put(at, Math.min(to, last), proves ? "proof" : "open");
        at = Math.max(at, Math.min(to, last));
      }
      put(at, to, "");
      return pieces;
    };
    const parts = [];
    let at = start;
    for (const table of tablesIn(all, start, end)) {
      parts.push(...marked(at, table.start), asTable(all, table, marked));
      at = table.end;
    }
    parts.push(...marked(at, end));
    element.replaceChildren(...parts);
  };
  // Lines between bars, two or more, are a table; its cells keep their places in the text.
  const tablesIn = (all, start, end) => {
    const found = [];
    let rows = [];
    const over = () => {
      if (rows.length > 1) found.push({ rows, start: rows[0][0], end: rows[rows.length - 1][1] });
      rows = [];
    };
    for (let at = start; at < end;) {
      let stop = all.indexOf("\n", at) + 1;
      if (!stop || stop > end) stop = end;
      if (/^ *\|.*\| *$/.test(all.slice(at, Math.min(stop, at + LONGEST)).trimEnd())) rows.push([at, stop]);
      else over();
      at = stop;
    }
    over();
    return found;
  };
  const asTable = (all, { rows }, marked) => {
    const table = make("table");
    for (const [from, to] of rows) {
      const line = all.slice(from, to).trimEnd();
      if (/^[ |:-]+$/.test(line)) continue;
      const row = make("tr");
      let at = line.indexOf("|") + 1;
      while (at < line.length) {
        let bar = at;
        while (bar < line.length && (line[bar] !== "|" || line[bar - 1] === "\\")) bar++;
        if (bar >= line.length && !line.slice(at).trim()) break;
        const cell = make("td");
        const words = line.slice(at, bar);
        const first = at + words.length - words.trimStart().length;
        cell.append(...marked(from + Math.min(first, bar), from + at + words.trimEnd().length));
        row.append(cell);
        at = bar + 1;
      }
      table.append(row);
    }
    return table;
  };
  // Where in the document a text node begins.
  const offsets = new WeakMap();
  const offsetOf = (node, within) => {
    if (node.nodeType === Node.TEXT_NODE) return offsets.has(node) ? offsets.get(node) + within : null;
    const next = node.childNodes[within] || node;
    const walker = document.createTreeWalker(next, NodeFilter.SHOW_TEXT);
    const first = next.nodeType === Node.TEXT_NODE ? next : walker.nextNode();
    return first && text.contains(first) && offsets.has(first) ? offsets.get(first) : null;
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
    if (all === undefined) {
      lay(text, []);
      load(number).then((loaded) => {
        Object.assign(texts[number], loaded);
        if (document_ !== number) return;
        document_ = -1;
        showText(number);
        showPlace();
      }).catch((error) => { if (document_ === number) text.textContent = error.message; });
      return;
    }
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
  // Whether a person is marking a passage right now, which would be lost.
  let late = false;
  const held = () => {
    const chosen = getSelection();
    return !chosen.isCollapsed && text.contains(chosen.anchorNode);
  };
  const refresh = (spans) => {
    if (held()) { late = true; return; }
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
  document.addEventListener("selectionchange", () => { if (late) source.remark(document_); });
  const source = {
    show: showText,
    showPlace,
    get document() { return document_; },
    spans: spansHere,
    refresh,
    // The marks of a document have changed; what a person marks by hand right now is left alone.
    remark(number) {
      if (number !== document_) return;
      late = held();
      if (!late) for (const block of blocks) block.element.again();
    },
    // What is marked by hand: its document and place; null for nothing.
    marking() {
      const chosen = getSelection();
      if (!chosen.rangeCount || chosen.isCollapsed) return null;
      const { startContainer, startOffset, endContainer, endOffset } = chosen.getRangeAt(0);
      const from = offsetOf(startContainer, startOffset), to = offsetOf(endContainer, endOffset);
      return from === null || to === null || from >= to ? null : [document_, from, to];
    },
  };
  return source;
};
