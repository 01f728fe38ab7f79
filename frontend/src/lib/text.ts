/** The first line with anything on it, as the title of a text. */
export function firstLine(text: string): string {
  return text.split("\n").find((line) => line.trim())?.trim() ?? "";
}

const LONG = 90;

/** A title made of a text: its first line, or of a long one the first sentence or as much as fits. */
export function headline(text: string): string {
  const line = firstLine(text);
  if (line.length <= LONG) return line;
  const sentence = /^.{20,90}?[.!?…](?=\s)/u.exec(line)?.[0];
  if (sentence) return sentence;
  return `${line.slice(0, line.lastIndexOf(" ", LONG - 1))} …`;
}
