import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../limits.ts";
import { describeProblems, readManifest } from "./manifest.ts";
import type { ManifestKind } from "./manifest.ts";

const pod = `
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  containers:
  - name: web
    image: nginx:1.9
    ports: [{containerPort: 80}]
`;

const service = `{"kind": "Service", "apiVersion": "v1", "metadata": {"name": "web", "labels": {"app": "web"}},
  "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080, "protocol": "TCP"}]}}`;

const replicationController = `
metadata: {name: web}
spec:
  replicas: 2
  selector: {app: web}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx}]}
`;

/** What is said of a manifest that is refused. */
function problemsOf(kind: ManifestKind, text: string): string {
  const reading = readManifest(kind, text);
  if (reading.kind === "manifest") throw new Error(`it was let through: ${JSON.stringify(reading.manifest)}`);
  expect(reading.problems.length).toBeLessThanOrEqual(limits.manifest.problems);
  return describeProblems(reading.problems);
}

describe("a good manifest", () => {
  it("of a pod, in YAML, is passed on as it was written", () => {
    const reading = readManifest("pod", pod);
    expect(reading).toMatchObject({
      kind: "manifest",
      manifest: {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "web", labels: { app: "web" } },
        spec: { containers: [{ name: "web", image: "nginx:1.9", ports: [{ containerPort: 80 }] }] },
      },
    });
  });

  it("of a service, in JSON, is passed on as it was written", () => {
    expect(readManifest("service", service)).toEqual({ kind: "manifest", manifest: JSON.parse(service) });
  });

  it("may leave out kind and apiVersion, as those of 2015 did: they are filled in", () => {
    expect(readManifest("replication-controller", replicationController)).toMatchObject({
      kind: "manifest",
      manifest: { apiVersion: "v1", kind: "ReplicationController", spec: { replicas: 2 } },
    });
  });

  it("may begin with comments and --- and end with ---", () => {
    expect(readManifest("pod", `# mine\n---${pod}---\n`).kind).toBe("manifest");
  });

  it("may be flow-style YAML that begins with a brace", () => {
    expect(readManifest("service", "{metadata: {name: a}, spec: {ports: [{port: 1}]}}").kind).toBe("manifest");
  });

  it("reads numbers and yes and no as the Kubernetes tools do", () => {
    const reading = readManifest("pod", `${pod}  hostNetwork: yes\n  mode: 0644\n  time: 12:30\n  day: 2016-01-01\n`);
    expect(reading).toMatchObject({
      manifest: { spec: { hostNetwork: true, mode: 420, time: "12:30", day: "2016-01-01" } },
    });
  });

  it.each([
    ["an ExternalName", "{metadata: {name: a}, spec: {type: ExternalName, externalName: b.example}}"],
    ["headless", "{metadata: {name: a}, spec: {clusterIP: None, selector: {a: b}}}"],
  ])("of a service that is %s needs no ports", (_, text) => {
    expect(readManifest("service", text).kind).toBe("manifest");
  });
});

