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
    this.changed((row) => asked.every((passes) => passes(row)), day);
  }

  /** Every word must be somewhere in a row; a number may be written in any usual form. */
  text(typed) {
    const lowered = typed.trim().toLowerCase();
    if (!lowered) return null;
    if (isNumber(lowered)) return this.having([lowered, digits(lowered)].filter(Boolean));
    const questions = lowered.split(/\s+/).map((needle) => this.having([needle]));
    return (row) => questions.every((passes) => passes(row));
  }

  /** Whether one of the needles is in a row: in its words, its id, or its time of day. */
  having(needles) {
    const { searched, id, at } = this.recordings;
    const columns = searched.map((words) => [words.index, words.having(needles)]);
    const hasTime = needles.some((needle) => needle.includes(":"));
    return (row) => columns.some(([index, has]) => has[index[row]] === 1)
      || needles.some((needle) => id[row].toLowerCase().includes(needle))
      || (hasTime && needles.some((needle) => time(at[row]).slice(11).includes(needle)));
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
  return /^[+(]?[0-9][0-9 ()./-]*$/.test(text) && !/^[0-9]{4}-[0-9]{2}/.test(text);
}
