import { expect, test } from "vitest";
import { readConfig } from "./config";
import { areaOf, WHOLE } from "./cropping";
import { Drafts } from "./drafts";
import { Intentions } from "./intentions";
import { firstLanguage } from "./language";
import { matching } from "./matching";
import { faultsAt, problemOf } from "./problem";
import { headline } from "./text";

const DAY = 86_400_000;

function kept() {
  const items = new Map<string, string>();
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  };
}

test("unsaved work is its author's alone", () => {
  const store = kept();
  new Drafts(store, "mia").write("compose", { content: "mine" });
  expect(new Drafts(store, "mia").read("compose")).toEqual({ content: "mine" });
  expect(new Drafts(store, "jonas").read("compose")).toBeNull();
});

test("unsaved work is forgotten when it was sent, and after a month", () => {
  const store = kept();
  let now = 0;
  const drafts = new Drafts(store, "mia", () => now);
  drafts.write("a", { text: "1" });
  drafts.write("b", { text: "2" });
  drafts.drop("a");
  expect(drafts.read("a")).toBeNull();
  now = 31 * DAY;
  expect(drafts.read("b")).toBeNull();
});

test("what can't be read is no work", () => {
  const store = kept();
  store.setItem("omnichannel.draft.mia.compose", "{");
  expect(new Drafts(store, "mia").read("compose")).toBeNull();
});

test("the same intention keeps its key until it is settled", () => {
  let next = 0;
  const intentions = new Intentions(kept(), () => `key-${++next}`);
  const body = { content: "hello" };
  expect(intentions.key("compose", body)).toBe("key-1");
  expect(intentions.key("compose", { ...body })).toBe("key-1");
  expect(intentions.key("compose", { content: "other" })).toBe("key-2");
  expect(intentions.key("submit", body)).toBe("key-3");
  intentions.settle("submit");
  expect(intentions.key("submit", body)).toBe("key-4");
});

test("an intention whose answer is not known outlives a reload", () => {
  const store = kept();
  const key = new Intentions(store).key("compose", { content: "hello" });
  expect(new Intentions(store).key("compose", { content: "hello" })).toBe(key);
  new Intentions(store).settle("compose");
  expect(new Intentions(store).key("compose", { content: "hello" })).not.toBe(key);
});

test("open intentions that can't be read are none", () => {
  const store = kept();
  store.setItem("omnichannel.intentions", "{");
  expect(new Intentions(store, () => "fresh").key("compose", {})).toBe("fresh");
});

test("a configuration without what nothing works without is refused", () => {
  const whole = { api_url: "https://api.example/", authority: "https://id.example", client_id: "c" };
  expect(readConfig(whole)).toMatchObject({ apiUrl: "https://api.example", websocketUrl: null, demoUsers: [] });
  for (const name of Object.keys(whole)) {
    expect(() => readConfig({ ...whole, [name]: undefined })).toThrow(name);
  }
  expect(() => readConfig(null)).toThrow();
});

test("an answer in other words than ours becomes a problem all the same", () => {
  const response = new Response(null, { status: 502, statusText: "Bad Gateway", headers: { "Retry-After": "7" } });
  const problem = problemOf("<html>", response);
  expect([problem.code, problem.status, problem.retryAfterSeconds, problem.isUncertain]).toEqual([
    "unreadable_answer", 502, 7, true,
  ]);
});

test("faults are found at their field and below it, not beside it", () => {
  const faults = ["/media", "/media/0/alt_text", "/media_rules", "/content"].map((pointer) => ({ pointer, code: "x", detail: "x" }));
  expect(faultsAt(faults, "/media").map((fault) => fault.pointer)).toEqual(["/media", "/media/0/alt_text"]);
});

test("what is kept of a picture lies inside it and has the shape that was chosen", () => {
  for (const [zoom, x, y] of [[0, 0, 0], [1, 1, 1], [0.5, 0.3, 0.9]] as const) {
    const area = areaOf({ ratio: 0.8, zoom, x, y }, 1600, 900);
    expect(area.width / area.height).toBeCloseTo(0.8);
    expect(area.left).toBeGreaterThanOrEqual(0);
    expect(area.left + area.width).toBeLessThanOrEqual(1600.001);
    expect(area.top + area.height).toBeLessThanOrEqual(900.001);
  }
  expect(areaOf(WHOLE, 1600, 900)).toEqual({ left: 0, top: 0, width: 1600, height: 900 });
});

test("a choice is found by parts of its words in any order, without accents", () => {
  const choices = [
    { label: "Solutions Architect – Associate", group: "Associate", words: "SAA-C03" },
    { label: "Administración", group: "Otras" },
  ];
  expect(matching(choices, "arch sol")).toEqual([choices[0]]);
  expect(matching(choices, "saa")).toEqual([choices[0]]);
  expect(matching(choices, "administracion")).toEqual([choices[1]]);
  expect(matching(choices, "  ")).toEqual(choices);
});

test.each([
  [null, ["de-DE", "es-AR"], "es"],
  ["en", ["es-ES"], "en"],
  ["fr", ["ja"], "en"],
] as const)("kept %s and preferred %s, it begins in %s", (chosen, preferred, language) => {
  expect(firstLanguage(chosen, preferred)).toBe(language);
});

test("a long text is titled by its first sentence", () => {
  const sentence = "Congratulations to Zoë, who earned a certificate today.";
  expect(headline(`\n ${sentence} And many more words follow, which say how much work that was.`)).toBe(sentence);
  expect(headline("word ".repeat(40)).length).toBeLessThan(93);
});
