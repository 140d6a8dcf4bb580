"use strict";
// Copying; search, filters, sorting and the details of a list of cases. Data is shown as text, never as markup.
const field = (id) => document.getElementById(id);

// What is packed for a page: JSON, compressed, in base64.
const unpack = async (id) => {
  const packed = Uint8Array.from(atob(field(id).textContent), (letter) => letter.charCodeAt(0));
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

(() => {
  // Where the clipboard cannot be used, as in some browsers for files, a selected text can be copied.
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = add(document.body, "textarea", text, "skip");
      area.select();
      const copied = document.execCommand("copy");
      area.remove();
      return copied;
    }
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy");
    if (!button) return;
    const copied = await copy(button.dataset.copy);
    button.focus();
    field("kopiert").textContent = copied ? `Kopiert: ${button.dataset.copy}` : `Kunne ikke kopiere. Merk teksten selv: ${button.dataset.copy}`;
  });
})();

(() => {
  const table = field("saker");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const words = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const controls = { type: field("type"), org: field("enhet"), status: field("status") };
  const onlyNew = field("nye");
  const shown = field("antall");

  const detailsRow = (row) => (row.nextElementSibling && row.nextElementSibling.classList.contains("story") ? row.nextElementSibling : null);

  const filter = () => {
    const wanted = field("sok").value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const fits = wanted.every((word) => words.get(row).includes(word)) && (!onlyNew.checked || Boolean(row.dataset.change)) &&
        Object.entries(controls).every(([name, select]) => !select || !select.value || select.value.split(" ").includes(row.dataset[name]));
      row.hidden = !fits;
      const details = detailsRow(row);
      if (details) details.hidden = !fits;
      count += fits;
    }
    shown.textContent = count === 1 ? "1 sak" : `${count || "Ingen"} saker`;
  };
  field("sok").addEventListener("input", filter);
  for (const select of [...Object.values(controls), onlyNew]) if (select) select.addEventListener("change", filter);

  const collator = new Intl.Collator("nb", { numeric: true });
  const value = (row, column) => row.cells[column].dataset.sort || row.cells[column].textContent.trim();
  table.tHead.addEventListener("click", (event) => {
    const heading = event.target.closest("th");
    if (!heading || !heading.querySelector(".sort")) return;
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
  const showDetails = (cell, details) => {
    if (details.remark) add(cell, "p", details.remark, "remark");
    if (details.comment) add(cell, "p", details.comment);
    add(cell, "p", details.why);
    if (details.excepted) add(cell, "p", details.excepted);
    else {
      add(cell, "h3", "Gjør dette");
      add(cell, "p", details.remedy, "todo");
    }
    if (!details.events) {
      add(cell, "p", "Historien står ikke her: Det er for mange saker. Be den som drifter Sluttdato, hente den fram.");
      return;
    }
    if (details.who.length) {
      add(cell, "h3", "Hvem det gjelder");
      const people = add(cell, "ul");
      for (const person of details.who) add(people, "li", person);
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
    if (!button) return;
    const open = detailsRow(row);
    if (open) {
      open.remove();
      button.setAttribute("aria-expanded", "false");
      return;
    }
    button.setAttribute("aria-expanded", "true");
    allDetails = allDetails || unpack("historier");
    const details = (await allDetails)[row.id.slice(4)];
    if (detailsRow(row)) return;
    const line = document.createElement("tr");
    line.className = row.classList.contains("excepted") ? "story excepted" : "story";
    const cell = add(line, "td");
    cell.colSpan = row.cells.length;
    showDetails(cell, details);
    row.after(line);
  };
  body.addEventListener("click", (event) => {
    const button = event.target.closest(".open");
    if (button) toggle(button.closest("tr"));
  });

  // Links: #sak-S-3F9A12C4 (or an older number, or a finding's id), #type-…, #nye, #loest.
  const follow = () => {
    const hash = decodeURIComponent(location.hash.slice(1));
    const missed = field("savnet");
    missed.hidden = true;
    if (hash.startsWith("type-") && controls.type) controls.type.value = hash.slice(5);
    else if (hash === "nye") onlyNew.checked = true;
    else if (hash === "loest") controls.status.value = "resolved";
    else if (hash.startsWith("sak-")) {
      const name = hash.slice(4);
      const row = rows.find((r) => [name, `S-${name}`].includes(r.id.slice(4)) || r.dataset.finding === name);
      if (row) {
        for (const select of Object.values(controls)) if (select) select.value = "";
        onlyNew.checked = false;
        field("sok").value = "";
        filter();
        row.classList.add("found");
        const opened = detailsRow(row) ? Promise.resolve() : toggle(row);
        opened.then(() => row.scrollIntoView());
        return;
      }
      missed.textContent = `Saken ${name} står ikke i denne listen. Den kan være løst for mer enn 90 dager siden.`;
      missed.hidden = false;
    }
    filter();
  };
  window.addEventListener("hashchange", follow);
  follow();
})();

(() => {
  const search = field("finn");
  if (!search) return;
  const most = 50;
  const result = field("personer");
  const found = field("funnet");
  // As `publish.people` does it: whoever lacks Norwegian letters or accents finds the name all the same.
  const plain = (text) => text.toLowerCase().normalize("NFC").replace(/[^æøå]/g, (letter) => letter.normalize("NFD")[0]);
  const ways = (text) => [plain(text), plain(text).replace(/æ/g, "ae").replace(/ø/g, "oe").replace(/å/g, "aa"),
    plain(text).replace(/æ/g, "ae").replace(/ø/g, "o").replace(/å/g, "a")].join("\n");
  let people = null;
  const show = (person) => {
    const item = add(result, "li");
    const first = add(item, "p", "", "person");
    add(first, "strong", person.name);
    add(first, "span", ` ${person.ids}`, "quiet");
    add(item, "p", `Har tilgang: ${person.access}`, person.bad ? "todo" : "");
    add(item, "p", person.place);
    for (const number of person.cases) {
      const link = add(item, "a", number);
      link.href = `saker.html#sak-${number}`;
      item.append(" ");
    }
  };
  const look = async () => {
    if (!people) {
      people = unpack("alle").then((all) => all.map((person) => ({ ...person, words: ways([person.name, person.ids, person.place, ...person.cases].join(" ")) })));
    }
    const all = await people;
    const wanted = plain(search.value).split(/\s+/).filter(Boolean);
    const fits = wanted.length ? all.filter((person) => wanted.every((word) => person.words.includes(word))) : [];
    result.replaceChildren();
    fits.slice(0, most).forEach(show);
    if (!wanted.length) found.textContent = `${all.length} personer å søke blant`;
    else if (fits.length > most) found.textContent = `${fits.length} personer; de første ${most} vises. Skriv mer for å få færre.`;
    else found.textContent = fits.length === 1 ? "1 person" : `${fits.length || "Ingen"} personer`;
  };
  search.addEventListener("input", look);
  if (search.value) look();
})();
