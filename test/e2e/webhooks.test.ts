/** Webhooks of `npm start`: a bay's whole creation told to a receiver that verifies by the published library. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook as Verifier } from "standardwebhooks";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { JeroboamProcess } from "./jeroboam-process.ts";
import { startJeroboam, waitFor } from "./jeroboam-process.ts";
import { login } from "./sandbox-client.ts";

const BAY_WITHIN_MS = 90_000;
const TEST_WITHIN_MS = 180_000;

interface CloudEvent {
  readonly id: string;
  readonly type: string;
  readonly sequence: string;
  readonly bayid: string;
  readonly data: { readonly bay: { readonly status: string } };
}

let data = "";
let secret = "";
let running: JeroboamProcess | undefined;
const events = new Map<string, CloudEvent>();
const refused: string[] = [];
/** The first message finds nobody who takes it. */
let isDown = true;
const receiver = createServer((request, response) => {
  if (isDown) {
    isDown = false;
    request.socket.destroy();
    return;
  }
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const text = Buffer.concat(chunks).toString("utf8");
    try {
      const event = new Verifier(secret).verify(text, request.headers as Record<string, string>) as CloudEvent;
      events.set(event.id, event);
      response.writeHead(204).end();
    } catch (error) {
      refused.push(String(error));
      response.writeHead(400).end();
    }
  });
});

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), "jeroboam-e2e-"));
  await new Promise<void>((resolve) => {
    receiver.listen(0, "127.0.0.1", resolve);
  });
});

afterEach(async () => {
  await running?.stop();
  receiver.closeAllConnections();
  receiver.close();
  rmSync(data, { recursive: true, force: true });
});

test(
  "a bay's creation is told, signed, numbered without a gap, also what was lost at first, and stands in the stream as well",
  async () => {
    const options = ["--webhook-networks", "127.0.0.0/8", "--webhook-plain-http"];
    running = await startJeroboam({ data, options });
    const { apiUrl, keystoneUrl } = running;
    const session = await login(keystoneUrl);
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const inside = await session.send("POST", `${apiUrl}/webhooks`, { url: "http://10.0.0.1/" });
    expect(inside.status).toBe(400);
    const made = await session.send("POST", `${apiUrl}/webhooks`, { url, events: ["bay.create.*"] });
    expect(made.status).toBe(201);
    const webhook = (await made.json()) as { uuid: string; secret: string };
    ({ secret } = webhook);

    const model = { name: "m", image_id: "fedora-21-atomic-3", keypair_id: "default", external_network_id: "public" };
    const { uuid: baymodel_id } = (await (
      await session.send("POST", `${apiUrl}/baymodels`, { ...model, coe: "kubernetes" })
    ).json()) as { uuid: string };
    const bay = await session.send("POST", `${apiUrl}/bays`, { name: "bay", baymodel_id, node_count: 1 });
    const { uuid } = (await bay.json()) as { uuid: string };
    await waitFor(() => [...events.values()].some(({ type }) => type === "bay.create.end"), BAY_WITHIN_MS);
    const count = (): number => Math.max(...[...events.values()].map(({ sequence }) => Number(sequence)));
    await waitFor(() => events.size === count(), BAY_WITHIN_MS);

    expect(refused).toEqual([]);
    const inOrder = [...events.values()].toSorted((one, other) => (one.sequence < other.sequence ? -1 : 1));
    expect(inOrder.map(({ sequence }) => Number(sequence))).toEqual(inOrder.map((_, index) => index + 1));
    expect([inOrder[0]?.type, inOrder.at(-1)?.type]).toEqual(["bay.create.start", "bay.create.end"]);
    expect(new Set(inOrder.map(({ bayid }) => bayid))).toEqual(new Set([uuid]));
    expect(inOrder.at(-1)?.data.bay.status).toBe("CREATE_COMPLETE");

    const path = `${apiUrl}/webhooks/${webhook.uuid}/deliveries`;
    const list = async () => (await session.get<{ deliveries: { uuid: string; status: string }[] }>(path)).deliveries;
    await waitFor(async () => (await list()).every(({ status }) => status === "delivered"), BAY_WITHIN_MS);
    const attempts = await Promise.all(
      (await list()).map(
        async (delivery) =>
          (await session.get<{ attempts: { status: number | null }[] }>(`${path}/${delivery.uuid}`)).attempts,
      ),
    );
    const again = attempts.filter(({ length }) => length > 1);
    expect(again.map((tries) => tries.map(({ status }) => status))).toEqual([[null, 204]]);

    const streamed = async () =>
      (await session.get<{ events: { id: string }[] }>(`${apiUrl}/events?type=bay.create.*`)).events.map(
        ({ id }) => id,
      );
    await waitFor(async () => (await streamed()).length === inOrder.length, BAY_WITHIN_MS);
    expect((await streamed()).toSorted()).toEqual(inOrder.map(({ id }) => id).toSorted());
  },
  TEST_WITHIN_MS,
);
