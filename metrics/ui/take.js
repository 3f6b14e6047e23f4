// One chart to take away: its image copied, or saved as PNG or SVG, made in the browser from the drawing.
// The colours of the page are written into the copy, so that it looks the same wherever it lands.
const KEPT = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin",
  "stroke-opacity", "opacity", "font-family", "font-size", "font-weight", "font-variant-numeric", "text-anchor",
  "dominant-baseline", "letter-spacing", "paint-order", "display", "visibility",
];
const HEAD = 30; // units above the drawing, for its title
const DENSE = 3; // pixels of a PNG per unit of the drawing
const SVG = "http://www.w3.org/2000/svg";

function offer(root) {
  for (const card of root.querySelectorAll(".w-card:has(svg.w-612[role=img])")) {
    const foot = card.querySelector(".w-foot");
    if (!foot || foot.querySelector(".w-take")) continue;
    const menu = document.createElement("details");
    menu.className = "w-twin w-take";
    const name = document.createElement("summary");
    name.textContent = "Image";
    name.setAttribute("aria-label", `Image of ${titled(card)}`);
    const row = document.createElement("div"); // there from the start: an empty twin is filled with a table
    row.className = "w-take-row";
    menu.append(name, row);
    menu.addEventListener("toggle", () => menu.open && choices(menu, row, card), { once: true });
    foot.append(menu);
  }
}

const titled = (card) =>
  [...(card.querySelector(".w-head h3")?.children ?? [])].map((part) => part.textContent.trim()).join(" ") || "chart";

function choices(menu, row, card) {
  const said = document.createElement("p");
  said.setAttribute("role", "status");
  const acts = [
    ["Copy image", () => copied(card)],
    ["Download PNG", async () => saved(await picture(card), `${named(card)}.png`)],
    ["Download SVG", async () => saved(new Blob([drawing(card).markup], { type: "image/svg+xml" }), `${named(card)}.svg`)],
  ];
  for (const [words, act] of acts) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words;
    button.addEventListener("click", async () => {
      said.textContent = "";
      try {
        said.textContent = await act();
      } catch (error) {
        said.textContent = `This did not work: ${error.message}`;
      }
    });
    row.append(button);
  }
  menu.append(said);
}

const alone = (card) => card.querySelector(".w-head h3")?.lastElementChild?.textContent.trim();
const named = (card) => (card.dataset.metric || alone(card) || "chart").replace(/[^\p{L}\p{N}_-]+/gu, "-").slice(0, 80);

// The drawing as a file of its own: a title over it, the page's colour under it.
function drawing(card) {
  const from = card.querySelector("svg.w-612[role=img]");
  const copy = from.cloneNode(true);
  for (const part of copy.querySelectorAll(".slots")) part.remove();
  const originals = [from, ...from.querySelectorAll("*")].filter((part) => !part.closest(".slots"));
  [copy, ...copy.querySelectorAll("*")].forEach((part, place) => {
    const look = getComputedStyle(originals[place]);
    for (const name of KEPT) part.style.setProperty(name, look.getPropertyValue(name));
    part.removeAttribute("class");
  });
  const [left, top, width, height] = from.getAttribute("viewBox").split(/\s+/).map(Number);
  const page = getComputedStyle(card.closest(".w-theme"));
  const ground = document.createElementNS(SVG, "rect");
  const box = { x: left, y: top - HEAD, width, height: height + HEAD };
  for (const [name, value] of Object.entries(box)) ground.setAttribute(name, value);
  ground.style.fill = page.getPropertyValue("--w-page").trim() || "#fff";
  const title = document.createElementNS(SVG, "text");
  title.setAttribute("x", left + 2);
  title.setAttribute("y", top - HEAD + 19);
  title.style.cssText = `font:700 14px ${page.getPropertyValue("--w-font") || "sans-serif"};fill:${getComputedStyle(card).color}`;
  title.textContent = titled(card);
  copy.prepend(ground, title);
  copy.setAttribute("xmlns", SVG);
  copy.setAttribute("viewBox", `${left} ${top - HEAD} ${width} ${height + HEAD}`);
  copy.setAttribute("width", width);
  copy.setAttribute("height", height + HEAD);
  copy.removeAttribute("tabindex");
  return { markup: new XMLSerializer().serializeToString(copy), width, height: height + HEAD };
}

async function picture(card) {
  const { markup, width, height } = drawing(card);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(markup)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * DENSE);
  canvas.height = Math.round(height * DENSE);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, fail) =>
    canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("the browser made no image"))), "image/png"),
  );
}

async function copied(card) {
  if (!navigator.clipboard?.write) throw new Error("the browser copies images on https only. Download it instead.");
  await navigator.clipboard.write([new ClipboardItem({ "image/png": picture(card) })]);
  return "Copied.";
}

function saved(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return `${name} is saved.`;
}
