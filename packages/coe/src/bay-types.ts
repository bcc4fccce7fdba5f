/**
 * The bay types of this installation, and which of them may be used. Finding one is by the platform of the bay model
 * (bay-era sheet 7); the three outcomes are told apart because their texts for the user differ.
 */
import type { BayType, Platform } from "./bay-type.ts";

export type BayTypeLookup =
  | { readonly kind: "found"; readonly bayType: BayType }
  /** No bay type builds on that platform. `supported` lists what could have been asked for. */
  | { readonly kind: "unsupported"; readonly supported: readonly Platform[] }
  /** One does, but the operator does not allow it. */
  | { readonly kind: "disabled"; readonly name: string };

export interface BayTypes {
  find(platform: Platform): BayTypeLookup;
  /** Also finds disabled ones: a bay that exists must stay operable. */
  byName(name: string): BayType | undefined;
  /** Those enabled, in order of preference. */
  list(): readonly BayType[];
  /** All, with whether each may be used. */
  all(): readonly { readonly bayType: BayType; readonly isEnabled: boolean }[];
}

/** What the operator allows: only `enabled` where given, and never what `disabled` names. */
export interface BayTypeChoice {
  readonly enabled?: readonly string[];
  readonly disabled?: readonly string[];
}

/** Throws on a choice that names no bay type: a misspelled name must not silently allow or forbid. */
export function createBayTypes(bayTypes: readonly BayType[], choice: BayTypeChoice = {}): BayTypes {
  const known = new Set(bayTypes.map((bayType) => bayType.name));
  if (known.size < bayTypes.length) throw new Error("two bay types have the same name");
  for (const name of [...(choice.enabled ?? []), ...(choice.disabled ?? [])]) {
    if (!known.has(name)) throw new Error(`no bay type is named ${name}; there are ${[...known].join(", ")}`);
  }
  const isEnabled = ({ name }: BayType): boolean =>
    (choice.enabled?.includes(name) ?? true) && !choice.disabled?.includes(name);
  const enabled = bayTypes.filter(isEnabled);

  return {
    find(platform) {
      const found = enabled.find((bayType) => builds(bayType, platform));
      if (found) return { kind: "found", bayType: found };
      const forbidden = bayTypes.find((bayType) => builds(bayType, platform));
      if (forbidden) return { kind: "disabled", name: forbidden.name };
      return { kind: "unsupported", supported: enabled.flatMap((bayType) => bayType.provides) };
    },
    byName: (name) => bayTypes.find((bayType) => bayType.name === name),
    list: () => enabled,
    all: () => bayTypes.map((bayType) => ({ bayType, isEnabled: isEnabled(bayType) })),
  };
}

function builds(bayType: BayType, platform: Platform): boolean {
  return bayType.provides.some(
    ({ serverType, os, coe }) => serverType === platform.serverType && os === platform.os && coe === platform.coe,
  );
}
