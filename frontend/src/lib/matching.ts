/** What a person means who types a few letters: every word of theirs begins or is in a word of ours. */
export function matching<T extends { label: string; group: string; words?: string }>(
  choices: readonly T[],
  typed: string,
): T[] {
  const wanted = plain(typed).split(/\s+/).filter(Boolean);
  return choices.filter((choice) => {
    const text = plain(`${choice.label} ${choice.group} ${choice.words ?? ""}`);
    return wanted.every((word) => text.includes(word));
  });
}

/** Without case and accents, so that nobody has to type them. */
export function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}
