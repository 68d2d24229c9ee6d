"use strict";
// The one player, on the archived file itself, and beside it what is known of that file.

const UNPLAYED = {
  level: "bad",
  title: "The file can't be opened from here",
  text: "It is not where this page expects it, or it is not audio that this browser plays. What was checked before "
    + "says nothing about now: check it as below.",
};

class Player {
  /** `media` says how a path becomes an address; `closed(row)` is called when it was closed. */
  constructor(recordings, marks, media, closed) {
    this.recordings = recordings;
    this.marks = marks;
    this.media = media;
    this.closed = closed;
    this.row = -1;
  }

  show() {
    this.place = byId("player");
    this.audio = byId("audio");
    this.audio.addEventListener("error", () => { if (this.audio.hasAttribute("src")) this.tellMark(UNPLAYED, ""); });
    byId("close").addEventListener("click", () => this.close());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.place.hidden) this.close();
    });
  }

  /** Show a recording; `plays` it if it can be played from here. */
  choose(row, plays) {
    const all = this.recordings;
    this.row = row;
    this.place.hidden = false;
    document.body.classList.add("playing");
    this.tellMark(this.marks[all.mark.at(row)], all.note.at(row));
    byId("chosen").textContent = `${time(all.at[row])}  ${length(all.length[row])}`;
    this.load(all.path[row]);
    replaceChildren(byId("details"), described(this.detailsOf(row)));
    if (!plays) return;
    if (this.audio.hidden) byId("close").focus();
    else this.play();
  }

  load(path) {
    const isPlayable = path !== "" && this.media.playable;
    this.audio.hidden = !isPlayable;
    byId("silent").textContent = isPlayable ? "" : path ? this.media.instead : "The archive has no audio of it.";
    byId("silent").hidden = isPlayable;
    if (isPlayable) this.audio.src = this.media.base + path;
    else this.audio.removeAttribute("src");
  }

  play() {
    this.audio.focus();
    // What fails is told by the error event; a play that is cut short by the next one is no failure.
    this.audio.play().catch(() => {});
  }

  tellMark(mark, note) {
    const place = byId("seal");
    place.className = `seal ${mark.level}`;
    const words = note ? `${mark.text} ${note}` : mark.text;
    replaceChildren(place, [element("strong", {}, mark.title), element("span", {}, words)]);
  }

  detailsOf(row) {
    const all = this.recordings;
    const pairs = [
      ["ID", all.id[row]],
      ["Stands as", [all.standing.at(row), all.verdict.at(row)].filter(Boolean).join(", ")],
      ["Why", all.why.at(row)],
      ["From", all.caller.at(row)], ["To", all.called.at(row)], ["Agent", all.agent.at(row)],
      ["Length", length(all.length[row])], ["Reported", length(all.reported[row])],
      ["Size", Number.isNaN(all.bytes[row]) ? "" : `${size(all.bytes[row])} (${number(all.bytes[row])} bytes)`],
    ].filter(([, value]) => value !== "");
    if (!all.path[row]) return pairs;
    return [
      ...pairs,
      ["File", element("code", {}, all.path[row])],
      ["SHA-256", element("code", {}, all.sha256[row])],
      ["Check it now", element("code", {}, this.media.check.replace("PATH", () => all.path[row]))],
      ["Get it", element("code", {}, this.media.get.replace("ID", () => quoted(all.id[row])))],
    ];
  }

  close() {
    this.audio.pause();
    this.place.hidden = true;
    document.body.classList.remove("playing");
    this.closed(this.row);
  }
}

/** An id as a shell takes it for one word. */
function quoted(id) {
  return /^[A-Za-z0-9._-]+$/.test(id) ? id : `'${id.replaceAll("'", "'\\''")}'`;
}
