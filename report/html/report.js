"use strict";
// All text gets into the page by textContent: nothing of a test's is ever read as markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const ROW = 36; // height of a row, as in the style sheet
  const words = { pass: "✓ passed", fail: "✗ failed", flaky: "~ flaky", skip: "– skipped", none: "… cut short", quarantined: "! quarantined" };
  const rank = { fail: 0, none: 1, flaky: 2, quarantined: 3, skip: 4, pass: 5 };
  const past = { p: "passed", f: "failed", y: "flaky", s: "skipped", n: "cut short", q: "quarantined", "-": "did not run" };
  const say = (text) => { byId("live").textContent = text; };

  // make returns an element with text or children in it.
  function make(tag, attributes, ...children) {
    const e = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === false || value === undefined) continue;
      e.setAttribute(name, value === true ? "" : value);
    }
    e.append(...children);
    return e;
  }
  function seconds(s) {
    if (s >= 60) return `${Math.floor(s / 60)}m${Math.round(s % 60)}s`;
    return s >= 1 ? `${s.toFixed(2)}s` : `${Math.round(s * 1000)}ms`;
  }
  const title = (t) => t.n || "(the package as a whole)";
  const unitOf = (t) => (t.u < 0 ? {} : data.units[t.u]);

  // What is looked for, as it stands in the address: a link shows the same view.
  const form = byId("filters");
  const fields = ["q", "status", "package", "label", "owner", "worker", "min", "sort"];
  let view = { t: "" };
  let shown = [];
  const hay = data.tests.map((t) => `${data.packages[t.p]} ${t.n}`.toLowerCase());

  function fill(name, values) {
    const select = form.elements[name];
    for (const [value, text] of values) select.append(make("option", { value }, text));
    if (values.length < 2 && name !== "package") select.closest("label").hidden = values.length === 0;
  }
  const sorted = (set) => [...set].sort().map((v) => [v, v]);
  function fillForm() {
    const labels = new Set(), owners = new Set(), workers = new Set();
    for (const u of data.units) { (u.l || []).forEach((l) => labels.add(l)); if (u.o) owners.add(u.o); }
    for (const t of data.tests) if (t.w >= 0) workers.add(t.w);
    fill("package", sorted(data.packages));
    fill("label", sorted(labels));
    fill("owner", sorted(owners));
    fill("worker", [...workers].sort((a, b) => a - b).map((w) => [String(w), `worker ${w}`]));
  }

  function readAddress() {
    const hash = location.hash.slice(1);
    if (hash && !hash.includes("=")) return false; // a section
    const p = new URLSearchParams(hash);
    view = { t: p.get("t") || "" };
    for (const f of fields) { view[f] = p.get(f) || ""; form.elements[f].value = view[f]; }
    return true;
  }
  function writeAddress() {
    const p = new URLSearchParams();
    for (const f of fields) if (view[f]) p.set(f, view[f]);
    if (view.t) p.set("t", view.t);
    const text = p.toString();
    if (text !== location.hash.slice(1)) history.replaceState(null, "", text ? `#${text}` : `${location.pathname}${location.search}`);
  }

  function matches() {
    const asked = view.q.toLowerCase().split(/\s+/).filter(Boolean);
    const least = view.min ? Number(view.min) * 1000 : -1;
    const worker = view.worker === "" ? -1 : Number(view.worker);
    const found = [];
    data.tests.forEach((t, i) => {
      if (view.status && t.s !== view.status) return;
      if (view.package && data.packages[t.p] !== view.package) return;
      if (worker >= 0 && t.w !== worker) return;
      if (t.t < least) return;
      const u = unitOf(t);
      if (view.label && !(u.l || []).includes(view.label)) return;
      if (view.owner && u.o !== view.owner) return;
      if (!asked.every((w) => hay[i].includes(w))) return;
      found.push(i);
    });
    const tests = data.tests;
    if (view.sort === "time") found.sort((a, b) => tests[b].t - tests[a].t || a - b);
    else if (view.sort === "name") found.sort((a, b) => (hay[a] < hay[b] ? -1 : hay[a] > hay[b] ? 1 : a - b));
    else found.sort((a, b) => rank[tests[a].s] - rank[tests[b].s] || a - b);
    return found;
  }

  // The list holds only the rows that are seen.
  const list = byId("list"), space = byId("space");
  let current = -1;
  function row(at) {
    const i = shown[at], t = data.tests[i];
    const r = make("div", { class: at === current ? "row current" : "row", role: "row", "aria-rowindex": at + 1, id: `row${at}`, "data-at": at },
      make("span", { class: `mark s-${t.s}`, role: "gridcell" }, words[t.s]),
      make("span", { class: "test", role: "gridcell", title: title(t) }, make("bdi", {}, title(t))),
      make("span", { class: "pkg", role: "gridcell", title: data.packages[t.p] }, make("bdi", {}, data.packages[t.p])));
    if (t.h) {
      const text = `last ${t.h.length} runs: ${[...t.h].map((c) => past[c]).join(", ")}`;
      r.append(make("span", { class: "past", role: "gridcell", "aria-label": text, title: text },
        ...[...t.h.slice(-20)].map((c) => make("i", { class: `dot ${c}`, "aria-hidden": "true" }))));
    }
    r.append(make("span", { class: "took", role: "gridcell" }, seconds(t.t / 1000)));
    r.style.top = `${at * ROW}px`;
    return r;
  }
  function draw() {
    const first = Math.max(0, Math.floor(list.scrollTop / ROW) - 5);
    const last = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + 5);
    const rows = [];
    for (let at = first; at < last; at++) rows.push(row(at));
    if (!shown.length) rows.push(make("p", { class: "empty" }, "No test matches."));
    space.replaceChildren(...rows);
    space.style.height = `${shown.length * ROW}px`;
    list.setAttribute("aria-rowcount", shown.length);
    if (current >= first && current < last) list.setAttribute("aria-activedescendant", `row${current}`);
    else list.removeAttribute("aria-activedescendant");
  }
  let frame = 0;
  list.addEventListener("scroll", () => {
    if (!frame) frame = requestAnimationFrame(() => { frame = 0; draw(); });
  });

  const cards = new Map([...document.querySelectorAll("[data-card]")].map((c) => [Number(c.dataset.card), c]));
  function update(keep) {
    shown = matches();
    const all = shown.length === data.tests.length;
    byId("shown").textContent = all ? String(shown.length) : `${shown.length} of ${data.tests.length}`;
    const set = all ? null : new Set(shown);
    for (const [i, card] of cards) card.hidden = set !== null && !set.has(i);
    if (!keep) { list.scrollTop = 0; current = -1; }
    draw();
    showTest();
  }

  // A test's details.
  const key = (t) => `${data.packages[t.p]} ${t.n}`;
  function choose(i) {
    view.t = key(data.tests[i]);
    writeAddress();
    showTest();
  }
  function showTest() {
    const box = byId("detail");
    const i = view.t ? data.tests.findIndex((t) => key(t) === view.t) : -1;
    box.hidden = i < 0;
    if (i < 0) { box.replaceChildren(); return; }
    const t = data.tests[i], u = unitOf(t);
    const close = make("button", { type: "button", class: "close" }, "Close");
    close.addEventListener("click", () => { view.t = ""; writeAddress(); showTest(); list.focus(); });
    const facts = [["Result", words[t.s]], ["Took", seconds(t.t / 1000)], ["Attempts", String(t.a)]];
    if (u.g) facts.push(["Group", u.g]);
    if (u.o) facts.push(["Owner", u.o]);
    if (u.l) facts.push(["Labels", u.l.join(", ")]);
    if (t.w >= 0) facts.push(["Worker", String(t.w)]);
    const children = [close, make("h3", { id: "detail-title" }, make("bdi", { class: "name" }, title(t)), " ", make("bdi", { class: "pkg" }, data.packages[t.p])), table(facts)];
    if (cards.has(i)) children.push(make("p", {}, make("a", { href: `#t${i}`, "data-reveal": i }, "Message, output and commands")));
    if (t.c >= 0) children.push(...before(data.processes[t.c], t));
    if (t.h) children.push(historyOf(t));
    box.replaceChildren(...children);
  }
  function table(rows) {
    return make("table", {}, make("tbody", {}, ...rows.map(([name, value]) => make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, make("bdi", {}, value))))));
  }
  function before(p, t) {
    const root = t.n.split("/")[0];
    const at = p.s.findIndex((one) => one.n === root);
    const names = p.s.slice(0, Math.max(0, at)).map((one) => one.n);
    const out = [make("p", {}, names.length ? `${names.length} ran before it in process ${p.n}:` : `It was the first test of process ${p.n}.`)];
    if (names.length) out.push(make("ol", { class: "scroll" }, ...names.map((n) => make("li", {}, make("bdi", {}, n)))));
    return out;
  }
  function historyOf(t) {
    return make("table", { class: "history" }, make("caption", { class: "away" }, "In each run"), make("tbody", {}, ...[...t.h].map((c, i) =>
      make("tr", {}, make("th", { scope: "row" }, data.runs[i].start), make("td", {}, make("i", { class: `dot ${c}`, "aria-hidden": "true" }), ` ${past[c]}`)))));
  }

  // The timeline.
  const NS = "http://www.w3.org/2000/svg";
  function svg(tag, attributes, ...children) {
    const e = document.createElementNS(NS, tag);
    for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
    e.append(...children);
    return e;
  }
  const kindOf = (p) => (p.y && p.b ? "fail" : p.k === "wait" ? "wait" : /^(setup|teardown|probe|baseline)/.test(p.k) ? "other" : p.b ? "fail" : p.a > 0 ? "rerun" : "pass");
  const processTitle = (p) => p.y ? p.y : p.g ? `${p.p} ${p.g}` : p.s.length === 1 ? `${p.p} ${p.s[0].n}` : p.p || p.k;
  let chosen = -1, bars = [];
  function drawChart() {
    const chart = byId("chart");
    if (!chart || !data.processes.length) return;
    const LANE = 26, LEFT = 66, WIDTH = 1100, TOP = 22;
    const own = data.processes.filter((p) => !p.z).map((p) => p.w);
    const first = Math.min(0, ...own); // -1: there is a lane for the whole run
    const lanes = Math.max(0, ...own) + 1 - first;
    // Workers of other machines have lanes for their set-ups, below those in which processes are.
    const away = [...new Set(data.processes.filter((p) => p.z).map((p) => p.w))].sort((a, b) => a - b);
    const top = (p) => TOP + (p.z ? lanes + away.indexOf(p.w) : p.w - first) * LANE;
    const wall = Math.max(data.wall, ...data.processes.map((p) => p.t), 0.001);
    const x = (s) => LEFT + (Math.max(0, s) / wall) * (WIDTH - LEFT - 8);
    const height = TOP + (lanes + away.length) * LANE + 6;
    const root = svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "presentation" });
    for (let n = 0; n <= 5; n++) {
      const s = (wall * n) / 5;
      root.append(svg("line", { x1: x(s), x2: x(s), y1: TOP - 6, y2: height }), svg("text", { x: x(s) + (n ? -4 : 0), y: 12, "text-anchor": n ? "end" : "start" }, seconds(s)));
    }
    for (let w = first; w < lanes + first; w++) root.append(svg("text", { x: 6, y: top({ w }) + 16 }, w < 0 ? "all" : `worker ${w}`));
    for (const w of away) root.append(svg("text", { x: 6, y: top({ w, z: true }) + 16 }, `set-ups ${w}`));
    bars = data.processes.map((p, i) => {
      const width = Math.max(1.5, x(p.t) - x(p.f));
      const bar = svg("rect", { class: `bar ${kindOf(p)}${p.l ? " long" : ""}`, x: x(p.f), y: top(p) + 3, width, height: LANE - 6, rx: 3, "data-process": i },
        svg("title", {}, `${processTitle(p)}: ${p.e ? `${p.e} after ` : ""}${seconds(p.t - p.f)}`));
      root.append(bar);
      const text = processTitle(p).split("/").pop();
      if (width > 7 * text.length + 8) root.append(svg("text", { class: p.k === "wait" ? "about" : "in", x: x(p.f) + 5, y: top(p) + 17 }, text));
      return bar;
    });
    chart.replaceChildren(root);
    chart.addEventListener("click", (e) => { if (e.target.dataset.process) chooseProcess(Number(e.target.dataset.process)); });
    chart.addEventListener("keydown", (e) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
      if (!step) return;
      e.preventDefault();
      chooseProcess((chosen + step + data.processes.length) % data.processes.length);
    });
  }
  function chooseProcess(i) {
    if (chosen >= 0) bars[chosen].classList.remove("chosen");
    chosen = i;
    bars[i].classList.add("chosen");
    const p = data.processes[i], box = byId("process");
    const facts = p.y ? [] : [["Ran", `${p.k || "process"}, attempt ${p.a}`]];
    facts.push(["Worker", p.w < 0 ? "all" : String(p.w)], ["Time", `${seconds(p.f)} to ${seconds(p.t)} (${seconds(p.t - p.f)})`]);
    if (p.o) facts.push(["Machine", p.o]);
    if (p.e) facts.push(["End", p.e]);
    if (p.x) facts.push(["CPU", seconds(p.x)]);
    if (p.r) facts.push(["Peak memory", `${(p.r / 1048576).toFixed(1)} MiB`]);
    box.hidden = false;
    box.replaceChildren(make("h3", {}, p.y ? "" : `Process ${p.n}: `, make("bdi", {}, processTitle(p))), table(facts));
    if (p.m) box.append(command(p.m));
    if (p.s.length) {
      box.append(make("div", { class: "scroll", tabindex: "0" }, make("table", {}, make("tbody", {}, ...p.s.map((t) => make("tr", {},
        make("td", { class: `s-${t.r}` }, words[t.r]), make("td", {}, make("bdi", {}, t.n)), make("td", {}, seconds(t.t / 1000))))))));
    }
  }
  function command(text) {
    return make("p", { class: "command" }, make("code", { tabindex: "0" }, make("bdi", {}, text)), make("button", { type: "button", class: "copy", "data-copy": text }, "Copy"));
  }

  function drawRuns() {
    if (data.runs.length < 2) return;
    byId("runs").append(make("table", { class: "runs" }, make("caption", {}, "Runs in this report"), make("tbody", {}, ...data.runs.map((r) =>
      make("tr", {}, make("td", {}, r.start), make("td", { class: r.exit ? "s-fail" : "s-pass" }, r.exit ? `failed (exit ${r.exit})` : "passed"), make("td", {}, r.took))))));
  }

  async function copy(button) {
    const text = button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = make("textarea", { class: "away" });
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = "Copied";
    say("Command copied");
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  }

  // Wiring.
  function changed() {
    for (const f of fields) view[f] = form.elements[f].value.trim();
    writeAddress();
    update();
  }
  form.addEventListener("input", changed);
  form.addEventListener("submit", (e) => e.preventDefault());
  form.addEventListener("reset", () => setTimeout(changed));
  window.addEventListener("hashchange", () => { if (readAddress()) { update(); byId("tests").scrollIntoView(); } });
  list.addEventListener("click", (e) => {
    const r = e.target.closest(".row");
    if (!r) return;
    current = Number(r.dataset.at);
    draw();
    choose(shown[current]);
  });
  list.addEventListener("keydown", (e) => {
    const page = Math.max(1, Math.floor(list.clientHeight / ROW) - 1);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -shown.length, End: shown.length }[e.key];
    if (e.key === "Enter" && current >= 0) { choose(shown[current]); byId("detail").focus(); return; }
    if (!step || !shown.length) return;
    e.preventDefault();
    current = Math.min(shown.length - 1, Math.max(0, current + step));
    const top = current * ROW;
    if (top < list.scrollTop) list.scrollTop = top;
    if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
    draw();
  });
  document.addEventListener("click", (e) => {
    const button = e.target.closest("[data-copy]");
    if (button) { copy(button); return; }
    const reveal = e.target.closest("[data-reveal]"); // a filter may hide where the link leads to
    if (reveal) cards.get(Number(reveal.dataset.reveal)).hidden = false;
    const link = e.target.closest("[data-test]");
    if (link) { e.preventDefault(); choose(Number(link.dataset.test)); byId("detail").scrollIntoView({ block: "center" }); }
  });
  document.addEventListener("keydown", (e) => {
    if (e.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) { e.preventDefault(); form.elements.q.focus(); }
  });

  form.hidden = list.hidden = false;
  for (const button of document.querySelectorAll(".copy")) button.hidden = false;
  fillForm();
  if (!readAddress()) { for (const f of fields) view[f] = ""; }
  update(true);
  drawChart();
  drawRuns();
  document.documentElement.dataset.ready = "yes";
})();