describe("a manifest is refused, and told where", () => {
  const cases: readonly [what: string, kind: ManifestKind, text: string, said: string][] = [
    ["an empty text", "pod", " \n", "it is empty"],
    ["a text of comments", "pod", "# nothing\n---\n", "it is empty"],
    ["no map", "pod", "- a\n- b", "the manifest must be a map"],
    ["a plain word", "pod", "hello", "the manifest must be a map"],
    ["broken JSON", "pod", '{"kind": "Pod",}}', "it is not valid JSON"],
    ["broken YAML", "pod", "kind: Pod\nspec: [1\nmetadata: 2", "line 3, column 1: it is not valid YAML"],
    ["a key twice", "pod", "kind: Pod\nkind: Pod", "line 2, column 1: it is not valid YAML: Map keys must be unique"],
    ["several documents", "pod", `${pod}---${pod}`, "line 12: it holds 2 documents: send one at a time"],
    ["another kind", "service", pod, "kind must be Service"],
    ["a List", "pod", "apiVersion: v1\nkind: List\nitems: []", "kind must be Pod"],
    ["another apiVersion", "pod", pod.replace("apiVersion: v1", "apiVersion: v1beta3"), "apiVersion must be v1"],
    ["no metadata", "pod", "spec: {containers: [{name: a, image: b}]}", "metadata is missing"],
    ["no name", "pod", "metadata: {}\nspec: {containers: [{name: a, image: b}]}", "metadata.name is missing"],
    [
      "an upper-case name",
      "pod",
      pod.replace("name: web\n  labels", "name: Web\n  labels"),
      "metadata.name must be lower-case",
    ],
    [
      "a number for a name",
      "pod",
      pod.replace("name: web\n  labels", "name: 12\n  labels"),
      "metadata.name must be text: quote it",
    ],
    ["a long name", "pod", pod.replace("name: web\n  labels", `name: ${"a".repeat(254)}\n  labels`), "longer than 253"],
    ["a service's name with a dot", "service", service.replace('"web"', '"we.b"'), "metadata.name must be lower-case"],
    ["a service's long name", "service", service.replace('"web"', `"${"a".repeat(64)}"`), "longer than 63"],
    [
      "another namespace",
      "pod",
      pod.replace("  labels", "  namespace: kube-system\n  labels"),
      "metadata.namespace must be default",
    ],
    [
      "a label that is a number",
      "pod",
      pod.replace("{app: web}", "{app: 1}"),
      "metadata.labels.app must be text: quote it",
    ],
    [
      "a label that is too long",
      "pod",
      pod.replace("{app: web}", `{app: ${"a".repeat(64)}}`),
      "metadata.labels.app is longer than 63",
    ],
    ["a label's bad key", "pod", pod.replace("{app: web}", "{a/b/c: web}"), "metadata.labels.a/b/c is no key"],
    ["labels that are a list", "pod", pod.replace("{app: web}", "[app]"), "metadata.labels must be a map of texts"],
    ["no spec", "pod", "metadata: {name: a}", "spec is missing"],
    ["no containers", "pod", "metadata: {name: a}\nspec: {}", "spec.containers is missing"],
    ["an empty list of containers", "pod", "metadata: {name: a}\nspec: {containers: []}", "spec.containers is empty"],
    [
      "a container without image",
      "pod",
      "metadata: {name: a}\nspec: {containers: [{name: b}]}",
      "spec.containers[0].image is missing",
    ],
    ["an empty image", "pod", pod.replace("nginx:1.9", '""'), "spec.containers[0].image is empty"],
    [
      "containers of one name",
      "pod",
      "metadata: {name: a}\nspec: {containers: [{name: b, image: c}, {name: b, image: c}]}",
      "spec.containers[1].name is there twice",
    ],
    ["a service without ports", "service", "{metadata: {name: a}, spec: {selector: {a: b}}}", "spec.ports is missing"],
    [
      "a port that is text",
      "service",
      service.replace('"port": 80', '"port": "80"'),
      "spec.ports[0].port must be a whole number",
    ],
    [
      "a port out of range",
      "service",
      service.replace('"port": 80', '"port": 70000'),
      "spec.ports[0].port must be at most 65535",
    ],
    [
      "nameless ports",
      "service",
      "{metadata: {name: a}, spec: {ports: [{port: 1}, {port: 2, name: b}]}}",
      "spec.ports[0].name is missing",
    ],
    [
      "an unknown protocol",
      "service",
      service.replace("TCP", "tcp"),
      "spec.ports[0].protocol must be TCP, UDP or SCTP",
    ],
    ["no template", "replication-controller", "metadata: {name: a}\nspec: {replicas: 1}", "spec.template is missing"],
    [
      "no labels in the template",
      "replication-controller",
      replicationController.replace("{labels: {app: web}}", "{}"),
      "spec.template.metadata.labels is missing",
    ],
    [
      "a selector that misses the template",
      "replication-controller",
      replicationController.replace("selector: {app: web}", "selector: {app: db}"),
      "spec.selector.app is not among the labels",
    ],
    [
      "negative replicas",
      "replication-controller",
      replicationController.replace("replicas: 2", "replicas: -1"),
      "spec.replicas must be 0 or more",
    ],
    [
      "half a replica",
      "replication-controller",
      replicationController.replace("replicas: 2", "replicas: 1.5"),
      "spec.replicas must be a whole number",
    ],
    ["infinity", "pod", `${pod}  priority: .inf`, "spec.priority: it is a value that JSON does not know"],
    ["a prototype", "pod", `${pod}  __proto__: {a: b}`, "spec: it may not have a key __proto__"],
    ["a map for a key", "pod", "? {a: b}\n: c", "it is not valid YAML: With stringKeys"],
    ["an anchor of nothing", "pod", "a: *b", "Unresolved alias"],
  ];
  it.each(cases)("for %s", (_, kind, text, said) => {
    expect(problemsOf(kind, text)).toContain(said);
  });

  it("with several problems at once, and no more than the limit", () => {
    const text = `metadata: {name: A}\nspec: {containers: [${"{}, ".repeat(40)}]}`;
    expect(problemsOf("pod", text)).toMatch(/^metadata\.name must be .*; spec\.containers\[0\]\.name is missing; /);
  });
});

