/**
 * What changed, told by the API over a WebSocket; where there is none, asked for now and then.
 *
 * The socket only says that a message changed. What it is now is always read through the API, which
 * decides what somebody may see.
 */
export type LiveMode = "live" | "polling" | "paused" | "offline";

export interface LiveSources {
  websocketUrl: string | null;
  /** Fetch a ticket; rejects where the API gives none. */
  ticket(): Promise<string>;
  /** A message changed: read it again. Without an id anything may have. */
  changed(id: string | null): void;
}

export interface Surroundings {
  connect(url: string): Pick<WebSocket, "close" | "onopen" | "onmessage" | "onclose" | "onerror">;
  isHidden(): boolean;
  isOnline(): boolean;
  later(act: () => void, ms: number): number;
  forget(timer: number): void;
}

export const POLL_MS = 5_000;
export const SLOWEST_POLL_MS = 60_000;
const FIRST_RECONNECT_MS = 1_000;
const LAST_RECONNECT_MS = 60_000;
const GROWTH = 1.5;

export class Live {
  private mode: LiveMode = "polling";
  private listeners = new Set<() => void>();
  private socket: ReturnType<Surroundings["connect"]> | null = null;
  private pollTimer = 0;
  private connectTimer = 0;
  private pollMs = POLL_MS;
  private reconnectMs = FIRST_RECONNECT_MS;
  private running = false;
  private attempt = 0;

  constructor(
    private sources: LiveSources,
    private around: Surroundings,
  ) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  current = (): LiveMode => this.mode;

  start(): void {
    if (this.running) return;
    this.running = true;
    this.look();
    this.schedulePoll();
    void this.connect();
  }

  stop(): void {
    this.running = false;
    this.attempt += 1;
    this.around.forget(this.pollTimer);
    this.around.forget(this.connectTimer);
    this.socket?.close();
    this.socket = null;
  }

  /** Visibility or the network changed: whoever looks again sees what is true now. */
  look(): void {
    if (!this.running) return;
    const before = this.mode;
    const after = this.presentMode();
    if (before === after) return;
    const wasAway = before === "paused" || before === "offline";
    this.become(after);
    if (wasAway && after !== "offline" && after !== "paused") {
      this.hurry();
      this.sources.changed(null);
      if (!this.socket) void this.connect();
    }
  }

  /** Somebody just did something whose effect they wait for: ask often again. */
  hurry(): void {
    this.pollMs = POLL_MS;
    if (this.running) this.schedulePoll();
  }

  private presentMode(): LiveMode {
    if (!this.around.isOnline()) return "offline";
    if (this.socket && this.mode === "live") return "live";
    return this.around.isHidden() ? "paused" : "polling";
  }

  private schedulePoll(): void {
    this.around.forget(this.pollTimer);
    this.pollTimer = this.around.later(() => this.poll(), this.pollMs);
  }

  private poll(): void {
    if (!this.running) return;
    if (this.mode === "polling") {
      this.sources.changed(null);
      this.pollMs = Math.min(this.pollMs * GROWTH, SLOWEST_POLL_MS);
    }
    this.schedulePoll();
  }

  private async connect(): Promise<void> {
    const { websocketUrl } = this.sources;
    if (!websocketUrl || !this.running || this.socket) return;
    const attempt = ++this.attempt;
    try {
      const ticket = await this.sources.ticket();
      if (attempt !== this.attempt || !this.running) return;
      const mark = websocketUrl.includes("?") ? "&" : "?";
      this.listen(`${websocketUrl}${mark}ticket=${encodeURIComponent(ticket)}`);
    } catch {
      if (attempt === this.attempt) this.reconnect();
    }
  }

  private listen(url: string): void {
    const socket = this.around.connect(url);
    this.socket = socket;
    socket.onopen = () => {
      this.reconnectMs = FIRST_RECONNECT_MS;
      this.become("live");
      this.sources.changed(null); // what changed while nobody listened
    };
    socket.onmessage = (event) => this.hear(String(event.data));
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.become(this.around.isOnline() ? "polling" : "offline");
      this.hurry();
      this.reconnect();
    };
    socket.onerror = () => undefined; // a close follows
  }

  private hear(text: string): void {
    let said: { type?: unknown; id?: unknown };
    try {
      said = JSON.parse(text) as typeof said;
    } catch {
      return;
    }
    if (said.type === "message" && typeof said.id === "string") this.sources.changed(said.id);
  }

  private reconnect(): void {
    this.around.forget(this.connectTimer);
    if (!this.running) return;
    this.connectTimer = this.around.later(() => void this.connect(), this.reconnectMs);
    this.reconnectMs = Math.min(this.reconnectMs * 2, LAST_RECONNECT_MS);
  }

  private become(mode: LiveMode): void {
    if (this.mode === mode) return;
    this.mode = mode;
    for (const listener of this.listeners) listener();
  }
}

/** The browser's own surroundings. */
export const browserSurroundings: Surroundings = {
  connect: (url) => new WebSocket(url),
  isHidden: () => document.hidden,
  isOnline: () => navigator.onLine,
  later: (act, ms) => window.setTimeout(act, ms),
  forget: (timer) => window.clearTimeout(timer),
};
