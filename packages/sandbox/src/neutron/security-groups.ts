/** Security groups and their rules. Each project has one named `default`, made when it is first looked for. */
import { uuid } from "../ids.ts";
import type { Cloud } from "../cloud.ts";
import { neutronFault } from "./faults.ts";
import type { SecurityGroup, SecurityGroupRule } from "./records.ts";

export type NewRule = Partial<Omit<SecurityGroupRule, "id" | "projectId" | "securityGroupId">>;

export function createSecurityGroup(cloud: Cloud, projectId: string, name: string, description: string): SecurityGroup {
  const group: SecurityGroup = { id: uuid(cloud.random), name, projectId, description };
  cloud.neutron.securityGroups.put(group);
  for (const ethertype of ["IPv4", "IPv6"]) createRule(cloud, group, { direction: "egress", ethertype });
  return group;
}

export function defaultGroup(cloud: Cloud, projectId: string): SecurityGroup {
  for (const group of cloud.neutron.securityGroups.values()) {
    if (group.projectId === projectId && group.name === "default") return group;
  }
  const made = createSecurityGroup(cloud, projectId, "default", "Default security group");
  for (const ethertype of ["IPv4", "IPv6"]) {
    createRule(cloud, made, { direction: "ingress", ethertype, remoteGroupId: made.id });
  }
  return made;
}

export function createRule(cloud: Cloud, group: SecurityGroup, wanted: NewRule): SecurityGroupRule {
  const rule: SecurityGroupRule = {
    id: uuid(cloud.random),
    projectId: group.projectId,
    securityGroupId: group.id,
    direction: wanted.direction ?? "ingress",
    ethertype: wanted.ethertype ?? "IPv4",
    protocol: wanted.protocol ?? null,
    portRangeMin: wanted.portRangeMin ?? null,
    portRangeMax: wanted.portRangeMax ?? null,
    remoteIpPrefix: wanted.remoteIpPrefix ?? null,
    remoteGroupId: wanted.remoteGroupId ?? null,
  };
  const same = cloud.neutron.rules.group(group.id).find((one) => ruleKey(one) === ruleKey(rule));
  if (same) {
    throw neutronFault(409, "SecurityGroupRuleExists", `Security group rule already exists. Rule id is ${same.id}.`);
  }
  cloud.neutron.rules.put(rule);
  return rule;
}

const ruleKey = (rule: SecurityGroupRule): string =>
  JSON.stringify([
    rule.direction,
    rule.ethertype,
    rule.protocol,
    rule.portRangeMin,
    rule.portRangeMax,
    rule.remoteIpPrefix,
    rule.remoteGroupId,
  ]);

export function deleteSecurityGroup(cloud: Cloud, id: string): void {
  const group = cloud.neutron.securityGroups.get(id);
  if (!group) throw neutronFault(404, "SecurityGroupNotFound", `Security group ${id} does not exist`);
  for (const port of cloud.neutron.ports.values()) {
    if (port.securityGroupIds.includes(id)) {
      throw neutronFault(409, "SecurityGroupInUse", `Security Group ${id} in use.`);
    }
  }
  for (const rule of cloud.neutron.rules.group(id)) cloud.neutron.rules.delete(rule.id);
  cloud.neutron.securityGroups.delete(id);
}
