"use strict";
// What every pane shares: elements that hold text only, and long lists laid out where they are seen.
const byId = (id) => document.getElementById(id);
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

const fold = (words) => words.normalize("NFKC").toLowerCase();
