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

/** The variables by which a process is somebody in the lab, on one project. */
export function environmentOf(lab: Lab, user: string, project: string): Readonly<Record<string, string>> {
  return {
    OS_AUTH_URL: lab.authUrl,
    OS_IDENTITY_API_VERSION: "3",
    OS_USERNAME: user,
    OS_PASSWORD: lab.password,
    OS_PROJECT_NAME: project,
    OS_USER_DOMAIN_NAME: "Default",
    OS_PROJECT_DOMAIN_NAME: "Default",
    OS_REGION_NAME: lab.region,
  };
}
