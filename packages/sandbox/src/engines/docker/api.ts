/**
 * Docker's API: of classic Swarm in front of a bay's engines, and of one engine that manages a swarm of its own kind. What
 * containers run is on paper (programs.ts). Facts: engine sheet sections 2 to 4; test/engines compares with a real dockerd.
 */
import type { Json } from "../../json.ts";
import { DockerFault, json, refusal } from "./answers.ts";
import * as calls from "./calls.ts";
import type { Call } from "./calls.ts";
import type { Place } from "./containers.ts";
import { serveSwarmMode } from "./swarm-mode.ts";
import { infoOf } from "./views.ts";

const HIGHEST = [1, 41] as const;
const LOWEST = [1, 12] as const;
const JSON_ERRORS_SINCE = 24;

export async function serveDocker(place: Place, request: Request): Promise<Response> {
  const isClassic = place.engine.kind === "swarm";
  const url = new URL(request.url);
  const [, version, path = "/"] = /^(?:\/v(\d+\.\d+))?(\/.*)$/.exec(url.pathname) ?? [];
  const minor = Number(version?.split(".")[1] ?? HIGHEST[1]);
  const isText = isClassic || minor < JSON_ERRORS_SINCE;
  try {
    checkVersion(version, minor);
    const call: Call = {
      ...place,
      now: place.cloud.clock.now(),
      query: url.searchParams,
      body: await readBody(request),
      isClassic,
    };
    return route(call, request.method, path) ?? notFound(isText);
  } catch (error) {
    if (error instanceof DockerFault) return refusal(error, isText);
    throw error;
  }
}

function checkVersion(version: string | undefined, minor: number): void {
  if (version === undefined) return;
  if (Number(version.split(".")[0]) > HIGHEST[0] || minor > HIGHEST[1]) {
    throw new DockerFault(
      400,
      `client version ${version} is too new. Maximum supported API version is ${HIGHEST.join(".")}`,
    );
  }
  if (minor < LOWEST[1]) {
    throw new DockerFault(
      400,
      `client version ${version} is too old. Minimum supported API version is ${LOWEST.join(".")}, please upgrade your client to a newer version`,
    );
  }
}

async function readBody(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // As Docker has it: a body that is cut short is its own fault.
    throw new DockerFault(500, "unexpected EOF");
  }
}

const notFound = (isText: boolean): Response => refusal(new DockerFault(404, "page not found"), isText);

function route(call: Call, method: string, path: string): Response | undefined {
  const parts = path.split("/").slice(1).map(decodeURIComponent);
  switch (parts[0]) {
    case "_ping":
      return new Response(method === "HEAD" ? null : "OK", {
        headers: {
          "Content-Type": "text/plain; charset=utf-8",
          "Api-Version": HIGHEST.join("."),
          Ostype: "linux",
          "Docker-Experimental": "false",
        },
      });
    case "version":
      return json(versionOf(call));
    case "info":
      return json(infoOf(call));
    case "images":
      return routeImage(call, method, parts);
    case "containers":
      return routeContainer(call, method, parts);
    case "exec":
      return routeExec(call, method, parts);
    default:
      return call.isClassic ? undefined : serveSwarmMode(call, method, parts);
  }
}

const versionOf = ({ isClassic }: Call): Json => ({
  Version: isClassic ? "swarm/1.2.9" : "20.10.24",
  ApiVersion: isClassic ? "1.40" : HIGHEST.join("."),
  MinAPIVersion: LOWEST.join("."),
  GoVersion: "",
  Os: "linux",
  Arch: "amd64",
  KernelVersion: "6.1.0",
});

function routeImage(call: Call, method: string, parts: readonly string[]): Response | undefined {
  if (method === "POST" && parts[1] === "create") return calls.pull(call);
  const name = parts.slice(1, -1).join("/");
  if (method !== "GET" || parts.at(-1) !== "json") return undefined;
  if (name === "") {
    return json(call.cloud.engines.objects.group(`${call.engine.id}/images`).map(({ object }) => object));
  }
  const image = calls.imageOf(call, name);
  if (!image) throw new DockerFault(404, `No such image: ${name}`);
  return json(image);
}

type Act = (call: Call, reference: string) => Response;

const ACTS: Readonly<Record<string, Act>> = {
  "GET json": calls.inspect,
  "GET logs": calls.logs,
  "POST start": calls.start,
  "POST stop": calls.stop,
  "POST restart": calls.restart,
  "POST kill": calls.kill,
  "POST pause": calls.pause,
  "POST unpause": calls.unpause,
  "POST rename": calls.rename,
  "POST exec": calls.prepareExec,
};

function routeContainer(call: Call, method: string, [, reference = "", act]: readonly string[]): Response | undefined {
  if (act === undefined) {
    if (method === "GET" && reference === "json") return calls.list(call);
    if (method === "POST" && reference === "create") return calls.create(call);
    return method === "DELETE" ? calls.remove(call, reference) : undefined;
  }
  return ACTS[`${method} ${act}`]?.(call, reference);
}

function routeExec(call: Call, method: string, [, id = "", act]: readonly string[]): Response | undefined {
  if (method === "POST" && act === "start") return calls.startExec(call, id);
  return method === "GET" && act === "json" ? calls.inspectExec(call, id) : undefined;
}
