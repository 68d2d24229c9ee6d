"use strict";
// The page as a whole: what its parts are given, and what one tells another.

function showAbout(data) {
  byId("subject").textContent = data.subject;
  document.title = `Archive report: ${data.subject}`;
  replaceChildren(byId("about"), described(data.about));
  replaceChildren(byId("state"), data.state.map(({ level, title, text }) => element("li", { class: level },
    element("strong", {}, title), element("span", {}, text))));
  replaceChildren(byId("totals"), data.totals.map(({ label, value, note }) => element("div", {},
    element("dt", {}, label), element("dd", {}, value), element("dd", { class: "note" }, note))));
}

function showFindings({ note, rows }, choose) {
  byId("findings-note").textContent = note;
  byId("findings-scroller").hidden = rows.length === 0;
  replaceChildren(byId("findings").tBodies[0], rows.map((finding) => {
    const button = element("button", { type: "button", class: "play silent" }, finding.at);
    button.addEventListener("click", () => choose(finding.row));
    return element("tr", {},
      element("td", {}, finding.row < 0 ? finding.at : button, element("span", { class: "id" }, finding.id)),
      element("td", {}, finding.kind), element("td", {}, finding.why),
      element("td", {}, element("code", {}, finding.command)));
  }));
}

function showCheck(steps) {
  replaceChildren(byId("check"), steps.map(({ text, command }) => element("div", { class: "step" },
    element("p", {}, text), command ? element("code", {}, command) : null)));
}

async function start() {
  const data = await readData();
  const recordings = new Recordings(data.recordings);
  const choose = (row, plays) => {
    table.mark(row);
    player.choose(row, plays);
  };
  const player = new Player(recordings, data.marks, data.media, (row) => table.focus(row));
  const table = new Table(recordings, data.marks, (row) => choose(row, true));
  const filters = new Filters(recordings, data.kinds, (passes, day) => {
    table.filter(passes);
    calendar.mark(day);
  });
  const calendar = new Calendar(data.calendar, (day) => {
    filters.day = day;
    if (day) byId("recordings").scrollIntoView();
  });
  const plot = new Plot(recordings, data.plot.outliers, (row) => choose(row, false));
  showAbout(data);
  showFindings(data.findings, (row) => choose(row, true));
  showCheck(data.check);
  byId("plot-note").textContent = data.plot.note;
  calendar.show(byId("calendar"), byId("legend"), byId("years"));
  plot.show(byId("plot"));
  player.show();
  filters.show();
  table.show();
  byId("report").hidden = false;
  document.documentElement.dataset.usable = Math.round(performance.now());
}

start().catch((error) => {
  console.error(error);
  const place = byId("broken");
  place.hidden = false;
  place.textContent = typeof DecompressionStream === "undefined"
    ? "This browser is too old for this page: it needs one of 2023 or newer."
    : `This page is damaged, so nothing of it is shown (${error.name}). Make it anew: archiver report`;
});
