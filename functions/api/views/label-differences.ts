/** How labels differ from those that they were made from. An overridden one shows the parent's value (cluster sheet 18). */

type Labels = Readonly<Record<string, string>>;

export function labelDifferences(
  parent: Labels,
  own: Labels,
): Readonly<Record<"labels_overridden" | "labels_added" | "labels_skipped", Record<string, string>>> {
  const pick = (from: Labels, keep: (name: string, value: string) => boolean) =>
    Object.fromEntries(Object.entries(from).filter(([name, value]) => keep(name, value)));
  return {
    labels_overridden: pick(parent, (name, value) => Object.hasOwn(own, name) && own[name] !== value),
    labels_added: pick(own, (name) => !Object.hasOwn(parent, name)),
    labels_skipped: pick(parent, (name) => !Object.hasOwn(own, name)),
  };
}
