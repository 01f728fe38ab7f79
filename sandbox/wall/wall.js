// Keep the wall in step with /posts, follow #/<channel>/<external id>, and filter by channel.

import { CHANNELS, card, channelOf, glyph, node, tuck } from "/wall/faces.js";

const POLL_MILLISECONDS = 1000;
const ROW_PIXELS = 4;
const GAP_PIXELS = 24;
const FIRST_PAGE = 120;

const byId = (id) => document.getElementById(id);
const wall = byId("posts");
const shown = new Map(); // key → { article, state }
const state = { channel: null, limit: FIRST_PAGE, tag: null, loaded: false, reached: null, sought: null, pinned: null };

const keyOf = (post) => `${post.channel}/${post.external_id}`;
const addressOf = (post) => `#/${post.channel}/${encodeURIComponent(post.external_id)}`;

// Called after layout and before paint: nobody sees a card that has no room yet.
const sizes = new ResizeObserver((entries) => {
  const articles = entries.map(({ target }) => target).filter((article) => article.isConnected);
  tuck(articles);
  fit(articles);
});

// Masonry without moving anything in the document: a moved iframe would load again.
function fit(articles) {
  const heights = articles.map((article) => article.getBoundingClientRect().height);
  articles.forEach((article, index) => {
    const rows = Math.ceil((heights[index] + GAP_PIXELS) / ROW_PIXELS);
    article.parentElement.style.gridRowEnd = `span ${rows}`;
  });
}

function put(post) {
  const key = keyOf(post);
  const version = `${post.deleted_at ?? ""}|${post.text}`;
  const old = shown.get(key);
  if (old?.version === version) return false;
  const article = card(post, addressOf(post));
  if (old) {
    sizes.unobserve(old.article);
    old.article.replaceWith(article);
  } else {
    const cell = node("div", "cell", article);
    cell.dataset.channel = post.channel;
    wall.prepend(cell);
  }
  sizes.observe(article);
  shown.set(key, { article, version, post });
  return !old;
}

function forgetOthers(keys) {
  for (const [key, { article }] of shown) {
    if (keys.has(key)) continue;
    sizes.unobserve(article);
    article.parentElement.remove();
    shown.delete(key);
  }
}

function draw(answer) {
  const { pinned } = state;
  if (pinned && !answer.items.some((post) => keyOf(post) === keyOf(pinned))) {
    answer.items.unshift(pinned);
  }
  const oldest = answer.items[0];
  const firstShown = shown.values().next().value?.post;
  const isOlderPage = oldest && firstShown && oldest.created_at < firstShown.created_at;
  if (isOlderPage) forgetOthers(new Set());
  forgetOthers(new Set(answer.items.map(keyOf)));
  const fresh = answer.items.filter(put);
  if (state.loaded && fresh.length && !isOlderPage) {
    byId("news").textContent = fresh.length === 1
      ? `New on ${channelOf(fresh[0].channel).title}`
      : `${fresh.length} new posts`;
    for (const post of fresh) shown.get(keyOf(post)).article.classList.add("fresh");
  }
  const total = Object.values(answer.counts).reduce((sum, count) => sum + count, 0);
  byId("older").hidden = answer.items.length >= total;
  drawFilters(answer.counts, total);
  choose();
  byId("loading").hidden = true;
  state.loaded = true;
}

function drawFilters(counts, total) {
  const names = [...new Set([...Object.keys(CHANNELS), ...Object.keys(counts)])];
  const entries = [[null, "All", total], ...names.map((n) => [n, channelOf(n).title, counts[n] ?? 0])];
  const buttons = entries.map(([name, title, count]) => {
    const button = node("button", "filter", name ? glyph(channelOf(name).glyph) : null);
    button.append(node("span", "", title), node("span", "count", String(count)));
    button.type = "button";
    button.dataset.channel = name ?? "";
    button.setAttribute("aria-pressed", String(state.channel === name));
    button.addEventListener("click", () => choose(name));
    return button;
  });
  const focused = document.activeElement?.closest?.("#filters button")?.dataset.channel;
  byId("filters").replaceChildren(...buttons);
  if (focused !== undefined) buttons.find((b) => b.dataset.channel === focused)?.focus();
}

