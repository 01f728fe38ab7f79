import { expect, test } from "vitest";
import type { MessageItem } from "./api";
import { concernsFilters, hasStatus, isFiltered, readFilters, toggled, withFilters } from "./filters";

const item = {
  content: "Zoë Ångström earned a certification",
  subject: null,
  author_name: "Mia Torres",
  channels: ["linkedin", "sms"],
  status: "scheduled",
} as unknown as MessageItem;
const NONE = readFilters(new URLSearchParams());

test("an address without filters shows everything", () => {
  expect([isFiltered(NONE), concernsFilters(item, NONE), hasStatus(item, NONE)]).toEqual([false, true, true]);
});

test("filters survive the address", () => {
  const wanted = { statuses: ["failed", "scheduled"] as const, channels: ["sms", "email"], isMine: true, text: "Zoë & co" };
  const address = withFilters(new URLSearchParams("view=week&on=2026-12-01"), wanted);
  expect(readFilters(new URLSearchParams(address.toString()))).toEqual(wanted);
  expect(address.get("view")).toBe("week");
});

test("filters that are taken back leave the address", () => {
  const address = withFilters(new URLSearchParams("status=failed&text=x&on=2026-12-01"), { statuses: [], text: "" });
  expect(address.toString()).toBe("on=2026-12-01");
});

test("a status that there is not is left out", () => {
  expect(readFilters(new URLSearchParams("status=failed,nonsense")).statuses).toEqual(["failed"]);
});

test.each([
  ["zoe certif", true],
  ["TORRES", true],
  ["zoe nobody", false],
])("%j is looked for without case and accents", (text, isFound) => {
  expect(concernsFilters(item, { ...NONE, text })).toBe(isFound);
});

test.each([
  [["sms"], true],
  [["email", "linkedin"], true],
  [["email"], false],
])("of channels %j one is enough", (channels, isFound) => {
  expect(concernsFilters(item, { ...NONE, channels })).toBe(isFound);
});

test("a status is one of those chosen", () => {
  expect(hasStatus(item, { ...NONE, statuses: ["failed"] })).toBe(false);
  expect(hasStatus(item, { ...NONE, statuses: ["failed", "scheduled"] })).toBe(true);
});

test("choosing again takes out", () => {
  expect(toggled(toggled(["a"], "b"), "a")).toEqual(["b"]);
});
