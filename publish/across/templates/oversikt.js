"use strict";
// Without this script the tables are whole, and stand in order of what is to be looked at first.
const collator = new Intl.Collator("nb", { numeric: true });
for (const table of document.querySelectorAll("table.across")) {
  const headings = [...table.tHead.rows[0].cells];
  const value = (row, column) => row.cells[column].dataset.sort || row.cells[column].textContent.trim();
  for (const heading of headings) {
    if (heading.dataset.fixed !== undefined) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const body = table.tBodies[0];
      const ordered = [...body.rows].sort((a, b) => {
        const order = collator.compare(value(a, heading.cellIndex), value(b, heading.cellIndex));
        return down ? -order : order;
      });
      body.append(...ordered);
    });
  }
}
