/** The bay types that come with the service, in order of preference; operators choose among them by name. */
import type { BayType, TemplateLoader } from "./bay-type.ts";
import { kubernetesAtomic, kubernetesCoreos } from "./kubernetes/kubernetes.ts";
import { kubernetesByKubeadm } from "./kubernetes/kubeadm/kubeadm.ts";
import { mesosUbuntu } from "./mesos/ubuntu/mesos-ubuntu.ts";
import { swarmModeUbuntu } from "./swarm/mode/swarm-mode.ts";
import { swarmAtomic } from "./swarm/atomic/swarm-atomic.ts";

export function seedBayTypes(load: TemplateLoader): readonly BayType[] {
  return [
    kubernetesAtomic(load),
    swarmAtomic(load),
    kubernetesCoreos(load),
    mesosUbuntu(load),
    kubernetesByKubeadm(load, { name: "k8s_fedora_coreos_v1", os: "fedora-coreos", userData: "ignition" }),
    kubernetesByKubeadm(load, { name: "k8s_flatcar_v1", os: "flatcar", userData: "ignition" }),
    kubernetesByKubeadm(load, { name: "k8s_ubuntu_v1", os: "ubuntu", userData: "packed-cloud-init" }),
    swarmModeUbuntu(load),
  ];
}
