/** The bay types as `magnum-template-manage list-templates` prints its definitions (bay-era sheet 14). */
import type { BayTypes } from "@jeroboam/coe/bay-types";

export interface TemplateListOptions {
  readonly details: boolean;
  readonly paths: boolean;
  readonly enabled?: boolean;
  readonly disabled?: boolean;
}

/** Rows by name; with details one for each platform. */
export function listTemplates(bayTypes: BayTypes, { details, paths, enabled, disabled }: TemplateListOptions): string {
  const shown = bayTypes
    .all()
    .filter(({ isEnabled }) => (isEnabled ? !disabled : !enabled))
    .toSorted((one, other) => (one.bayType.name < other.bayType.name ? -1 : 1));
  const rows = shown.flatMap(({ bayType, isEnabled }) => {
    const named = [bayType.name, isEnabled ? "True" : "False"];
    const path = paths ? [bayType.templatePath] : [];
    if (!details) return [[...named, ...path]];
    return bayType.provides.map(({ serverType, os, coe }) => [...named, serverType, os, coe, ...path]);
  });
  const head = [
    "Name",
    "Enabled",
    ...(details ? ["Server_Type", "OS", "COE"] : []),
    ...(paths ? ["Template Path"] : []),
  ];
  return tableOf(head, rows);
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(...[title, ...rows.map((row) => row[column] ?? "")].map(({ length }) => length)),
  );
  const rule = `+${widths.map((width) => "-".repeat(width + 2)).join("+")}+`;
  const line = (cells: readonly string[]): string =>
    `|${cells.map((cell, column) => ` ${cell.padEnd(widths[column] ?? 0)} `).join("|")}|`;
  return [rule, line(head), rule, ...rows.map(line), rule].join("\n");
}
