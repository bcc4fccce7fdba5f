import { describe, expect, test } from "vitest";
import { describeFailures, failuresOf } from "./heat-failures.ts";
import type { StackResource } from "./heat-schemas.ts";

const root = { name: "bay-1", id: "root" };

/** A resource in a stack; `holds` is the id of the stack that it is. */
function resource(
  stackId: string,
  name: string,
  options: { type?: string; status?: string; reason?: string; holds?: string } = {},
): StackResource {
  return {
    resource_name: name,
    resource_type: options.type ?? "OS::Heat::ResourceGroup",
    resource_status: options.status ?? "CREATE_FAILED",
    resource_status_reason: options.reason ?? "",
    physical_resource_id: options.holds ?? `${name}-id`,
    links: [
      { rel: "self", href: `http://heat/v1/p/stacks/x/${stackId}/resources/${name}` },
      { rel: "stack", href: `http://heat/v1/p/stacks/x/${stackId}` },
    ],
  };
}

const noHost = 'Went to status ERROR due to "Message: No valid host was found. There are not enough hosts., Code: 500"';

/** As Heat tells of a bay one of whose minions found no host: the same failure on four levels. */
const failedBay = [
  resource("root", "kube_minions", {
    holds: "group",
    reason: `ResourceInError: resources.kube_minions.resources[2].resources.kube-minion: ${noHost}`,
  }),
  resource("group", "2", {
    type: "file:///kubeminion.yaml",
    holds: "minion-2",
    reason: `ResourceInError: resources[2].resources.kube-minion: ${noHost}`,
  }),
  resource("minion-2", "kube-minion", {
    type: "OS::Nova::Server",
    reason: `ResourceInError: resources.kube-minion: ${noHost}`,
  }),
  resource("group", "1", { status: "CREATE_COMPLETE", holds: "minion-1" }),
  resource("group", "0", { holds: "minion-0", reason: "CREATE aborted (user triggered cancel)" }),
];

describe("the causes of a failed stack", () => {
  test("are the resources that hold no failed ones, told by place, kind and the service's own words", () => {
    const [cause] = failuresOf(failedBay, root);
    expect(cause).toEqual({
      path: ["kube_minions", "2", "kube-minion"],
      resourceType: "OS::Nova::Server",
      physicalId: "kube-minion-id",
      reason: "No valid host was found. There are not enough hosts.",
      isAborted: false,
      sentence: "minion 2: server kube-minion: No valid host was found. There are not enough hosts.",
    });
  });

  test("come before what Heat stopped because of them, which a description leaves out", () => {
    const failures = failuresOf(failedBay, root);
    expect(failures.map((failure) => failure.isAborted)).toEqual([false, true]);
    expect(describeFailures(failures)).toBe(
      "minion 2: server kube-minion: No valid host was found. There are not enough hosts.",
    );
  });

  test("are what was unfinished, when a stack's time was over", () => {
    const reason = 'CREATE aborted (Task create from Server "kube-master" Stack "x" [id] Timed out)';
    const failures = failuresOf([resource("root", "kube-master", { type: "OS::Nova::Server", reason })], root);
    expect(describeFailures(failures)).toBe("server kube-master: not finished when the stack's time was over");
  });

  test("of one stack are ordered by place, numbers as numbers, and bounded", () => {
    const servers = Array.from({ length: 30 }, (_, index) =>
      resource("root", `node-${29 - index}`, { type: "OS::Nova::Server", reason: "x" }),
    );
    const failures = failuresOf(servers, root);
    expect(failures).toHaveLength(20);
    expect(failures.slice(0, 3).map((failure) => failure.path[0])).toEqual(["node-0", "node-1", "node-2"]);
  });

  test("are none for a stack without failed resources", () => {
    expect(failuresOf([resource("root", "a", { status: "CREATE_COMPLETE" })], root)).toEqual([]);
    expect(describeFailures([])).toBe("");
  });
});

describe("a reason is told without its wrapping", () => {
  const cases: [string, string, string][] = [
    [
      "OS::Heat::WaitCondition",
      "WaitConditionTimeout: resources.wait: 0 of 1 received",
      "wait condition r: no signal came in time (0 of 1 received)",
    ],
    [
      "OS::Nova::Server",
      "Forbidden: resources.r: Quota exceeded for cores: Requested 4. (HTTP 403) (Request-ID: req-1)",
      "server r: Quota exceeded for cores: Requested 4.",
    ],
    [
      "OS::Neutron::Port",
      "OverQuotaClient: resources.r: Quota exceeded for resources: ['port']. Neutron server returns request_ids: ['req-2']",
      "port r: Quota exceeded for resources: ['port'].",
    ],
    ["OS::Cinder::VolumeAttachment", "Volume is in use", "volume attachment r: Volume is in use"],
    ["OS::Octavia::LoadBalancer", "", "load balancer r: no reason given"],
    ["OS::Keystone::SAMLProvider", "x", "saml provider r: x"],
  ];
  test.each(cases)("%s", (type, reason, sentence) => {
    expect(failuresOf([resource("root", "r", { type, reason })], root)[0]?.sentence).toBe(sentence);
  });

  test("of what Heat wrote at its beginning, however long it is", () => {
    for (const piece of ["A", "resources.a", "resources[0].", "Message: , Code: ", ' "', "(HTTP 403) "]) {
      const [failure] = failuresOf([resource("root", "r", { reason: piece.repeat(200_000) })], root);
      expect(failure?.reason.length).toBeLessThanOrEqual(2_000);
    }
  });

  test("and never longer than a status reason may be", () => {
    const reason = "x".repeat(10_000);
    const failures = Array.from({ length: 20 }, (_, index) => resource("root", `r${index}`, { reason }));
    expect(describeFailures(failuresOf(failures, root)).length).toBe(1_000);
  });
});