function choose(channel = state.channel) {
  state.channel = channel;
  let visible = 0;
  for (const cell of wall.children) {
    cell.hidden = channel !== null && cell.dataset.channel !== channel;
    if (!cell.hidden) visible += 1;
  }
  for (const button of byId("filters").children) {
    button.setAttribute("aria-pressed", String(button.dataset.channel === (channel ?? "")));
  }
  byId("empty").hidden = visible > 0;
  byId("empty-title").textContent = channel && shown.size
    ? `Nothing on ${channelOf(channel).title} yet`
    : "Nothing has been published yet";
}

// Pictures and mails move everything for a while after the page was opened.
const SETTLING_MILLISECONDS = [0, 100, 300, 700, 1500, 2500];

// Bring the post that the address names into view; one too old for this page is fetched alone.
async function follow() {
  const named = /^#\/([^/]+)\/(.+)$/.exec(location.hash);
  for (const marked of wall.querySelectorAll(".named")) marked.classList.remove("named");
  const key = named && `${decode(named[1])}/${decode(named[2])}`;
  const entry = shown.get(key);
  if (named && !entry && state.sought !== key) await seek(key, decode(named[2]));
  miss(Boolean(named) && !entry && !state.pinned);
  if (!entry) return;
  if (state.channel && state.channel !== entry.post.channel) choose(null);
  entry.article.classList.add("named");
  if (state.reached === key) return;
  state.reached = key;
  state.touched = false;
  for (const wait of SETTLING_MILLISECONDS) {
    setTimeout(() => {
      if (state.touched || state.reached !== key) return;
      shown.get(key)?.article.scrollIntoView({ block: "center" });
    }, wait);
  }
  requestAnimationFrame(() => entry.article.focus({ preventScroll: true }));
}

for (const sign of ["wheel", "touchstart", "pointerdown", "keydown"]) {
  addEventListener(sign, () => { state.touched = true; }, { passive: true });
}

async function seek(key, externalId) {
  const response = await fetch(`/posts?${new URLSearchParams({ external_id: externalId })}`);
  if (!response.ok) throw new Error(`/posts answered ${response.status}`);
  const { items } = await response.json();
  state.pinned = items.find((post) => keyOf(post) === key) ?? null;
  state.sought = key;
  state.tag = null; // draw again, now with the pinned one
}

// Say that the named post is nowhere, where whoever followed the link sees it.
function miss(isMissing) {
  const notice = byId("missing");
  if (notice.hidden !== isMissing) return;
  notice.hidden = !isMissing;
  if (isMissing) notice.scrollIntoView({ block: "center" });
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function older() {
  state.limit *= 4;
  state.tag = null;
}

async function refresh() {
  const headers = state.tag ? { "If-None-Match": state.tag } : {};
  try {
    const response = await fetch(`/posts?limit=${state.limit}`, { headers, cache: "no-store" });
    byId("trouble").hidden = response.ok || response.status === 304;
    document.body.classList.toggle("offline", !byId("trouble").hidden);
    if (response.status === 200) {
      state.tag = response.headers.get("ETag");
      draw(await response.json());
      await follow();
    }
  } catch {
    byId("trouble").hidden = false;
    document.body.classList.add("offline");
    state.tag = null;
  }
  setTimeout(refresh, document.hidden ? POLL_MILLISECONDS * 5 : POLL_MILLISECONDS);
}

byId("older").addEventListener("click", older);
window.addEventListener("hashchange", () => {
  state.reached = state.sought = state.pinned = null;
  follow().catch(() => { state.tag = null; });
});
refresh();