describe("hostile text is refused without work that it did not pay for", () => {
  const names = "abcdefghi".split("");
  const lists = names.map(
    (name, index) => `${name}: &${name} [${`${index === 0 ? "x" : `*${names[index - 1]}`}, `.repeat(9)}]`,
  );
  const bomb = lists.join("\n");
  const cases: readonly [what: string, text: string, said: RegExp][] = [
    ["too long", `a: "${"x".repeat(limits.manifest.bytes)}"`, /longer than 524288 bytes/],
    [
      "too long in bytes, not in characters",
      `a: "${"ü".repeat(limits.manifest.bytes / 2)}"`,
      /longer than 524288 bytes/,
    ],
    ["a billion laughs", bomb, /Excessive alias count/],
    [
      "a big anchor used often",
      `a: &a "${"x".repeat(400_000)}"\nb: [${"*a, ".repeat(90)}]`,
      /longer than 1048576 bytes/,
    ],
    ["an anchor within itself", "a: &a [*a]", /nested/],
    [
      "merge keys that multiply",
      `a: &a {x: 1}\n${Array.from({ length: 200 }, (_, index) => `b${index}: {<<: *a}`).join("\n")}`,
      /Excessive alias count/,
    ],
    ["brackets", "[".repeat(300_000), /more than 40000 parts/],
    ["fewer brackets", "[".repeat(30_000), /nested|not valid/],
    ["closed brackets", `${"[".repeat(9_000)}${"]".repeat(9_000)}`, /nested/],
    ["dashes", `${"- ".repeat(19_000)}a`, /nested|not valid/],
    ["question marks", `${"? ".repeat(19_000)}a`, /nested|not valid/],
    ["JSON brackets", `{"a": ${"[".repeat(200_000)}${"]".repeat(200_000)}}`, /nested/],
    ["tags in a row", `a: ${"!a ".repeat(13_000)}`, /not valid/],
    ["anchors in a row", `a: ${"&a ".repeat(13_000)}`, /not valid/],
    ["many documents", "--- a\n".repeat(5_000), /documents/],
    ["many values", `{"a": [${"1,".repeat(60_000)}1]}`, /more than 50000 values/],
  ];
  it.each(cases)("%s", (_, text, said) => {
    expect(problemsOf("pod", text)).toMatch(said);
  });
});

it("whatever text comes, there is an answer", () => {
  const word = fc.constantFrom(
    "a",
    "metadata",
    "name",
    "spec",
    ": ",
    "- ",
    "\n",
    "  ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "!!map ",
    "<<",
    "|\n",
    '"',
    "'",
    "---\n",
    "1",
    "~",
    "? ",
    "%",
    "\t",
    "\u0000",
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), (words) => {
      const reading = readManifest("pod", words.join(""));
      return reading.kind === "manifest" || reading.problems.length > 0;
    }),
    { numRuns: 500 },
  );
});
