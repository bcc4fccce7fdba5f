/**
 * Looks over a value that came from outside before anything else walks it: how deep it is, how many values it holds and
 * how long it would be as JSON, each shared part (a YAML alias) counted as often as it occurs. Stops at the first limit
 * that is passed. Only what JSON can say is let through.
 */
export interface ValueLimits {
  readonly depth: number;
  readonly values: number;
  readonly jsonBytes: number;
}

export interface ValueProblem {
  /** Where: `spec.containers[0]`; empty for the whole. */
  readonly place: string;
  readonly message: string;
}

interface Visit {
  readonly value: unknown;
  readonly depth: number;
  readonly name: string;
  readonly parent: Visit | null;
}

/** The first thing wrong with the value; null when there is nothing. */
export function findValueProblem(value: unknown, limits: ValueLimits): ValueProblem | null {
  const open: Visit[] = [{ value, depth: 0, name: "", parent: null }];
  let values = 0;
  let jsonBytes = 0;
  for (let visit = open.pop(); visit; visit = open.pop()) {
    values += 1;
    if (values > limits.values) return whole(`it holds more than ${limits.values} values`);
    if (visit.depth > limits.depth) return at(visit, `it is nested more than ${limits.depth} levels deep`);
    const members = membersOf(visit.value);
    if (members === null) {
      const fault = scalarFault(visit.value);
      if (fault) return at(visit, fault);
      jsonBytes += typeof visit.value === "string" ? Buffer.byteLength(visit.value) + 2 : String(visit.value).length;
    } else {
      jsonBytes += 2;
      for (const [name, member] of members) {
        if (name === "__proto__") return at(visit, "it may not have a key __proto__");
        jsonBytes += Buffer.byteLength(name) + 4;
        open.push({ value: member, depth: visit.depth + 1, name, parent: visit });
      }
    }
    if (jsonBytes > limits.jsonBytes) return whole(`it is longer than ${limits.jsonBytes} bytes`);
  }
  return null;
}

/** Members by name or `[index]`; null for a value without members. */
function membersOf(value: unknown): (readonly [string, unknown])[] | null {
  if (Array.isArray(value)) return value.map((member, index): [string, unknown] => [`[${index}]`, member]);
  if (typeof value === "object" && value !== null) return Object.entries(value);
  return null;
}

function scalarFault(value: unknown): string | null {
  if (value === null || typeof value === "string" || typeof value === "boolean") return null;
  if (typeof value === "number" && Number.isFinite(value)) return null;
  return "it is a value that JSON does not know";
}

const whole = (message: string): ValueProblem => ({ place: "", message });

function at(visit: Visit, message: string): ValueProblem {
  const names: string[] = [];
  for (let one: Visit | null = visit; one?.parent; one = one.parent) names.push(one.name);
  return { place: placeOf(names.reverse()), message };
}

/** `spec`, `containers`, `[0]` -> `spec.containers[0]`; only the ends of a long one. */
function placeOf(names: readonly string[]): string {
  const shown = names.length <= 12 ? names : [...names.slice(0, 6), "…", ...names.slice(-3)];
  return shown.reduce((path, name) => (path === "" || name.startsWith("[") ? path + name : `${path}.${name}`), "");
}
