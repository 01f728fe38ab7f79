/** Which faults of an answer still stand once the form was changed. */
import type { Fault } from "./problem";

/** A fault stands as long as what it is about is as it was when it was found. */
export function standing<T extends Fault>(faults: readonly T[], asked: unknown, now: unknown): T[] {
  return faults.filter(
    (fault) => isChosen(fault.channel, now) && same(valueAt(asked, fault.pointer), valueAt(now, fault.pointer)),
  );
}

/** Faults that no place of a form shows, so that none is lost. */
export function unplaced(faults: readonly Fault[], places: readonly string[]): Fault[] {
  return faults.filter(
    ({ pointer }) => !places.some((place) => pointer === place || pointer.startsWith(`${place}/`)),
  );
}

function isChosen(channel: string | undefined, body: unknown): boolean {
  const chosen = valueAt(body, "/channels") ?? valueAt(body, "/certification/channels");
  return channel === undefined || !Array.isArray(chosen) || chosen.includes(channel);
}

/** What a JSON pointer (RFC 6901) names; undefined if there is nothing. */
function valueAt(body: unknown, pointer: string): unknown {
  const names = pointer.split("/").slice(1);
  return names.reduce<unknown>((value, name) => {
    const key = name.replaceAll("~1", "/").replaceAll("~0", "~");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  }, body);
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
