/** OS::Neutron::SecurityGroup and SecurityGroupRule. */
import type { Json, JsonMap } from "../../json.ts";
import type { SecurityGroup } from "../../neutron/records.ts";
import { createRule, createSecurityGroup, deleteSecurityGroup } from "../../neutron/security-groups.ts";
import type { NewRule } from "../../neutron/security-groups.ts";
import { securityGroupView } from "../../neutron/views.ts";
import { idOf } from "./lookups.ts";
import type { Kind, Task } from "./kind.ts";
import { ResourceError, list, map, optionalText, physicalName, text } from "./kind.ts";
import { schemas } from "./schemas/neutron.ts";

const ownerOf = ({ stack }: Task) => ({ projectId: stack.projectId, userId: stack.userId });

const numberOrNull = (value: Json | undefined): number | null => (typeof value === "number" ? value : null);

function ruleOf(task: Task, given: JsonMap, group: SecurityGroup): NewRule {
  const named = optionalText(given["remote_group_id"]) ?? optionalText(given["remote_group"]);
  // A rule about the group's own members names no group.
  const remoteGroupId =
    given["remote_mode"] === "remote_group_id" && named === undefined
      ? group.id
      : (idOf(task.cloud, ownerOf(task), "security_group", named) ?? null);
  return {
    direction: optionalText(given["direction"]) ?? "ingress",
    ethertype: optionalText(given["ethertype"]) ?? "IPv4",
    protocol: optionalText(given["protocol"]) ?? null,
    portRangeMin: numberOrNull(given["port_range_min"]),
    portRangeMax: numberOrNull(given["port_range_max"]),
    remoteIpPrefix: optionalText(given["remote_ip_prefix"]) ?? null,
    remoteGroupId,
  };
}

const ownRules = (task: Task, group: SecurityGroup): void => {
  for (const one of list(task.properties["rules"])) createRule(task.cloud, group, ruleOf(task, map(one), group));
};

const securityGroup: Kind = {
  ...schemas["OS::Neutron::SecurityGroup"],
  className: "SecurityGroup",
  validate: (properties) =>
    properties["name"] === "default" ? 'Security groups cannot be assigned the name "default".' : undefined,
  create(task) {
    const { properties, cloud, stack } = task;
    const name = optionalText(properties["name"]) ?? physicalName(task);
    const made = createSecurityGroup(cloud, stack.projectId, name, text(properties["description"]));
    task.resource.physicalId = made.id;
    ownRules(task, made);
    return { physicalId: made.id };
  },
  update(task) {
    const { cloud, properties, resource } = task;
    const found = cloud.neutron.securityGroups.get(resource.physicalId ?? "");
    if (!found) return "replace";
    const named = {
      ...found,
      name: optionalText(properties["name"]) ?? found.name,
      description: text(properties["description"]),
    };
    cloud.neutron.securityGroups.put(named);
    for (const rule of cloud.neutron.rules.group(found.id)) {
      if (rule.direction === "ingress" || rule.protocol !== null) cloud.neutron.rules.delete(rule.id);
    }
    ownRules(task, named);
    return "updated";
  },
  remove: ({ cloud, resource }) => {
    if (cloud.neutron.securityGroups.get(resource.physicalId ?? "")) {
      deleteSecurityGroup(cloud, resource.physicalId ?? "");
    }
  },
  attribute({ cloud, resource }, name) {
    const found = cloud.neutron.securityGroups.get(resource.physicalId ?? "");
    return found && name === "show" ? securityGroupView(cloud, found) : null;
  },
};

const securityGroupRule: Kind = {
  ...schemas["OS::Neutron::SecurityGroupRule"],
  className: "SecurityGroupRule",
  create(task) {
    const id = idOf(task.cloud, ownerOf(task), "security_group", task.properties["security_group"]);
    const group = id === undefined ? undefined : task.cloud.neutron.securityGroups.get(id);
    if (!group) {
      throw new ResourceError("NotFound", `Security group ${text(task.properties["security_group"])} does not exist`);
    }
    return { physicalId: createRule(task.cloud, group, ruleOf(task, task.properties, group)).id };
  },
  remove: ({ cloud, resource }) => cloud.neutron.rules.delete(resource.physicalId ?? ""),
};

export const securityKinds: Readonly<Record<string, Kind>> = {
  "OS::Neutron::SecurityGroup": securityGroup,
  "OS::Neutron::SecurityGroupRule": securityGroupRule,
};
