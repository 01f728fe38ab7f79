// How one post looks to the person who sees it on its platform. Every text of a post enters the
// page as a text node, never as markup.

const SVG = "http://www.w3.org/2000/svg";

export const CHANNELS = {
  facebook: { title: "Facebook", glyph: "M4 5h16v10H9l-5 4z" },
  instagram: { title: "Instagram", glyph: "M3 5h18v14H3zM3 16l5-5 4 4 3-3 6 5M15.500 9.200h.01" },
  linkedin: { title: "LinkedIn", glyph: "M3 8h18v11H3zM9 8V5h6v3M3 13h18" },
  whatsapp: { title: "WhatsApp", glyph: "M3 4h12v8H8l-3 3v-3H3zM17 9h4v8h-2v3l-3-3h-6v-2" },
  email: { title: "E-mail", glyph: "M3 6h18v13H3zM3 7l9 7 9-7" },
  sms: { title: "SMS", glyph: "M7 2h10v20H7zM10 19h4M9.500 7h5M9.500 10h3" },
};

const REACT = "M12 20s-7-4.400-7-9.500A3.900 3.900 0 0 1 12 8a3.900 3.900 0 0 1 7 2.500C19 15.600 12 20 12 20z";
const TALK = "M4 5h16v11h-9l-4 4v-4H4z";
const PASS = "M4 12h14M13 6l6 6-6 6";
const KEEP = "M7 4h10v16l-5-4-5 4z";
const TICKS = "M2 12l4 4 8-9M10 16l8-9";

export function channelOf(name) {
  const title = name.charAt(0).toUpperCase() + name.slice(1);
  return CHANNELS[name] ?? { title, glyph: "M5 5h14v14H5z" };
}

