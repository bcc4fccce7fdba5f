/**
 * Replacing a bay's authority while the bay goes on working. In four phases, each of which all nodes come to before the
 * next begins:
 *
 * 1. `trust`: the new authority is made, and all trust it besides the old one, which still signs.
 * 2. `renew`: the new one signs, and nodes have theirs signed again, but for what the engine's API shows to clients: those
 *    who know the old authority alone are served as before, and whoever asks now gets what will hold afterwards.
 * 3. `serve`: the API shows a certificate of the new authority.
 * 4. `drop`: the old authority is trusted no more.
 *
 * So no two parts of a bay ever meet of which one does not trust what the other shows. This module says what is trusted and
 * what signs in which phase; getting from one to the next is the conductor's (operations/rotate-authority.ts).
 */
import { z } from "zod";

export const ROTATION_PHASES = ["trust", "renew", "serve", "drop"] as const;
export const rotationPhaseSchema = z.enum(ROTATION_PHASES);
export type RotationPhase = z.infer<typeof rotationPhaseSchema>;

/** An authority, and a client certificate of it for the conductor: PEM; keys sealed. */
const issuerSchema = z.object({
  caCertificate: z.string(),
  caKeySealed: z.string(),
  clientCertificate: z.string(),
  clientKeySealed: z.string(),
});
export type Issuer = z.infer<typeof issuerSchema>;

/** The authority that signs, and in the midst of a rotation the one before or after it. */
export const bayCertificatesSchema = issuerSchema.extend({
  rotation: z
    .discriminatedUnion("phase", [
      z.object({ phase: z.literal("trust"), next: issuerSchema }),
      // Its key is gone: it signs nothing any more.
      z.object({ phase: z.enum(["renew", "serve"]), previous: z.string() }),
      z.object({ phase: z.literal("drop") }),
    ])
    .exactOptional(),
  /** The operation that finished the last one. */
  rotatedBy: z.string().exactOptional(),
});
export type BayCertificates = z.infer<typeof bayCertificatesSchema>;

/** Everything that is trusted, PEM, the authority that signs first. */
export function trustedAuthorities({ caCertificate, rotation }: BayCertificates): string {
  switch (rotation?.phase) {
    case "trust":
      return joined(caCertificate, rotation.next.caCertificate);
    case "renew":
    case "serve":
      return joined(caCertificate, rotation.previous);
    case "drop":
    case undefined:
      return caCertificate;
    default:
      return rotation satisfies never;
  }
}

const joined = (one: string, other: string): string => `${one.trim()}\n${other.trim()}`;

/** Whether the rotation has got beyond that phase. */
export function isPast({ rotation }: BayCertificates, phase: RotationPhase): boolean {
  return rotation !== undefined && ROTATION_PHASES.indexOf(rotation.phase) > ROTATION_PHASES.indexOf(phase);
}

/** The certificates in that phase, out of those in the one before it; as they are where they are in it or beyond. */
export function inPhase(certificates: BayCertificates, phase: Exclude<RotationPhase, "trust">): BayCertificates {
  const { rotation, ...current } = certificates;
  if (phase === "renew" && rotation?.phase === "trust")
    return { ...current, ...rotation.next, rotation: { phase, previous: current.caCertificate } };
  if (phase === "serve" && rotation?.phase === "renew") return { ...current, rotation: { ...rotation, phase } };
  if (phase === "drop" && rotation?.phase === "serve") return { ...current, rotation: { phase } };
  return certificates;
}

/** By which nodes are told what they are to come to: what they were told last is what they have come to. */
export function rotationMark(operationId: string, phase: RotationPhase): string {
  return `${operationId}.${phase}`;
}

/** The phase in a mark of that operation's; absent: it is none. */
export function phaseOfMark(operationId: string, mark: string): RotationPhase | undefined {
  return ROTATION_PHASES.find((phase) => rotationMark(operationId, phase) === mark);
}
