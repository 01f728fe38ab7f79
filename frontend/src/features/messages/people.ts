/** What people are called who are written to. */
import type { Schemas } from "@/lib/api";

type Person = Pick<Schemas["RecipientView"], "id" | "name" | "address">;

/** Names by id; who has none is known by where they are written to. */
export function namesOf(people: readonly Person[]): Map<string, string> {
  return new Map(people.map(({ id, name, address }) => [id, name.trim() || address]));
}
