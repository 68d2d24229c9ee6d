"use strict";
// How times, lengths, sizes and counts are written.

const MONTHS = [
  "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
  "November", "December",
];
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const DAY_MS = 86_400_000;

/** A moment of the portal's clock, in seconds since 1970 as if that clock were UTC. */
function time(seconds) {
  if (Number.isNaN(seconds)) return "undated";
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
}

const CLOCKS = [];

/** The time of day of such a moment; each second's is written once. */
function clock(seconds) {
  const second = ((seconds % 86_400) + 86_400) % 86_400;
  CLOCKS[second] ??= time(second).slice(11);
  return CLOCKS[second];
}

function isoDay(moment) {
  return new Date(moment).toISOString().slice(0, 10);
}

function spokenDay(day) {
  const date = new Date(`${day}T00:00:00Z`);
  const month = MONTHS[date.getUTCMonth()];
  return `${WEEKDAYS[date.getUTCDay()]} ${date.getUTCDate()} ${month} ${date.getUTCFullYear()}`;
}

function length(ms) {
  if (Number.isNaN(ms)) return "";
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const whole = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const seconds = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

function size(bytes) {
  if (Number.isNaN(bytes)) return "";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit ? value.toFixed(1) : value} ${units[unit]}`;
}

function number(value) {
  return value.toLocaleString("en");
}

function counted(count, one, several = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : several}`;
}
