/**
 * What is said of labels when they are given. One whose value its bay type cannot read is refused; one that nobody reads has
 * no effect, which is told (user asks C12): by a `Warning` header, by an event of a bay that is made with it, and where the
 * installation says so by a refusal.
 */
import type { BayType } from "@jeroboam/coe/bay-type";
import type { UnknownLabel } from "@jeroboam/coe/label-advice";
import { unknownLabelsOf } from "@jeroboam/coe/label-advice";
import { checkLabels } from "@jeroboam/coe/spec-checks";
import { Rejected } from "@jeroboam/core/errors";
import { limits } from "@jeroboam/core/limits";
import type { ApiRequest } from "../route.ts";

type Labels = Readonly<Record<string, string>>;

/** Refused when a value is not of its label's type, and where unknown labels are not taken. */
export function requireLabels(request: Pick<ApiRequest, "ports">, bayType: BayType, labels: Labels): void {
  const [problem] = checkLabels(bayType.labels, labels).problems;
  if (problem) throw new Rejected(400, `Invalid input for field/attribute ${problem.field}. ${problem.message}`);
  requireKnownLabels(request, bayType, labels);
}

/** Those that have no effect; refused where the installation takes none. */
export function requireKnownLabels(
  { ports: { settings } }: Pick<ApiRequest, "ports">,
  bayType: BayType,
  labels: Labels,
): readonly UnknownLabel[] {
  const unknown = unknownLabelsOf(bayType, labels);
  const [first] = unknown;
  if (first && settings.unknownLabels === "refuse")
    throw new Rejected(
      400,
      `Invalid input for field/attribute labels.${first.label}. ${describe(first, bayType.name)}`,
    );
  return unknown;
}

/** Of the answer to whoever gave labels. */
export async function labelWarnings(
  { ports }: Pick<ApiRequest, "ports">,
  bayTypeName: string | null,
  labels: Labels,
): Promise<Readonly<Record<string, string>>> {
  const bayType = bayTypeName === null ? undefined : (await ports.bayTypes()).byName(bayTypeName);
  const unknown = bayType ? unknownLabelsOf(bayType, labels) : [];
  if (!bayType || unknown.length === 0) return {};
  const told = unknown.slice(0, limits.labelWarning.labels);
  const texts = told.map((one) => `299 - "${describe(one, bayType.name)}"`);
  const more = unknown.length - told.length;
  return { Warning: [...texts, ...(more > 0 ? [`299 - "and ${more} more"`] : [])].join(", ") };
}

/** Nothing in it may end a header, or a text within one. */
function describe({ label, nearest }: UnknownLabel, bayType: string): string {
  const name = label.slice(0, limits.labelWarning.nameChars).replaceAll(/[^\w./-]/g, "?");
  const meant = nearest === null ? "" : `: did you mean ${nearest}?`;
  return `label ${name} has no effect on clusters of type ${bayType}${meant}`;
}
