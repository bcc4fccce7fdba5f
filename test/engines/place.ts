/** A bay's engine to hold a client to: a real one, or the sandbox's. The suite sees no difference but the times it takes. */
import type { Coe } from "@jeroboam/core/bay-model/bay-model";
import type { EngineEndpoint } from "@jeroboam/coe/engines/engine-http";
import type { BayIdentity } from "./lab/bay-identity.ts";

export interface Place {
  readonly coe: Coe;
  /** As the bay's record would have it. */
  readonly apiAddress: string;
  readonly identity: BayIdentity;
  /** What the client is let in with; without TLS nothing. */
  readonly client: EngineEndpoint["client"];
  readonly hasTls: boolean;
  /**
   * What a client with a certificate of another authority takes it for. Node's TLS, which the sandbox serves with, ends the
   * connection without saying why, where Docker's own sends an alert.
   */
  readonly strangersSee: "certificate" | "down";
  close(): Promise<void>;
}

/** An image that each place has, or can fetch, with the commands of a small shell. */
export const IMAGE = "lab/busybox:1.35";
