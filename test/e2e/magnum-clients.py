"""Drives Debian's OpenStack clients in one process, for clients.test.ts and openstack-client.ts.

`magnum-clients.py coe` reads a JSON list of lines from standard input: what a user types behind `openstack`, or
`until NAME STATUS`, which waits for a cluster (GONE: until it is no more), `signer NAME` and `another-signer NAME`, which
remember a cluster's authority and wait until another signs, or a `kubectl` command with the config of this folder, unless it
names one; `{project}` stands for the project's id. `magnum-clients.py sdk` makes every container-infrastructure call that
openstacksdk's cloud layer has, but for the administrators' own (`services`). Prints JSON: for each line its exit code and
what was printed; or what each call gave. `magnum-clients.py session` reads lines of a user until there are no more, each a
JSON string, and answers each as it comes: its exit code, what was printed, and what of that as an error.
"""
import contextlib
import io
import json
import shlex
import subprocess
import sys
import time

import openstack
from openstackclient import shell


def until(cloud, name, status, within=120):
    end = time.time() + within
    while time.time() < end:
        cluster = cloud.get_coe_cluster(name)
        now = cluster.status if cluster else "GONE"
        if now == status:
            return 0, now
        if now.endswith("_FAILED") and not status.endswith("_FAILED"):
            return 1, f"{now}: {cluster.status_reason}"
        time.sleep(0.3)
    return 1, f"still {now}"


def signer(cloud, name):
    """The authority that signs now is the first."""
    cluster = cloud.get_coe_cluster(name)
    return cloud.get_coe_cluster_certificate(cluster.id)["pem"].split("-----END")[0]


def another_signer(cloud, name, before, within=120):
    end = time.time() + within
    while time.time() < end:
        if signer(cloud, name) != before:
            return 0, "another"
        time.sleep(0.3)
    return 1, "still the same"


def typed(words, out, errors):
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        try:
            return shell.OpenStackShell().run(words)
        except SystemExit as end:
            return end.code


def coe(lines):
    cloud = openstack.connect()
    told, signers = [], {}
    for line in lines:
        words = line.replace("{project}", cloud.current_project_id).split()
        if words[0] == "until":
            code, out = until(cloud, *words[1:])
        elif words[0] == "signer":
            code, out = 0, signer(cloud, words[1])
            signers[words[1]] = out
        elif words[0] == "another-signer":
            code, out = another_signer(cloud, words[1], signers[words[1]])
        elif words[0] == "kubectl":
            config = [] if "--kubeconfig" in words else ["--kubeconfig", "config"]
            ran = subprocess.run([*words, *config], capture_output=True, text=True, timeout=60)
            code, out = ran.returncode, ran.stdout + ran.stderr
        else:
            printed = io.StringIO()
            code = typed(words, printed, printed)
            out = printed.getvalue()
        told.append({"line": line, "code": code, "out": out})
    return told


def session():
    for line in sys.stdin:
        out, errors = io.StringIO(), io.StringIO()
        code = typed(shlex.split(json.loads(line)), out, errors)
        print(json.dumps({"code": code, "out": out.getvalue(), "errors": errors.getvalue()}), flush=True)


def sdk():
    cloud = openstack.connect()
    told = {}
    template = cloud.create_cluster_template("sdk", image_id="fedora-21-atomic-3", keypair_id="default", coe="kubernetes",
                                             external_network_id="public")
    told["template"] = template.name
    cloud.update_cluster_template(template.uuid, "replace", docker_volume_size=7)
    told["templates"] = [one.name for one in cloud.list_cluster_templates()]
    told["size"] = cloud.get_cluster_template("sdk").docker_volume_size
    cluster = cloud.create_coe_cluster("sdk-cluster", template.uuid, node_count=1)
    told["created"] = len(cluster.uuid if "uuid" in cluster else cluster.id)
    told["complete"] = until(cloud, "sdk-cluster", "CREATE_COMPLETE")
    told["clusters"] = [one.name for one in cloud.list_coe_clusters()]
    found = cloud.get_coe_cluster("sdk-cluster")
    told["nodes"] = found.node_count
    told["authority"] = cloud.get_coe_cluster_certificate(found.id)["pem"].splitlines()[0]
    with open("request.csr") as request:
        signed = cloud.sign_coe_cluster_certificate(found.id, csr=request.read())
    told["signed"] = signed["pem"].splitlines()[0]
    cloud.update_coe_cluster(found.id, "replace", node_count=2)
    told["updated"] = until(cloud, "sdk-cluster", "UPDATE_COMPLETE")
    told["found"] = len(cloud.search_coe_clusters("sdk-cluster"))
    told["deleted"] = cloud.delete_coe_cluster(found.id)
    told["gone"] = until(cloud, "sdk-cluster", "GONE")
    told["template deleted"] = cloud.delete_cluster_template(template.uuid)
    return told


def services():
    return [{"binary": one["binary"], "state": one["state"]} for one in openstack.connect().list_magnum_services()]


WHAT = {"coe": lambda: coe(json.load(sys.stdin)), "sdk": sdk, "services": services}
if sys.argv[1] == "session":
    session()
else:
    print(json.dumps(WHAT[sys.argv[1]]()))
