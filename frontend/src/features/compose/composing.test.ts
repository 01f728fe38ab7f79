import { expect, test } from "vitest";
import type { Preview } from "@/lib/api";
import { bodyOf, editOf, faultyChannels, type Form, lookedAt, previewOf, textFaults } from "./composing";

const FORM: Form = {
  content: "Hello", subject: " ", channels: ["linkedin", "sms"],
  variants: { linkedin: { content: "Hello, network", subject: "" }, facebook: { content: "left over", subject: "" } },
  ownWords: ["sms", "facebook"],
  media: [{ uploadId: "u1", altText: "A tree", seenAt: "blob:x" }],
  when: "later", wall: "2026-12-01T15:00", zone: "Europe/Madrid", repeated: "earlier",
};
const MOMENT = Date.parse("2026-12-01T14:00:00Z");

test("a scheduled message names its moment and its zone", () => {
  expect(bodyOf(FORM, MOMENT, false)).toMatchObject({
    scheduled_at: "2026-12-01T14:00:00.000Z", time_zone: "Europe/Madrid", draft: false, subject: null,
    media: [{ upload_id: "u1", alt_text: "A tree" }],
  });
});

test("a text of a channel that is not chosen any more is not sent", () => {
  expect(bodyOf(FORM, null, true).variants).toEqual({ linkedin: { content: "Hello, network" } });
});

test("own words are chosen for channels that are chosen", () => {
  expect(bodyOf(FORM, null, true).own_words).toEqual(["sms"]);
  expect(editOf({ ...FORM, ownWords: [] }, null).own_words).toEqual([]);
});

test("an edit to publish now takes the time away", () => {
  expect(editOf({ ...FORM, when: "now" }, null).scheduled_at).toBeNull();
});

test("there is nothing to preview without a text or a channel", () => {
  expect(previewOf({ ...FORM, content: " " })).toBeNull();
  expect(previewOf({ ...FORM, channels: [] })).toBeNull();
  expect(previewOf(FORM)?.scheduled_at).toBeNull();
});

test("a fault is shown at the text it is about, and marks its channel", () => {
  const faults = [
    { pointer: "/content", code: "too_long", detail: "a", channel: "sms" as const },
    { pointer: "/variants/linkedin/content", code: "too_long", detail: "b" },
    { pointer: "/scheduled_at", code: "past", detail: "c" },
  ];
  expect(textFaults(faults, null).map((fault) => fault.detail)).toEqual(["a"]);
  expect(textFaults(faults, "linkedin").map((fault) => fault.detail)).toEqual(["b"]);
  expect(faultyChannels(faults)).toEqual(new Set(["sms", "linkedin"]));
});

test("the channel that is written for is looked at alone, else the faulty ones first", () => {
  const previews = ["email", "linkedin", "sms"].map((channel) => ({ channel }) as Preview);
  const shown = (tab: string) => lookedAt(previews, tab, new Set(["sms"])).map(({ channel }) => channel);
  expect(shown("linkedin")).toEqual(["linkedin"]);
  expect(shown("all")).toEqual(["sms", "email", "linkedin"]);
});
