// What a deck gains from a script: one tooltip, keys, search and jumps. It reads without.
//
// enhance(root, options) may be called again after the deck inside `root` was replaced; the
// listeners stay, the new charts are made ready. `root` is the element of class `w-deck`, in a
// page or in a shadow root. Words go in as text, never as markup.
//
// fill(root, html) puts a deck's markup into `root` and leaves out what nobody sees until they point:
// the readings of the charts, a third of all elements. `enhance` puts them in when a chart is used.
//
// options
//   onOpen(metric, element)  a card or a row was clicked, or Enter was pressed on its chart
//   keys                     {"[": function, …} further keys, ignored while somebody types
//   toolbar                  false: no search field and no list of sections
// returns {refresh, jump(id), search(words), close()}

const decks = new WeakMap();
const waiting = new WeakMap(); // the readings of a chart that was not used yet, as markup

export function fill(root, html) {
  const told = [];
  const rest = html.replace(/<g class="slots">([^]*?)<\/g><\/svg>/g, (_, slots) => {
    told.push(slots);
    return "</svg>";
  });
  root.innerHTML = rest;
  const charts = root.querySelectorAll("svg.w-612[role=img]");
  if (charts.length !== told.length) root.innerHTML = html; // some chart has none: whose are they?
  else charts.forEach((chart, n) => waiting.set(chart, told[n]));
}

export function enhance(root, options = {}) {
  let deck = decks.get(root);
  if (deck) {
    deck.options = options;
  } else {
    deck = create(root, options);
    decks.set(root, deck);
  }
  deck.refresh();
  return deck;
}

