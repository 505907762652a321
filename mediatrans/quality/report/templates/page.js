"use strict";
// Everything here adds to a page that can be read without it.
const all = (query, inside = document) => [...inside.querySelectorAll(query)];
const byId = (id) => document.getElementById(id);
all(".scripted").forEach((part) => { part.hidden = false; });

function chooseTheme() {
  const root = document.documentElement, button = byId("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const show = () => { button.textContent = isDark() ? "Light theme" : "Dark theme"; };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    show();
  });
  system.addEventListener("change", show);
  show();
}

// The table: its headings become buttons that sort, search and verdicts filter.
function prepareTable() {
  const body = document.querySelector("#table tbody");
  if (!body) return;
  const rows = [...body.rows], cards = byId("cards");
  const cardOf = (row) => byId(row.dataset.card);
  const value = (row, column, kind) => {
    const cell = row.cells[column];
    if (kind === "text") return cell.textContent.trim();
    return cell.dataset.value === "" ? null : Number(cell.dataset.value);
  };
  const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b) : a - b);
  const headings = all("#table thead th");

  function sort(column, descending) {
    const kind = headings[column].dataset.sort;
    const keyed = rows.map((row) => [value(row, column, kind), row]);
    keyed.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return descending ? compare(b, a) : compare(a, b);
    });
    for (const [, row] of keyed) {
      body.append(row);
      if (cards && cardOf(row)) cards.append(cardOf(row));
    }
    headings.forEach((heading, place) => {
      if (place === column) heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else heading.removeAttribute("aria-sort");
    });
  }

  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      sort(column, heading.getAttribute("aria-sort") === "ascending");
    });
  });
  headings[0].setAttribute("aria-sort", "ascending");

  function filter() {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const states = new Set(all("input[name=state]:checked").map((box) => box.value));
    let shown = 0;
    for (const row of rows) {
      const text = row.cells[1].textContent.toLowerCase();
      const isShown = states.has(row.dataset.state) && words.every((word) => text.includes(word));
      row.hidden = !isShown;
      if (cardOf(row)) cardOf(row).hidden = !isShown;
      shown += isShown;
    }
    byId("shown").textContent = `${shown} of ${rows.length} shown`;
  }
  byId("search").addEventListener("input", filter);
  all("input[name=state]").forEach((box) => box.addEventListener("change", filter));
  filter();
}

// The slider of a file: the pictures of the strip below, one over the other.
function buildSlider(card) {
  const place = card.querySelector(".compare");
  if (!place || place.childElementCount) return;
  const moments = all(".moment", card), { source, result } = place.dataset;
  const stage = document.createElement("div");
  stage.className = "stage";
  const under = document.createElement("img"), over = document.createElement("img");
  under.alt = over.alt = "";
  over.className = "over";
  const edge = document.createElement("span");
  edge.className = "edge";
  const range = document.createElement("input");
  Object.assign(range, { type: "range", min: 0, max: 100, value: 50 });
  const tag = (side, words) => {
    const span = document.createElement("span");
    span.className = `tag ${side}`;
    span.textContent = words;
    return span;
  };
  const move = () => {
    stage.style.setProperty("--cut", `${range.value}%`);
    range.setAttribute("aria-valuetext", `${range.value} % ${source}, ${100 - range.value} % ${result}`);
  };
  range.addEventListener("input", move);
  const name = card.querySelector(".name").textContent;
  const show = (moment) => {
    const of = (part) => moment.querySelector(`[data-part=${part}]`);
    for (const [image, part] of [[under, "source"], [over, "result"]]) {
      image.height = of(part).getAttribute("height");
      image.width = of(part).getAttribute("width");
      image.src = of(part).src;
    }
    stage.style.maxWidth = `${1.75 * under.getAttribute("width")}px`;
    range.setAttribute("aria-label", `${name}, ${moment.dataset.title}: border between ${source} and ${result}`);
  };
  stage.append(under, over, edge, tag("left", source), tag("right", result), range);
  if (moments.length > 1) place.append(choice(moments, show));
  place.append(stage);
  show(moments[0]);
  move();
}

function choice(moments, show) {
  const group = document.createElement("div");
  group.className = "choice";
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "Frame in the slider");
  moments.forEach((moment, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = moment.dataset.title;
    button.setAttribute("aria-pressed", place === 0);
    button.addEventListener("click", () => {
      all("button", group).forEach((other) => other.setAttribute("aria-pressed", other === button));
      show(moment);
    });
    group.append(button);
  });
  return group;
}

function prepareCards() {
  const cards = all(".card");
  for (const card of cards) {
    card.addEventListener("toggle", () => { if (card.open) buildSlider(card); });
    if (card.open) buildSlider(card);
  }
  if (!cards.length) return;
  const set = (open) => cards.forEach((card) => { if (!card.hidden) card.open = open; });
  byId("open-all").addEventListener("click", () => set(true));
  byId("close-all").addEventListener("click", () => set(false));
  const reveal = (hash) => {
    const card = hash && byId(hash.slice(1));
    if (!card || !card.classList.contains("card")) return;
    card.open = true;
    card.scrollIntoView();
    card.querySelector("summary").focus({ preventScroll: true });
  };
  all("#table tbody a").forEach((link) => link.addEventListener("click", (event) => {
    event.preventDefault();
    history.replaceState(null, "", link.hash);
    reveal(link.hash);
  }));
  addEventListener("hashchange", () => reveal(location.hash));
  reveal(location.hash);
}

chooseTheme();
prepareTable();
prepareCards();
