import { PROJECTS } from "../people.ts";
import type { Invariant } from "./invariant.ts";

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

export const isolation: Invariant = {
  id: "I8",
  says: "no reply to a project, and no log line of its requests, names anything of another project",
  watch(_world, broken) {
    const owners = new Map<string, string>();
    const check = (projectId: string, text: string, where: string): void => {
      for (const [uuid] of text.matchAll(UUID)) {
        const owner = owners.get(uuid);
        if (owner !== undefined && owner !== projectId) broken(`${where} of ${projectId} names ${uuid} of ${owner}`);
      }
      for (const other of PROJECTS)
        if (other !== projectId && text.includes(other)) broken(`${where} of ${projectId} names ${other}`);
    };
    return {
      wrote(item) {
        const owner = ownerOf(item.body);
        if (owner) owners.set(owner.uuid, owner.projectId);
      },
      replied({ person, path, answer }) {
        if (answer.kind !== "reply" || person.isAdmin) return;
        const [named = ""] = path.match(UUID) ?? [];
        const owner = owners.get(named);
        if (owner !== undefined && owner !== person.projectId && answer.status < 400)
          broken(`${person.name} was let to ${named} of ${owner}`);
        check(person.projectId, answer.text.replaceAll(named || path, ""), `the reply to ${path}`);
      },
      logged({ facts, event }) {
        const { projectId, path = "", ...rest } = facts;
        if (typeof projectId === "string" && PROJECTS.some((one) => one === projectId))
          check(projectId, JSON.stringify(rest), `log line ${event}${String(path) && ""}`);
      },
    };
  },
};

/** Of bays and bay models. */
function ownerOf(body: Readonly<Record<string, unknown>>): { uuid: string; projectId: string } | undefined {
  const state = body["state"] as { uuid?: unknown; projectId?: unknown } | undefined;
  if (typeof state?.uuid !== "string" || typeof state.projectId !== "string") return undefined;
  return { uuid: state.uuid, projectId: state.projectId };
}
