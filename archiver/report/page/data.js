"use strict";
// The data stands in the page as base64 of gzip of JSON, in columns: text that can't be markup.

async function readData() {
  const block = byId("data");
  const bytes = fromBase64(block.textContent.trim());
  block.remove();
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(plain).text());
}

function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

/** A column of words that repeat: each once, and a number a row. */
class Coded {
  constructor({ words, index }) {
    this.words = words;
    this.index = Uint32Array.from(index);
  }

  at(row) {
    return this.words[this.index[row]];
  }

  /** For each row, its word's place when they are sorted. */
  ranks() {
    const order = [...this.words.keys()].sort((a, b) => compareTexts(this.words[a], this.words[b]));
    const ranks = new Uint32Array(order.length);
    order.forEach((word, place) => { ranks[word] = place; });
    return Float64Array.from(this.index, (word) => ranks[word]);
  }
}

function compareTexts(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}

const MASKED = "•";
/** So many digits are a whole number; so many of its last ones are shown of one that is masked. */
const [WHOLE, SHOWN] = [7, 3];
const CODED = ["caller", "called", "agent", "standing", "verdict", "why", "mark", "note"];
const NUMBERS = ["at", "length", "reported", "bytes"];

/** The recordings by column; a number that is not known is NaN. */
class Recordings {
  constructor(columns) {
    this.count = columns.id.length;
    for (const name of CODED) this[name] = new Coded(columns[name]);
    for (const name of NUMBERS) {
      this[name] = Float64Array.from(columns[name], (value) => value ?? NaN);
    }
    this.isOpen = Uint8Array.from(columns.open);
    this.id = columns.id;
    this.sha256 = columns.sha256;
    this.path = columns.path;
    this.day = dayColumn(this.at);
    this.searchedIds = this.id.map((id) => id.toLowerCase());
    this.searched = [
      ...["caller", "called"].map((name) => new SearchedWords(this[name], numberTexts)),
      ...["agent", "standing", "verdict", "why", "day"].map((name) => new SearchedWords(this[name], (text) => [text])),
    ];
  }
}

/** The portal's days as a column of words, as they are typed. */
function dayColumn(seconds) {
  const places = new Map();
  const index = Array.from(seconds, (at) => {
    const day = Number.isNaN(at) ? -1 : Math.floor(at / 86_400);
    if (!places.has(day)) places.set(day, places.size);
    return places.get(day);
  });
  const words = [...places.keys()].map((day) => (day < 0 ? "undated" : isoDay(day * DAY_MS)));
  return new Coded({ words, index });
}

/** The words of a column in lower case: each is searched once, however many rows have it. */
class SearchedWords {
  constructor(column, textsOf) {
    this.index = column.index;
    this.texts = column.words.map((word) => textsOf(word).join("\n").toLowerCase());
  }

  /** For each word, 1 where one of the needles is in it. */
  having(needles) {
    const has = (text) => needles.some((needle) => text.includes(needle));
    return Uint8Array.from(this.texts, (text) => Number(has(text)));
  }
}

/** A number as it is written, by its digits and, masked, by the last of them that are shown. */
function numberTexts(text) {
  return [text, digits(text), text.includes(MASKED) ? MASKED + digits(text) : ""];
}

/** What a typed number is looked for by: as typed, and in any usual form if it is a whole one. */
function numberNeedles(typed) {
  const all = digits(typed);
  return all.length < WHOLE ? [typed, all] : [typed, all.replace(/^0+/, ""), MASKED + all.slice(-SHOWN)];
}

function digits(text) {
  return text.replace(/[^0-9]/g, "");
}
