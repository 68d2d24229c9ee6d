"use strict";
// Measured against reported length: the ordinary is binned, the exceptional drawn one by one.

const PLOT = { width: 760, height: 430, left: 64, right: 16, top: 12, bottom: 46, bins: 72 };
const TICKS = [[1, "1 s"], [10, "10 s"], [60, "1 min"], [600, "10 min"], [3600, "1 h"], [14_400, "4 h"]];

class Plot {
  /** `outliers` are rows, the farthest first; `choose(row)` is called when one is chosen. */
  constructor(recordings, outliers, choose) {
    this.recordings = recordings;
    this.outliers = outliers;
    this.choose = choose;
    this.rows = [];
    for (let row = 0; row < recordings.count; row += 1) {
      if (recordings.length[row] > 0 && recordings.reported[row] > 0) this.rows.push(row);
    }
    const longest = this.rows.reduce((most, row) =>
      Math.max(most, recordings.length[row], recordings.reported[row]), 60_000);
    [this.low, this.high] = [Math.log10(500), Math.log10(longest * 1.2)];
  }

  show(place) {
    const { width, height } = PLOT;
    const label = `Measured against reported length of ${counted(this.rows.length, "recording")}`;
    const points = drawn("g", { class: "outliers" }, ...this.outliers.map((row, index) => this.outlier(row, index)));
    const drawing = drawn("svg", { role: "group", "aria-label": label, viewBox: `0 0 ${width} ${height}` },
      ...this.axes(), ...this.bins(), points);
    replaceChildren(place, [drawing]);
    // Not on the drawing: what is drawn and hears of the focus could have it itself.
    roving(place, ".outlier", (point, key) => {
      if (key === "ArrowRight" || key === "ArrowDown") return point.nextElementSibling;
      return key === "ArrowLeft" || key === "ArrowUp" ? point.previousElementSibling : null;
    });
    const press = (event) => {
      const point = event.target.closest(".outlier");
      if (point) this.choose(Number(point.dataset.row));
    };
    place.addEventListener("click", press);
    place.addEventListener("keydown", (event) => {
      if (event.target.closest(".outlier") && pressedByKey(event)) press(event);
    });
  }

  x(ms) {
    const share = (Math.log10(Math.max(ms, 500)) - this.low) / (this.high - this.low);
    return PLOT.left + share * (PLOT.width - PLOT.left - PLOT.right);
  }

  y(ms) {
    const share = (Math.log10(Math.max(ms, 500)) - this.low) / (this.high - this.low);
    return PLOT.height - PLOT.bottom - share * (PLOT.height - PLOT.top - PLOT.bottom);
  }

  axes() {
    const [bottom, right] = [PLOT.height - PLOT.bottom, PLOT.width - PLOT.right];
    const shapes = [];
    for (const [seconds, text] of TICKS.filter(([each]) => Math.log10(each * 1000) < this.high)) {
      const [x, y] = [this.x(seconds * 1000), this.y(seconds * 1000)];
      shapes.push(drawn("path", { class: "grid", d: `M${x} ${PLOT.top} V${bottom} M${PLOT.left} ${y} H${right}` }));
      shapes.push(drawn("text", { class: "tick", x, y: bottom + 18, "text-anchor": "middle" }, text));
      shapes.push(drawn("text", { class: "tick", x: PLOT.left - 8, y: y + 4, "text-anchor": "end" }, text));
    }
    shapes.push(drawn("path", { class: "diagonal", d: `M${PLOT.left} ${bottom} L${right} ${PLOT.top}` }));
    const middle = (PLOT.left + right) / 2;
    shapes.push(drawn("text", { class: "axis", x: middle, y: PLOT.height - 8, "text-anchor": "middle" }, "reported by the portal"));
    const upright = `translate(14 ${(PLOT.top + bottom) / 2}) rotate(-90)`;
    shapes.push(drawn("text", { class: "axis", transform: upright, "text-anchor": "middle" }, "measured in the audio"));
    return shapes;
  }

  bins() {
    const [columns, counts] = [PLOT.bins, new Uint32Array(PLOT.bins * PLOT.bins)];
    const apart = new Set(this.outliers);
    const place = (ms) => Math.min(columns - 1, Math.floor(
      (Math.log10(Math.max(ms, 500)) - this.low) / (this.high - this.low) * columns));
    for (const row of this.rows) {
      if (apart.has(row)) continue;
      counts[place(this.recordings.length[row]) * columns + place(this.recordings.reported[row])] += 1;
    }
    const most = counts.reduce((one, other) => Math.max(one, other), 1);
    const [wide, high] = [
      (PLOT.width - PLOT.left - PLOT.right) / columns, (PLOT.height - PLOT.top - PLOT.bottom) / columns,
    ];
    const shapes = [];
    counts.forEach((count, index) => {
      if (!count) return;
      const level = 1 + Math.round(4 * Math.log(count) / Math.log(Math.max(most, 2)));
      shapes.push(drawn("rect", {
        class: `bin level${level}`, width: wide + 0.4, height: high + 0.4,
        x: PLOT.left + (index % columns) * wide,
        y: PLOT.height - PLOT.bottom - (Math.floor(index / columns) + 1) * high,
      }));
    });
    return shapes;
  }

  outlier(row, index) {
    const { length: measured, reported, at, id } = this.recordings;
    const lengths = `reported ${length(reported[row])}, measured ${length(measured[row])}`;
    const told = `${time(at[row])}, ${lengths}, ${id[row]}`;
    const [x, y] = [this.x(reported[row]), this.y(measured[row])];
    return drawn("g", {
      class: "outlier", role: "button", tabindex: index ? "-1" : "0", "data-row": row,
    }, drawn("title", {}, told), drawn("circle", { class: "reach", cx: x, cy: y, r: 12 }),
    drawn("circle", { class: "point", cx: x, cy: y, r: 4.5 }));
  }
}
