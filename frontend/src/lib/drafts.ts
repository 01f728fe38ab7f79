/** Unsaved work, kept in this browser under the person who wrote it until it is sent. */
const PREFIX = "omnichannel.draft";
const DAYS = 30;

export interface Store {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export class Drafts {
  constructor(
    private store: Store,
    private userId: string,
    private now: () => number = Date.now,
  ) {}

  read<T>(name: string): T | null {
    try {
      const kept = JSON.parse(this.store.getItem(this.key(name)) ?? "null") as {
        at: number;
        value: T;
      } | null;
      if (!kept || this.now() - kept.at > DAYS * 86_400_000) return null;
      return kept.value;
    } catch {
      return null;
    }
  }

  write(name: string, value: unknown): void {
    try {
      this.store.setItem(this.key(name), JSON.stringify({ at: this.now(), value }));
    } catch {
      // A browser that is full or keeps nothing: the text is on the screen still.
    }
  }

  drop(name: string): void {
    try {
      this.store.removeItem(this.key(name));
    } catch {
      // as above
    }
  }

  private key(name: string): string {
    return `${PREFIX}.${this.userId}.${name}`;
  }
}
