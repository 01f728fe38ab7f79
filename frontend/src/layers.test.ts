import { expect, test } from "vitest";

const SOURCES = import.meta.glob<string>("./*/**/*.{ts,tsx}", {
  eager: true,
  query: "?raw",
  import: "default",
});
const IMPORTED = /(?:from|import\()\s*"([^"]+)"/g;
const LAYERS = ["lib", "components", "features", "app"];

/** What stands above a file, or beside it as another feature, may not be imported there. */
function isAllowed(file: string, imported: string): boolean {
  if (imported.startsWith("./")) return !imported.slice(2).includes("../");
  if (imported.startsWith("../")) return false;
  if (!imported.startsWith("@/")) return true;
  const [layer = "", name] = imported.slice(2).split("/");
  const [own = "", ownName] = file.split("/");
  if (layer === "features" && own === "features") return name === ownName;
  return LAYERS.indexOf(layer) <= LAYERS.indexOf(own);
}

test("imports go down from app over features and components to lib, and never across", () => {
  const wrong = Object.entries(SOURCES).flatMap(([path, text]) => {
    const file = path.slice(2);
    const imported = [...text.matchAll(IMPORTED)].map((match) => match[1] ?? "");
    return imported.filter((name) => !isAllowed(file, name)).map((name) => `${file}: ${name}`);
  });
  expect(Object.keys(SOURCES).length).toBeGreaterThan(30);
  expect(wrong).toEqual([]);
});

test.each([
  ["features/queue/QueuePage.tsx", "@/features/calendar/Month"],
  ["features/queue/QueuePage.tsx", "../calendar/Month"],
  ["components/Button.tsx", "@/features/queue/QueuePage"],
  ["lib/api.ts", "@/components/Button"],
])("%s may not import %s", (file, imported) => {
  expect(isAllowed(file, imported)).toBe(false);
});
