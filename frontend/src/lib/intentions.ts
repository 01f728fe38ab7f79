/**
 * What somebody meant to do once, however often the button is pressed or the answer is lost.
 *
 * An intention keeps its Idempotency-Key until a definite answer came; the same body sent again
 * carries the same key, another body is another intention.
 */
export class Intentions {
  private open = new Map<string, { body: string; key: string }>();

  constructor(private makeKey: () => string = () => crypto.randomUUID()) {}

  key(route: string, body: unknown): string {
    const text = JSON.stringify(body ?? null);
    const found = this.open.get(route);
    if (found?.body === text) return found.key;
    const key = this.makeKey();
    this.open.set(route, { body: text, key });
    return key;
  }

  settle(route: string): void {
    this.open.delete(route);
  }
}
