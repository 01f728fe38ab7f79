import { expect, test } from "vitest";
import { quotedOf } from "./quoting";

const WORDS = "Six months of evenings.\n\nThank you, study group!";

test("words that stand in the post whole are whole, on one line, too", () => {
  const total = 47;
  expect(quotedOf(WORDS, `Zoë did it.\n\n“${WORDS}”\n\n#AWS`)).toEqual({ kept: total, total });
  expect(quotedOf(WORDS, "Zoë did it. “Six months of evenings. Thank you, study group!”")).toEqual({ kept: total, total });
});

test("words that were cut count as far as they go", () => {
  expect(quotedOf(WORDS, "Zoë did it. “Six months of…”").kept).toBe("Six months of".length);
  expect(quotedOf(WORDS, "Zoë lo logró. «Six months…»").kept).toBe("Six months".length);
});

test("words that were left out count nothing, though a few letters stand there by chance", () => {
  expect(quotedOf(WORDS, "Six of us saw Zoë earn it.").kept).toBe(0);
});

test("a character of two units is one", () => {
  expect(quotedOf("🎉🎉🎉 yes", "“🎉🎉…”")).toEqual({ kept: 2, total: 7 });
});
