"use strict";
/* The report's behaviour, in three files that become one script: this one, report_charts.js and report_views.js. Data
 * comes once, as tables of rows (see `columns` in it); everything shown is made here with el(), which knows text and no
 * markup. Rows come on demand, a hundred at a time. */

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const made = Date.parse(data.made) / 1000;

/* --- making elements --- */

const fill = (node, kids) => (node.append(...kids.flat(Infinity).filter((k) => k != null && k !== false)), node);
const el = (tag, attributes, ...kids) => {
  const node =
    tag === "svg" || el.svg.has(tag)
      ? document.createElementNS("http://www.w3.org/2000/svg", tag)
      : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value != null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  return fill(node, kids);
};
el.svg = new Set(["path", "line", "text", "g"]);
const heading = (text, note) => el("h2", null, text, note && el("small", null, note));
const section = (text, note, ...kids) => el("section", null, heading(text, note), ...kids);
const bdi = (text) => el("bdi", null, text);

/* --- figures and dates as people read them --- */

const whole = new Intl.NumberFormat("en");
const count = (n, one, many) => `${whole.format(n)} ${n === 1 ? one : many || one + "s"}`;
const size = (bytes) => {
  let unit = 0;
  while ((bytes >= 999.5 || (unit && bytes >= 1000)) && unit < 6) ((bytes /= 1000), unit++);
  const digits = unit && bytes < 9.95 ? bytes.toFixed(1) : bytes.toFixed(0);
  return `${digits} ${["B", "kB", "MB", "GB", "TB", "PB", "EB"][unit]}`;
};
const sized = (bytes) => el("span", { title: `${whole.format(bytes)} bytes`, "data-bytes": bytes }, size(bytes));
const iso = (seconds) => new Date(seconds * 1000).toISOString();
const ago = (seconds) => {
  const days = (made - seconds) / 86400;
  if (days < 1) return days < 0 ? "later" : "within a day";
  for (const [limit, length, name] of [
    [14, 1, "day"],
    [60, 7, "week"],
    [730, 30.44, "month"],
    [Infinity, 365.25, "year"],
  ])
    if (days < limit) return `${count(Math.floor(days / length), name)} ago`;
};
const dated = (seconds) =>
  seconds == null
    ? "-"
    : el("time", { datetime: iso(seconds), title: `${iso(seconds)}, ${ago(seconds)}` }, iso(seconds).slice(0, 10));
const short = (digest) => digest.replace(/^(\w+:.{12}).*/, "$1");

/* --- the data, linked up --- */

const row = (table) => {
  const names = data.columns[table];
  return (values, at) => {
    const object = { at };
    names.forEach((name, i) => (object[name] = values[i]));
    return object;
  };
};
const text = (number) => data.strings[number];
const repos = data.repositories.map(row("repositories"));
const blobs = data.blobs.map(row("blobs"));
const images = data.images.map(row("images"));
const tags = data.tags.map(row("tags"));
const byName = new Map(repos.map((r) => [r.name, r]));
const byDigest = new Map(blobs.map((b) => [b.digest, b]));

for (const repo of repos) repo.list = [];
for (const blob of blobs) ((blob.media_type = text(blob.media_type)), (blob.users = []), (blob.repos = 0));
for (const image of images) {
  for (const name of ["kind", "media_type", "platform"]) image[name] = text(image[name]);
  image.platforms = image.platforms.map(text);
  image.own = image.manifest_bytes + image.config_bytes;
  image.tags = [];
  image.users = [];
  image.repos = 0;
  image.bytes = image.bytes || image.own + image.layers.reduce((sum, b) => sum + blobs[b].bytes, 0);
}
const nothing = {
  kind: "missing",
  platforms: [],
  labels: [],
  bytes: 0,
  digest: "",
  created: null,
  tags: [],
  manifests: [],
  layers: [],
  referrers: [],
};
for (const tag of tags) {
  tag.repo = repos[tag.repository];
  tag.full = `${tag.repo.name}:${tag.tag}`;
  tag.damaged = tag.image == null;
  tag.image = tag.damaged ? nothing : images[tag.image];
  tag.repo.list.push(tag);
  tag.image.tags.push(tag);
}
const tagOf = new Map(tags.map((t) => [t.full, t]));

/* All that an image leads to, itself included, each once: images and blobs alike. */
const parts = (image) => {
  if (image.parts) return image.parts;
  const seen = new Set();
  const visit = (one) => {
    if (seen.has(one)) return;
    seen.add(one);
    one.layers.forEach((b) => seen.add(blobs[b]));
    one.manifests.forEach((m) => visit(images[m]));
  };
  visit(image);
  return (image.parts = [...seen]);
};
const weight = (part) => (part.own === undefined ? part.bytes : part.own);
for (const tag of tags) {
  if (tag.damaged) continue;
  for (const part of parts(tag.image)) {
    if (part.last !== tag.repo) ((part.last = tag.repo), part.repos++);
    part.users.push(tag);
  }
}
/* Its part of the disk: what several repositories share is divided among them. */
for (const repo of repos) {
  const mine = new Set();
  for (const tag of repo.list) if (!tag.damaged) parts(tag.image).forEach((part) => mine.add(part));
  repo.share = 0;
  for (const part of mine) repo.share += weight(part) / part.repos;
  repo.parts = mine;
}

/* --- links --- */

const encode = (name) => encodeURIComponent(name).replace(/%2F/g, "/").replace(/%3A/g, ":");
const repoLink = (repo) => el("a", { href: `#/r/${encode(repo.name)}` }, bdi(repo.name));
const tagLink = (tag, label) => el("a", { href: `#/t/${encode(tag.full)}` }, bdi(label || tag.full));
const blobLink = (blob) =>
  el("a", { href: `#/l/${blob.digest}`, class: "mono", title: blob.digest }, short(blob.digest));