function create(root, options) {
  const page = root.ownerDocument;
  const home = root.getRootNode();
  const stop = new AbortController();
  const listen = (target, type, act, more) => target.addEventListener(type, act, { signal: stop.signal, ...more });
  const tip = page.createElement("div");
  tip.className = "w-tip";
  tip.setAttribute("role", "status");
  let shown = null; // the slot whose reading is shown

  const deck = { options, refresh, jump, search, close };

  function refresh() {
    hide();
    root.classList.toggle("w-open", Boolean(deck.options.onOpen));
    for (const chart of root.querySelectorAll("svg.w-612[role=img]")) chart.tabIndex = 0;
    if (deck.options.toolbar !== false) toolbar();
    search(field()?.value ?? "");
  }

  function close() {
    stop.abort();
    tip.remove();
    decks.delete(root);
  }

  // --- one tooltip ---------------------------------------------------------------------------

  // The native titles are the readings. Once a chart is in use they would show a second tooltip.
  function ready(chart) {
    if (chart.dataset.ready) return;
    chart.dataset.ready = "1";
    const name = chart.querySelector(":scope > title");
    const about = chart.querySelector(":scope > desc");
    chart.setAttribute("aria-label", `${name?.textContent ?? ""}. ${about?.textContent ?? ""}`);
    chart.removeAttribute("aria-labelledby");
    name?.remove();
    const slots = waiting.get(chart);
    if (slots) chart.insertAdjacentHTML("beforeend", `<g class="slots">${slots}</g>`);
    for (const slot of chart.querySelectorAll(".slot")) {
      slot.dataset.tip = slot.textContent;
      slot.replaceChildren();
    }
  }

  function show(slot) {
    if (slot === shown) return;
    shown?.classList.remove("on");
    shown = slot;
    slot.classList.add("on");
    const [when, ...facts] = slot.dataset.tip.split("\n");
    const title = page.createElement("b");
    title.textContent = when;
    const list = page.createElement("div");
    for (const fact of facts) {
      const cut = fact.indexOf(": ");
      const what = page.createElement("i");
      what.textContent = fact.slice(0, cut);
      const reading = page.createElement("span");
      reading.textContent = fact.slice(cut + 2);
      list.append(what, reading);
    }
    tip.replaceChildren(title, list);
    const theme = root.closest(".w-theme") ?? root;
    if (tip.parentNode !== theme) theme.append(tip);
    if (tip.showPopover) {
      tip.popover = "manual";
      if (!tip.matches(":popover-open")) tip.showPopover();
    }
    tip.hidden = false;
    place();
  }

  function place() {
    const at = shown.getBoundingClientRect();
    const own = tip.getBoundingClientRect();
    const right = at.right + 8 + own.width <= page.documentElement.clientWidth;
    const left = right ? at.right + 8 : at.left - 8 - own.width;
    const low = page.documentElement.clientHeight - own.height - 4;
    tip.style.left = `${Math.max(left, 4)}px`;
    tip.style.top = `${Math.max(Math.min(at.top + at.height * 0.2, low), 4)}px`;
  }

  function hide() {
    shown?.classList.remove("on");
    shown = null;
    if (tip.popover === "manual" && tip.matches(":popover-open")) tip.hidePopover();
    tip.hidden = true;
  }

  const chartAt = (target) => target?.closest?.("svg.w-612[role=img]");

  function point(event) {
    const chart = chartAt(event.target);
    if (!chart) return hide();
    ready(chart);
    const slot = event.target.closest(".slot") ?? home.elementFromPoint(event.clientX, event.clientY)?.closest(".slot");
    return slot ? show(slot) : hide();
  }

  listen(root, "pointerover", point);
  listen(root, "pointerdown", point);
  listen(root, "pointerleave", hide);
  listen(root, "focusin", (event) => {
    const chart = chartAt(event.target);
    if (!chart || !chart.matches(":focus-visible")) return;
    ready(chart);
    const slots = chart.querySelectorAll(".slot");
    show(shown && chart.contains(shown) ? shown : slots[5]); // last week
  });
  listen(root, "focusout", hide);
  // Going to a chart by key scrolls to it, and its reading goes with it; the mouse has left its point.
  const scrolled = () => (shown && home.activeElement?.contains(shown) ? place() : hide());
  listen(page, "scroll", scrolled, { capture: true, passive: true });

  // --- keys ----------------------------------------------------------------------------------

  const charts = () => [...root.querySelectorAll(".w-card,.w-wide")].filter((card) => card.checkVisibility?.() ?? !card.hidden);

  function along(chart, key) {
    ready(chart);
    const slots = [...chart.querySelectorAll(".slot")];
    const now = slots.indexOf(shown);
    const next = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: slots.length - 1 }[key];
    if (next === undefined) return false;
    show(slots[now < 0 && key.startsWith("Arrow") ? 5 : Math.min(Math.max(next, 0), slots.length - 1)]);
    return true;
  }

  function step(by) {
    const all = charts();
    if (!all.length) return;
    const focused = home.activeElement?.closest?.(".w-card,.w-wide");
    let now = all.indexOf(focused);
    if (now < 0) {
      const below = all.findIndex((card) => card.getBoundingClientRect().top >= 0);
      now = (below < 0 ? all.length : below) - (by > 0 ? 1 : 0);
    }
    reveal(all[Math.min(Math.max(now + by, 0), all.length - 1)]);
  }

  function reveal(card) {
    card.scrollIntoView({ block: "nearest" });
    const stop = card.querySelector("svg.w-612[role=img]") ?? card;
    if (stop === card) card.tabIndex = -1;
    stop.focus({ preventScroll: true, focusVisible: true });
    card.scrollIntoView({ block: "nearest" }); // the first time its neighbours had no height yet
  }

  listen(page, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !root.isConnected) return;
    const target = event.composedPath()[0];
    if (target.matches?.("input,textarea,select,[contenteditable=true]")) return;
    const chart = home.activeElement && chartAt(home.activeElement);
    const own = deck.options.keys?.[event.key];
    if (event.key === "Escape") hide();
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "/" && field()) {
      field().focus();
      event.preventDefault();
    } else if (own) own(event);
    else if (chart && root.contains(chart) && event.key === "Enter") open(chart);
    else if (chart && root.contains(chart) && along(chart, event.key)) event.preventDefault();
  });

  // --- opening a metric ----------------------------------------------------------------------

  function open(target) {
    const element = target.closest("[data-metric]");
    if (element && deck.options.onOpen) deck.options.onOpen(element.dataset.metric, element);
  }

  listen(root, "click", (event) => {
    const selecting = String(home.getSelection?.() ?? page.getSelection() ?? "");
    if (event.target.closest("a,summary,input,select,.w-twin") || selecting) return;
    if (event.pointerType === "touch" && chartAt(event.target)) return; // a touch on a point reads it
    open(event.target);
  });

  // --- the table twin, where the page left it to us -------------------------------------------

  listen(root, "toggle", (event) => twin(event.target), { capture: true });

  function twin(details) {
    if (!details.open || !details.matches(".w-twin") || details.children.length > 1) return;
    const chart = details.closest(".w-card").querySelector("svg.w-612[role=img]");
    ready(chart);
    const rows = [...chart.querySelectorAll(".slot")].map((slot) => {
      const [when, ...facts] = slot.dataset.tip.split("\n");
      return [when, new Map(facts.map((fact) => fact.split(/: (.*)/s)))];
    });
    const columns = [...new Set(rows.flatMap(([, facts]) => [...facts.keys()]))];
    const table = page.createElement("table");
    table.className = "w-table";
    const cell = (row, kind, words) => {
      const made = page.createElement(kind);
      made.textContent = words;
      row.append(made);
    };
    const head = table.insertRow();
    for (const words of ["Period", ...columns]) cell(head, "th", words);
    for (const [when, facts] of rows) {
      const row = table.insertRow();
      cell(row, "th", when);
      for (const column of columns) cell(row, "td", facts.get(column) ?? "");
    }
    const scroll = page.createElement("div");
    scroll.className = "w-scroll";
    scroll.append(table);
    details.append(scroll);
  }

  // --- search and jumps ----------------------------------------------------------------------

  const field = () => root.querySelector(".w-bar input");

  function toolbar() {
    if (root.querySelector(".w-bar") || !root.querySelector(".w-section")) return;
    const bar = page.createElement("div");
    bar.className = "w-bar";
    bar.setAttribute("role", "search");
    const words = page.createElement("input");
    words.type = "search";
    words.placeholder = "Find a metric";
    words.setAttribute("aria-label", "Find a metric by name, code or owner");
    words.addEventListener("input", () => search(words.value));
    const list = page.createElement("select");
    list.setAttribute("aria-label", "Go to a section");
    list.add(new Option("Go to …", ""));
    for (const section of root.querySelectorAll(".w-section")) {
      list.add(new Option(section.querySelector("h2").textContent, section.id));
    }
    list.addEventListener("change", () => {
      jump(list.value);
      list.value = "";
    });
    const count = page.createElement("span");
    count.setAttribute("role", "status");
    const keys = page.createElement("span");
    keys.className = "w-keys";
    for (const [key, does] of [["j", ""], ["k", "next, previous chart"], ["← →", "along a chart"], ["/", "find"]]) {
      const cap = page.createElement("kbd");
      cap.textContent = key;
      keys.append(cap, ` ${does} `);
    }
    bar.append(words, list, count, keys);
    (root.querySelector(".w-legend") ?? root.querySelector(".w-section")).before(bar);
  }

  function search(words) {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const section of root.querySelectorAll(".w-section")) {
      let any = false;
      for (const card of section.querySelectorAll(".w-card,.w-wide")) {
        const said = `${card.querySelector(".w-head")?.textContent} ${card.dataset.metric ?? ""}`.toLowerCase();
        card.hidden = !wanted.every((word) => said.includes(word));
        found += !card.hidden;
        any ||= !card.hidden;
      }
      section.hidden = wanted.length > 0 && !any;
    }
    const count = root.querySelector(".w-bar [role=status]");
    if (count) count.textContent = wanted.length ? `${found} found` : "";
    return found;
  }

  function jump(id) {
    if (!id) return;
    const target = root.querySelector(`#${CSS.escape(id)}`);
    let left = 4; // What lies before it takes its height only as it comes near: aim again, frame by frame.
    const aim = () => {
      target?.scrollIntoView({ block: "start" });
      if (--left > 0) requestAnimationFrame(aim);
    };
    aim();
  }

  // In a shadow root the page does not follow its links.
  listen(root, "click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (!link) return;
    event.preventDefault();
    const id = link.getAttribute("href").slice(1);
    if (root.querySelector(`#${CSS.escape(id)}`)) jump(id);
    else open(link); // this view leaves its block out: its metric has a page
  });

  return deck;
}
