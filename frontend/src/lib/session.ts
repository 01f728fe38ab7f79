/**
 * Who is signed in: authorization code with PKCE through the user pool's own pages.
 *
 * Tokens live in this tab's sessionStorage. A tab that is opened beside a signed-in one asks it for
 * the session, so nobody signs in twice; signing out in one tab signs out all of them.
 */
import { User, UserManager, WebStorageStateStore, type UserManagerSettings } from "oidc-client-ts";
import type { Config } from "./config";

export type SessionState = "signed-out" | "signed-in" | "expired";

export interface Session {
  subscribe(listener: () => void): () => void;
  state(): SessionState;
  /** The signed-in person's id, also after the session expired: unsaved work is kept under it. */
  userId(): string | null;
  token(): string | null;
  /** Get a fresh token; false when only signing in again helps. */
  renew(): Promise<boolean>;
  signIn(): Promise<void>;
  signOut(): Promise<void>;
}

const RENEW_BEFORE_SECONDS = 60;
const ASK_MS = 150;
const LAST_USER = "omnichannel.user";

type TabMessage = { kind: "ask" } | { kind: "session"; user: string } | { kind: "signed-out" };

export function settingsOf(config: Config, home: string): UserManagerSettings {
  return {
    authority: config.authority,
    ...(config.metadataUrl ? { metadataUrl: config.metadataUrl } : {}),
    client_id: config.clientId,
    redirect_uri: home,
    response_type: "code",
    scope: "openid email profile",
    // Renewed by this module, so that there is one renewal at a time.
    automaticSilentRenew: false,
    accessTokenExpiringNotificationTimeInSeconds: RENEW_BEFORE_SECONDS,
    // The pool's sign-in pages may not be framed: only the refresh token renews.
    monitorSession: false,
    loadUserInfo: false,
  };
}

/** Open the session of this tab; returns the path to show after a sign-in that just ended. */
export async function openSession(
  config: Config,
  base: string,
): Promise<{ session: Session; returnTo: string | null }> {
  const home = new URL(base, window.location.origin).href;
  const store = new WebStorageStateStore({ store: window.sessionStorage });
  const manager = new UserManager({
    ...settingsOf(config, home),
    userStore: store,
    stateStore: store,
  });
  const tabs = new BroadcastChannel("omnichannel.session");
  const session = new TabSession(manager, tabs, config, home);
  const returnTo = await session.open(base);
  return { session, returnTo };
}

class TabSession implements Session {
  private user: User | null = null;
  private expired = false;
  private listeners = new Set<() => void>();
  private renewing: Promise<boolean> | null = null;

  constructor(
    private manager: UserManager,
    private tabs: BroadcastChannel,
    private config: Config,
    private home: string,
  ) {
    manager.events.addAccessTokenExpiring(() => void this.renew());
    manager.events.addAccessTokenExpired(() => void this.renew());
    tabs.onmessage = (event: MessageEvent<TabMessage>) => this.hear(event.data);
  }

  async open(base: string): Promise<string | null> {
    const query = new URLSearchParams(window.location.search);
    if (query.has("state") && (query.has("code") || query.has("error"))) {
      return this.finishSignIn(base);
    }
    const kept = (await this.manager.getUser()) ?? (await this.askOtherTabs());
    if (kept) {
      this.become(kept);
      if (kept.expired) await this.renew();
    }
    return null;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  state = (): SessionState =>
    this.expired ? "expired" : this.user ? "signed-in" : "signed-out";

  userId = (): string | null => this.user?.profile.sub ?? null;

  token = (): string | null => this.user?.id_token ?? null;

  renew(): Promise<boolean> {
    this.renewing ??= this.renewOnce().finally(() => (this.renewing = null));
    return this.renewing;
  }

  async signIn(): Promise<void> {
    const { pathname, search } = window.location;
    await this.manager.signinRedirect({ state: pathname + search });
  }

  async signOut(): Promise<void> {
    this.tabs.postMessage({ kind: "signed-out" } satisfies TabMessage);
    // The pool ends its own session behind its own address, which takes these names for it.
    const extraQueryParams = { client_id: this.config.clientId, logout_uri: this.home };
    await this.manager.revokeTokens(["refresh_token"]).catch(() => undefined);
    const request = await this.manager.signoutRedirect({ extraQueryParams }).catch(() => null);
    if (request === null) await this.forget();
  }

  private async finishSignIn(base: string): Promise<string> {
    try {
      const user = await this.manager.signinRedirectCallback();
      this.become(user);
      return typeof user.state === "string" ? user.state : base;
    } catch {
      // An address with an old answer of the pool: reloaded, or kept as a bookmark.
      const kept = await this.manager.getUser();
      if (kept && !kept.expired) this.become(kept);
      return base;
    }
  }

  private async renewOnce(): Promise<boolean> {
    try {
      const user = await this.manager.signinSilent();
      if (user && !user.expired) {
        this.become(user);
        return true;
      }
    } catch {
      // No refresh token, or a refused one: the person has to sign in.
    }
    this.expired = this.user?.expired ?? false;
    this.tell();
    return false;
  }

  private become(user: User): void {
    this.user = user;
    this.expired = false;
    window.sessionStorage.setItem(LAST_USER, user.profile.sub);
    this.tell();
  }

  private async forget(): Promise<void> {
    await this.manager.removeUser();
    this.user = null;
    this.expired = false;
    this.tell();
  }

  private hear(message: TabMessage): void {
    if (message.kind === "signed-out") void this.forget();
    if (message.kind === "ask" && this.user && !this.user.expired) {
      const user = this.user.toStorageString();
      this.tabs.postMessage({ kind: "session", user } satisfies TabMessage);
    }
  }

  /** Return the session of a tab beside this one, if there is any that answers. */
  private askOtherTabs(): Promise<User | null> {
    return new Promise((resolve) => {
      const done = (user: User | null) => {
        this.tabs.removeEventListener("message", hear);
        clearTimeout(timer);
        resolve(user);
      };
      const hear = (event: MessageEvent<TabMessage>) => {
        if (event.data.kind !== "session") return;
        const user = User.fromStorageString(event.data.user);
        void this.manager.storeUser(user).then(() => done(user));
      };
      const timer = setTimeout(() => done(null), ASK_MS);
      this.tabs.addEventListener("message", hear);
      this.tabs.postMessage({ kind: "ask" } satisfies TabMessage);
    });
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
