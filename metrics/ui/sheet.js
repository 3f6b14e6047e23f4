// Mounts a sheet in Streamlit: its theme, its content, and what a person asks of it. `enhance` is grid.js.
const shown = new WeakMap();

// Streamlit tells the theme as colours only.
function dark(host) {
  const page = getComputedStyle(host).getPropertyValue("--st-background-color");
  const [red, green, blue] = (page.match(/[0-9a-f]{2}/gi) ?? []).map((part) => parseInt(part, 16));
  return blue !== undefined && 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}

export default function mount({ data, parentElement, setTriggerValue }) {
  const sheet = parentElement.querySelector(".w-theme");
  const root = sheet.querySelector(".w-deck");
  const help = sheet.querySelector(".w-help");
  sheet.dataset.theme = dark(parentElement.host ?? sheet) ? "dark" : "light";
  let now = shown.get(root);
  if (now?.html !== data.html) {
    const words = root.querySelector(".w-bar input")?.value ?? "";
    root.innerHTML = data.html;
    const deck = enhance(root, {
      onOpen: (metric) => setTriggerValue("open", metric),
      keys: data.steps && {
        "[": () => setTriggerValue("step", -1),
        "]": () => setTriggerValue("step", 1),
        "?": () => help.open || help.showModal(),
      },
    });
    const field = root.querySelector(".w-bar input");
    if (words && field) {
      field.value = words;
      deck.search(words);
    }
    now = { html: data.html, deck };
    shown.set(root, now);
  }
  help.onclick = () => help.close();
  return () => {
    shown.delete(root);
    now.deck.close();
  };
}