export function node(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function glyph(path) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("glyph");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

// Text in any script, with hashtags, mentions and addresses tinted. Addresses are not links: from
// here nothing leads out.
function prose(text, className) {
  const box = node("div", `prose ${className}`);
  box.dir = "auto";
  let end = 0;
  for (const match of text.matchAll(/https?:\/\/[^\s<>"]+|[#@][\p{L}\p{M}\p{N}_.]+/gu)) {
    box.append(text.slice(end, match.index), node("span", "tint", match[0]));
    end = match.index + match[0].length;
  }
  box.append(text.slice(end));
  return box;
}

// What is too tall is shown from its beginning, with a button for the rest; see `tuck`.
function fold(box) {
  box.classList.add("folded");
  const button = node("button", "unfold", "See more");
  button.type = "button";
  button.hidden = true;
  button.addEventListener("click", () => {
    box.classList.remove("folded", "cut");
    button.remove();
  });
  return node("div", "fold", box, button);
}

// Fade the last line of what is cut and offer the rest. Whoever lays cards out asks for it, so that
// the button has its place before anything is painted.
export function tuck(articles) {
  const boxes = articles.flatMap((article) => [...article.querySelectorAll(".folded")]);
  const cut = boxes.map((box) => box.scrollHeight > box.clientHeight + 2);
  boxes.forEach((box, index) => {
    box.classList.toggle("cut", cut[index]);
    box.nextElementSibling.hidden = !cut[index];
  });
}

const folded = (text, className) => fold(prose(text, className));

function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  return words.slice(0, 2).map((word) => [...word][0].toUpperCase()).join("") || "•";
}

export function time(iso) {
  const at = new Date(iso);
  const isToday = at.toDateString() === new Date().toDateString();
  const day = isToday ? {} : { day: "numeric", month: "short" };
  const text = at.toLocaleString([], { ...day, hour: "2-digit", minute: "2-digit" });
  const element = node("time", "", text);
  element.dateTime = iso;
  element.title = at.toLocaleString();
  return element;
}

function avatar(name, shape) {
  const element = node("span", `avatar ${shape}`, initials(name));
  element.setAttribute("aria-hidden", "true");
  return element;
}

function head(post, name, note, shape) {
  const second = node("div", "note", time(post.created_at), ...(note ? [` · ${note}`] : []));
  return node("div", "head", avatar(name, shape), node("div", "who", node("strong", "", name), second));
}

function actions(...paths) {
  const row = node("div", "actions", ...paths.map(glyph));
  row.setAttribute("aria-hidden", "true");
  return row;
}

function picture(medium) {
  const image = node("img");
  image.src = new URL(medium.url).pathname;
  image.alt = medium.alt_text ?? "";
  image.width = medium.width;
  image.height = medium.height;
  image.loading = "lazy";
  const frame = node("figure", "picture", image);
  if (medium.alt_text) {
    const words = node("span", "words", medium.alt_text);
    words.dir = "auto";
    const summary = node("summary", "", "ALT");
    summary.setAttribute("aria-label", "Show the alternative text");
    frame.append(node("details", "alt", summary, words));
  }
  return frame;
}

function pictures(post, className) {
  if (!post.media.length) return null;
  const album = node("div", `${className} n${Math.min(post.media.length, 4)}`);
  album.append(...post.media.map(picture));
  return album;
}

function linkCard(post) {
  if (!post.link) return null;
  let host = post.link;
  try {
    host = new URL(post.link).host;
  } catch {
    // shown as it is
  }
  return node("div", "link", node("span", "note", host), node("strong", "", post.title || post.link));
}

function facebook(post) {
  return [
    head(post, post.author ?? "Page", "Public", "round"),
    folded(post.text, "large"),
    pictures(post, "album"),
    linkCard(post),
    actions(REACT, TALK, PASS),
  ];
}

// All pictures of a carousel have the first one's shape; the dots follow whoever swipes.
function carousel(post) {
  const strip = pictures(post, "strip");
  const dots = node("div", "dots", ...post.media.map(() => node("span")));
  dots.hidden = post.media.length < 2;
  if (!strip) return [strip, dots];
  const [first] = post.media;
  if (first.width && first.height) strip.style.setProperty("--ratio", `${first.width} / ${first.height}`);
  const mark = () => {
    const shown = Math.round(strip.scrollLeft / (strip.clientWidth || 1));
    [...dots.children].forEach((dot, index) => dot.classList.toggle("shown", index === shown));
  };
  if (post.media.length > 1) strip.tabIndex = 0;
  strip.addEventListener("scroll", mark, { passive: true });
  mark();
  return [strip, dots];
}

function instagram(post) {
  const [strip, dots] = carousel(post);
  const author = post.author ?? "account";
  const caption = folded(post.text, "caption");
  caption.querySelector(".prose").prepend(node("strong", "", `${author} `));
  return [
    head(post, author, post.is_story ? "Story" : "", "ring"),
    strip,
    node("div", "under", actions(REACT, TALK, PASS, KEEP), dots),
    caption,
  ];
}

function linkedin(post) {
  return [
    head(post, post.author ?? "Organization", "Everyone", "square"),
    folded(post.text, "large"),
    pictures(post, "album"),
    linkCard(post),
    actions(REACT, TALK, PASS),
  ];
}

function phone(post, name, ...bubble) {
  const top = node("div", "phone-top", avatar(name, "round"), node("strong", "", name));
  const day = new Date(post.created_at).toLocaleDateString([], { day: "numeric", month: "long" });
  const screen = node("div", "screen", node("div", "day", day), node("div", "bubble", ...bubble));
  return [node("div", "phone", top, screen)];
}

function whatsapp(post) {
  const foot = node("div", "sent", time(post.created_at), glyph(TICKS));
  const name = post.author ?? "Business";
  return phone(post, name, pictures(post, "album"), prose(post.text, ""), foot);
}

function sms(post) {
  const foot = node("div", "sent", time(post.created_at));
  return phone(post, post.author || "Community", prose(post.text, ""), foot);
}

function email(post) {
  const sender = /^\s*"?([^"<]*?)"?\s*<([^>]+)>\s*$/.exec(post.author ?? "");
  const name = sender?.[1] || post.author || "Sender";
  const address = sender?.[2] ?? "";
  const subject = node("h3", "subject", post.subject || "(no subject)");
  subject.dir = "auto";
  const body = node("div", "mail-body");
  const choice = node("div", "choice");
  const show = (kind) => {
    body.replaceChildren(kind === "html" ? fold(htmlPart(post)) : prose(post.text, "plain"));
    for (const button of choice.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === kind));
    }
  };
  for (const [kind, title] of [["html", "Designed"], ["text", "Plain text"]]) {
    const button = node("button", "", title);
    button.type = "button";
    button.value = kind;
    button.addEventListener("click", () => show(kind));
    if (post.html || kind === "text") choice.append(button);
  }
  show(post.html ? "html" : "text");
  const wayOut = /<([^<>]+)>/.exec(post.headers?.["List-Unsubscribe"] ?? "");
  if (wayOut) choice.append(leave(wayOut[1]));
  const from = node("div", "who", node("strong", "", name), node("div", "note", address));
  return [
    subject,
    node("div", "head", avatar(name, "round"), from, time(post.created_at)),
    body,
    choice,
  ];
}

