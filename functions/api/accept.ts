/** Whether a caller takes JSON, which is what we speak. No header, or an empty one (openstacksdk's), takes anything. */
export function acceptsJson(accept: string | null): boolean {
  if (accept === null || accept.trim() === "") return true;
  return ["*/*", "application/*", "application/json"].some((type) => acceptsType(accept, type));
}

/** Whether the header names this type, and does not refuse it. */
export function acceptsType(accept: string | null | undefined, wanted: string): boolean {
  return (accept ?? "").split(",").some((range) => {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const refused = parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
    return !refused && type === wanted;
  });
}
