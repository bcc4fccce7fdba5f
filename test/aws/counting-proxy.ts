/**
 * Stands before an emulator and counts its requests by action; for DynamoDB also the capacity units that they use, by
 * DynamoDB's own rules: the emulator counts neither what indexes take nor the least that a read costs.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { INDEX_ATTRIBUTES } from "@jeroboam/core/table/dynamodb-schema";

export interface Counts {
  readonly requests: Readonly<Record<string, number>>;
  /** In read and write units, indexes included. */
  readonly units: { readonly read: number; readonly write: number };
}

export interface CountingProxy {
  readonly endpoint: string;
  counts(): Counts;
  /** From now on, whether every connection is cut. */
  breakAll(isBroken: boolean): void;
  /** Everything that passed, for canaries. */
  readonly bodies: string[];
  close(): Promise<void>;
}

type Attributes = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;

interface Request {
  readonly Key?: Attributes;
  readonly Item?: Attributes;
  readonly IndexName?: string;
}

export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const requests: Record<string, number> = {};
  const units = { read: 0, write: 0 };
  const bodies: string[] = [];
  const capacity = createCapacity();
  let isBroken = false;

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    if (isBroken) return void incoming.socket.destroy();
    const action = String(incoming.headers["x-amz-target"]).split(".").at(-1) ?? "";
    let body = "";
    for await (const chunk of incoming) body += String(chunk);
    requests[action] = (requests[action] ?? 0) + 1;
    const { host: _host, "content-length": _length, ...headers } = incoming.headers as Record<string, string>;
    const response = await fetch(target + (incoming.url ?? "/"), { method: "POST", headers, body });
    const reply = Buffer.from(await response.arrayBuffer());
    bodies.push(body, reply.toString());
    const used = capacity(action, body, response.ok ? reply.toString() : undefined);
    units.read += used.read;
    units.write += used.write;
    const passed = ["content-type", "x-amzn-requestid", "x-amz-crc32"].flatMap((name) => {
      const value = response.headers.get(name);
      return value === null ? [] : [[name, value] as const];
    });
    outgoing.writeHead(response.status, Object.fromEntries(passed)).end(reply);
  };
  const server = createServer((incoming, outgoing) => {
    // The emulator is gone, or the test is over: whoever asks hears nothing.
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts: () => structuredClone({ requests, units }),
    breakAll: (given) => void (isBroken = given),
    bodies,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

/**
 * Units of each request. A consistent read takes one for each 4 KB, a read of an index half of that, and one that finds
 * nothing as much as one of the first 4 KB. A write takes one for each KB of the item before or after it, whichever is
 * larger, and as much again in each index: once where its place there stays, and once for either place where it moves.
 */
function createCapacity() {
  const items = new Map<string, Attributes>();
  const writeOf = (before: Attributes | undefined, after: Attributes | undefined): number => {
    const larger = Math.max(kilobytesOf(before), kilobytesOf(after));
    const inIndexes = INDEX_ATTRIBUTES.map(({ pk, sk }) => {
      const [left, entered] = [placeOf(before, pk, sk), placeOf(after, pk, sk)];
      if (left !== undefined && left === entered) return larger;
      return (left === undefined ? 0 : kilobytesOf(before)) + (entered === undefined ? 0 : kilobytesOf(after));
    });
    return inIndexes.reduce((sum, one) => sum + one, larger);
  };
  return (action: string, body: string, reply: string | undefined): { read: number; write: number } => {
    const none = { read: 0, write: 0 };
    if (!["GetItem", "Query", "PutItem", "DeleteItem"].includes(action)) return none;
    const request: Request = JSON.parse(body);
    if (action === "GetItem" || action === "Query") {
      const { Item, Items = [] }: { Item?: Attributes; Items?: Attributes[] } = JSON.parse(reply ?? "{}");
      const bytes = [...Items, ...(Item ? [Item] : [])].reduce((sum, item) => sum + bytesOf(item), 0);
      return { read: Math.max(1, Math.ceil(bytes / 4_096)) * (request.IndexName ? 0.5 : 1), write: 0 };
    }
    const key = JSON.stringify([(request.Item ?? request.Key)?.["pk"], (request.Item ?? request.Key)?.["sk"]]);
    const before = items.get(key);
    // A write whose condition fails takes what the item that stands there would.
    if (reply === undefined) return { read: 0, write: Math.max(1, kilobytesOf(before)) };
    if (request.Item) items.set(key, request.Item);
    else items.delete(key);
    return { read: 0, write: Math.max(1, writeOf(before, request.Item)) };
  };
}

const placeOf = (item: Attributes | undefined, pk: string, sk: string): string | undefined =>
  item?.[pk] && item[sk] ? JSON.stringify([item[pk], item[sk]]) : undefined;

const kilobytesOf = (item: Attributes | undefined): number => (item ? Math.ceil(bytesOf(item) / 1_024) : 0);

/** Names and values, as DynamoDB counts them (a number takes about half its digits). */
function bytesOf(item: Attributes): number {
  return Object.entries(item).reduce((sum, [name, { S, N }]) => {
    const value = S === undefined ? Math.ceil((N?.length ?? 0) / 2) + 1 : Buffer.byteLength(S);
    return sum + Buffer.byteLength(name) + value;
  }, 0);
}
