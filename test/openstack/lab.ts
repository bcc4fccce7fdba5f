/** What tests know of the lab: where it listens, and who its people are (lab/contents.py makes them). */
import { inject } from "vitest";

export interface Lab {
  readonly authUrl: string;
  /** Where the catalog says that Jeroboam listens. */
  readonly jeroboam: { readonly host: string; readonly port: number };
  readonly region: string;
  /** Of every user. */
  readonly password: string;
}

export type LabOutcome =
  | { readonly kind: "up"; readonly lab: Lab }
  | { readonly kind: "absent"; readonly reason: string };

declare module "vitest" {
  interface ProvidedContext {
    readonly lab: LabOutcome;
  }
}

export const isLabUp = inject("lab").kind === "up";

/** For tests that run only where there is one. */
export function theLab(): Lab {
  const outcome = inject("lab");
  if (outcome.kind === "absent") throw new Error(outcome.reason);
  return outcome.lab;
}
