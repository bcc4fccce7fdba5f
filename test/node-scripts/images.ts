/**
 * What the images of servers hold besides an operating system: programs, which are stand-ins, and their units. The types
 * of 2015 rely on it; those of today bring their programs along.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Files by their paths; programs are those that begin as scripts do. */
export type Image = Readonly<Record<string, string>>;

const standIn = (name: string, ...words: string[]): string =>
  `#!/bin/sh\nexec /programs/node /programs/${[`${name}.ts`, ...words].join(" ")} "$@"\n`;

const ON_NODES = ["kubelet", "kube-proxy", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];
const KUBERNETES: Image = Object.fromEntries(ON_NODES.map((name) => [name, standIn("kubernetes", name)]));
const inFolder = (folder: string, programs: Image): Image =>
  Object.fromEntries(Object.entries(programs).map(([name, content]) => [`${folder}/${name}`, content]));

const docker = (unit: string): Image => ({
  "stand-ins/docker": readFileSync(join(import.meta.dirname, "stand-ins/programs/docker"), "utf8"),
  "stand-ins/dockerd": standIn("dockerd"),
  "run/systemd/system/docker.service": unit,
});

/** As Fedora has it: more than one line, settings in files of their own, one of which is not there. */
const DOCKER_OF_FEDORA = docker(`[Unit]
Description=Docker Application Container Engine
After=network.target

[Service]
Type=notify
NotifyAccess=all
EnvironmentFile=-/run/containers/registries.conf
EnvironmentFile=-/etc/sysconfig/docker
EnvironmentFile=-/etc/sysconfig/docker-storage
Environment=GOTRACEBACK=crash
Environment=PATH=/usr/libexec/docker:/usr/bin:/usr/sbin
ExecStart=/stand-ins/dockerd \\
          --exec-opt native.cgroupdriver=systemd \\
          $OPTIONS \\
          $DOCKER_STORAGE_OPTIONS
LimitNOFILE=1048576

[Install]
WantedBy=multi-user.target
`);

const REXRAY: Image = { "stand-ins/rexray": '#!/bin/sh\necho "rexray $*" >>/run/calls\nexec sleep 1000000\n' };

export const fedoraAtomic = (kubernetes?: string): Image => ({
  ...DOCKER_OF_FEDORA,
  "etc/sysconfig/docker": "OPTIONS=--selinux-enabled --log-driver=journald\n",
  "etc/selinux/config": "SELINUX=enforcing\nSELINUXTYPE=targeted\n",
  "stand-ins/flanneld": standIn("flanneld"),
  ...REXRAY,
  ...(kubernetes !== undefined && inFolder("stand-ins", KUBERNETES)),
  "programs/kubernetes-version": kubernetes ?? "",
});

/** It has nothing but Docker: the rest comes out of container images. */
export const coreos = (kubernetes: string): Image => ({
  ...docker(`[Unit]
Description=Docker Application Container Engine
After=network.target

[Service]
Type=notify
ExecStart=/stand-ins/dockerd --host=fd:// $DOCKER_OPTS
`),
  ...inFolder("programs/bin", { ...KUBERNETES, flanneld: standIn("flanneld") }),
  "programs/kubernetes-version": kubernetes,
});

const mesosUnit = (name: string): string => `[Unit]
Description=${name}
After=network.target

[Service]
EnvironmentFile=-/etc/default/${name}
ExecStart=/programs/node /programs/mesos.ts ${name}
Restart=always

[Install]
WantedBy=multi-user.target
`;
const MESOS = ["zookeeper", "mesos-master", "mesos-slave", "marathon"];

export const ubuntuMesos: Image = {
  ...REXRAY,
  ...docker(
    "[Service]\nType=notify\nExecStart=/stand-ins/dockerd -H fd:// --containerd=/run/containerd/containerd.sock\n",
  ),
  ...Object.fromEntries(MESOS.map((name) => [`run/systemd/system/${name}.service`, mesosUnit(name)])),
};

/** With Debian's Docker in the place of the packages that a node would install, and their unit. */
export const ubuntu: Image = {
  "etc/os-release": 'ID=ubuntu\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n',
  "stand-ins/docker": '#!/bin/sh\nexec /programs/docker-of-debian "$@"\n',
  "run/systemd/system/docker.service": `[Unit]
Description=Docker Application Container Engine
After=network-online.target
Wants=network-online.target

[Service]
Type=notify
ExecStart=/programs/dockerd-of-debian -H fd:// --containerd=/run/containerd/containerd.sock
ExecReload=/bin/kill -s HUP $MAINPID

[Install]
WantedBy=multi-user.target
`,
};
