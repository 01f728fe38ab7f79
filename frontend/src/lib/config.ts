/** Where this copy of the product is; asked for when the app starts, built into nothing. */
export interface Config {
  /** The API's address without a trailing slash. */
  apiUrl: string;
  /** The issuer of the user pool. */
  authority: string;
  /** Where the pool describes its doors, when that is not below the issuer. */
  metadataUrl: string | null;
  clientId: string;
  /** Where changes are pushed from; null: ask now and then. */
  websocketUrl: string | null;
  /** The sandbox's wall, where posts of a local copy can be looked at. */
  wallUrl: string | null;
  /** Who can sign in to a local copy. */
  demoUsers: DemoUser[];
}

export interface DemoUser {
  login: string;
  password: string;
  name: string;
  role: string;
}

export class ConfigMissing extends Error {}

/** Fetch the configuration that lies beside the app. */
export async function loadConfig(base = import.meta.env.BASE_URL): Promise<Config> {
  const answer = await fetch(`${base}config.json`, { cache: "no-store" });
  if (!answer.ok) throw new ConfigMissing(`config.json answered ${answer.status}`);
  return readConfig(await answer.json());
}

/** Read a configuration; throws where something is missing that nothing works without. */
export function readConfig(value: unknown): Config {
  const given = (value ?? {}) as Record<string, unknown>;
  const text = (name: string): string => {
    const found = given[name];
    if (typeof found !== "string" || !found) throw new ConfigMissing(`config.json has no ${name}`);
    return found;
  };
  const optional = (name: string) => (typeof given[name] === "string" ? given[name] : null);
  return {
    apiUrl: text("api_url").replace(/\/+$/, ""),
    authority: text("authority"),
    metadataUrl: optional("metadata_url"),
    clientId: text("client_id"),
    websocketUrl: optional("websocket_url"),
    wallUrl: optional("wall_url")?.replace(/\/+$/, "") ?? null,
    demoUsers: Array.isArray(given.demo_users) ? (given.demo_users as DemoUser[]) : [],
  };
}
