/**
 * What Kubernetes makes of an object before it stores it: defaults filled in, and what breaks a rule told with its place
 * (engine sheet 1.4). The rules are those that manifests of pods, services and replication controllers break in practice.
 */
import { isMap } from "../../json.ts";
import type { Json, JsonMap } from "../../json.ts";
import { isSelected, labelsOf, mapAt } from "./selectors.ts";
import { duplicate, forbidden, required, unsupported, wrong } from "./status.ts";
import type { Cause } from "./status.ts";
import { itemsOf, metadataOf, specOf } from "./store.ts";

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_1123 = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_KEY =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?$/;

const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_1123_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035_RULE =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : "");

/** The object with its defaults. */
export function withDefaults(resource: string, object: JsonMap): JsonMap {
  switch (resource) {
    case "pods":
      return { ...object, spec: podDefaults(specOf(object)), status: { phase: "Pending", qosClass: "BestEffort" } };
    case "services":
      return { ...object, spec: serviceDefaults(specOf(object)), status: { loadBalancer: {} } };
    case "replicationcontrollers":
      return { ...controllerDefaults(object), status: { replicas: 0 } };
    case "namespaces":
      return { ...object, spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } };
    default:
      return object;
  }
}

const podDefaults = (spec: JsonMap): JsonMap => ({
  restartPolicy: "Always",
  terminationGracePeriodSeconds: 30,
  dnsPolicy: "ClusterFirst",
  securityContext: {},
  schedulerName: "default-scheduler",
  enableServiceLinks: true,
  ...spec,
  ...(Array.isArray(spec["containers"]) && { containers: itemsOf(spec["containers"]).map(containerDefaults) }),
});

const containerDefaults = (container: JsonMap): JsonMap => ({
  resources: {},
  terminationMessagePath: "/dev/termination-log",
  terminationMessagePolicy: "File",
  imagePullPolicy: /:(?!latest$)[^/]+$/.test(textOf(container["image"])) ? "IfNotPresent" : "Always",
  ...container,
  ...(Array.isArray(container["ports"]) && {
    ports: itemsOf(container["ports"]).map((port) => ({ protocol: "TCP", ...port })),
  }),
});

const serviceDefaults = (spec: JsonMap): JsonMap => ({
  type: "ClusterIP",
  sessionAffinity: "None",
  ...spec,
  ...(Array.isArray(spec["ports"]) && {
    ports: itemsOf(spec["ports"]).map((port) => ({
      protocol: "TCP",
      ...port,
      targetPort: port["targetPort"] ?? port["port"] ?? 0,
    })),
  }),
});

function controllerDefaults(object: JsonMap): JsonMap {
  const spec = specOf(object);
  const template = mapAt(spec, "template");
  const labels = labelsOf(template);
  const metadata = metadataOf(object);
  const hasLabels = Object.keys(labels).length > 0;
  return {
    ...object,
    metadata: { generation: 1, ...metadata, ...(metadata["labels"] === undefined && hasLabels && { labels }) },
    spec: {
      replicas: 1,
      ...spec,
      ...(spec["selector"] === undefined && hasLabels && { selector: labels }),
      ...(isMap(spec["template"]) && {
        template: {
          ...template,
          metadata: { creationTimestamp: null, ...metadataOf(template) },
          spec: podDefaults(specOf(template)),
        },
      }),
    },
  };
}

/** Every rule that the object breaks. */
export function problemsOf(resource: string, object: JsonMap): Cause[] {
  return [...metadataProblems(resource, object), ...specProblems(resource, object)];
}

function specProblems(resource: string, object: JsonMap): Cause[] {
  switch (resource) {
    case "pods":
      return podProblems(specOf(object), "spec");
    case "services":
      return serviceProblems(specOf(object));
    case "replicationcontrollers":
      return controllerProblems(specOf(object));
    default:
      return [];
  }
}

function metadataProblems(resource: string, object: JsonMap): Cause[] {
  const metadata = metadataOf(object);
  const name = textOf(metadata["name"]);
  const found: Cause[] = [];
  if (name === "") found.push(required("metadata.name", "name or generateName is required"));
  else found.push(...nameProblems(resource, name));
  for (const [key, value] of Object.entries(labelsOf(object))) {
    if (!LABEL_KEY.test(key))
      found.push(wrong("metadata.labels", key, "name part must consist of alphanumeric characters"));
    if (typeof value !== "string" || !LABEL_VALUE.test(value)) {
      found.push(
        wrong("metadata.labels", value, "a valid label must be an empty string or consist of alphanumeric characters"),
      );
    }
  }
  return found;
}

function nameProblems(resource: string, name: string): Cause[] {
  if (resource === "services") {
    if (name.length > 63) return [wrong("metadata.name", name, "must be no more than 63 characters")];
    return LABEL_1035.test(name) ? [] : [wrong("metadata.name", name, LABEL_1035_RULE)];
  }
  if (resource === "namespaces") {
    if (name.length > 63) return [wrong("metadata.name", name, "must be no more than 63 characters")];
    return LABEL_1123.test(name) ? [] : [wrong("metadata.name", name, LABEL_1123_RULE)];
  }
  if (name.length > 253) return [wrong("metadata.name", name, "must be no more than 253 characters")];
  return SUBDOMAIN.test(name) ? [] : [wrong("metadata.name", name, SUBDOMAIN_RULE)];
}

