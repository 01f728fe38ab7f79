/** How much of a person's own words came into a post that quotes them. */
const MARKS = ["“", "«"];

/** How many characters of `words` the post quotes, from the beginning; all of them if it is whole. */
export function quotedOf(words: string, post: string): { kept: number; total: number } {
  const characters = [...spaced(words)];
  const text = spaced(post);
  const total = characters.length;
  const opening = (count: number) => characters.slice(0, count).join("");
  if (text.includes(opening(total))) return { kept: total, total };
  let [kept, tooMany] = [0, total];
  while (tooMany - kept > 1) {
    const middle = (kept + tooMany) >> 1;
    if (MARKS.some((mark) => text.includes(mark + opening(middle)))) kept = middle;
    else tooMany = middle;
  }
  return { kept, total };
}

/** Channels that are one line long put a space where there was a line. */
function spaced(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
