"use strict";
(async () => {
  const byId = (id) => document.getElementById(id);
  const packed = byId("packed");
  if (!packed) return;
  const UNIT = "\u001f", AT_ONCE = 25, CODE = 2;
  const raw = atob(packed.textContent.trim());
  const bytes = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at += 1) bytes[at] = raw.charCodeAt(at);
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const text = await new Response(unpacked).text();
  packed.remove();
  const lines = text.split("\n");
  let folded = null;
  const all = lines.map((_, at) => at);
  const heads = [...byId("table").tHead.rows[0].cells];
  const body = byId("table").tBodies[0];
  let order = all, shown = all, first = 0;
  const counted = (count) => `${count.toLocaleString("en")} ${count === 1 ? "row" : "rows"}`;

  const draw = () => {
    body.replaceChildren(...shown.slice(first, first + AT_ONCE).map((at) => {
      const row = document.createElement("tr");
      for (const cell of lines[at].split(UNIT)) row.insertCell().textContent = cell;
      return row;
    }));
    const pages = Math.max(1, Math.ceil(shown.length / AT_ONCE));
    byId("found").textContent = shown.length === lines.length
      ? counted(lines.length) : `${shown.length.toLocaleString("en")} of ${counted(lines.length)}`;
    byId("page").textContent = `Page ${(first / AT_ONCE + 1).toLocaleString("en")} of ${pages.toLocaleString("en")}`;
    byId("back").disabled = first === 0;
    byId("forth").disabled = first + AT_ONCE >= shown.length;
    byId("pages").hidden = pages === 1;
  };

  const search = () => {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const code = byId("code").value;
    if (words.length && folded === null) folded = text.toLowerCase().split("\n");
    shown = order.filter((at) =>
      words.every((word) => folded[at].includes(word)) && (!code || lines[at].split(UNIT, CODE + 1)[CODE] === code));
    first = 0;
    draw();
  };

  const sort = (column) => {
    const descending = heads[column].getAttribute("aria-sort") === "ascending";
    for (const head of heads) head.removeAttribute("aria-sort");
    heads[column].setAttribute("aria-sort", descending ? "descending" : "ascending");
    const cells = lines.map((line) => line.split(UNIT, column + 1)[column] ?? "");
    const numbers = cells.every((cell) => /^\d{0,15}$/.test(cell));
    const keys = numbers ? cells.map(Number) : cells.map((cell) => cell.toLowerCase());
    const way = descending ? -1 : 1;
    order = [...all].sort((one, other) =>
      (keys[one] < keys[other] ? -way : keys[one] > keys[other] ? way : one - other));
    search();
  };

  let waiting = 0;
  byId("search").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(search, 80); });
  byId("code").addEventListener("change", search);
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  byId("back").addEventListener("click", () => { first -= AT_ONCE; draw(); });
  byId("forth").addEventListener("click", () => { first += AT_ONCE; draw(); });
  heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => sort(column)));
  for (const link of document.querySelectorAll("[data-code]")) {
    link.addEventListener("click", () => { byId("search").value = ""; byId("code").value = link.dataset.code; search(); });
  }
  byId("controls").hidden = false;
  draw();
  byId("table").dataset.ready = "yes";
})();
