/** What a text adds to another one. */

export interface Part {
  text: string;
  /** It does not stand in the own words. */
  isAdded: boolean;
}

const MOST_STEPS = 2_000_000;

/** A text in parts: what it has of the own words, in their order, and what was added to them. */
export function partsOf(text: string, own: string): Part[] {
  const [said, meant] = [wordsIn(text), wordsIn(own)];
  if (said.length * meant.length > MOST_STEPS) return [{ text, isAdded: false }];
  const kept = keptIn(said, meant);
  const parts: Part[] = [];
  const add = (piece: string, isAdded: boolean) => {
    const last = parts.at(-1);
    if (last?.isAdded === isAdded) last.text += piece;
    else if (piece) parts.push({ text: piece, isAdded });
  };
  let end = 0;
  said.forEach(({ word, at }, index) => {
    const isAdded = !kept.has(index);
    add(text.slice(end, at), isAdded && parts.at(-1)?.isAdded === true);
    add(word, isAdded);
    end = at + word.length;
  });
  add(text.slice(end), false);
  return parts;
}

/** Words and signs, each by itself: a name stays the same word before a colon. */
function wordsIn(text: string): { word: string; at: number }[] {
  return [...text.matchAll(/[\p{L}\p{N}\p{M}]+|[^\s\p{L}\p{N}\p{M}]+/gu)].map((match) => ({ word: match[0], at: match.index }));
}

/** Which of the words that are said belong to the longest run of those that were meant. */
function keptIn(said: readonly { word: string }[], meant: readonly { word: string }[]): Set<number> {
  const longest = Array.from({ length: said.length + 1 }, () => new Uint32Array(meant.length + 1));
  const at = (i: number, j: number) => longest[i]?.[j] ?? 0;
  for (let i = 1; i <= said.length; i++) {
    for (let j = 1; j <= meant.length; j++) {
      const isSame = said[i - 1]?.word === meant[j - 1]?.word;
      (longest[i] as Uint32Array)[j] = isSame ? at(i - 1, j - 1) + 1 : Math.max(at(i - 1, j), at(i, j - 1));
    }
  }
  const kept = new Set<number>();
  for (let i = said.length, j = meant.length; i > 0 && j > 0; ) {
    if (at(i, j) === at(i - 1, j)) i--;
    else if (at(i, j) === at(i, j - 1)) j--;
    else {
      kept.add(i - 1);
      i--;
      j--;
    }
  }
  return kept;
}
