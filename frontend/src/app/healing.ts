/**
 * What heals a page whose file could not be fetched.
 *
 * Asking for the file again does not: browsers of before 2026 keep a failed import for as long as the
 * document lives (whatwg/html#10327, read 2026-11-22), and after a new release the file has another
 * name. Loading the document anew heals both. That is done when the server answers, and once for a
 * page of a release, so that nothing goes round for ever; what was written is kept meanwhile.
 */
export type Outcome = "away" | "reloading" | "broken";

export interface Grounds {
  /** Whether the server that has the app answers. */
  answers(): Promise<boolean>;
  /** What outlives a document, for this tab. */
  kept: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  reload(): void;
}

export interface Surroundings {
  later(act: () => void, ms: number): number;
  forget(timer: number): void;
  /** Call back whenever there may be a connection again, until told to stop. */
  whenBack(act: () => void): () => void;
}

export const RETRY_MS = 5_000;
const KEY = "omnichannel.reloaded";

export class Healing {
  constructor(
    /** Another value for any other release of the app. */
    private release: string,
    private grounds: Grounds,
  ) {}

  async heal(page: string): Promise<Outcome> {
    if (!(await this.grounds.answers())) return "away";
    if (!this.mark(page)) return "broken";
    this.grounds.reload();
    return "reloading";
  }

  /** A page is there: should it be missing again, that is another case. */
  loaded(page: string): void {
    try {
      if (this.grounds.kept.getItem(KEY) === this.name(page)) this.grounds.kept.removeItem(KEY);
    } catch {
      // Where nothing is kept, nothing was.
    }
  }

  /** Remember that the document is loaded anew for a page; false if it was, or can't be told. */
  private mark(page: string): boolean {
    const { kept } = this.grounds;
    try {
      if (kept.getItem(KEY) === this.name(page)) return false;
      kept.setItem(KEY, this.name(page));
      return true;
    } catch {
      return false;
    }
  }

  private name(page: string): string {
    return `${this.release} ${page}`;
  }
}

/** Try until something came of it, telling each outcome; returns how to stop. */
export function keepTrying(
  attempt: () => Promise<Outcome>,
  tell: (outcome: Outcome) => void,
  around: Surroundings,
): () => void {
  let [isOver, isBusy, timer] = [false, false, 0];
  const go = async () => {
    if (isOver || isBusy) return;
    isBusy = true;
    around.forget(timer);
    const outcome = await attempt();
    isBusy = false;
    if (isOver) return;
    tell(outcome);
    if (outcome === "away") timer = around.later(() => void go(), RETRY_MS);
  };
  const deaf = around.whenBack(() => void go());
  void go();
  return () => {
    isOver = true;
    around.forget(timer);
    deaf();
  };
}

export const browserSurroundings: Surroundings = {
  later: (act, ms) => window.setTimeout(act, ms),
  forget: (timer) => window.clearTimeout(timer),
  whenBack(act) {
    window.addEventListener("online", act);
    return () => window.removeEventListener("online", act);
  },
};

/** Healing by this browser: the configuration beside the app is asked for, as at every start. */
export function browserHealing(base: string): Healing {
  return new Healing(import.meta.url, {
    answers: () =>
      fetch(`${base}config.json`, { cache: "no-store" }).then(
        (answer) => answer.ok,
        () => false,
      ),
    kept: window.sessionStorage,
    reload: () => window.location.reload(),
  });
}
