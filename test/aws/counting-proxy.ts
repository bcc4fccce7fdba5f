/**
 * Stands before an emulator and counts its requests by action; for DynamoDB also the capacity that they use, for which it
 * asks in the product's place. What is counted here is what AWS would bill.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Counts {
  readonly requests: Record<string, number>;
  /** In read and write units, indexes included. */
  readonly units: { read: number; write: number };
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

const READS = ["GetItem", "Query"];
const WRITES = ["PutItem", "DeleteItem"];

interface Capacity {
  readonly CapacityUnits?: number;
}

export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const requests: Record<string, number> = {};
  const units = { read: 0, write: 0 };
  const bodies: string[] = [];
  let isBroken = false;

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    if (isBroken) return void incoming.socket.destroy();
    const action = String(incoming.headers["x-amz-target"]).split(".").at(-1) ?? "";
    const isCapacity = READS.includes(action) || WRITES.includes(action);
    let body = "";
    for await (const chunk of incoming) body += String(chunk);
    bodies.push(body);
    requests[action] = (requests[action] ?? 0) + 1;
    const { host: _host, "content-length": _length, ...headers } = incoming.headers as Record<string, string>;
    const sent = isCapacity ? JSON.stringify({ ...JSON.parse(body), ReturnConsumedCapacity: "TOTAL" }) : body;
    const response = await fetch(target + (incoming.url ?? "/"), { method: "POST", headers, body: sent });
    const text = await response.text();
    bodies.push(text);
    if (isCapacity && response.ok) {
      const { ConsumedCapacity } = JSON.parse(text) as { ConsumedCapacity?: Capacity };
      units[READS.includes(action) ? "read" : "write"] += ConsumedCapacity?.CapacityUnits ?? 0;
    }
    outgoing.writeHead(response.status, { "content-type": response.headers.get("content-type") ?? "" });
    // The checksum of DynamoDB's is not of this body any more: it is left out, as the SDK allows.
    outgoing.end(text);
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