// A link where the local product answers; elsewhere nothing but the word.
function leave(address) {
  if (!isLocal(address)) return node("span", "leave", "Unsubscribe");
  const link = node("a", "leave", "Unsubscribe");
  link.href = address;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  return link;
}

function isLocal(address) {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return /^https?:$/.test(protocol) && ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
}

function htmlPart(post) {
  const frame = node("iframe");
  frame.title = `Mail: ${post.subject ?? ""}`;
  // No scripts, no forms, no navigation; the same origin only to measure its height.
  frame.setAttribute("sandbox", "allow-same-origin");
  frame.src = `/mail/${post.channel}/${encodeURIComponent(post.external_id)}`;
  const sizes = new ResizeObserver(() => stretch(frame));
  frame.addEventListener("load", () => {
    const page = frame.contentDocument?.documentElement;
    if (!page) return;
    // The frame is as tall as the mail. A bar that came and went would change the mail's width.
    page.style.overflowY = "hidden";
    page.addEventListener("click", openFromMail);
    for (const link of page.querySelectorAll("a[href]")) {
      if (!isLocal(link.href)) link.style.cursor = "not-allowed";
    }
    stretch(frame);
    sizes.disconnect();
    sizes.observe(page);
  });
  return node("div", "mail-page", frame);
}

// Make a frame as tall as its document, and room for the bar of one that is too wide.
function stretch(frame) {
  const page = frame.contentDocument?.documentElement;
  if (!page || !frame.clientHeight) return;
  const bar = frame.clientHeight - frame.contentDocument.scrollingElement.clientHeight;
  frame.style.height = `${Math.ceil(page.getBoundingClientRect().height) + bar}px`;
}

// A mail's links would open inside its frame. The local product's get a page of their own; others
// would lead out.
function openFromMail(event) {
  const link = event.target.closest?.("a[href]");
  if (!link) return;
  event.preventDefault();
  if (isLocal(link.href)) window.open(link.href, "_blank", "noopener,noreferrer");
}

function plain(post) {
  const name = post.author ?? channelOf(post.channel).title;
  return [head(post, name, "", "round"), folded(post.text, "large"), pictures(post, "album")];
}

const FACES = { facebook, instagram, linkedin, whatsapp, email, sms };

export function card(post, address) {
  const channel = channelOf(post.channel);
  const label = node("div", "label", glyph(channel.glyph), node("span", "", channel.title));
  if (post.recipient) {
    const to = node("span", "to", "to ", node("bdi", "", post.recipient));
    label.append(to);
  }
  const anchor = node("a", "anchor", "Link");
  anchor.href = address;
  anchor.setAttribute("aria-label", `Link to this ${channel.title} post`);
  label.append(anchor);
  const face = node("div", `face ${post.channel}`, ...(FACES[post.channel] ?? plain)(post));
  const article = node("article", "card", label, face);
  article.dataset.channel = post.channel;
  article.tabIndex = -1;
  article.setAttribute("aria-label", `${channel.title}, ${new Date(post.created_at).toLocaleString()}`);
  if (post.deleted_at) {
    article.classList.add("deleted");
    label.append(node("span", "gone", "Deleted ", time(post.deleted_at)));
  }
  return article;
}
