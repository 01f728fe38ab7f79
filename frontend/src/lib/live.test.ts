import { beforeEach, expect, test } from "vitest";
import { Live, POLL_MS, SLOWEST_POLL_MS, type Surroundings } from "./live";

interface Socket {
  url: string;
  isClosed: boolean;
  onopen: (() => void) | null;
  onmessage: ((event: { data: string }) => void) | null;
  onclose: (() => void) | null;
}

/** A world without a clock of its own: what was put off is done when a test says so. */
class World {
  hidden = false;
  online = true;
  sockets: Socket[] = [];
  timers = new Map<number, { act: () => void; ms: number }>();
  changes: (string | null)[] = [];
  tickets = 0;
  refuses = false;
  private next = 1;

  around: Surroundings = {
    connect: (url) => {
      const socket: Socket & { close(): void } = { url, isClosed: false, onopen: null, onmessage: null, onclose: null, close: () => void (socket.isClosed = true) };
      this.sockets.push(socket);
      return socket as never;
    },
    isHidden: () => this.hidden,
    isOnline: () => this.online,
    later: (act, ms) => {
      this.timers.set(this.next, { act, ms });
      return this.next++;
    },
    forget: (timer) => void this.timers.delete(timer),
  };

  live(websocketUrl: string | null): Live {
    return new Live(
      {
        websocketUrl,
        ticket: () => {
          this.tickets += 1;
          return this.refuses ? Promise.reject(new Error("no")) : Promise.resolve("a/b");
        },
        changed: (id) => this.changes.push(id),
      },
      this.around,
    );
  }

  /** Let the timer that waits longest go off, and return how long it waited. */
  tick(): number {
    const [[id, { act, ms }]] = [...this.timers].slice(-1) as [[number, { act: () => void; ms: number }]];
    this.timers.delete(id);
    act();
    return ms;
  }
}

let world: World;
const calm = () => new Promise((resolve) => setTimeout(resolve));
beforeEach(() => {
  world = new World();
});

test("without a socket it asks, more and more rarely", () => {
  const live = world.live(null);
  live.start();
  const waits = Array.from({ length: 9 }, () => world.tick());
  expect(waits[0]).toBe(POLL_MS);
  expect(waits.at(-1)).toBe(SLOWEST_POLL_MS);
  expect(world.changes).toHaveLength(9);
  expect(live.current()).toBe("polling");
});

test("nobody looks: nothing is asked until somebody does", () => {
  const live = world.live(null);
  live.start();
  world.hidden = true;
  live.look();
  world.tick();
  expect([live.current(), world.changes]).toEqual(["paused", []]);
  world.hidden = false;
  live.look();
  expect([live.current(), world.changes]).toEqual(["polling", [null]]);
});

test("a ticket opens the socket, and what it tells is read again", async () => {
  const live = world.live("wss://live.example/v1");
  live.start();
  await calm();
  const [socket] = world.sockets;
  expect(socket?.url).toBe("wss://live.example/v1?ticket=a%2Fb");
  socket?.onopen?.();
  const say = (data: string) => socket?.onmessage?.({ data });
  say('{"type":"ready"}');
  say("no json");
  say('{"type":"message","id":"m1","version":3}');
  expect([live.current(), world.changes]).toEqual(["live", [null, "m1"]]);
});

test("a socket that closes is replaced, and until then it asks", async () => {
  const live = world.live("wss://live.example");
  live.start();
  await calm();
  world.sockets[0]?.onopen?.();
  world.sockets[0]?.onclose?.();
  expect(live.current()).toBe("polling");
  world.tick();
  await calm();
  expect(world.sockets).toHaveLength(2);
});

test("a refused ticket is asked for again later, and less often each time", async () => {
  world.refuses = true;
  const live = world.live("wss://live.example");
  live.start();
  await calm();
  const first = world.tick();
  await calm();
  const second = world.tick();
  expect(second).toBe(first * 2);
  expect([world.sockets.length, live.current()]).toEqual([0, "polling"]);
});

test("without a network it says so, and looks again with one", () => {
  const live = world.live(null);
  live.start();
  world.online = false;
  live.look();
  expect(live.current()).toBe("offline");
  world.online = true;
  live.look();
  expect([live.current(), world.changes]).toEqual(["polling", [null]]);
});

test("stopped, it is silent", async () => {
  const live = world.live("wss://live.example");
  live.start();
  live.stop();
  await calm();
  expect([world.sockets.length, world.timers.size]).toEqual([0, 0]);
});
