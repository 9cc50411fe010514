/* The report's treemap and charts. */

/* --- the treemap: rectangles as square as they can be (Bruls, Huizing, van Wijk) --- */

const squarify = (items, x, y, w, h, place) => {
  let total = items.reduce((sum, item) => sum + item.value, 0);
  let from = 0;
  while (from < items.length && total > 0) {
    const side = Math.min(w, h),
      scale = (w * h) / total;
    const worst = (sum, first, last) =>
      Math.max((side * side * first) / (sum * sum * scale), (sum * sum * scale) / (side * side * last));
    let to = from + 1,
      sum = items[from].value;
    while (
      to < items.length &&
      worst(sum + items[to].value, items[from].value, items[to].value) <=
        worst(sum, items[from].value, items[to - 1].value)
    )
      sum += items[to++].value;
    const depth = (sum * scale) / side;
    let along = 0;
    for (; from < to; from++) {
      const length = (items[from].value * scale) / depth;
      if (w >= h) place(items[from], x, y + along, depth, length);
      else place(items[from], x + along, y, length, depth);
      along += length;
    }
    if (w >= h) ((x += depth), (w -= depth));
    else ((y += depth), (h -= depth));
    total -= sum;
  }
};
/* Dark enough for white letters; neighbours differ, since tiles take them in turn. */
const colours = [
  "#34679e",
  "#2b7a75",
  "#71519e",
  "#8a651c",
  "#3e7b4f",
  "#9c4668",
  "#46629c",
  "#66702a",
  "#a1553a",
  "#2f6f8f",
];
const treemap = (label, items) => {
  const most = 400,
    box = el("nav", { class: "map", "aria-label": label });
  items = items.filter((i) => i.value > 0).sort((a, b) => b.value - a.value);
  if (items.length > most) {
    const others = items.splice(most - 1);
    items.push({
      name: count(others.length, "smaller one"),
      value: others.reduce((sum, i) => sum + i.value, 0),
      free: true,
    });
    items.sort((a, b) => b.value - a.value);
  }
  const draw = () => {
    const W = box.clientWidth || 1000,
      H = box.clientHeight || 320;
    box.replaceChildren();
    let turn = 0;
    squarify(items, 0, 0, W, H, (item, x, y, w, h) => {
      const tile = el(
        "a",
        {
          href: item.href,
          class: [item.free ? "free" : "", w < 46 || h < 22 ? "tiny" : ""].join(" ").trim() || null,
          title: `${item.name}: ${size(item.value)}`,
          "aria-label": `${item.name}, ${size(item.value)}`,
        },
        el("b", null, item.name),
        h >= 42 && el("span", null, size(item.value)),
      );
      Object.assign(tile.style, {
        left: `${(100 * x) / W}%`,
        top: `${(100 * y) / H}%`,
        width: `${(100 * w) / W}%`,
        height: `${(100 * h) / H}%`,
      });
      if (!item.free) tile.style.setProperty("--tile", colours[turn++ % colours.length]);
      box.append(tile);
    });
  };
  new ResizeObserver(draw).observe(box);
  return box;
};
const crumbs = (...kids) => el("nav", { class: "crumbs", "aria-label": "Where you are" }, kids);
const home = () => el("a", { href: "#/" }, "All repositories");

const mapOfAll = () =>
  treemap("Repositories by their part of the disk", [
    ...repos.map((r) => ({ name: r.name, value: r.share, href: `#/r/${encode(r.name)}` })),
    { name: "Untagged", value: data.untagged_bytes, free: true },
    { name: "Reclaimable", value: data.reclaimable_bytes, free: true },
    { name: "Young", value: data.young_bytes, free: true },
    { name: "Uploads", value: data.upload_bytes, free: true },
  ]);
const mapOf = (repo) => {
  const users = new Map();
  for (const tag of repo.list)
    if (!tag.damaged) for (const part of parts(tag.image)) users.set(part, (users.get(part) || 0) + 1);
  const value = (tag) =>
    tag.damaged ? 0 : parts(tag.image).reduce((sum, part) => sum + weight(part) / users.get(part), 0);
  return treemap(`Tags of ${repo.name} by their part of it`, [
    ...repo.list.map((t) => ({ name: t.tag, value: value(t), href: `#/t/${encode(t.full)}` })),
    { name: "Untagged", value: repo.untagged_bytes, free: true },
  ]);
};

/* --- charts --- */

