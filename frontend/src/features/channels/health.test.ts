import { expect, test } from "vitest";
import type { Channel } from "@/lib/api";
import { bodyOf, fieldsOf, healthOf, hostOf, labelOf } from "./health";

const NOW = Date.parse("2026-11-22T12:00:00Z");

function channel(given: object, paused_until: string | null = null): Channel {
  const usual = { account_state: "connected", token_expires_at: null, account: { paused_until } };
  return { ...usual, ...given } as unknown as Channel;
}

test.each([
  [{}, null, "good"],
  [{ account_state: "missing" }, null, "missing"],
  [{ account_state: "blocked", token_expires_at: "2026-11-01T00:00:00Z" }, null, "blocked"],
  [{ token_expires_at: "2026-11-22T12:00:00Z" }, null, "expired"],
  [{ token_expires_at: "2026-12-06T12:00:00Z" }, null, "expiring"],
  [{ token_expires_at: "2026-12-06T12:00:01Z" }, null, "good"],
  [{ token_expires_at: "2026-11-23T12:00:00Z" }, "2026-11-22T13:00:00Z", "paused"],
  [{}, "2026-11-22T11:00:00Z", "good"],
] as const)("an account with %j, paused until %s, is %s", (given, pausedUntil, health) => {
  expect(healthOf(channel(given, pausedUntil), NOW)).toBe(health);
});

test("what is needed is asked for before what is optional", () => {
  const found = fieldsOf(
    channel({ account_settings: ["page_id"], account_secrets: ["token"], optional_settings: ["version"], optional_secrets: ["key"] }),
  );
  expect(found.map(({ name }) => name)).toEqual(["page_id", "token", "version", "key"]);
  expect(found.map(({ isSecret, isOptional }) => [isSecret, isOptional])).toEqual([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ]);
});

test("a field that stays empty is not sent, and keeps what is stored", () => {
  expect(bodyOf({ access_token: " new ", page_id: "", api_version: "  " })).toEqual({ access_token: "new" });
});

test("names are written for people", () => {
  expect([labelOf("ig_user_id"), labelOf("organization_urn"), labelOf("access_token")]).toEqual([
    "IG user ID",
    "Organization URN",
    "Access token",
  ]);
  expect([hostOf("https://a.example/x"), hostOf("the manual")]).toEqual(["a.example", "the manual"]);
});
