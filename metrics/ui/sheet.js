// Mounts a sheet in Streamlit: its theme, its content, and what a person asks of it. `enhance` and `fill` are grid.js.
const shown = new WeakMap();
const parcels = new WeakMap(); // the newest large content, as it travelled

// Streamlit tells the theme as colours only.
function dark(host) {
  const page = getComputedStyle(host).getPropertyValue("--st-background-color");
  const [red, green, blue] = (page.match(/[0-9a-f]{2}/gi) ?? []).map((part) => parseInt(part, 16));
  return blue !== undefined && 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}

// Large content comes as compressed JSON, the same for every visitor.
function unpacked(parcel) {
  const stream = new Blob([parcel]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

const same = (one, other) => one?.length === other.length && one.every((byte, n) => byte === other[n]);

export default function mount({ data, parentElement, setTriggerValue }) {
  const sheet = parentElement.querySelector(".w-theme");
  const root = sheet.querySelector(".w-deck");
  const help = sheet.querySelector(".w-help");
  sheet.dataset.theme = dark(parentElement.host ?? sheet) ? "dark" : "light";
  help.onclick = () => help.close();
  if (!(data instanceof Uint8Array)) {
    parcels.delete(root);
    show(data);
  } else if (!same(parcels.get(root), data)) {
    parcels.set(root, data);
    unpacked(data).then((content) => parcels.get(root) === data && show(content));
  }
  return () => {
    shown.get(root)?.deck.close();
    shown.delete(root);
    parcels.delete(root);
  };

  function show({ html, steps }) {
    if (shown.get(root)?.html === html) return;
    const words = root.querySelector(".w-bar input")?.value ?? "";
    fill(root, html);
    const deck = enhance(root, {
      onOpen: (metric) => setTriggerValue("open", metric),
      keys: steps && {
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
    offer(root);
    shown.set(root, { html, deck });
  }
}
