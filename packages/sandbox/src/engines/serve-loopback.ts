/**
 * The addresses that a served sandbox gives out: a block 127.N.0.0/16 of this machine's loopback, so that what clients are
 * told can be connected to. Adapter: sandboxes on one machine keep out of each other's way by a listener that each holds
 * in its block. A sandbox that is kept on disk has the same block again after a restart.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { join } from "node:path";
import type { Options } from "../cloud.ts";

export interface LoopbackBlock {
  readonly options: Pick<Options, "publicCidr" | "privateCidr">;
  release: () => Promise<void>;
}

/** Numbers of blocks: 127.0 is everybody's, and what is near it used by other programs. */
const FIRST = 16;
const COUNT = 224;
/** The claim's port, at the block's last address: nothing of a bay listens there. */
const CLAIM_PORT = 24_127;

export async function claimLoopbackBlock(data: string | undefined): Promise<LoopbackBlock> {
  const path = data === undefined ? undefined : join(data, "loopback-block");
  const kept = path !== undefined && existsSync(path) ? Number(readFileSync(path, "utf8")) : undefined;
  const start = kept ?? FIRST + (digestOf(data ?? String(process.pid)) % COUNT);
  for (let tried = 0; tried < (kept === undefined ? COUNT : 1); tried += 1) {
    const number = FIRST + ((start - FIRST + tried) % COUNT);
    const claim = await hold(number);
    if (!claim) continue;
    if (data !== undefined && path !== undefined) {
      mkdirSync(data, { recursive: true });
      writeFileSync(path, String(number));
    }
    return blockOf(number, claim);
  }
  if (kept === undefined) throw new Error("every block of loopback addresses is another sandbox's");
  console.error(
    `another sandbox has the addresses 127.${kept}.0.0/16: the engines of this one's bays cannot be reached`,
  );
  return blockOf(kept, undefined);
}

const digestOf = (text: string): number => createHash("sha256").update(text).digest().readUInt32BE(0);

const blockOf = (number: number, claim: Server | undefined): LoopbackBlock => ({
  options: { publicCidr: `127.${number}.0.0/17`, privateCidr: `127.${number}.128.0/24` },
  release: async () => {
    if (claim) await new Promise((done) => claim.close(done));
  },
});

/** Undefined when another has it. */
async function hold(number: number): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  return await new Promise((resolve) => {
    server.once("error", () => resolve(undefined));
    server.listen(CLAIM_PORT, `127.${number}.255.254`, () => {
      server.unref();
      resolve(server);
    });
  });
}
