"use strict";
// Search, filters, sorting and the details of a list of cases. Data is shown as text, never as markup.
(() => {
  const table = document.getElementById("saker");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const words = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const field = (id) => document.getElementById(id);
  const controls = { type: field("type"), org: field("enhet"), status: field("status") };
  const shown = field("antall");

  const detailsRow = (row) => (row.nextElementSibling && row.nextElementSibling.className === "story" ? row.nextElementSibling : null);

  const filter = () => {
    const wanted = field("sok").value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const fits = wanted.every((word) => words.get(row).includes(word)) &&
        Object.entries(controls).every(([name, select]) => !select || !select.value || row.dataset[name] === select.value);
      row.hidden = !fits;
      const details = detailsRow(row);
      if (details) details.hidden = !fits;
      count += fits;
    }
    shown.textContent = count === rows.length ? `${count} saker` : `${count} av ${rows.length} saker`;
  };
  field("sok").addEventListener("input", filter);
  for (const select of Object.values(controls)) if (select) select.addEventListener("change", filter);

  const collator = new Intl.Collator("nb", { numeric: true });
  const value = (row, column) => row.cells[column].dataset.sort || row.cells[column].textContent.trim();
  table.tHead.addEventListener("click", (event) => {
    const heading = event.target.closest("th");
    if (!heading) return;
    const down = heading.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const ordered = [...rows].sort((a, b) => {
      const order = collator.compare(value(a, heading.cellIndex), value(b, heading.cellIndex));
      return down ? -order : order;
    });
    for (const row of ordered) {
      const details = detailsRow(row);
      body.append(row);
      if (details) row.after(details);
    }
  });

  let allDetails = null;
  const unpack = async () => {
    const packed = Uint8Array.from(atob(field("historier").textContent), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };
  const add = (parent, name, text, className) => {
    const element = document.createElement(name);
    if (text) element.textContent = text;
    if (className) element.className = className;
    parent.append(element);
    return element;
  };

  const showDetails = (cell, details) => {
    add(cell, "p", details.why);
    add(cell, "h3", "Gjør dette");
    add(cell, "p", details.remedy, "todo");
    if (details.excepted) add(cell, "p", `Unntatt: ${details.excepted}`);
    if (!details.events) {
      add(cell, "p", "Historien står ikke her: det er for mange saker. Spør «sluttdato explain» om saken.");
      return;
    }
    add(cell, "h3", "Hvorfor det er en sak");
    const reasons = add(cell, "ul");
    for (const reason of details.reasons) add(reasons, "li", reason.replace(/^ +– /, ""), reason.startsWith(" ") && "sub");
    add(cell, "h3", "Hva systemene har sagt, og når");
    const history = add(cell, "table");
    const head = add(add(history, "thead"), "tr");
    for (const heading of ["Dag", "System", "Sa"]) add(head, "th", heading).scope = "col";
    const lines = add(history, "tbody");
    for (const event of details.events) {
      const line = add(lines, "tr");
      for (const text of event) add(line, "td", text);
    }
  };

  const toggle = async (row) => {
    const button = row.querySelector(".open");
    const open = detailsRow(row);
    if (open) {
      open.remove();
      button.setAttribute("aria-expanded", "false");
      return;
    }
    button.setAttribute("aria-expanded", "true");
    allDetails = allDetails || unpack();
    const details = (await allDetails)[row.id.slice(4)];
    if (detailsRow(row)) return;
    const line = document.createElement("tr");
    line.className = "story";
    const cell = add(line, "td");
    cell.colSpan = row.cells.length;
    showDetails(cell, details);
    row.after(line);
  };
  body.addEventListener("click", (event) => {
    const button = event.target.closest(".open");
    if (button) toggle(button.closest("tr"));
  });

  const follow = () => {
    const [kind, name] = [location.hash.slice(1, 5), location.hash.slice(location.hash.indexOf("-") + 1)];
    if (kind === "type" && controls.type) {
      controls.type.value = name;
      filter();
    } else if (kind === "sak-") {
      const row = rows.find((r) => r.id.slice(4) === name || r.querySelector(".open").textContent === name);
      if (row && !detailsRow(row)) toggle(row).then(() => row.scrollIntoView());
    }
  };
  window.addEventListener("hashchange", follow);
  filter();
  follow();
})();
