import createClient, { type Client, type Middleware } from "openapi-fetch";
import type { Intentions } from "./intentions";
import { offline, problemOf, Problem } from "./problem";
import type { components, paths } from "./schema";
import type { Session } from "./session";

export type Schemas = components["schemas"];
export type ChannelName = Schemas["DeliveryView"]["channel"];
export type Message = Schemas["MessageView"];
export type MessageItem = Schemas["MessageItem"];
export type Delivery = Schemas["DeliveryView"];
export type Channel = Schemas["ChannelView"];
export type Preview = Schemas["PreviewView"];

type Answer<T> = { data?: T; error?: unknown; response: Response };

export interface Got<T> {
  value: T;
  /** The revision that an edit has to name. */
  etag: string | null;
}

/** The API as the app calls it: typed by our OpenAPI document, signed, each intention sent once. */
export class Api {
  readonly client: Client<paths>;

  constructor(
    baseUrl: string,
    private session: Session,
    private intentions: Intentions,
  ) {
    this.client = createClient<paths>({ baseUrl, fetch: (request) => this.send(request) });
    this.client.use(accepting);
  }

  /** Ask for something; throws a Problem. */
  async get<T>(call: (client: Client<paths>) => Promise<Answer<T>>): Promise<T> {
    return (await this.ask(call)).value;
  }

  async ask<T>(call: (client: Client<paths>) => Promise<Answer<T>>): Promise<Got<T>> {
    const { data, error, response } = await call(this.client);
    if (!response.ok) throw problemOf(error, response);
    return { value: data as T, etag: response.headers.get("ETag") };
  }

  /**
   * Do something once: `route` and `body` tell the intention, whose key the call has to send.
   * Sent again after a lost answer it is the same intention still.
   */
  async once<T>(
    route: string,
    body: unknown,
    call: (client: Client<paths>, key: { "Idempotency-Key": string }) => Promise<Answer<T>>,
  ): Promise<T> {
    const key = this.intentions.key(route, body);
    try {
      const value = await this.get((client) => call(client, { "Idempotency-Key": key }));
      this.intentions.settle(route);
      return value;
    } catch (error) {
      if (!(error instanceof Problem) || !error.isUncertain) this.intentions.settle(route);
      throw error;
    }
  }

  private async send(request: Request): Promise<Response> {
    const again = request.clone();
    const answer = await this.signed(request);
    if (answer.status !== 401) return answer;
    return (await this.session.renew()) ? this.signed(again) : answer;
  }

  private async signed(request: Request): Promise<Response> {
    const token = this.session.token();
    if (token) request.headers.set("Authorization", `Bearer ${token}`);
    try {
      return await fetch(request);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw offline();
    }
  }
}

const accepting: Middleware = {
  onRequest({ request }) {
    request.headers.set("Accept", "application/json, application/problem+json");
    return request;
  },
};
