"use strict";
// What is typed and chosen above the table, as one question to a row.

class Filters {
  /** `changed(passes, day)` is called with the question and the chosen day. */
  constructor(recordings, kinds, changed) {
    this.recordings = recordings;
    this.kinds = kinds;
    this.changed = changed;
  }

  show() {
    const option = (value, text) => element("option", { value }, text);
    const groups = this.kinds.map(({ label, column, words }) => element("optgroup", { label },
      ...words.map((word) => option(`${column}:${word.name}`, word.label))));
    replaceChildren(byId("show"), [option("", "all"), option("open:", "open findings"), ...groups]);
    for (const id of ["search", "day", "show"]) byId(id).addEventListener("input", () => this.apply());
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    byId("filters").addEventListener("reset", () => setTimeout(() => this.apply()));
  }

  set day(day) {
    byId("day").value = day;
    this.apply();
  }

  set kind(kind) {
    byId("show").value = kind;
    this.apply();
  }

  apply() {
    const day = byId("day").value;
    const questions = [this.text(byId("search").value), this.onDay(day), this.ofKind(byId("show").value)];
    const asked = questions.filter((question) => question);
    this.changed(asked.length === 1 ? asked[0] : (row) => asked.every((passes) => passes(row)), day);
  }

  /** Every word must be somewhere in a row; a number may be written in any usual form. */
  text(typed) {
    const lowered = typed.trim().toLowerCase();
    if (!lowered) return null;
    if (isNumber(lowered)) return this.having(numberNeedles(lowered).filter(Boolean));
    const questions = lowered.split(/\s+/).map((needle) => this.having([needle]));
    return (row) => questions.every((passes) => passes(row));
  }

  /** Whether one of the needles is in a row: in its words, its id, or its time of day. */
  having(needles) {
    const { searched, searchedIds: ids, at } = this.recordings;
    const indexes = searched.map((words) => words.index);
    const having = searched.map((words) => words.having(needles));
    const clocks = needles.filter((needle) => needle.includes(":"));
    // Asked of every row: a plain loop takes a fifth of the time.
    return (row) => {
      for (let column = 0; column < having.length; column += 1) {
        if (having[column][indexes[column][row]]) return true;
      }
      for (const needle of needles) if (ids[row].includes(needle)) return true;
      for (const needle of clocks) if (clock(at[row]).includes(needle)) return true;
      return false;
    };
  }

  onDay(day) {
    if (!day) return null;
    const first = Date.parse(`${day}T00:00:00Z`) / 1000;
    const { at } = this.recordings;
    return (row) => at[row] >= first && at[row] < first + DAY_MS / 1000;
  }

  ofKind(kind) {
    if (!kind) return null;
    const [column, word] = kind.split(":");
    if (column === "open") return (row) => this.recordings.isOpen[row] === 1;
    const coded = this.recordings[column];
    const wanted = coded.words.indexOf(word);
    return (row) => coded.index[row] === wanted;
  }
}

/** Whether it is typed as a phone number is, and no day. */
function isNumber(text) {
  return /^[+(]?[0-9][0-9 ()./-]*$/.test(text) && !/^(19|20)[0-9]{2}-[01][0-9]/.test(text);
}
