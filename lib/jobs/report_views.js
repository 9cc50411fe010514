/* What each address of the report shows, and the keys. */

/* --- one tag --- */

const copied = (value) => {
  const button = el(
    "button",
    {
      type: "button",
      click: () => {
        const done = () => ((button.textContent = "Copied"), setTimeout(() => (button.textContent = "Copy"), 1500));
        const select = () => {
          getSelection().selectAllChildren(code);
          if (document.execCommand("copy")) done();
        };
        if (navigator.clipboard) navigator.clipboard.writeText(value).then(done, select);
        else select();
      },
    },
    "Copy",
  );
  const code = el("code", null, value);
  return el("span", { class: "copy" }, code, button);
};
const facts = (pairs) =>
  el(
    "dl",
    { class: "facts" },
    pairs
      .filter(([, value]) => value != null && value !== "" && value.length !== 0)
      .map(([name, value]) => [el("dt", null, name), el("dd", null, value)]),
  );
const labelPairs = (image) => {
  const pairs = [];
  for (let i = 0; i < image.labels.length; i += 2) pairs.push([text(image.labels[i]), text(image.labels[i + 1])]);
  return pairs;
};
const labelTable = (image) => {
  const pairs = labelPairs(image);
  return (
    pairs.length > 0 &&
    section(
      "Labels and annotations",
      null,
      el(
        "div",
        { class: "labels" },
        table(
          "Labels",
          [
            { name: "Name", cell: ([name]) => bdi(name), sort: ([name]) => name },
            {
              name: "Value",
              cell: ([, value]) =>
                value.length > 400 ? el("bdi", { class: "long", tabindex: 0 }, value) : bdi(value),
              sort: ([, value]) => value,
            },
          ],
          pairs,
        ),
      ),
    )
  );
};
/* What made each layer: history has a line a layer, and lines that made none. */
const steps = (image) => {
  const layers = image.layers.map((b) => blobs[b]),
    lines = [];
  let next = 0;
  for (const number of image.history || [])
    lines.push({ text: text(number < 0 ? -number - 1 : number), blob: number < 0 ? null : layers[next++] || null });
  while (next < layers.length) lines.push({ text: "", blob: layers[next++] });
  lines.forEach((line, i) => (line.number = i + 1));
  return lines;
};
const stepTable = (image) => {
  const lines = steps(image);
  return (
    lines.length > 0 &&
    el(
      "div",
      { class: "steps" },
      table(
        "Layers and history",
        [
          { name: "Step", cell: (l) => l.number, sort: (l) => l.number },
          {
            name: "Made by",
            cell: (l) => (l.text ? el("code", null, bdi(l.text.replace(/^\/bin\/sh -c (#\(nop\) +)?/, ""))) : "-"),
          },
          {
            name: "Size",
            n: true,
            cell: (l) => (l.blob ? sized(l.blob.bytes) : "-"),
            sort: (l) => (l.blob ? l.blob.bytes : -1),
          },
          { name: "Layer", wide: true, cell: (l) => (l.blob ? blobLink(l.blob) : "") },
        ],
        lines,
      ),
    )
  );
};
const childView = (image, i) =>
  el(
    "details",
    { open: i === 0 },
    el(
      "summary",
      null,
      image.platform === "unknown/unknown" ? "attestation" : image.platform || image.kind,
      ", ",
      size(image.bytes),
      " ",
      el("span", { class: "mono" }, short(image.digest)),
    ),
    copied(image.digest),
    stepTable(image),
  );

const tagView = (tag) => {
  const image = tag.image,
    others = image.tags.filter((t) => t !== tag && !t.damaged);
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
      [
        "Same image",
        others
          .slice(0, 20)
          .map((t, i) => [i ? ", " : "", tagLink(t)])
          .concat(others.length > 20 ? ` and ${others.length - 20} more` : []),
      ],
    ]),
    labelTable(image),
    image.manifests.length > 0 &&
      section(
        "Images by platform",
        null,
        image.manifests.map((m, i) => childView(images[m], i)),
      ),
    steps(image).length > 0 && section("Layers and history", count(image.layers.length, "layer"), stepTable(image)),
    image.referrers.length > 0 &&
      section(
        "Signatures and referrers",
        null,
        table(
          "Referrers",
          [
            {
              name: "Digest",
              cell: (r) => el("span", { class: "mono", title: r.digest }, short(r.digest)),
              sort: (r) => r.digest,
            },
            { name: "Type", cell: (r) => bdi(r.media_type), sort: (r) => r.media_type },
            { name: "Size", n: true, cell: (r) => sized(r.bytes), sort: (r) => r.bytes },
            { name: "Tags", wide: true, cell: (r) => r.tags.map((t, i) => [i ? ", " : "", tagLink(t)]) },
          ],
          image.referrers.map((r) => images[r]),
        ),
      ),
  ];
};

/* --- one repository, one layer, a search, all --- */

const sharers = (repo) => {
  const sums = new Map();
  for (const part of repo.parts)
    if (part.repos > 1)
      for (const other of usersOf(part)) if (other !== repo) sums.set(other, (sums.get(other) || 0) + weight(part));
  return [...sums].map(([other, bytes]) => ({ other, bytes }));
};
const repoView = (repo) => {
  const shared = sharers(repo);
  return [
    crumbs(home(), bdi(repo.name)),
    el(
      "h2",
      null,
      bdi(repo.name),
      el(
        "small",
        null,
        `${count(repo.tags, "tag")}, ${count(repo.revisions, "revision")}, ${size(repo.bytes)}, ${size(repo.unique_bytes)} of it in no other repository`,
      ),
    ),
    repo.bytes > 0 && mapOf(repo),
    section(
      "Tags",
      null,
      tagTable(repo.list, (t) => t.tag),
    ),
    shared.length > 0 &&
      section(
        "Shares with",
        "the bytes that both need",
        table(
          "Sharing",
          [
            { name: "Repository", cell: (s) => repoLink(s.other), sort: (s) => s.other.name },
            { name: "Shared", n: true, cell: (s) => sized(s.bytes), sort: (s) => s.bytes },
          ],
          shared,
          1,
        ),
      ),
  ];
};
const layerView = (blob) => [
  crumbs(home(), el("span", { class: "mono" }, short(blob.digest))),
  heading("Layer", `${size(blob.bytes)}, ${blob.media_type}`),
  copied(blob.digest),
  section(
    "Used by",
    `${count(blob.users.length, "tag")} in ${count(blob.repos, "repository", "repositories")}`,
    tagTable(blob.users, (t) => t.full),
  ),
];

const hay = (tag) =>
  tag.hay ||
  (tag.hay = [
    tag.full,
    tag.image.digest,
    ...tag.image.manifests.map((m) => images[m].digest),
    ...labelPairs(tag.image).map((p) => p.join("=")),
    ...tag.image.manifests.flatMap((m) => labelPairs(images[m]).map((p) => p.join("="))),
  ]
    .join("\n")
    .toLowerCase());
/* Why a tag was found, when its name does not say it. */
const reason = (tag, words) => {
  const word = words.find((w) => !tag.full.toLowerCase().includes(w));
  if (!word) return null;
  const family = [tag.image, ...tag.image.manifests.map((m) => images[m])];
  const pair = family
    .flatMap(labelPairs)
    .map((p) => p.join("="))
    .find((p) => p.toLowerCase().includes(word));
  const line = pair || family.map((i) => i.digest).find((d) => d.includes(word)) || "";
  const at = line.toLowerCase().indexOf(word);
  if (at < 0) return null;
  const from = Math.max(0, at - 40),
    to = at + word.length;
  return el(
    "small",
    null,
    el("br"),
    bdi(
      [
        from ? "…" : "",
        line.slice(from, at),
        el("mark", null, line.slice(at, to)),
        line.slice(to, to + 40),
        to + 40 < line.length ? "…" : "",
      ].flat(),
    ),
  );
};
const searchView = (query) => {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const all = (where) => words.every((w) => where.includes(w));
  const foundRepos = repos.filter((r) => all(r.name.toLowerCase())),
    foundTags = tags.filter((t) => all(hay(t)));
  const foundLayers =
    words.length === 1 && /^(sha\d+:)?[0-9a-f]{6,}$/.test(words[0])
      ? blobs.filter((b) => b.digest.includes(words[0]))
      : [];
  $("hits").textContent =
    ` ${count(foundRepos.length, "repository", "repositories")}, ${count(foundTags.length, "tag")}${foundLayers.length ? `, ${count(foundLayers.length, "layer")}` : ""} found.`;
  return [
    crumbs(home(), `Search: ${query}`),
    foundRepos.length > 0 && section("Repositories", whole.format(foundRepos.length), repoTable(foundRepos)),
    foundTags.length > 0 &&
      section(
        "Tags",
        whole.format(foundTags.length),
        tagTable(foundTags, (t) => t.full, { note: (t) => reason(t, words) }),
      ),
    foundLayers.length > 0 && section("Layers", whole.format(foundLayers.length), layerTable(foundLayers)),
    !foundRepos.length &&
      !foundTags.length &&
      !foundLayers.length &&
      el("p", { class: "hint" }, "Nothing has that in its name, digest or labels."),
  ];
};

const overview = () => {
  const naive = tags.reduce((sum, t) => sum + t.image.bytes, 0);
  $("charts").append(
    section(
      "Where the disk went",
      "what repositories share is divided among them",
      crumbs("All repositories"),
      mapOfAll(),
    ),
    el(
      "div",
      { class: "pair" },
      section("Growth", "what today's tags need, by when it was pushed", growthChart()),
      section("Age of tags", "since the last push", ages()),
    ),
  );
  $("repos").replaceWith(...repoTable(repos));
  $("h-repos").append(
    el("small", null, `${count(tags.length, "tag")} would take ${size(naive)} if nothing were shared`),
  );
  $("more").append(
    el(
      "div",
      { class: "pair" },
      section("Platforms", null, platforms()),
      section(
        "Tags pushed last",
        null,
        tagTable([...tags].sort((a, b) => compare(b.updated, a.updated)).slice(0, 8), (t) => t.full, { brief: true }),
      ),
    ),
    section("Largest layers", null, layerTable([...blobs].sort((a, b) => b.bytes - a.bytes).slice(0, 20))),
  );
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
  const here = document.activeElement,
    map = here.closest(".map");
  const all = [...document.querySelectorAll(map ? ".map a" : "#main tbody tr > :first-child a")].filter(
    (a) => a.offsetParent && (!map || a.closest(".map") === map),
  );
  const next = all[all.indexOf(here) + step];
  if (!next) return step < 0 && !map && $("query").focus();
  next.focus();
};
const up = () => {
  const [, view, rest] = /^#\/([rtls])\/(.+)$/.exec(location.hash) || [];
  if (view === "t") location.hash = `#/r/${rest.replace(/:[^:]*$/, "")}`;
  else if (view === "s") (go(before), $("query").blur());
  else if (view) location.hash = "#/";
};
addEventListener("keydown", (event) => {
  const typing = event.target === $("query");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const keys = { ArrowDown: () => moveBy(1), ArrowUp: () => moveBy(-1), Escape: up };
  if (!typing && event.target.closest?.(".map"))
    Object.assign(keys, { ArrowRight: () => moveBy(1), ArrowLeft: () => moveBy(-1) });
  if (!typing) keys["/"] = () => ($("query").focus(), $("query").select());
  const inTable = typing || event.target.closest?.("tbody, .map");
  if (!keys[event.key] || (event.key.startsWith("Arrow") && !inTable)) return;
  event.preventDefault();
  keys[event.key]();
});

$("find").hidden = false;
overview();
route();
