import type { Schemas } from "./api";

export type Role = Schemas["Role"];

/** Who sees what is for managers. Only what is shown depends on it: the API decides. */
export function isManager(role: Role | undefined): boolean {
  return role === "community_manager" || role === "admin";
}

export function isAdmin(role: Role | undefined): boolean {
  return role === "admin";
}
