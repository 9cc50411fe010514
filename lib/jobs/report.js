"use strict";
/* The report's behaviour. Data comes once, as tables of rows (see `columns` in it); everything shown is made here with
 * el(), which knows text and no markup. Rows come on demand, a hundred at a time. */
(() => {
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const made = Date.parse(data.made) / 1000;

  /* --- making elements --- */

  const fill = (node, kids) => (node.append(...kids.flat(Infinity).filter((k) => k != null && k !== false)), node);
  const el = (tag, attributes, ...kids) => {
    const node = tag === "svg" || el.svg.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
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
    while ((bytes >= 999.5 || (unit && bytes >= 1000)) && unit < 6) (bytes /= 1000), unit++;
    const digits = unit && bytes < 9.95 ? bytes.toFixed(1) : bytes.toFixed(0);
    return `${digits} ${["B", "kB", "MB", "GB", "TB", "PB", "EB"][unit]}`;
  };
  const sized = (bytes) => el("span", { title: `${whole.format(bytes)} bytes`, "data-bytes": bytes }, size(bytes));
  const iso = (seconds) => new Date(seconds * 1000).toISOString();
  const ago = (seconds) => {
    const days = (made - seconds) / 86400;
    if (days < 1) return days < 0 ? "later" : "within a day";
    for (const [limit, length, name] of [[14, 1, "day"], [60, 7, "week"], [730, 30.44, "month"], [Infinity, 365.25, "year"]])
      if (days < limit) return `${count(Math.floor(days / length), name)} ago`;
  };
  const dated = (seconds) => (seconds == null ? "-" : el("time", { datetime: iso(seconds), title: `${iso(seconds)}, ${ago(seconds)}` }, iso(seconds).slice(0, 10)));
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
  for (const blob of blobs) (blob.media_type = text(blob.media_type)), (blob.users = []), (blob.repos = 0);
  for (const image of images) {
    for (const name of ["kind", "media_type", "platform"]) image[name] = text(image[name]);
    image.platforms = image.platforms.map(text);
    image.own = image.manifest_bytes + image.config_bytes;
    image.tags = [];
    image.users = [];
    image.repos = 0;
    image.bytes = image.bytes || image.own + image.layers.reduce((sum, b) => sum + blobs[b].bytes, 0);
  }
  const nothing = { kind: "missing", platforms: [], labels: [], bytes: 0, digest: "", created: null, tags: [], manifests: [], layers: [], referrers: [] };
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
      if (part.last !== tag.repo) (part.last = tag.repo), part.repos++;
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
  const blobLink = (blob) => el("a", { href: `#/l/${blob.digest}`, class: "mono", title: blob.digest }, short(blob.digest));

  /* --- tables: sorted by their headings, filled as they are scrolled --- */

  const CHUNK = 100;
  const compare = (a, b) => (a == null ? (b == null ? 0 : -1) : b == null ? 1 : typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a - b);
  const table = (label, columns, rows, by = 0) => {
    const body = el("tbody");
    const rest = el("p", { class: "rest", hidden: true });
    let shown = 0;
    const more = (n) => {
      body.append(...rows.slice(shown, shown + n).map((r) => el("tr", null, columns.map((c, i) =>
        el(i ? "td" : "th", { class: [c.sort && c.n ? "n" : "", c.wide ? "wide" : ""].join(" ").trim() || null, scope: i ? null : "row" }, c.cell(r))))));
      shown = Math.min(shown + n, rows.length);
      rest.hidden = shown >= rows.length;
      rest.replaceChildren(`${whole.format(shown)} of ${whole.format(rows.length)} shown. `, el("button", { type: "button", click: () => more(CHUNK * 5) }, "Show more"));
    };
    const sort = (index, descending) => {
      const key = columns[index].sort;
      rows = [...rows].sort((a, b) => (descending ? compare(key(b), key(a)) : compare(key(a), key(b))));
      heads.forEach((h, i) => columns[i].sort && h.setAttribute("aria-sort", i === index ? (descending ? "descending" : "ascending") : "none"));
      body.replaceChildren();
      shown = 0;
      more(CHUNK);
    };
    const heads = columns.map((c, i) => {
      const head = el("th", { scope: "col", class: [c.n ? "n" : "", c.wide ? "wide" : ""].join(" ").trim() || null });
      const press = () => sort(i, head.getAttribute("aria-sort") === "none" ? !!c.n : head.getAttribute("aria-sort") === "ascending");
      return fill(head, [c.sort ? el("button", { type: "button", click: press }, c.name) : c.name]);
    });
    const box = el("div", { class: "scroll" }, el("table", { "aria-label": label, "aria-rowcount": rows.length + 1 }, el("thead", null, el("tr", null, heads)), body));
    sort(by, !!columns[by].n);
    new IntersectionObserver((seen) => seen.some((s) => s.isIntersecting) && !rest.hidden && more(CHUNK), { rootMargin: "600px" }).observe(rest);
    return [box, rest];
  };

  const repoTable = (list) => table("Repositories", [
    { name: "Repository", cell: repoLink, sort: (r) => r.name },
    { name: "Tags", n: true, cell: (r) => whole.format(r.tags), sort: (r) => r.tags },
    { name: "Size", n: true, cell: (r) => sized(r.bytes), sort: (r) => r.bytes },
    { name: "Unique", n: true, cell: (r) => sized(r.unique_bytes), sort: (r) => r.unique_bytes },
    { name: "Shared", n: true, wide: true, cell: (r) => sized(r.shared_bytes), sort: (r) => r.shared_bytes },
    { name: "Untagged", n: true, wide: true, cell: (r) => sized(r.untagged_bytes), sort: (r) => r.untagged_bytes },
    { name: "Updated", n: true, cell: (r) => dated(r.updated), sort: (r) => r.updated },
  ], list, 2);

  const platformText = (image) => image.platforms.join(", ") || (image.kind === "image" ? image.platform : "") || "-";
  const tagTable = (list, label, { note, brief } = {}) => table("Tags", [
    { name: "Tag", cell: (t) => [tagLink(t, label(t)), note && note(t)], sort: (t) => label(t) },
    { name: "Kind", wide: true, more: true, cell: (t) => t.image.kind, sort: (t) => t.image.kind },
    { name: "Platforms", wide: true, more: true, cell: (t) => platformText(t.image), sort: (t) => platformText(t.image) },
    { name: "Size", n: true, cell: (t) => sized(t.image.bytes), sort: (t) => t.image.bytes },
    { name: "Unique", n: true, more: true, cell: (t) => sized(t.unique_bytes), sort: (t) => t.unique_bytes },
    { name: "Created", n: true, wide: true, more: true, cell: (t) => dated(t.image.created), sort: (t) => t.image.created },
    { name: "Pushed", n: true, cell: (t) => dated(t.updated), sort: (t) => t.updated },
  ].filter((c) => !brief || !c.more), list, brief ? 2 : 6);

  const layerTable = (list) => table("Layers", [
    { name: "Layer", cell: blobLink, sort: (b) => b.digest },
    { name: "Size", n: true, cell: (b) => sized(b.bytes), sort: (b) => b.bytes },
    { name: "Repositories", n: true, cell: (b) => whole.format(b.repos), sort: (b) => b.repos },
    { name: "Tags", n: true, cell: (b) => whole.format(b.users.length), sort: (b) => b.users.length },
    { name: "Used by", wide: true, cell: (b) => usersOf(b).slice(0, 3).map((r, i) => [i ? ", " : "", repoLink(r)]).concat(b.repos > 3 ? " …" : "") },
  ], list, 1);
  const usersOf = (part) => [...new Set(part.users.map((t) => t.repo))];

  /* --- the treemap: rectangles as square as they can be (Bruls, Huizing, van Wijk) --- */

  const squarify = (items, x, y, w, h, place) => {
    let total = items.reduce((sum, item) => sum + item.value, 0);
    let from = 0;
    while (from < items.length && total > 0) {
      const side = Math.min(w, h), scale = (w * h) / total;
      const worst = (sum, first, last) => Math.max((side * side * first) / (sum * sum * scale), (sum * sum * scale) / (side * side * last));
      let to = from + 1, sum = items[from].value;
      while (to < items.length && worst(sum + items[to].value, items[from].value, items[to].value) <= worst(sum, items[from].value, items[to - 1].value)) sum += items[to++].value;
      const depth = (sum * scale) / side;
      let along = 0;
      for (; from < to; from++) {
        const length = (items[from].value * scale) / depth;
        if (w >= h) place(items[from], x, y + along, depth, length);
        else place(items[from], x + along, y, length, depth);
        along += length;
      }
      if (w >= h) (x += depth), (w -= depth);
      else (y += depth), (h -= depth);
      total -= sum;
    }
  };
  /* Dark enough for white letters; neighbours differ, since tiles take them in turn. */
  const colours = ["#34679e", "#2b7a75", "#71519e", "#8a651c", "#3e7b4f", "#9c4668", "#46629c", "#66702a", "#a1553a", "#2f6f8f"];
  const treemap = (label, items) => {
    const most = 400, box = el("nav", { class: "map", "aria-label": label });
    items = items.filter((i) => i.value > 0).sort((a, b) => b.value - a.value);
    if (items.length > most) {
      const others = items.splice(most - 1);
      items.push({ name: count(others.length, "smaller one"), value: others.reduce((sum, i) => sum + i.value, 0), free: true });
      items.sort((a, b) => b.value - a.value);
    }
    const draw = () => {
      const W = box.clientWidth || 1000, H = box.clientHeight || 320;
      box.replaceChildren();
      let turn = 0;
      squarify(items, 0, 0, W, H, (item, x, y, w, h) => {
        const tile = el("a", { href: item.href, class: [item.free ? "free" : "", w < 46 || h < 22 ? "tiny" : ""].join(" ").trim() || null, title: `${item.name}: ${size(item.value)}`, "aria-label": `${item.name}, ${size(item.value)}` },
          el("b", null, item.name), h >= 42 && el("span", null, size(item.value)));
        Object.assign(tile.style, { left: `${(100 * x) / W}%`, top: `${(100 * y) / H}%`, width: `${(100 * w) / W}%`, height: `${(100 * h) / H}%` });
        if (!item.free) tile.style.setProperty("--tile", colours[turn++ % colours.length]);
        box.append(tile);
      });
    };
    new ResizeObserver(draw).observe(box);
    return box;
  };
  const crumbs = (...kids) => el("nav", { class: "crumbs", "aria-label": "Where you are" }, kids);
  const home = () => el("a", { href: "#/" }, "All repositories");

  const mapOfAll = () => treemap("Repositories by their part of the disk", [
    ...repos.map((r) => ({ name: r.name, value: r.share, href: `#/r/${encode(r.name)}` })),
    { name: "Untagged", value: data.untagged_bytes, free: true },
    { name: "Reclaimable", value: data.reclaimable_bytes, free: true },
    { name: "Uploads", value: data.upload_bytes, free: true },
  ]);
  const mapOf = (repo) => {
    const users = new Map();
    for (const tag of repo.list) if (!tag.damaged) for (const part of parts(tag.image)) users.set(part, (users.get(part) || 0) + 1);
    const value = (tag) => (tag.damaged ? 0 : parts(tag.image).reduce((sum, part) => sum + weight(part) / users.get(part), 0));
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
      for (const part of parts(tag.image)) if (!part.counted) (part.counted = true), (fresh += weight(part));
      days.set(day, (days.get(day) || 0) + fresh);
    }
    let sum = 0;
    return [...days].map(([day, bytes]) => [day, (sum += bytes)]);
  };
  const growthChart = () => {
    const points = growth();
    if (points.length < 2) return el("p", { class: "hint" }, points.length ? `All tags were pushed on ${iso(points[0][0]).slice(0, 10)}.` : "There are no tags.");
    const figure = el("figure", { role: "img", "aria-label": `From ${size(points[0][1])} on ${iso(points[0][0]).slice(0, 10)} to ${size(points.at(-1)[1])} on ${iso(points.at(-1)[0]).slice(0, 10)}` });
    const draw = () => {
      const W = figure.clientWidth || 600, H = 210, left = 62, bottom = 24;
      const [x0, x1] = [points[0][0], Math.max(points.at(-1)[0], made)], top = points.at(-1)[1] || 1;
      const step = [1, 2, 5, 10].map((f) => f * 10 ** Math.floor(Math.log10(top / 3))).find((s) => top / s <= 4.5);
      const X = (t) => left + ((t - x0) / (x1 - x0 || 1)) * (W - left - 4), Y = (v) => H - bottom - (v / (top * 1.05)) * (H - bottom - 8);
      let path = `M${X(x0)},${Y(0)}`;
      points.forEach(([t, v], i) => (path += `L${X(t)},${Y(i ? points[i - 1][1] : 0)}L${X(t)},${Y(v)}`));
      path += `L${X(x1)},${Y(top)}`;
      const lines = [];
      for (let v = 0; v <= top * 1.05; v += step) lines.push(el("line", { class: "grid", x1: left, x2: W, y1: Y(v), y2: Y(v) }), el("text", { x: left - 8, y: Y(v) + 4, "text-anchor": "end" }, size(v)));
      const marks = W < 420 ? 2 : 4;
      for (let i = 0; i <= marks; i++) lines.push(el("text", { x: X(x0 + ((x1 - x0) * i) / marks), y: H - 4, "text-anchor": i === 0 ? "start" : i === marks ? "end" : "middle" }, iso(x0 + ((x1 - x0) * i) / marks).slice(0, x1 - x0 > 86400 * 120 ? 7 : 10)));
      figure.replaceChildren(el("svg", { viewBox: `0 0 ${W} ${H}`, "aria-hidden": "true" }, lines, el("path", { class: "area", d: `${path}V${Y(0)}Z` }), el("path", { class: "line", d: path })));
    };
    new ResizeObserver(draw).observe(figure);
    return figure;
  };
  const bars = (items, unit) => {
    const most = Math.max(1, ...items.map(([, n]) => n));
    return el("dl", { class: "bars" }, items.map(([name, n]) => {
      const fillBar = el("i");
      fillBar.style.width = `${(100 * n) / most}%`;
      return [el("dt", null, bdi(name)), el("dd", { class: "track", "aria-hidden": "true" }, n ? fillBar : null), el("dd", { class: "n" }, unit ? count(n, unit) : whole.format(n))];
    }));
  };
  const ages = () => {
    const steps = [["up to a week", 7], ["up to a month", 31], ["up to 3 months", 92], ["up to a year", 366], ["up to 3 years", 1096], ["older", Infinity]];
    const sums = steps.map(() => 0);
    for (const tag of tags) if (tag.updated != null) sums[steps.findIndex(([, days]) => (made - tag.updated) / 86400 <= days)]++;
    return bars(steps.map(([name], i) => [name, sums[i]]), "tag");
  };
  const platforms = () => {
    const sums = new Map();
    for (const tag of tags) for (const p of tag.image.platforms.length ? tag.image.platforms : [tag.image.kind]) sums.set(p, (sums.get(p) || 0) + 1);
    const sorted = [...sums].sort((a, b) => b[1] - a[1] || compare(a[0], b[0]));
    const others = sorted.splice(8);
    if (others.length) sorted.push([count(others.length, "other"), others.reduce((sum, o) => sum + o[1], 0)]);
    return bars(sorted, "tag");
  };

  /* --- one tag --- */

  const copied = (value) => {
    const button = el("button", { type: "button", click: () => {
      const done = () => ((button.textContent = "Copied"), setTimeout(() => (button.textContent = "Copy"), 1500));
      const select = () => {
        getSelection().selectAllChildren(code);
        if (document.execCommand("copy")) done();
      };
      if (navigator.clipboard) navigator.clipboard.writeText(value).then(done, select);
      else select();
    } }, "Copy");
    const code = el("code", null, value);
    return el("span", { class: "copy" }, code, button);
  };
  const facts = (pairs) => el("dl", { class: "facts" }, pairs.filter(([, value]) => value != null && value !== "" && value.length !== 0).map(([name, value]) => [el("dt", null, name), el("dd", null, value)]));
  const labelPairs = (image) => {
    const pairs = [];
    for (let i = 0; i < image.labels.length; i += 2) pairs.push([text(image.labels[i]), text(image.labels[i + 1])]);
    return pairs;
  };
  const labelTable = (image) => {
    const pairs = labelPairs(image);
    return pairs.length > 0 && section("Labels and annotations", null, el("div", { class: "labels" }, table("Labels", [
      { name: "Name", cell: ([name]) => bdi(name), sort: ([name]) => name },
      { name: "Value", cell: ([, value]) => (value.length > 400 ? el("bdi", { class: "long", tabindex: 0 }, value) : bdi(value)), sort: ([, value]) => value },
    ], pairs)));
  };
  /* What made each layer: history has a line a layer, and lines that made none. */
  const steps = (image) => {
    const layers = image.layers.map((b) => blobs[b]), lines = [];
    let next = 0;
    for (const number of image.history || []) lines.push({ text: text(number < 0 ? -number - 1 : number), blob: number < 0 ? null : layers[next++] || null });
    while (next < layers.length) lines.push({ text: "", blob: layers[next++] });
    lines.forEach((line, i) => (line.number = i + 1));
    return lines;
  };
  const stepTable = (image) => {
    const lines = steps(image);
    return lines.length > 0 && el("div", { class: "steps" }, table("Layers and history", [
      { name: "Step", cell: (l) => l.number, sort: (l) => l.number },
      { name: "Made by", cell: (l) => (l.text ? el("code", null, bdi(l.text.replace(/^\/bin\/sh -c (#\(nop\) +)?/, ""))) : "-") },
      { name: "Size", n: true, cell: (l) => (l.blob ? sized(l.blob.bytes) : "-"), sort: (l) => (l.blob ? l.blob.bytes : -1) },
      { name: "Layer", wide: true, cell: (l) => (l.blob ? blobLink(l.blob) : "") },
    ], lines));
  };
  const childView = (image) => el("details", null,
    el("summary", null, image.platform === "unknown/unknown" ? "attestation" : image.platform || image.kind, ", ", size(image.bytes), " ", el("span", { class: "mono" }, short(image.digest))),
    copied(image.digest), stepTable(image));

  const tagView = (tag) => {
    const image = tag.image, others = image.tags.filter((t) => t !== tag && !t.damaged);
    return [
      crumbs(home(), repoLink(tag.repo), bdi(tag.tag)),
      el("h2", null, bdi(tag.full)),
      facts([
        ["Pull", copied(`docker pull ${data.name || "REGISTRY"}/${tag.full}`)],
        ["Digest", image.digest ? copied(image.digest) : "its link is damaged: see the findings"],
        ["Kind", [image.kind, image.media_type && ` (${image.media_type})`]],
        ["Platforms", platformText(image)],
        ["Size", [sized(image.bytes), ", ", sized(tag.unique_bytes), " of it in no other tag"]],
        ["Created", image.created == null ? "" : [dated(image.created), `, ${ago(image.created)}`]],
        ["Pushed", tag.updated == null ? "" : [dated(tag.updated), `, ${ago(tag.updated)}`]],
        ["Same image", others.slice(0, 20).map((t, i) => [i ? ", " : "", tagLink(t)]).concat(others.length > 20 ? ` and ${others.length - 20} more` : [])],
      ]),
      labelTable(image),
      image.manifests.length > 0 && section("Images by platform", null, image.manifests.map((m) => childView(images[m]))),
      steps(image).length > 0 && section("Layers and history", count(image.layers.length, "layer"), stepTable(image)),
      image.referrers.length > 0 && section("Signatures and referrers", null, table("Referrers", [
        { name: "Digest", cell: (r) => el("span", { class: "mono", title: r.digest }, short(r.digest)), sort: (r) => r.digest },
        { name: "Type", cell: (r) => bdi(r.media_type), sort: (r) => r.media_type },
        { name: "Size", n: true, cell: (r) => sized(r.bytes), sort: (r) => r.bytes },
        { name: "Tags", wide: true, cell: (r) => r.tags.map((t, i) => [i ? ", " : "", tagLink(t)]) },
      ], image.referrers.map((r) => images[r]))),
    ];
  };

  /* --- one repository, one layer, a search, all --- */

  const sharers = (repo) => {
    const sums = new Map();
    for (const part of repo.parts) if (part.repos > 1) for (const other of usersOf(part)) if (other !== repo) sums.set(other, (sums.get(other) || 0) + weight(part));
    return [...sums].map(([other, bytes]) => ({ other, bytes }));
  };
  const repoView = (repo) => {
    const shared = sharers(repo);
    return [
      crumbs(home(), bdi(repo.name)),
      el("h2", null, bdi(repo.name), el("small", null, `${count(repo.tags, "tag")}, ${count(repo.revisions, "revision")}, ${size(repo.bytes)}, ${size(repo.unique_bytes)} of it in no other repository`)),
      repo.bytes > 0 && mapOf(repo),
      section("Tags", null, tagTable(repo.list, (t) => t.tag)),
      shared.length > 0 && section("Shares with", "the bytes that both need", table("Sharing", [
        { name: "Repository", cell: (s) => repoLink(s.other), sort: (s) => s.other.name },
        { name: "Shared", n: true, cell: (s) => sized(s.bytes), sort: (s) => s.bytes },
      ], shared, 1)),
    ];
  };
  const layerView = (blob) => [
    crumbs(home(), el("span", { class: "mono" }, short(blob.digest))),
    heading("Layer", `${size(blob.bytes)}, ${blob.media_type}`),
    copied(blob.digest),
    section("Used by", `${count(blob.users.length, "tag")} in ${count(blob.repos, "repository", "repositories")}`, tagTable(blob.users, (t) => t.full)),
  ];

  const hay = (tag) => tag.hay || (tag.hay = [tag.full, tag.image.digest, ...tag.image.manifests.map((m) => images[m].digest), ...labelPairs(tag.image).map((p) => p.join("=")), ...tag.image.manifests.flatMap((m) => labelPairs(images[m]).map((p) => p.join("=")))].join("\n").toLowerCase());
  /* Why a tag was found, when its name does not say it. */
  const reason = (tag, words) => {
    const word = words.find((w) => !tag.full.toLowerCase().includes(w));
    if (!word) return null;
    const images_ = [tag.image, ...tag.image.manifests.map((m) => images[m])];
    const pair = images_.flatMap(labelPairs).map((p) => p.join("=")).find((p) => p.toLowerCase().includes(word));
    const line = pair || images_.map((i) => i.digest).find((d) => d.includes(word)) || "";
    const at = line.toLowerCase().indexOf(word);
    if (at < 0) return null;
    const from = Math.max(0, at - 40), to = at + word.length;
    return el("small", null, el("br"), bdi([from ? "…" : "", line.slice(from, at), el("mark", null, line.slice(at, to)), line.slice(to, to + 40), to + 40 < line.length ? "…" : ""].flat()));
  };
  const searchView = (query) => {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const all = (where) => words.every((w) => where.includes(w));
    const foundRepos = repos.filter((r) => all(r.name.toLowerCase())), foundTags = tags.filter((t) => all(hay(t)));
    const foundLayers = words.length === 1 && /^(sha\d+:)?[0-9a-f]{6,}$/.test(words[0]) ? blobs.filter((b) => b.digest.includes(words[0])) : [];
    $("hits").textContent = ` ${count(foundRepos.length, "repository", "repositories")}, ${count(foundTags.length, "tag")}${foundLayers.length ? `, ${count(foundLayers.length, "layer")}` : ""} found.`;
    return [
      crumbs(home(), `Search: ${query}`),
      foundRepos.length > 0 && section("Repositories", whole.format(foundRepos.length), repoTable(foundRepos)),
      foundTags.length > 0 && section("Tags", whole.format(foundTags.length), tagTable(foundTags, (t) => t.full, { note: (t) => reason(t, words) })),
      foundLayers.length > 0 && section("Layers", whole.format(foundLayers.length), layerTable(foundLayers)),
      !foundRepos.length && !foundTags.length && !foundLayers.length && el("p", { class: "hint" }, "Nothing has that in its name, digest or labels."),
    ];
  };

  const overview = () => {
    const naive = tags.reduce((sum, t) => sum + t.image.bytes, 0);
    $("charts").append(
      section("Where the disk went", "what repositories share is divided among them", crumbs("All repositories"), mapOfAll()),
      el("div", { class: "pair" },
        section("Growth", "what today's tags need, by when it was pushed", growthChart()),
        section("Age of tags", "since the last push", ages())),
    );
    $("repos").replaceWith(...repoTable(repos));
    $("h-repos").append(el("small", null, `${count(tags.length, "tag")} would take ${size(naive)} if nothing were shared`));
    $("more").append(
      el("div", { class: "pair" },
        section("Platforms", null, platforms()),
        section("Tags pushed last", null, tagTable([...tags].sort((a, b) => compare(b.updated, a.updated)).slice(0, 8), (t) => t.full, { brief: true }))),
      section("Largest layers", null, layerTable([...blobs].sort((a, b) => b.bytes - a.bytes).slice(0, 50))));
  };

  /* --- the address decides what is shown --- */

  const unknown = (what) => [crumbs(home()), el("p", { class: "hint" }, "This report has no ", bdi(what), ".")];
  const views = {
    r: (name) => (byName.has(name) ? repoView(byName.get(name)) : unknown(name)),
    t: (name) => (tagOf.has(name) ? tagView(tagOf.get(name)) : unknown(name)),
    l: (digest) => (byDigest.has(digest) ? layerView(byDigest.get(digest)) : unknown(digest)),
    s: searchView,
  };
  const decode = (part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  };
  const route = () => {
    const [, view, rest] = /^#\/([rtls])\/(.+)$/.exec(location.hash) || [];
    const what = rest && decode(rest);
    $("hits").textContent = "";
    $("overview").hidden = !!view;
    $("detail").replaceChildren();
    if (view) fill($("detail"), views[view](what));
    if (view === "s" && document.activeElement !== $("query")) $("query").value = what;
    if (view !== "s") $("query").value = "";
    document.title = `${view ? `${what} · ` : ""}${data.name || "Registry"} · registry report`;
  };
  const go = (hash) => {
    history.replaceState(null, "", hash);
    route();
  };
  let before = "#/";
  $("query").addEventListener("input", () => {
    const query = $("query").value.trim();
    if (!location.hash.startsWith("#/s/")) before = location.hash || "#/";
    go(query ? `#/s/${encodeURIComponent(query)}` : before);
  });
  addEventListener("hashchange", () => {
    if (location.hash === "#main") return;
    route();
    scrollTo(0, 0);
    if (document.activeElement === document.body) $("main").focus({ preventScroll: true });
  });

  /* --- keys: / searches, arrows go from row to row and from tile to tile, Esc goes back up --- */

  const moveBy = (step) => {
    const here = document.activeElement, map = here.closest(".map");
    const all = [...document.querySelectorAll(map ? ".map a" : "#main tbody tr > :first-child a")].filter((a) => a.offsetParent && (!map || a.closest(".map") === map));
    const next = all[all.indexOf(here) + step];
    if (!next) return step < 0 && !map && $("query").focus();
    next.focus();
  };
  const up = () => {
    const [, view, rest] = /^#\/([rtls])\/(.+)$/.exec(location.hash) || [];
    if (view === "t") location.hash = `#/r/${rest.replace(/:[^:]*$/, "")}`;
    else if (view === "s") go(before), $("query").blur();
    else if (view) location.hash = "#/";
  };
  addEventListener("keydown", (event) => {
    const typing = event.target === $("query");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const keys = { ArrowDown: () => moveBy(1), ArrowUp: () => moveBy(-1), Escape: up };
    if (!typing && event.target.closest?.(".map")) Object.assign(keys, { ArrowRight: () => moveBy(1), ArrowLeft: () => moveBy(-1) });
    if (!typing) keys["/"] = () => ($("query").focus(), $("query").select());
    const inTable = typing || event.target.closest?.("tbody, .map");
    if (!keys[event.key] || (event.key.startsWith("Arrow") && !inTable)) return;
    event.preventDefault();
    keys[event.key]();
  });

  $("find").hidden = false;
  overview();
  route();
})();
