import { i18n, type Messages } from "@lingui/core";

export const LANGUAGES = { en: "English", es: "Español" } as const;
export type Language = keyof typeof LANGUAGES;

const KEY = "language";
const CATALOGUES: Record<Language, () => Promise<{ default: Messages }>> = {
  en: () => import("./words.en"),
  es: () => import("./words.es"),
};

export function isLanguage(value: unknown): value is Language {
  return typeof value === "string" && value in LANGUAGES;
}

/** The language to begin with: the one chosen before, else what the browser prefers. */
export function firstLanguage(kept: string | null, preferred: readonly string[]): Language {
  if (isLanguage(kept)) return kept;
  const known = preferred.map((tag) => tag.split("-")[0]).find(isLanguage);
  return known ?? "en";
}

export function keptLanguage(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** Speak a language from now on. */
export async function speak(language: Language): Promise<void> {
  const { default: messages } = await CATALOGUES[language]();
  i18n.loadAndActivate({ locale: language, messages });
  document.documentElement.lang = language;
  document.documentElement.dir = "ltr";
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // It holds for this page at least.
  }
}

/** The tag that dates and numbers follow: the browser's region for the language, if it has one. */
export function formatTag(): string {
  const language = i18n.locale || "en";
  return navigator.languages.find((tag) => tag.startsWith(`${language}-`)) ?? language;
}
