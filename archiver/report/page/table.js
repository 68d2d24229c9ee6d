"use strict";
// The recordings: filtered and sorted in columns, shown a page of real table rows at a time.

const PAGE_ROWS = 100;
const COLUMNS = [
  { name: "at", title: "Time", key: (all) => all.at },
  { name: "length", title: "Length", key: (all) => all.length, cell: (all, row) => length(all.length[row]) },
  { name: "reported", title: "Reported", key: (all) => all.reported, cell: (all, row) => length(all.reported[row]) },
  { name: "caller", title: "From", key: (all) => all.caller.ranks(), cell: (all, row) => all.caller.at(row) },
  { name: "called", title: "To", key: (all) => all.called.ranks(), cell: (all, row) => all.called.at(row) },
  { name: "agent", title: "Agent", key: (all) => all.agent.ranks(), cell: (all, row) => all.agent.at(row) },
  { name: "verdict", title: "Audio", key: (all) => all.verdict.ranks() },
  { name: "mark", title: "File", key: (all) => all.mark.ranks() },
  { name: "id", title: "ID", key: (all) => textRanks(all.id), cell: (all, row) => all.id[row] },
];

function textRanks(texts) {
  const order = [...texts.keys()].sort((one, other) => compareTexts(texts[one], texts[other]));
  const ranks = new Float64Array(texts.length);
  order.forEach((row, place) => { ranks[row] = place; });
  return ranks;
}

class Table {
  /** `choose(row)` is called when a recording is chosen; `marks` say how each mark is worded. */
  constructor(recordings, marks, choose) {
    this.recordings = recordings;
    this.marks = marks;
    this.choose = choose;
    this.orders = new Map();
    this.sorted = { name: "at", descending: true };
    this.passes = () => true;
    this.rows = [];
    this.page = 0;
    this.chosen = -1;
  }

  show() {
    this.head = byId("table").tHead.rows[0];
    this.body = byId("table").tBodies[0];
    replaceChildren(this.head, COLUMNS.map((column) => this.header(column)));
    this.body.addEventListener("click", (event) => this.press(event));
    roving(this.body, "button", (button, key) => {
      const row = button.closest("tr");
      if (key === "ArrowDown") return row.nextElementSibling?.querySelector("button");
      return key === "ArrowUp" ? row.previousElementSibling?.querySelector("button") : null;
    });
    const turns = {
      first: () => 0, previous: () => this.page - 1, next: () => this.page + 1, last: () => this.pages - 1,
    };
    for (const [id, turn] of Object.entries(turns)) {
      byId(id).addEventListener("click", () => this.turn(turn()));
    }
    byId("page").addEventListener("change", (event) => this.turn(event.target.valueAsNumber - 1));
    this.filter(this.passes);
  }

  header(column) {
    const button = element("button", { type: "button" }, column.title);
    button.addEventListener("click", () => {
      const descending = this.sorted.name === column.name ? !this.sorted.descending : false;
      this.sorted = { name: column.name, descending };
      this.filter(this.passes);
    });
    return element("th", { scope: "col", class: column.name }, button);
  }

  /** All rows in the order of a column; what is not known comes last. Kept, for it takes a while. */
  order() {
    const { name, descending } = this.sorted;
    const order = `${name} ${descending}`;
    if (!this.orders.has(order)) {
      const sign = descending ? -1 : 1;
      const keys = COLUMNS.find((column) => column.name === name).key(this.recordings);
      const signed = Float64Array.from(keys, (key) => (Number.isNaN(key) ? Number.MAX_VALUE : sign * key));
      const rows = Uint32Array.from({ length: this.recordings.count }, (_, row) => row);
      this.orders.set(order, rows.sort((one, other) => signed[one] - signed[other] || sign * (one - other)));
    }
    return this.orders.get(order);
  }

  filter(passes) {
    this.passes = passes;
    this.rows = this.order().filter((row) => passes(row));
    this.turn(0);
  }

  get pages() {
    return Math.max(1, Math.ceil(this.rows.length / PAGE_ROWS));
  }

  turn(page) {
    this.page = Math.min(Math.max(0, Number.isNaN(page) ? this.page : page), this.pages - 1);
    const first = this.page * PAGE_ROWS;
    const shown = [...this.rows.subarray(first, first + PAGE_ROWS)];
    replaceChildren(this.body, shown.map((row, index) => this.row(row, first + index, index === 0)));
    byId("table").setAttribute("aria-rowcount", this.rows.length + 1);
    for (const [index, column] of COLUMNS.entries()) {
      const order = this.sorted.descending ? "descending" : "ascending";
      this.head.cells[index].setAttribute("aria-sort", column.name === this.sorted.name ? order : "none");
    }
    this.tell(first, shown.length);
  }

  tell(first, count) {
    const { length: found } = this.rows;
    const all = this.recordings.count;
    const of = found === all ? counted(all, "recording") : `${number(found)} of ${counted(all, "recording")}`;
    byId("found").textContent = count ? `${of}; rows ${number(first + 1)} to ${number(first + count)} are shown.` : `${of}.`;
    Object.assign(byId("page"), { value: this.page + 1, max: this.pages });
    byId("pages").textContent = `of ${number(this.pages)}`;
    for (const id of ["first", "previous"]) byId(id).disabled = this.page === 0;
    for (const id of ["next", "last"]) byId(id).disabled = this.page === this.pages - 1;
  }

  row(row, place, isFirst) {
    const cells = COLUMNS.map((column) => {
      const content = column.cell ? column.cell(this.recordings, row) : this.special(column.name, row, isFirst);
      return element("td", { class: column.name }, content);
    });
    return element("tr", {
      "aria-rowindex": place + 2, "data-row": row, class: row === this.chosen ? "chosen" : null,
    }, ...cells);
  }

  special(name, row, isFirst) {
    const all = this.recordings;
    if (name === "at") {
      const verb = all.path[row] ? "Play" : "Show";
      return element("button", {
        type: "button", class: all.path[row] ? "play" : "play silent", tabindex: isFirst ? "0" : "-1",
        "aria-label": `${verb} ${time(all.at[row])}`,
      }, time(all.at[row]));
    }
    if (name === "verdict") {
      const words = all.verdict.at(row) || all.standing.at(row);
      return element("span", { class: all.isOpen[row] ? "open" : null }, words);
    }
    const mark = this.marks[all.mark.at(row)];
    return element("span", { class: `badge ${mark.level}`, title: mark.text }, mark.short);
  }

  press(event) {
    const button = event.target.closest("button");
    if (button) this.choose(Number(button.closest("tr").dataset.row));
  }

  /** Show which recording is chosen, on the page where it is if that is not shown. */
  mark(row) {
    this.chosen = row;
    const place = this.rows.indexOf(row);
    if (place >= 0 && Math.floor(place / PAGE_ROWS) !== this.page) this.turn(Math.floor(place / PAGE_ROWS));
    for (const each of this.body.rows) each.classList.toggle("chosen", Number(each.dataset.row) === row);
  }

  focus(row) {
    this.body.querySelector(`tr[data-row="${row}"] button`)?.focus();
  }
}