function podProblems(spec: JsonMap, field: string): Cause[] {
  const found: Cause[] = [];
  const containers = itemsOf(spec["containers"]);
  if (containers.length === 0) found.push(required(`${field}.containers`));
  const names = new Set<string>();
  for (const [index, container] of containers.entries()) {
    const place = `${field}.containers[${index}]`;
    const name = textOf(container["name"]);
    if (name === "") found.push(required(`${place}.name`));
    else if (name.length > 63 || !LABEL_1123.test(name)) found.push(wrong(`${place}.name`, name, LABEL_1123_RULE));
    else if (names.has(name)) found.push(duplicate(`${place}.name`, name));
    names.add(name);
    if (textOf(container["image"]) === "") found.push(required(`${place}.image`));
    for (const [at, port] of itemsOf(container["ports"]).entries()) {
      if (!isPort(port["containerPort"])) {
        found.push(wrong(`${place}.ports[${at}].containerPort`, port["containerPort"] ?? 0, PORT_RULE));
      }
    }
  }
  const policies = ["Always", "OnFailure", "Never"];
  if (!policies.includes(textOf(spec["restartPolicy"]))) {
    found.push(unsupported(`${field}.restartPolicy`, spec["restartPolicy"], policies));
  }
  return found;
}

const PORT_RULE = "must be between 1 and 65535, inclusive";
const isPort = (value: Json | undefined): boolean =>
  typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65_535;

/** The addresses of services: 10.254.0.0/16. */
export const isServiceAddress = (address: string): boolean => /^10\.254\.\d{1,3}\.\d{1,3}$/.test(address);

function serviceProblems(spec: JsonMap): Cause[] {
  const found: Cause[] = [];
  const type = textOf(spec["type"]);
  const types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
  if (!types.includes(type)) found.push(unsupported("spec.type", spec["type"], types));
  const ports = itemsOf(spec["ports"]);
  const needsPorts = type !== "ExternalName" && spec["clusterIP"] !== "None";
  if (ports.length === 0 && needsPorts) found.push(required("spec.ports"));
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const place = `spec.ports[${index}]`;
    const name = textOf(port["name"]);
    if (ports.length > 1 && name === "") found.push(required(`${place}.name`));
    else if (name !== "" && names.has(name)) found.push(duplicate(`${place}.name`, name));
    names.add(name);
    if (!isPort(port["port"])) found.push(wrong(`${place}.port`, port["port"] ?? 0, PORT_RULE));
    const protocols = ["SCTP", "TCP", "UDP"];
    if (!protocols.includes(textOf(port["protocol"]))) {
      found.push(unsupported(`${place}.protocol`, port["protocol"], protocols));
    }
  }
  const address = textOf(spec["clusterIP"]);
  if (address !== "" && address !== "None" && !isServiceAddress(address)) {
    found.push(
      wrong(
        "spec.clusterIPs",
        [address],
        `failed to allocated ip:${address} with error:provided IP is not in the valid range. The range of valid IPs is 10.254.0.0/16`,
      ),
    );
  }
  return found;
}

function controllerProblems(spec: JsonMap): Cause[] {
  const found: Cause[] = [];
  const { replicas } = spec;
  if (typeof replicas !== "number" || !Number.isInteger(replicas) || replicas < 0) {
    found.push(wrong("spec.replicas", replicas ?? null, "must be greater than or equal to 0"));
  }
  const selector = mapAt(spec, "selector");
  const hasSelector = Object.keys(selector).length > 0;
  if (!hasSelector) found.push(required("spec.selector"));
  if (!isMap(spec["template"])) return [...found, required("spec.template")];
  const labels = labelsOf(mapAt(spec, "template"));
  if (hasSelector && !isSelected(selector, labels)) {
    found.push(wrong("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"));
  }
  const template = specOf(mapAt(spec, "template"));
  if (textOf(template["restartPolicy"]) !== "Always") {
    found.push(unsupported("spec.template.spec.restartPolicy", template["restartPolicy"], ["Always"]));
  }
  return [...found, ...podProblems({ ...template, restartPolicy: "Always" }, "spec.template.spec")];
}

/** What an update may not change. */
export function changeProblems(resource: string, before: JsonMap, after: JsonMap): Cause[] {
  if (resource === "services") {
    const [was, is] = [before, after].map((one) => specOf(one)["clusterIP"]);
    if (is === undefined || is === "") {
      return [wrong("spec.clusterIPs[0]", was ?? "", "primary clusterIP can not be unset")];
    }
    return was === is ? [] : [wrong("spec.clusterIPs[0]", is, "may not change once set")];
  }
  if (resource !== "pods") return [];
  const fixed = (pod: JsonMap): string => {
    const spec = { ...specOf(pod) };
    for (const name of ["activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"]) delete spec[name];
    const containers = itemsOf(spec["containers"]).map((one) => ({ ...one, image: "", imagePullPolicy: "" }));
    return JSON.stringify(sorted({ ...spec, containers }));
  };
  if (fixed(before) === fixed(after)) return [];
  return [
    forbidden(
      "spec",
      "pod updates may not change fields other than `spec.containers[*].image`, `spec.initContainers[*].image`, `spec.activeDeadlineSeconds` or `spec.tolerations` (only additions to existing tolerations)",
    ),
  ];
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isMap(value)) return value;
  const keys = Object.keys(value).toSorted();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key] ?? null)]));
}
