import type { Store } from "./drafts";

const KEPT = "omnichannel.intentions";

/**
 * What somebody meant to do once, however often the button is pressed or the answer is lost.
 *
 * An intention keeps its Idempotency-Key until a definite answer came; the same body sent again
 * carries the same key, another body is another intention. What is open outlives a reload of the tab,
 * as the text does that was sent.
 */
export class Intentions {
  private open: Map<string, { body: string; key: string }>;

  constructor(
    private store: Store,
    private makeKey: () => string = () => crypto.randomUUID(),
  ) {
    this.open = this.read();
  }

  key(route: string, body: unknown): string {
    const text = JSON.stringify(body ?? null);
    const found = this.open.get(route);
    if (found?.body === text) return found.key;
    const key = this.makeKey();
    this.open.set(route, { body: text, key });
    this.write();
    return key;
  }

  settle(route: string): void {
    this.open.delete(route);
    this.write();
  }

  private read(): typeof this.open {
    try {
      return new Map(JSON.parse(this.store.getItem(KEPT) ?? "[]") as Iterable<[string, { body: string; key: string }]>);
    } catch {
      return new Map();
    }
  }

  private write(): void {
    try {
      this.store.setItem(KEPT, JSON.stringify([...this.open]));
    } catch {
      // A browser that is full or keeps nothing: it holds until the next reload.
    }
  }
}
