"use strict";
// Order and filters of the desk's list.
const openFilters = (items) => {
  const doubt = (item) => (
    item.differs ? 0 : item.doubtful ? 1 : item.numbers === false ? 2 : item.state === "kept" && item.match === "none" ? 2
      : item.verdict ? 3 : item.score !== undefined ? 4 + item.score : 6);
  const place = (one, two) => {
    for (let at = 0; at < 3; at++) if (one.at[at] !== two.at[at]) return one.at[at] - two.at[at];
    return 0;
  };
  const order = (one, two) => (
    (byId("order").value === "doubt" ? doubt(items[one]) - doubt(items[two]) : 0)
    || place(items[one], items[two]) || one - two);
  const reviewOf = (item) => item.review || "unseen";
  const flags = {
    conflict: (item) => item.differs, edited: (item) => item.edited, written: (item) => item.written,
    evidence: (item) => item.pair && item.match === "none", numbers: (item) => item.numbers === false,
    changed: (item) => item.who !== undefined,
  };
  const filters = {
    "by-review": { of: (item) => item.pair && reviewOf(item), name: (value) => words.reviews[value] },
    "by-reason": { of: (item) => item.reason },
    "by-kind": { of: (item) => item.kind, name: (value) => words.kinds[value] },
    "by-heading": { of: (item) => item.headings },
    "by-page": { of: (item) => item.page && String(item.page) },
    "by-flag": { all: (item) => Object.keys(flags).filter((name) => flags[name](item)), name: (value) => words.flags[value] },
  };
  const valuesOf = (filter, item) => (filter.all ? filter.all(item) : [filter.of(item)].filter(Boolean));
  const fillFilters = () => {
    for (const [id, filter] of Object.entries(filters)) {
      const counts = new Map();
      for (const item of items) {
        if (item.gone) continue;
        for (const value of valuesOf(filter, item)) counts.set(value, (counts.get(value) || 0) + 1);
      }
      const select = byId(id), chosen = select.value;
      const sorted = [...counts].sort(([one], [two]) => one.localeCompare(two, undefined, { numeric: true }));
      select.replaceChildren(new Option(words.any, ""), ...sorted.slice(0, 500).map(([value, count]) => (
        new Option(`${filter.name ? filter.name(value) : value} (${count.toLocaleString()})`, value))));
      select.value = counts.has(chosen) ? chosen : "";
      select.disabled = !counts.size;
    }
  };
  const isListed = (item) => !item.gone && Object.entries(filters).every(([id, filter]) => {
    const { value } = byId(id);
    return !value || valuesOf(filter, item).includes(value);
  });
  return {
    ids: [...Object.keys(filters), "order"],
    fill: fillFilters,
    order,
    isListed,
    clear() { for (const id of Object.keys(filters)) byId(id).value = ""; },
  };
};