/* What the tags of today need, by the day on which a tag first needed it. */
const growth = () => {
  const days = new Map();
  for (const tag of tags.filter((t) => t.updated != null && !t.damaged).sort((a, b) => a.updated - b.updated)) {
    const day = Math.floor(tag.updated / 86400) * 86400;
    let fresh = 0;
    for (const part of parts(tag.image)) if (!part.counted) ((part.counted = true), (fresh += weight(part)));
    days.set(day, (days.get(day) || 0) + fresh);
  }
  let sum = 0;
  return [...days].map(([day, bytes]) => [day, (sum += bytes)]);
};
const growthChart = () => {
  const points = growth();
  if (points.length < 2)
    return el(
      "p",
      { class: "hint" },
      points.length ? `All tags were pushed on ${iso(points[0][0]).slice(0, 10)}.` : "There are no tags.",
    );
  const figure = el("figure", {
    role: "img",
    "aria-label": `From ${size(points[0][1])} on ${iso(points[0][0]).slice(0, 10)} to ${size(points.at(-1)[1])} on ${iso(points.at(-1)[0]).slice(0, 10)}`,
  });
  const draw = () => {
    const W = figure.clientWidth || 600,
      H = 210,
      left = 62,
      bottom = 24;
    const [x0, x1] = [points[0][0], Math.max(points.at(-1)[0], made)],
      top = points.at(-1)[1] || 1;
    const step = [1, 2, 5, 10].map((f) => f * 10 ** Math.floor(Math.log10(top / 3))).find((s) => top / s <= 4.5);
    const X = (t) => left + ((t - x0) / (x1 - x0 || 1)) * (W - left - 4),
      Y = (v) => H - bottom - (v / (top * 1.05)) * (H - bottom - 8);
    let path = `M${X(x0)},${Y(0)}`;
    points.forEach(([t, v], i) => (path += `L${X(t)},${Y(i ? points[i - 1][1] : 0)}L${X(t)},${Y(v)}`));
    path += `L${X(x1)},${Y(top)}`;
    const lines = [];
    for (let v = 0; v <= top * 1.05; v += step)
      lines.push(
        el("line", { class: "grid", x1: left, x2: W, y1: Y(v), y2: Y(v) }),
        el("text", { x: left - 8, y: Y(v) + 4, "text-anchor": "end" }, size(v)),
      );
    const marks = W < 420 ? 2 : 4;
    for (let i = 0; i <= marks; i++)
      lines.push(
        el(
          "text",
          {
            x: X(x0 + ((x1 - x0) * i) / marks),
            y: H - 4,
            "text-anchor": i === 0 ? "start" : i === marks ? "end" : "middle",
          },
          iso(x0 + ((x1 - x0) * i) / marks).slice(0, x1 - x0 > 86400 * 120 ? 7 : 10),
        ),
      );
    figure.replaceChildren(
      el(
        "svg",
        { viewBox: `0 0 ${W} ${H}`, "aria-hidden": "true" },
        lines,
        el("path", { class: "area", d: `${path}V${Y(0)}Z` }),
        el("path", { class: "line", d: path }),
      ),
    );
  };
  new ResizeObserver(draw).observe(figure);
  return figure;
};
const bars = (items, unit) => {
  const most = Math.max(1, ...items.map(([, n]) => n));
  return el(
    "dl",
    { class: "bars" },
    items.map(([name, n]) => {
      const fillBar = el("i");
      fillBar.style.width = `${(100 * n) / most}%`;
      return [
        el("dt", null, bdi(name)),
        el("dd", { class: "track", "aria-hidden": "true" }, n ? fillBar : null),
        el("dd", { class: "n" }, unit ? count(n, unit) : whole.format(n)),
      ];
    }),
  );
};
const ages = () => {
  const steps = [
    ["up to a week", 7],
    ["up to a month", 31],
    ["up to 3 months", 92],
    ["up to a year", 366],
    ["up to 3 years", 1096],
    ["older", Infinity],
  ];
  const sums = steps.map(() => 0);
  for (const tag of tags)
    if (tag.updated != null) sums[steps.findIndex(([, days]) => (made - tag.updated) / 86400 <= days)]++;
  return bars(
    steps.map(([name], i) => [name, sums[i]]),
    "tag",
  );
};
const platforms = () => {
  const sums = new Map();
  for (const tag of tags)
    for (const p of tag.image.platforms.length ? tag.image.platforms : [tag.image.kind])
      sums.set(p, (sums.get(p) || 0) + 1);
  const sorted = [...sums].sort((a, b) => b[1] - a[1] || compare(a[0], b[0]));
  const others = sorted.splice(8);
  if (others.length) sorted.push([count(others.length, "other"), others.reduce((sum, o) => sum + o[1], 0)]);
  return bars(sorted, "tag");
};
