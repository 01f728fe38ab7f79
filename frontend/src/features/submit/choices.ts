import { useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import type { Choice } from "@/components/Combobox";
import { catalogueQuery } from "@/lib/queries";
import { useApi } from "@/lib/product";

const LEVELS = ["foundational", "associate", "professional", "specialty", "other"] as const;

/** The catalogue by level; what was retired stands last, and is found as well. */
export function useChoices(): Choice[] {
  const { t } = useLingui();
  const { data = [] } = useQuery(catalogueQuery(useApi()));
  const levels: Record<string, string> = {
    foundational: t`Foundational`,
    associate: t`Associate`,
    professional: t`Professional`,
    specialty: t`Specialty`,
    other: t`Other`,
  };
  const stages: Record<string, string> = {
    beta: t`beta`,
    retiring: t`retiring soon`,
    upcoming: t`not open yet`,
    retired: t`retired`,
  };
  const rank = (level: string) => LEVELS.indexOf(level as (typeof LEVELS)[number]);
  return data
    .toSorted((a, b) => place(a) - place(b))
    .map((type) => ({
      value: type.id,
      label: type.name,
      group: type.status === "retired" ? t`Retired` : (levels[type.level] ?? type.level),
      words: `${type.level} ${type.exams.map((exam) => exam.code).join(" ")}`,
      note: stages[type.status],
    }));

  function place(type: { level: string; status: string }): number {
    return type.status === "retired" ? LEVELS.length : rank(type.level);
  }
}
