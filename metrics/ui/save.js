// Hands a file over to the browser, once for each time it was asked for.
const given = new Set();

export default function mount({ data }) {
  if (!(data instanceof Uint8Array)) return;
  const cut = data.indexOf(10);
  const { id, name, mime } = JSON.parse(new TextDecoder().decode(data.subarray(0, cut)));
  if (given.has(id)) return;
  given.add(id);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([data.slice(cut + 1)], { type: mime }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
