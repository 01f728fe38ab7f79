import { expect, test } from "vitest";
import { lengthIn, smsPlan, visibleLength } from "./counting";

test.each([
  ["code_points", 3],
  ["utf16_units", 6],
  ["utf8_bytes", 12],
  ["graphemes", 2],
  ["characters", 6],
] as const)("a family and a smile are counted in %s", (unit, length) => {
  expect(lengthIn(unit, "👍🏽😀")).toBe(length);
});

test.each([
  ["", "GSM-7", 0],
  ["a".repeat(160), "GSM-7", 1],
  ["a".repeat(161), "GSM-7", 2],
  ["€".repeat(80), "GSM-7", 1],
  ["€".repeat(81), "GSM-7", 2],
  ["ñ".repeat(160), "GSM-7", 1],
  ["ж".repeat(70), "UCS-2", 1],
  ["ж".repeat(71), "UCS-2", 2],
  ["😀".repeat(35), "UCS-2", 1],
  ["😀".repeat(67), "UCS-2", 3],
] as const)("%s goes out as %s in %d segments", (text, encoding, segments) => {
  expect(smsPlan(text)).toMatchObject({ encoding, segments });
});

test("a character of two units is never split between segments", () => {
  // 152 units, then one of two: it begins the second segment, which then holds 11.
  expect(smsPlan(`${"a".repeat(152)}€${"a".repeat(9)}`)).toMatchObject({ used: 163, segments: 2 });
});

test.each([
  ["Zoë Ångström", 11],
  ["Zoe\u0301", 3],
  ["👩🏽‍💻 Ada", 4],
  [" \u200b\u2800 ", 0],
])("a reader sees %o as %i characters", (text, count) => {
  expect(visibleLength(text)).toBe(count);
});
