import { expect, test } from "vitest";
import type { Message, Preview } from "./api";
import { canChooseWords, isModelsAffair, tenseOf, whose, withOwnWords, type Words } from "./wordings";

const words = (part: Partial<Words>): Words => ({ by: "author", final: true, own: null, reason: null, ...part });
const preview = (part: Partial<Words>) => ({ words: words(part) }) as Preview;
const message = (status: Message["status"], ...deliveries: string[]) =>
  ({ status, deliveries: deliveries.map((one) => ({ status: one })) }) as Message;

test.each([
  [{ by: "model", own: "Hello" }, "model"],
  [{ final: false }, "open"],
  [{ by: "rule", final: false }, "open"],
  [{ reason: "own_words_chosen" }, "chosen"],
  [{ reason: "model_busy" }, "declined"],
  [{ by: "rule" }, "rule"],
  [{}, "author"],
] as [Partial<Words>, string][])("the words of %j are of kind %s", (part, kind) => {
  expect(whose(words(part))).toBe(kind);
});

test("one channel in which a model has a say makes all of them tell whose words they have", () => {
  expect(isModelsAffair([preview({}), preview({ by: "rule" })])).toBe(false);
  expect(isModelsAffair([preview({}), preview({ final: false })])).toBe(true);
});

test("a channel's own words are chosen once and taken back", () => {
  expect(withOwnWords(["sms"], "linkedin", true)).toEqual(["sms", "linkedin"]);
  expect(withOwnWords(["linkedin"], "linkedin", true)).toEqual(["linkedin"]);
  expect(withOwnWords(["sms", "linkedin"], "linkedin", false)).toEqual(["sms"]);
});

test.each([
  ["draft", [], "will", true],
  ["pending_review", [], "will", true],
  ["scheduled", ["pending"], "will", true],
  ["publishing", ["sending"], "is", false],
  ["delivered", ["delivered"], "was", false],
  ["partially_delivered", ["failed", "delivered"], "was", false],
  ["needs_review", ["needs_review"], "was", false],
  ["failed", ["failed"], "would", false],
  ["cancelled", ["cancelled"], "would", false],
  ["rejected", [], "would", false],
] as [Message["status"], string[], string, boolean][])("the posts of a %s message (%j) are told as '%s'", (status, parts, tense, isOpen) => {
  expect(tenseOf(message(status, ...parts))).toBe(tense);
  expect(canChooseWords(message(status, ...parts))).toBe(isOpen);
});