/* --- tables: sorted by their headings, filled as they are scrolled --- */

const CHUNK = 100;
const compare = (a, b) =>
  a == null
    ? b == null
      ? 0
      : -1
    : b == null
      ? 1
      : typeof a === "string"
        ? a.localeCompare(b, "en", { numeric: true })
        : a - b;
const table = (label, columns, rows, by = 0) => {
  const body = el("tbody");
  const rest = el("p", { class: "rest", hidden: true });
  let shown = 0;
  const more = (n) => {
    body.append(
      ...rows.slice(shown, shown + n).map((r) =>
        el(
          "tr",
          null,
          columns.map((c, i) =>
            el(
              i ? "td" : "th",
              {
                class: [c.sort && c.n ? "n" : "", c.wide ? "wide" : ""].join(" ").trim() || null,
                scope: i ? null : "row",
              },
              c.cell(r),
            ),
          ),
        ),
      ),
    );
    shown = Math.min(shown + n, rows.length);
    rest.hidden = shown >= rows.length;
    rest.replaceChildren(
      `${whole.format(shown)} of ${whole.format(rows.length)} shown. `,
      el("button", { type: "button", click: () => more(CHUNK * 5) }, "Show more"),
    );
  };
  const sort = (index, descending) => {
    const key = columns[index].sort;
    rows = [...rows].sort((a, b) => (descending ? compare(key(b), key(a)) : compare(key(a), key(b))));
    heads.forEach(
      (h, i) =>
        columns[i].sort &&
        h.setAttribute("aria-sort", i === index ? (descending ? "descending" : "ascending") : "none"),
    );
    body.replaceChildren();
    shown = 0;
    more(CHUNK);
  };
  const heads = columns.map((c, i) => {
    const head = el("th", { scope: "col", class: [c.n ? "n" : "", c.wide ? "wide" : ""].join(" ").trim() || null });
    const press = () =>
      sort(i, head.getAttribute("aria-sort") === "none" ? !!c.n : head.getAttribute("aria-sort") === "ascending");
    return fill(head, [c.sort ? el("button", { type: "button", click: press }, c.name) : c.name]);
  });
  const box = el(
    "div",
    { class: "scroll" },
    el(
      "table",
      { "aria-label": label, "aria-rowcount": rows.length + 1 },
      el("thead", null, el("tr", null, heads)),
      body,
    ),
  );
  sort(by, !!columns[by].n);
  new IntersectionObserver((seen) => seen.some((s) => s.isIntersecting) && !rest.hidden && more(CHUNK), {
    rootMargin: "600px",
  }).observe(rest);
  return [box, rest];
};

const repoTable = (list) =>
  table(
    "Repositories",
    [
      { name: "Repository", cell: repoLink, sort: (r) => r.name },
      { name: "Tags", n: true, cell: (r) => whole.format(r.tags), sort: (r) => r.tags },
      { name: "Size", n: true, cell: (r) => sized(r.bytes), sort: (r) => r.bytes },
      { name: "Unique", n: true, cell: (r) => sized(r.unique_bytes), sort: (r) => r.unique_bytes },
      { name: "Shared", n: true, wide: true, cell: (r) => sized(r.shared_bytes), sort: (r) => r.shared_bytes },
      { name: "Untagged", n: true, wide: true, cell: (r) => sized(r.untagged_bytes), sort: (r) => r.untagged_bytes },
      { name: "Updated", n: true, cell: (r) => dated(r.updated), sort: (r) => r.updated },
    ],
    list,
    2,
  );

const platformText = (image) => image.platforms.join(", ") || (image.kind === "image" ? image.platform : "") || "-";
const tagTable = (list, label, { note, brief } = {}) =>
  table(
    "Tags",
    [
      { name: "Tag", cell: (t) => [tagLink(t, label(t)), note && note(t)], sort: (t) => label(t) },
      { name: "Kind", wide: true, more: true, cell: (t) => t.image.kind, sort: (t) => t.image.kind },
      {
        name: "Platforms",
        wide: true,
        more: true,
        cell: (t) => platformText(t.image),
        sort: (t) => platformText(t.image),
      },
      { name: "Size", n: true, cell: (t) => sized(t.image.bytes), sort: (t) => t.image.bytes },
      { name: "Unique", n: true, more: true, cell: (t) => sized(t.unique_bytes), sort: (t) => t.unique_bytes },
      {
        name: "Created",
        n: true,
        wide: true,
        more: true,
        cell: (t) => dated(t.image.created),
        sort: (t) => t.image.created,
      },
      { name: "Pushed", n: true, cell: (t) => dated(t.updated), sort: (t) => t.updated },
    ].filter((c) => !brief || !c.more),
    list,
    brief ? 2 : 6,
  );

const layerTable = (list) =>
  table(
    "Layers",
    [
      { name: "Layer", cell: blobLink, sort: (b) => b.digest },
      { name: "Size", n: true, cell: (b) => sized(b.bytes), sort: (b) => b.bytes },
      { name: "Repositories", n: true, cell: (b) => whole.format(b.repos), sort: (b) => b.repos },
      { name: "Tags", n: true, cell: (b) => whole.format(b.users.length), sort: (b) => b.users.length },
      {
        name: "Used by",
        wide: true,
        cell: (b) =>
          usersOf(b)
            .slice(0, 3)
            .map((r, i) => [i ? ", " : "", repoLink(r)])
            .concat(b.repos > 3 ? " …" : ""),
      },
    ],
    list,
    1,
  );
const usersOf = (part) => [...new Set(part.users.map((t) => t.repo))];
