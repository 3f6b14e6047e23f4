// Presenter mode: one page of the deck at a time, moved by keys; nothing is loaded while it runs.
// `enhance` is grid.js. What the room says is kept in the browser until the server has recorded it.
//
// data
//   html         the deck, as the review shows it
//   place        {company, week, key}: words, and what notes and the clock are kept under
//   minutes      length of the meeting
//   people       [[handle, name], …]
//   metrics      {id: name}
//   definitions  {id: markup of the definition card}
//   inputs       {id of an output: [[id, name], …]}: what it may follow
//   recorded     {id: ""} of notes on record, or {id: "why it was refused"}
//   speaks       whether this person may record; else why not, in words

const ROUTINE = 2; // seconds a routine chart takes, with its handoff
const EXCEPTION = 180;
const PER_PAGE = 4;

const NOTES = {
  a: ["answer", "Answer", "What was said"],
  t: ["action", "Action", "What will be done"],
  p: ["park", "Park it for outside the meeting", "Topic"],
  q: ["question", "Question to the owner", "Question"],
  w: ["worth", "Is it worth discussing?", "Why, or why not"],
  i: ["input", "Is it the right input?", "What was said"],
  r: ["attendance", "Attendance", ""],
};
const HINTS = [["←", ""], ["→", "page"], ["1", ""], ["4", "charts"], ["a", "answer"], ["t", "action"], ["p", "park"],
  ["q", "question"], ["w", "worth it?"], ["i", "right input?"], ["m", "how measured?"], ["r", "who is here"],
  ["s", "clock"], ["f", "full screen"], ["Esc", "leave"]];

const running = new WeakMap();

export default function mount({ data, parentElement, setTriggerValue }) {
  const stage = parentElement.querySelector(".p-stage");
  let show = running.get(stage);
  if (!show || show.html !== data.html) {
    show?.close();
    show = present(stage, data, setTriggerValue);
    running.set(stage, show);
  }
  show.heard(data);
  return () => {
    show.close();
    running.delete(stage);
  };
}

