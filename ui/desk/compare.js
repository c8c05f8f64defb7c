"use strict";
// The pair beside the one that asks the same: which of the two stays.
//
// repeats: gives the duplicates of a pair. selected, goTo, settle: the view's and the actions'.
const openCompare = ({ items, texts, repeats, selected, goTo, settle }) => {
  let other = 0;
  const partners = (number) => {
    const item = items[number] || {};
    return [...new Set([...(item.differs || []), ...(item.same === undefined ? [] : [item.same]), ...(repeats(number))])]
      .filter((one) => items[one] && items[one].pair && !items[one].gone);
  };
  const side = (number) => {
    const item = items[number];
    const article = make("article");
    article.append(
      make("p", "reason", [words.sides[number === selected() ? "this" : "other"], texts[item.document] && texts[item.document].name, item.page].filter(Boolean).join(" · ")),
      make("h3", "", item.question), make("p", "", item.answer),
    );
    const whole = item.span && texts[item.document].text;
    const quote = whole ? whole.slice(...item.span) : item.quote;
    if (quote) article.append(make("p", "reason", `“${quote.slice(0, 500)}”`));
    return article;
  };
  const compare = (number) => {
    const beside = partners(number);
    byId("compare").hidden = !beside.length || !items[number].pair;
    if (byId("compare").hidden) return;
    const one = beside[other % beside.length];
    const buttons = make("div", "buttons");
    const differs = (items[number].differs || []).includes(one);
    const settled = (how) => () => settle(number, one, how);
    buttons.append(
      button(`1 ${differs ? words.keepThis : words.preferThis}`, settled("this")),
      button(`2 ${differs ? words.keepOther : words.preferOther}`, settled("other")),
      button(`3 ${words.keepBoth}`, settled("both")),
      button(words.goToOther, () => goTo(one)),
    );
    if (beside.length > 1) buttons.append(button(filled(words.nextOther, { at: other % beside.length + 1, of: beside.length }), () => {
      other += 1;
      compare(number);
    }));
    byId("compare").replaceChildren(side(number), side(one), buttons);
  };
  const settleBy = (how) => () => {
    const beside = partners(selected());
    if (beside.length) settle(selected(), beside[other % beside.length], how);
  };
  return {
    show: compare,
    by: settleBy,
    again() { other = 0; },
    next() { other += 1; compare(selected()); },
  };
};
