import { expect, test } from "vitest";
import { partsOf } from "./comparing";

const marked = (text: string, own: string) => partsOf(text, own).map((part) => (part.isAdded ? `[${part.text}]` : part.text)).join("");

test.each([
  ["Great news! 🎉\nWe meet at 5. Come.\n\nKudos to all.", "We meet at 5. Come.", "[Great news! 🎉]\nWe meet at 5. Come.\n\n[Kudos to all.]"],
  ["We meet at 5.\nCome.", "We meet at 5. Come.", "We meet at 5.\nCome."],
  ["Cheers to Ana: Solutions Architect!", "Congratulations to Ana on Solutions Architect.", "[Cheers] to Ana[:] Solutions Architect[!]"],
  ["Hello there ", "", "[Hello there] "],
  ["", "We meet.", ""],
])("%j beside %j is marked as %j", (text, own, expected) => {
  expect(marked(text, own)).toBe(expected);
  expect(partsOf(text, own).map((part) => part.text).join("")).toBe(text);
});

test("a text too long to compare is shown unmarked", () => {
  const text = "word ".repeat(1_500);
  expect(partsOf(text, text)).toEqual([{ text, isAdded: false }]);
});