function present(stage, data, send) {
  const page = stage.ownerDocument;
  const stop = new AbortController();
  const listen = (target, type, act) => target.addEventListener(type, act, { signal: stop.signal });
  const part = (name) => stage.querySelector(`.p-${name}`);
  const [form, deck, definition] = [part("note"), part("deck"), part("card")];
  const stored = store(data.place.key);

  stage.dataset.theme = dark(stage) ? "dark" : "light";
  stage.popover = "manual";
  stage.showPopover();
  part("where").textContent = `${data.place.company} · ${data.place.week}`;
  hints(part("keys"));

  // --- pages -----------------------------------------------------------------------------------

  const whole = page.createElement("div");
  whole.innerHTML = data.html;
  const front = whole.querySelector(".w-front");
  let perPage = stored.get("perPage") ?? PER_PAGE;
  let pages = paged();
  let now = Math.min(stored.get("page") ?? 0, pages.length - 1);
  let chosen = 0; // the card that a note is about
  const tips = enhance(deck, { toolbar: false });

  function paged() {
    const found = front ? [{ title: "Page 0", cards: [], front }] : [];
    for (const section of whole.querySelectorAll(".w-section")) {
      const title = section.querySelector("h2").textContent;
      let open = null;
      for (const card of all.get(section) ?? keep(section)) {
        const wide = card.matches(".w-wide");
        if (!open || wide || open.wide || open.cards.length === perPage) {
          open = { title, cards: [], wide };
          found.push(open);
        }
        open.cards.push(card);
      }
    }
    return found;
  }

  function turn(to) {
    const at = Math.min(Math.max(to, 0), pages.length - 1);
    if (at !== now) clock.turned();
    now = at;
    chosen = 0;
    stored.put("page", now);
    const { title, cards, front } = pages[now];
    const grid = page.createElement("div");
    grid.className = cards.length === 1 ? "p-grid p-one" : "p-grid";
    if (cards.length === 1 && cards[0].matches(".w-wide")) grid.className = "";
    grid.append(...cards);
    deck.replaceChildren(front ?? grid);
    deck.scrollTop = 0;
    tips.refresh();
    part("title").textContent = title;
    part("page").textContent = `${now + 1} of ${pages.length}`;
    const here = owners(pages[now]);
    const next = pages[now + 1] && owners(pages[now + 1]).find((name) => name !== here.at(-1));
    part("next").textContent = next ? `Next: ${next}` : "";
    mark();
    clock.show();
  }

  const owners = ({ cards }) => [...new Set(cards.map((card) => card.dataset.owner).filter(Boolean))];

  function mark() {
    pages[now].cards.forEach((card, place) => card.classList.toggle("p-chosen", pages[now].cards.length > 1 && place === chosen));
  }

  function resize(count) {
    const first = pages[now].cards[0];
    perPage = count;
    stored.put("perPage", count);
    pages = paged();
    turn(first ? pages.findIndex(({ cards }) => cards.includes(first)) : 0);
  }

  // --- the clock -------------------------------------------------------------------------------

  const clock = (() => {
    let { since, spent, turnedAt } = stored.get("clock") ?? { since: null, spent: 0, turnedAt: 0 };
    const total = () => spent + (since ? Date.now() - since : 0);
    const save = () => stored.put("clock", { since, spent, turnedAt });
    const words = (ms) => `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;
    const allowance = () =>
      1000 * pages[now].cards.reduce((sum, card) => sum + (card.dataset.tier === "exception" ? EXCEPTION : ROUTINE), 0);
    const self = {
      toggle() {
        [since, spent] = since ? [null, total()] : [Date.now(), spent];
        save();
        self.show();
      },
      turned() {
        if (!since && !spent) since = Date.now(); // the first turn starts the meeting
        turnedAt = total();
        save();
      },
      show() {
        const here = total() - turnedAt;
        const allowed = allowance();
        const limit = data.minutes * 60000;
        const face = part("clock");
        face.textContent = `${since ? "" : "▸ "}${words(total())} of ${words(limit)}` + (allowed ? ` · page ${words(here)} of ${words(allowed)}` : "");
        face.classList.toggle("p-over", total() > limit || (allowed > 0 && here > allowed));
      },
    };
    return self;
  })();
  const ticking = setInterval(clock.show, 1000);
  listen(part("clock"), "click", clock.toggle);

  // --- notes -----------------------------------------------------------------------------------

  let kind = null;
  let waiting = null; // id of the note that was sent and not yet answered
  const fields = form.elements;

  function open(key, draft = null) {
    const [name, title, ask] = NOTES[key];
    if (data.speaks !== true) return say(data.speaks);
    const cards = pages[now].cards;
    if (name !== "attendance" && name !== "park" && !cards.length && !draft) return say("Go to a page with charts first.");
    kind = key;
    form.querySelector("h3").textContent = title;
    const about = draft?.metric ? [draft.metric] : cards.map((card) => card.dataset.metric).filter(Boolean);
    options(fields.metric, [...new Set(about)].map((id) => [id, data.metrics[id] ?? id]));
    if (draft?.metric ?? cards[chosen]?.dataset.metric) fields.metric.value = draft?.metric ?? cards[chosen].dataset.metric;
    options(fields.owner, data.people);
    const owner = cards[chosen]?.dataset.owner;
    const handle = data.people.find(([, person]) => person === owner)?.[0];
    if (handle) fields.owner.value = handle;
    options(fields.effect_metric, Object.entries(data.metrics));
    fields.effect_metric.value = fields.metric.value;
    part("text").querySelector("span").textContent = ask;
    follow();
    fields.text.value = draft?.text ?? stored.get(`draft ${name}`) ?? "";
    part("refused").textContent = draft?.refused ?? "";
    people(draft?.people ?? stored.get("here") ?? []);
    fit();
    form.hidden = false;
    (name === "attendance" ? part("people").querySelector("input") : fields.text)?.focus();
  }

  function follow() {
    options(fields.inputs, data.inputs[fields.metric.value] ?? []);
  }

  function fit() {
    const name = NOTES[kind][0];
    const analysing = name === "answer" && fields.answer.value === "still_analysing";
    part("about").hidden = name === "attendance" || !fields.metric.options.length;
    part("kind").hidden = name !== "answer";
    part("text").hidden = name === "attendance";
    const decides = name === "answer" && fields.answer.value === "known_cause";
    part("owner").hidden = name !== "action" && !decides;
    part("owner").querySelector("span").textContent = decides ? "Who decided" : "Owner";
    part("inputs").hidden = name !== "answer" || !data.inputs[fields.metric.value]?.length;
    part("due").hidden = name !== "action" && !analysing;
    part("due").querySelector("span").textContent = analysing ? "Answer by" : "Due";
    part("effect").hidden = name !== "action";
    part("people").hidden = name !== "attendance";
  }

  function people(here) {
    const boxes = data.people.map(([handle, name]) => {
      const label = page.createElement("label");
      const box = page.createElement("input");
      box.type = "checkbox";
      box.value = handle;
      box.checked = here.includes(handle);
      label.append(box, name);
      return label;
    });
    part("people").replaceChildren(part("people").querySelector("legend"), ...boxes);
  }

  function record(event) {
    event.preventDefault();
    const name = NOTES[kind][0];
    const text = fields.text.value.trim();
    const here = [...part("people").querySelectorAll("input:checked")].map((box) => box.value);
    if (name === "attendance" ? !here.length : !text) {
      part("refused").textContent = name === "attendance" ? "Tick who is here." : "Write a few words first.";
      return;
    }
    const due = part("due").hidden ? "" : fields.due.value;
    if (!part("due").hidden && !due) {
      part("refused").textContent = "Without a date it cannot be recorded.";
      return fields.due.focus();
    }
    const note = { id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, key: kind, kind: name, metric: part("about").hidden ? "" : fields.metric.value, text };
    if (name === "answer") {
      const inputs = [...fields.inputs.selectedOptions].map((option) => option.value);
      Object.assign(note, { answer: fields.answer.value, due, inputs: part("inputs").hidden ? [] : inputs });
      if (fields.answer.value === "known_cause") note.decided_by = fields.owner.value;
    }
    if (name === "action") {
      Object.assign(note, { owner: fields.owner.value, due, effect_metric: fields.effect_metric.value, direction: fields.direction.value, effect_by: fields.effect_by.value });
    }
    if (name === "attendance") {
      note.people = here;
      stored.put("here", here);
    }
    stored.put(`draft ${name}`, null);
    stored.put("queue", [...(stored.get("queue") ?? []), note]);
    shut();
    say("Recording …");
    post();
  }

  function post() {
    const [first] = stored.get("queue") ?? [];
    if (!first || waiting === first.id) return;
    waiting = first.id;
    send("said", first);
  }

  function heard(fresh) {
    data = fresh;
    const queue = stored.get("queue") ?? [];
    const answered = queue.filter(({ id }) => id in data.recorded);
    if (answered.length) {
      stored.put("queue", queue.filter(({ id }) => !(id in data.recorded)));
      waiting = null;
      const last = answered.at(-1);
      const why = data.recorded[last.id];
      say(why ? "" : `Recorded: ${NOTES[last.key][1].toLowerCase()}${last.metric ? `, ${data.metrics[last.metric] ?? last.metric}` : ""}.`);
      if (why) open(last.key, { ...last, refused: why });
    }
    post();
  }

  function shut() {
    form.hidden = true;
    stage.focus();
  }

  listen(form, "submit", record);
  listen(fields.metric, "change", follow);
  listen(form, "input", () => {
    fit();
    stored.put(`draft ${NOTES[kind][0]}`, fields.text.value);
  });
  listen(part("cancel"), "click", shut);

  function measured() {
    const card = pages[now].cards[chosen];
    const told = data.definitions[card?.dataset.metric];
    if (!told) return say("No chart is chosen.");
    const title = page.createElement("h2");
    title.textContent = data.metrics[card.dataset.metric];
    definition.querySelector(".w-deck").innerHTML = told;
    definition.querySelector(".w-deck").prepend(title);
    definition.showModal();
  }

  // --- keys ------------------------------------------------------------------------------------

  const say = (words) => (part("said").textContent = words);

  listen(page, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || definition.open) return;
    const typing = event.composedPath()[0].matches?.("input,textarea,select");
    if (event.key === "Escape") {
      event.preventDefault();
      return form.hidden ? send("leave", true) : shut();
    }
    if (typing) return;
    const cards = pages[now].cards.length;
    const acts = {
      ArrowRight: () => turn(now + 1), ArrowLeft: () => turn(now - 1), PageDown: () => turn(now + 1), PageUp: () => turn(now - 1),
      " ": () => turn(now + 1), Home: () => turn(0), End: () => turn(pages.length - 1),
      Tab: () => { chosen = (chosen + (event.shiftKey ? cards - 1 : 1)) % Math.max(cards, 1); mark(); },
      1: () => resize(1), 4: () => resize(PER_PAGE), m: measured, s: clock.toggle,
      f: () => (page.fullscreenElement ? page.exitFullscreen() : stage.requestFullscreen?.()),
    };
    const act = acts[event.key] ?? (NOTES[event.key] && form.hidden && (() => open(event.key)));
    if (!act || (event.key === "Tab" && (!form.hidden || !cards))) return;
    event.preventDefault();
    act();
  });
  listen(deck, "click", (event) => {
    const place = pages[now].cards.indexOf(event.target.closest(".w-card,.w-wide"));
    if (place >= 0) {
      chosen = place;
      mark();
    }
  });

  turn(now);
  stage.focus();
  return {
    html: data.html,
    heard,
    close() {
      stop.abort();
      tips.close();
      clearInterval(ticking);
      if (stage.matches(":popover-open")) stage.hidePopover();
    },
  };
}

// Cards leave their section while they are shown, so each section's cards are noted once.
const all = new WeakMap();

function keep(section) {
  const cards = [...section.querySelectorAll(".w-card,.w-wide")];
  all.set(section, cards);
  return cards;
}

function store(key) {
  const name = (part) => `sixtwelve ${key} ${part}`;
  return {
    get: (part) => {
      try {
        return JSON.parse(localStorage.getItem(name(part)));
      } catch {
        return null;
      }
    },
    put: (part, value) => {
      try {
        localStorage.setItem(name(part), JSON.stringify(value));
      } catch {
        // A browser that keeps nothing still presents.
      }
    },
  };
}

function options(select, entries) {
  select.replaceChildren(...entries.map(([value, words]) => new Option(words, value)));
}

function hints(place) {
  for (const [key, does] of HINTS) {
    const cap = place.ownerDocument.createElement("kbd");
    cap.textContent = key;
    place.append(cap, ` ${does} `);
  }
}

function dark(stage) {
  const colour = getComputedStyle(stage.getRootNode().host ?? stage).getPropertyValue("--st-background-color");
  const [red, green, blue] = (colour.match(/[0-9a-f]{2}/gi) ?? []).map((part) => parseInt(part, 16));
  return blue !== undefined && 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}
