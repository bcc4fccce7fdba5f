/** Requests to a running sandbox and API as one of the seeded users. */
import { waitFor } from "./jeroboam-process.ts";

export interface Session {
  readonly token: string;
  readonly projectId: string;
  get<Value>(url: string): Promise<Value>;
  send(method: string, url: string, body?: unknown): Promise<Response>;
}

/** A token for a project of the user, that of the same name unless another is named. */
export async function login(keystoneUrl: string, user = "demo", projectName = user): Promise<Session> {
  const domain = { id: "default" };
  const reply = await fetch(`${keystoneUrl}/auth/tokens`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      auth: {
        identity: { methods: ["password"], password: { user: { name: user, domain, password: "secret" } } },
        scope: { project: { name: projectName, domain } },
      },
    }),
  });
  const token = reply.headers.get("x-subject-token");
  if (!token) throw new Error(`no token: ${reply.status} ${await reply.text()}`);
  const { token: facts } = (await reply.json()) as { token: { project: { id: string } } };
  const send = (method: string, url: string, body?: unknown): Promise<Response> =>
    fetch(url, {
      method,
      headers: { "X-Auth-Token": token, "Content-Type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  return {
    token,
    projectId: facts.project.id,
    send,
    async get<Value>(url: string) {
      const reply = await send("GET", url);
      if (!reply.ok) throw new Error(`GET ${url}: ${reply.status} ${await reply.text()}`);
      return (await reply.json()) as Value;
    },
  };
}

export interface StackSummary {
  readonly id: string;
  readonly stack_name: string;
  readonly stack_status: string;
}

/** The project's stacks as Heat lists them. */
export async function listStacks(keystoneUrl: string, session: Session): Promise<readonly StackSummary[]> {
  const heat = keystoneUrl.replace(/\/v3$/, `/orchestration/v1/${session.projectId}`);
  return (await session.get<{ stacks: StackSummary[] }>(`${heat}/stacks`)).stacks;
}

/** Deletes all of them by hand, and waits until they are gone. */
export async function removeStacks(keystoneUrl: string, session: Session): Promise<void> {
  const heat = keystoneUrl.replace(/\/v3$/, `/orchestration/v1/${session.projectId}`);
  for (const { id, stack_name: name } of await listStacks(keystoneUrl, session))
    await session.send("DELETE", `${heat}/stacks/${name}/${id}`);
  await waitFor(async () => (await listStacks(keystoneUrl, session)).length === 0, 60_000, 200);
}
