/** Memory as Docker's tools write it: `512m`, `1g`, `1048576`; units are powers of 1024. Null for anything else. */
const UNITS: Readonly<Record<string, number>> = { "": 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

export function parseMemoryBytes(text: string): number | null {
  const [, digits = "", unit = ""] = /^(\d{1,15})([bkmgt]?)b?$/i.exec(text.trim()) ?? [];
  const bytes = Number(digits) * (UNITS[unit.toLowerCase()] ?? Number.NaN);
  return digits !== "" && Number.isSafeInteger(bytes) ? bytes : null;
}
