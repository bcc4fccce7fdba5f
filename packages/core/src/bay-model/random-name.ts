/** Names for what its maker did not name: a greek letter, a number, and what it is (cluster sheet 7.2 and 8.2). */
import type { Random } from "../ports.ts";

const LETTERS = [
  "alpha",
  "beta",
  "gamma",
  "delta",
  "epsilon",
  "zeta",
  "eta",
  "theta",
  "iota",
  "kappa",
  "lambda",
  "mu",
  "nu",
  "xi",
  "omicron",
  "pi",
  "rho",
  "sigma",
  "tau",
  "upsilon",
  "phi",
  "chi",
  "psi",
  "omega",
] as const;

export function randomName(random: Random, kind: "template" | "cluster"): string {
  const below = (end: number): number => Math.floor(random.fraction() * end);
  return `${LETTERS[below(LETTERS.length)]}-${below(LETTERS.length) + 1}-${kind}`;
}
