"use strict";
// The days by state: a drawing for each month, a button for each day.

const CELL = 34;
const GLYPHS = {
  certified: "M20 24 l4 4 l7 -9",
  findings: "M26 17 v7 M26 28 v0.5",
  open: "M22 25 a4 4 0 1 0 8 0 a4 4 0 1 0 -8 0",
  nothing_listed: "M21 25 h10",
};
/** What is drawn in a cell, so that colour is not all that tells. */

class Calendar {
  /** `choose(day)` is called with a day's ISO date, or with "" when it is chosen no more. */
  constructor({ first, states, codes, recordings, open }, choose) {
    this.first = Date.parse(`${first}T00:00:00Z`);
    this.days = Array.from(codes, (code, index) => ({
      day: isoDay(this.first + index * DAY_MS),
      state: states[Number(code)],
      recordings: recordings[index],
      open: open[index],
    }));
    this.states = states;
    this.cells = new Map();
    this.choose = choose;
    this.chosen = "";
  }

  show(place, legend, years) {
    replaceChildren(legend, this.states.map((state) => this.legendOf(state)));
    replaceChildren(place, [...this.byYear()].map(([year, days]) => this.year(year, days)));
    this.move = roving(place, ".day", (cell, key) => this.next(cell, key));
    place.addEventListener("click", (event) => this.press(event));
    place.addEventListener("keydown", (event) => {
      if (event.target.closest(".day") && pressedByKey(event)) this.press(event);
    });
    this.years = [...place.children];
    this.buttons = this.years.map((year) => this.yearButton(year));
    replaceChildren(years, this.buttons);
    years.hidden = this.years.length < 2;
    this.showYear(this.years.at(-1));
  }

  legendOf(state) {
    const count = this.days.filter((day) => day.state === state).length;
    const box = drawn("svg", { class: "swatch", viewBox: "0 0 34 34", "aria-hidden": "true" });
    box.append(...cellOf(state.name, "", 0, 0));
    return element("li", { title: state.meaning }, box,
      element("span", {}, element("strong", {}, `${state.label} `), number(count)),
      element("span", { class: "meaning" }, state.meaning));
  }

  byYear() {
    const years = new Map();
    for (const each of this.days) {
      const year = each.day.slice(0, 4);
      if (!years.has(year)) years.set(year, []);
      years.get(year).push(each);
    }
    return years;
  }

  year(year, days) {
    const months = new Map();
    for (const each of days) {
      const month = each.day.slice(5, 7);
      if (!months.has(month)) months.set(month, []);
      months.get(month).push(each);
    }
    const drawings = [...months].map(([month, some]) => this.month(year, month, some));
    const heading = element("h3", {}, year);
    return element("div", { class: "year", "data-year": year }, heading, ...drawings);
  }

  month(year, month, days) {
    const weekday = (new Date(`${year}-${month}-01T00:00:00Z`).getUTCDay() + 6) % 7;
    const place = (each) => weekday + Number(each.day.slice(8)) - 1;
    const skipped = Math.floor(place(days[0]) / 7) * 7;
    const cells = days.map((each) => this.cell(each, place(each) - skipped));
    const height = Math.ceil((place(days.at(-1)) - skipped + 1) / 7) * CELL;
    const name = MONTHS[Number(month) - 1];
    const drawing = drawn("svg", {
      role: "group", "aria-label": `${name} ${year}`, viewBox: `0 0 ${7 * CELL} ${height}`, width: 7 * CELL, height,
    }, ...cells);
    return element("figure", {}, element("figcaption", { "aria-hidden": "true" }, name), drawing);
  }

  cell(each, place) {
    const [x, y] = [(place % 7) * CELL, Math.floor(place / 7) * CELL];
    const open = each.open ? `, ${counted(each.open, "open finding")}` : "";
    const recordings = `${counted(each.recordings, "recording")}${open}`;
    const told = `${spokenDay(each.day)}: ${each.state.label.toLowerCase()}, ${recordings}`;
    const cell = drawn("g", {
      class: "day", role: "button", tabindex: "-1", "aria-pressed": "false", "data-day": each.day,
    }, drawn("title", {}, told), ...cellOf(each.state.name, Number(each.day.slice(8)), x, y));
    this.cells.set(each.day, cell);
    return cell;
  }

  yearButton(year) {
    const button = element("button", { type: "button" }, year.dataset.year);
    button.addEventListener("click", () => this.showYear(year));
    return button;
  }

  showYear(shown) {
    this.years.forEach((year, index) => {
      year.classList.toggle("apart", year !== shown);
      this.buttons[index].setAttribute("aria-pressed", String(year === shown));
    });
    const cells = [...shown.querySelectorAll(".day")];
    this.move(cells.find((cell) => cell.dataset.day === this.chosen) ?? cells.at(-1));
  }

  next(cell, key) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
    if (!(key in steps)) return null;
    const moment = Date.parse(`${cell.dataset.day}T00:00:00Z`) + steps[key] * DAY_MS;
    const other = this.cells.get(isoDay(moment)) ?? null;
    if (other) this.showYear(other.closest(".year"));
    return other;
  }

  press(event) {
    const cell = event.target.closest(".day");
    if (!cell) return;
    this.choose(cell.dataset.day === this.chosen ? "" : cell.dataset.day);
  }

  /** Show which day is chosen; "" for none. */
  mark(day) {
    this.cells.get(this.chosen)?.setAttribute("aria-pressed", "false");
    this.chosen = day;
    const cell = this.cells.get(day);
    if (!cell) return;
    cell.setAttribute("aria-pressed", "true");
    this.showYear(cell.closest(".year"));
  }
}

function cellOf(state, text, x, y) {
  const shapes = [drawn("rect", {
    class: `cell ${state}`, x: x + 1.5, y: y + 1.5, width: CELL - 3, height: CELL - 3, rx: 5,
  })];
  if (state === "not_looked_at") shapes.push(hatch(x, y));
  if (text !== "") shapes.push(drawn("text", {
    class: `number ${state}`, x: x + 6, y: y + 15, "aria-hidden": "true",
  }, String(text)));
  const glyph = GLYPHS[state];
  if (glyph) shapes.push(drawn("path", { class: `glyph ${state}`, d: glyph, transform: `translate(${x} ${y})` }));
  return shapes;
}

function hatch(x, y) {
  const lines = [10, 18, 26, 34, 42, 50, 58].map((sum) => {
    const [low, high] = [Math.max(4, sum - 30), Math.min(30, sum - 4)];
    return `M${low} ${sum - low} L${high} ${sum - high}`;
  });
  return drawn("path", { class: "hatch", d: lines.join(" "), transform: `translate(${x} ${y})` });
}
