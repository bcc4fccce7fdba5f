/** An SQS to test against: fauxqs in this process, on a port of its own. */
import type { SQSClient, SQSClientConfig } from "@aws-sdk/client-sqs";
import { startFauxqs } from "fauxqs";
import { createSqsClient } from "@jeroboam/core/queue/sqs-client";

export interface SqsService {
  readonly endpoint: string;
  /** A client of the service as the product makes it. */
  connect(overrides?: SQSClientConfig): SQSClient;
  /** Makes a queue with its dead letters, and gives its address. */
  createQueue(name: string, receives: number, attributes?: Readonly<Record<string, string>>): string;
  sendText(queue: string, body: string): void;
  /** Loses every message of every queue. */
  loseAll(): void;
  /** The texts that wait in a queue's dead letters. */
  deadLetters(queue: string): string[];
  /** The messages of a queue by their state. */
  count(queue: string): { readonly ready: number; readonly delayed: number; readonly inHand: number };
  close(): Promise<void>;
}

export async function startSqs(): Promise<SqsService> {
  const server = await startFauxqs({ port: 0, host: "127.0.0.1", logger: false });
  const endpoint = `http://127.0.0.1:${server.port}`;
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const region = "us-east-1";
  return {
    endpoint,
    connect: (overrides) => createSqsClient({ endpoint, region, credentials, ...overrides }),
    createQueue: (name, receives, attributes) => {
      const dead = server.createQueue(`${name}-dead`);
      const policy = JSON.stringify({ deadLetterTargetArn: dead.queueArn, maxReceiveCount: receives });
      return server.createQueue(name, { attributes: { ...attributes, RedrivePolicy: policy } }).queueUrl;
    },
    loseAll: () => server.reset(),
    sendText: (queue, body) => void server.sendMessage(queue, body),
    deadLetters: (queue) => messagesOf(server, `${queue}-dead`).ready.map((message) => message.body),
    count: (queue) => {
      const { ready, delayed, inflight } = messagesOf(server, queue);
      return { ready: ready.length, delayed: delayed.length, inHand: inflight.length };
    },
    close: () => server.stop(),
  };
}

function messagesOf(server: Awaited<ReturnType<typeof startFauxqs>>, queue: string) {
  const found = server.inspectQueue(queue);
  if (!found) throw new Error(`no queue ${queue}`);
  return found.messages;
}
