/**
 * The forms of text that Kubernetes takes for names and labels (engine sheet 1.4), as schemas whose messages say what
 * the form is.
 */
import { z } from "zod";

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";

/** A text that must be there; `null`, which is what YAML makes of an empty value, counts as missing. */
const text = (): z.ZodString =>
  z.string({ error: ({ input }) => (input === undefined || input === null ? "is missing" : "must be text: quote it") });

/** Of pods and replication controllers. */
export const subdomainName = text()
  .max(253, "is longer than 253 characters")
  .regex(
    new RegExp(`^${label}(\\.${label})*$`),
    "must be lower-case letters, digits, - and ., and begin and end with a letter or a digit",
  );

/** Of services, which become names in the DNS. */
export const serviceName = text()
  .max(63, "is longer than 63 characters")
  .regex(
    /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
    "must be lower-case letters, digits and -, begin with a letter and end with a letter or a digit",
  );

/** Of containers and ports. */
export const labelName = text()
  .max(63, "is longer than 63 characters")
  .regex(
    new RegExp(`^${label}$`),
    "must be lower-case letters, digits and -, and begin and end with a letter or a digit",
  );

export const requiredText = text().min(1, "is empty");

const QUALIFIED = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)$/;

/** `prefix/name`, the prefix a DNS name. */
function isQualifiedName(key: string): boolean {
  const [first = "", second, ...rest] = key.split("/");
  if (rest.length > 0) return false;
  const name = second ?? first;
  const isPrefixGood = second === undefined || subdomainName.safeParse(first).success;
  return isPrefixGood && name.length <= 63 && QUALIFIED.test(name);
}

const keyed = <Value extends z.ZodType>(value: Value) =>
  z.record(z.string().refine(isQualifiedName), value, {
    error: ({ code }) =>
      code === "invalid_key"
        ? "is no key that Kubernetes takes: letters, digits, -, _ and ., at most 63, with a DNS name and / before it if wanted"
        : "must be a map of texts",
  });

export const labelMap = keyed(
  text()
    .max(63, "is longer than 63 characters")
    .regex(
      /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/,
      "must be letters, digits, -, _ and ., and begin and end with a letter or a digit",
    ),
);

export const annotationMap = keyed(text());
