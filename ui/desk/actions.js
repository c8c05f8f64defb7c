"use strict";
// What a person does with pairs: each change is shown at once, sent, and can be undone.
//
// desk: items by number, placeOf a key, again() to hear what changes made of the list, redrawn(numbers).
const openActions = (desk) => {
  const undone = []; // batches of {pair, before}, the latest last
  const own = new Map(); // the newest version of a pair that was made here
  let sending = Promise.resolve();
  let hearing = Promise.resolve(), heard = null;

  // What the server makes of changes is heard once for all that were stored meanwhile.
  const hear = () => {
    heard = heard || (hearing = hearing.then(() => { heard = null; return desk.again(); }).catch(() => undefined));
    return heard;
  };

  const REVIEW = { kept: "accepted", "left out": "rejected", duplicate: "accepted" };
  const item = (number) => desk.items[number];
  const standing = (number) => ({ ...(item(number).edit || {}) });
  const without = (edit) => { delete edit.of; return edit; };

  // Shown before it is stored: the state that the change will most likely make.
  const guess = (number, edit) => {
    const one = item(number);
    const fate = edit && edit.fate;
    one.edit = edit || undefined;
    one.review = REVIEW[fate];
    if (edit && edit.question) one.question = edit.question;
    if (edit && edit.answer) one.answer = edit.answer;
    if (fate === "kept") one.state = "kept";
    if (fate === "left out") one.state = "rejected";
    if (fate === "duplicate") one.state = "duplicate";
    desk.redrawn([number]);
  };

  // Two people changed one pair: both are shown, one is chosen.
  const conflict = (refused, mine) => {
    const number = desk.placeOf(refused.pair);
    const told = (edit) => (edit ? [edit.question, edit.answer, words.reviews[REVIEW[edit.fate]] || ""] : [words.takenBack])
      .filter(Boolean).join(" · ");
    const who = refused.who || words.somebody;
    const body = [
      make("p", "", filled(words.changedBy, { who, time: new Date(refused.made * 1000).toLocaleTimeString() })),
      make("p", "", item(number).question || ""),
      make("blockquote", "", `${words.theirs} ${told(refused.edit)}`),
      make("blockquote", "", `${words.yours} ${told(mine.edit)}`),
    ];
    openDialog(words.conflictTitle, body, [
      [words.useMine, () => { change([{ ...mine, saw: refused.version }]); }],
      [words.keepTheirs, () => undefined],
    ]);
  };

  // Sends changes one batch after the other; what was before is kept to be taken back.
  const change = (changes, undoable = true) => {
    const before = changes.map(({ pair }) => {
      const number = desk.placeOf(pair);
      return { pair, before: number === undefined ? null : item(number).edit || null };
    });
    const shown = [], seen = new Map();
    for (const { pair, edit, since } of changes) {
      const number = desk.placeOf(pair);
      if (number === undefined) continue;
      shown.push([number, { ...item(number) }]);
      seen.set(pair, since !== undefined ? since : item(number).version || 0);
      guess(number, edit);
    }
    sending = sending.then(async () => {
      const sent = changes.map(({ pair, saw, edit, marked }) => ({
        // What others did since it was shown was not seen; what was done here was.
        pair, saw: saw !== undefined ? saw : Math.max(seen.get(pair) || 0, own.get(pair) || 0), edit, marked,
      }));
      try {
        const answer = await ask("changes", { changes: sent });
        const refused = new Set(answer.refused.map((one) => one.pair));
        for (const pair of answer.pairs) if (!refused.has(pair)) own.set(pair, answer.versions[pair]);
        for (const [number] of shown)
          item(number).version = Math.max(own.get(pairOf(number)) || 0, item(number).version || 0);
        const stored = before.map((one, at) => ({ ...one, pair: answer.pairs[at] }))
          .filter((one) => !refused.has(one.pair));
        if (undoable && stored.length) undone.push(stored);
        for (const one of answer.refused)
          conflict(one, changes[answer.pairs.indexOf(one.pair)]);
        byId("undo").disabled = !undone.length;
        return answer;
      } catch (error) {
        toast(error.message);
        for (const [number, was] of shown.reverse()) desk.items[number] = was; // shown too early
        desk.redrawn(shown.map(([number]) => number));
        return null;
      }
    });
    return sending.then(async (answer) => {
      await hear();
      return answer;
    });
  };

  const pairOf = (number) => number >= 0 && item(number) && item(number).pair;
  const fated = (number, fate) => ({ pair: pairOf(number), edit: { ...without(standing(number)), fate } });

  const accept = (number) => pairOf(number) && change([fated(number, "kept")]);
  const reject = (number) => pairOf(number) && change([fated(number, "left out")]);
  const undo = () => {
    const last = undone.pop();
    byId("undo").disabled = !undone.length;
    if (!last) return toast(words.nothingToUndo);
    const number = desk.placeOf(last[0].pair);
    const going = change(last.map(({ pair, before }) => ({ pair, edit: before })), false);
    if (number !== undefined && last.length === 1) desk.goTo(number);
    return going;
  };
  const bulk = (what) => {
    const numbers = desk.listed().filter((number) => pairOf(number));
    const fates = { accept: "kept", reject: "left out" };
    const changes = numbers
      .map((number) => (fates[what] ? fated(number, fates[what]) : { pair: pairOf(number), edit: null }))
      .filter((one) => JSON.stringify(one.edit || null) !== JSON.stringify(item(desk.placeOf(one.pair)).edit || null));
    if (!changes.length) return toast(words.nothingToDo);
    openDialog(filled(words.bulkSure[what], { count: changes.length.toLocaleString() }), [], [
      [words.yes, () => { change(changes); }],
    ]);
  };

  // Merging: one is marked, then the pair that it repeats; a duplicate is split.
  let merging = -1;
  const merge = (number) => {
    if (!pairOf(number)) return;
    if (merging < 0 && item(number).state === "duplicate") return accept(number);
    const marked = merging;
    merging = marked < 0 ? number : -1;
    desk.redrawn([number, marked].filter((one) => one >= 0));
    if (marked < 0) return toast(words.mergeWith);
    if (marked === number) return;
    return change([{
      pair: pairOf(marked),
      edit: { ...standing(marked), fate: "duplicate", of: pairOf(number) },
    }]);
  };

  // Two that ask the same: which stays.
  const settle = (one, other, how) => {
    if (!pairOf(one) || !pairOf(other)) return;
    if (how === "both") return change([fated(one, "kept"), fated(other, "kept")]);
    const [stays, goes] = how === "this" ? [one, other] : [other, one];
    const conflicts = (item(one).differs || []).includes(other);
    const gone = conflicts
      ? fated(goes, "left out")
      : { pair: pairOf(goes), edit: { ...standing(goes), fate: "duplicate", of: pairOf(stays) } };
    return change([fated(stays, "kept"), gone]);
  };

  const reword = (number, question, answer, since) => change([{
    pair: pairOf(number), since, edit: { ...without(standing(number)), question, answer, fate: "kept" },
  }]);
  const prove = (number, marked) => pairOf(number) && change([{
    pair: pairOf(number), edit: { ...without(standing(number)), fate: "kept" }, marked,
  }]);
  const write = (question, answer, marked) => change([{
    pair: undefined, saw: 0, edit: { question, answer, fate: "kept" }, marked,
  }]);

  return {
    accept, reject, undo, bulk, merge, settle, reword, prove, write, change,
    get merging() { return merging; },
    endMerge() { const was = merging; merging = -1; if (was >= 0) desk.redrawn([was]); },
  };
};
