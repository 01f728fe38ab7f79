import { expect, test } from "vitest";
import { standing, unplaced } from "./standing";

const ASKED = {
  content: "Hello", channels: ["sms", "linkedin"], scheduled_at: "2026-01-01T00:00:00.000Z",
  variants: { linkedin: { content: "Hello, network" } },
};
const fault = (pointer: string, channel?: "sms" | "linkedin") => ({ pointer, code: "c", detail: "d", ...(channel && { channel }) });
const left = (faults: ReturnType<typeof fault>[], now: object) =>
  standing(faults, ASKED, now).map(({ pointer }) => pointer);

test("a fault goes when its field changes, and the others stay", () => {
  const faults = [fault("/content"), fault("/scheduled_at")];
  expect(left(faults, { ...ASKED })).toEqual(["/content", "/scheduled_at"]);
  expect(left(faults, { ...ASKED, content: "Hello!" })).toEqual(["/scheduled_at"]);
  expect(left(faults, { ...ASKED, scheduled_at: null })).toEqual(["/content"]);
});

test("a fault inside a field goes when that part changes", () => {
  const faults = [fault("/variants/linkedin/content"), fault("/channels/1")];
  expect(left(faults, { ...ASKED, variants: { linkedin: { content: "Other" } } })).toEqual(["/channels/1"]);
  expect(left(faults, { ...ASKED, channels: ["sms"] })).toEqual(["/variants/linkedin/content"]);
});

test("a fault of a channel goes with the channel", () => {
  expect(left([fault("/content", "sms")], { ...ASKED, channels: ["linkedin"] })).toEqual([]);
  const sketch = (channels: string[]) => ({ certification: { channels, member_name: "Zoë" } });
  const found = [fault("/certification/member_name", "sms")];
  expect(standing(found, sketch(["sms"]), sketch(["sms"]))).toHaveLength(1);
  expect(standing(found, sketch(["sms"]), sketch(["email"]))).toEqual([]);
});

test("a fault of the whole goes when anything changes", () => {
  expect(left([fault("")], { ...ASKED })).toEqual([""]);
  expect(left([fault("")], { ...ASKED, subject: "New" })).toEqual([]);
});

test("a name with a slash in it is found where it is", () => {
  const asked = { "a/b": 1 };
  expect(standing([fault("/a~1b")], asked, { "a/b": 1 })).toHaveLength(1);
  expect(standing([fault("/a~1b")], asked, { "a/b": 2 })).toEqual([]);
});

test("what no place of the form shows is left over", () => {
  const faults = [fault("/content"), fault("/media/0/alt_text"), fault("/late_policy"), fault("")];
  expect(unplaced(faults, ["/content", "/media"]).map(({ pointer }) => pointer)).toEqual(["/late_policy", ""]);
});
