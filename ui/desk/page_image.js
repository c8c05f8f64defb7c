"use strict";
// The page as it was printed, with the evidence of a pair marked on it.
const openPageImage = ({ items, texts, selected }) => {
  let imaged = false;
  const showImage = (on) => {
    imaged = on;
    byId("image").hidden = !on;
    byId("text").hidden = on;
    byId("toggle-page").setAttribute("aria-pressed", String(on));
  };
  const showPage = async () => {
    const number = selected(), item = items[number];
    showImage(true);
    byId("image").replaceChildren(make("p", "empty", words.loading));
    try {
      const page = await ask(`page/${item.document}/${item.page}?pair=${encodeURIComponent(item.pair || "")}`);
      if (selected() !== number) return;
      const sheet = make("div", "sheet"), picture = make("img");
      picture.src = `data:image/png;base64,${page.image}`;
      picture.alt = filled(words.pageOf, { page: item.page, file: texts[item.document].name });
      sheet.append(picture);
      for (const [left, top, width, height] of page.boxes) {
        const box = make("div", "box");
        Object.assign(box.style, {
          left: `${100 * left / page.width}%`, top: `${100 * top / page.height}%`,
          width: `${100 * width / page.width}%`, height: `${100 * height / page.height}%`,
        });
        sheet.append(box);
      }
      byId("image").replaceChildren(sheet);
      const box = sheet.querySelector(".box");
      if (box) box.scrollIntoView({ block: "center" });
    } catch (error) {
      byId("image").replaceChildren(make("p", "empty", error.message));
    }
  };
  return {
    get on() { return imaged; },
    show: showPage,
    hide() { showImage(false); },
  };
};
