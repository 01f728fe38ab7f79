/** How long a text is in a platform's own unit, as one types; the API's preview has the last word. */
import type { Schemas } from "./api";

export type TextUnit = Schemas["TextUnit"];

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const encoder = new TextEncoder();

const COUNTS: Record<TextUnit, (text: string) => number> = {
  code_points: (text) => [...text].length,
  utf16_units: (text) => text.length,
  utf8_bytes: (text) => encoder.encode(text).length,
  graphemes: (text) => [...segmenter.segment(text)].length,
  // Platforms that say no more: what is never fewer than any of the others' characters.
  characters: (text) => text.length,
};

export function lengthIn(unit: TextUnit, text: string): number {
  return COUNTS[unit](text);
}

const INVISIBLE = /[\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** How many characters of a text a reader sees, as the API counts a name. */
export function visibleLength(text: string): number {
  return [...segmenter.segment(text)].filter(({ segment }) => segment.replace(INVISIBLE, "") !== "").length;
}

const BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
const EXTENSION = new Set("\f^{}\\[~]|€");

export interface SmsPlan {
  encoding: "GSM-7" | "UCS-2";
  segments: number;
  used: number;
  perSegment: number;
}

/** How a text goes out as SMS (3GPP TS 23.038 and 23.040, checked 2026-11-22). */
export function smsPlan(text: string): SmsPlan {
  const characters = [...text];
  const isGsm = characters.every((one) => BASIC.has(one) || EXTENSION.has(one));
  const sizes = characters.map((one) => (isGsm ? (EXTENSION.has(one) ? 2 : 1) : one.length));
  const used = sizes.reduce((sum, size) => sum + size, 0);
  const [single, each] = isGsm ? [160, 153] : [70, 67];
  const plan = { encoding: isGsm ? "GSM-7" : "UCS-2", used } as const;
  if (used <= single) return { ...plan, segments: used ? 1 : 0, perSegment: single };
  return { ...plan, segments: packed(sizes, each), perSegment: each };
}

/** Fill segments one after the other: a character is never split between two. */
function packed(sizes: readonly number[], each: number): number {
  let [segments, filled] = [1, 0];
  for (const size of sizes) {
    if (filled + size > each) [segments, filled] = [segments + 1, 0];
    filled += size;
  }
  return segments;
}
