import type { TextUnit } from "@/lib/counting";
import { Meter } from "./PostPreview";

const NEAR = 0.8;

/** How much of a limit is used, once it begins to matter. Nothing is cut: what is over is marked. */
export function Room({ used, limit, unit }: { used: number; limit: number; unit: TextUnit }) {
  return used >= limit * NEAR ? <Meter used={used} limit={limit} unit={unit} /> : null;
}
