#!/usr/bin/python3
"""Validates every bay type's stack, in every sample variant, with Heat's own code in this process.

Reads the definitions that stack-definitions.ts prints. For each: Heat parses it, checks parameters, conditions, and each
resource's properties against its resource class, nested templates included. What Heat would ask of other services is
answered with yes: whether a flavor exists is not a template's matter. Then, for what nodes run at their first boot:
shellcheck over the joined script, cloud-init's schema over heat-params, Ignition's validator over the whole document where
nodes read that, what no script may do, and the size of the user data.

Needs Debian's python3-heat, shellcheck, cloud-init and ignition; exits 1 when there is any finding.
"""
import base64
import collections
import gzip
import json
import logging
import pathlib
import re
import subprocess
import sys
import tempfile
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

from cloudinit.config import schema as cloud_config  # noqa: E402
from oslo_config import cfg  # noqa: E402
from heat.common import config, context, messaging, template_format  # noqa: E402,F401

cfg.CONF([], project="heat", default_config_files=[])

from heat.engine import constraints, environment, resource, resources, stack, template  # noqa: E402
from heat.engine.clients.os import glance, nova, openstacksdk  # noqa: E402
from heat.engine.clients.os.neutron import NeutronClientPlugin  # noqa: E402
from heat.engine.resources.openstack.heat import multi_part  # noqa: E402

# Nova takes 65535 bytes of user data in base64.
USER_DATA_BYTES = 65535

Flavor = collections.namedtuple("Flavor", "id ram disk")
Image = collections.namedtuple("Image", "id status min_ram min_disk")
used_types = set()


def answer_for_other_services():
    """What Heat would ask Nova, Neutron and Glance is answered with yes; the types it would need are noted."""
    resource.Resource._validate_service_availability = staticmethod(lambda ctx, kind: used_types.add(kind))
    constraints.BaseCustomConstraint.validate = lambda self, value, ctx, tmpl=None: True
    nova.NovaClientPlugin.is_version_supported = lambda self, version: True
    nova.NovaClientPlugin.get_flavor = lambda self, name: Flavor(name, 8192, 80)
    nova.NovaClientPlugin.find_flavor_by_name_or_id = lambda self, name: name
    nova.NovaClientPlugin.absolute_limits = lambda self: {"maxPersonality": 5, "maxServerMeta": 128}
    glance.GlanceClientPlugin.get_image = lambda self, name: Image(name, "active", 0, 0)
    glance.GlanceClientPlugin.find_image_by_name_or_id = lambda self, name: name
    NeutronClientPlugin.find_resourceid_by_name_or_id = lambda self, kind, name, cmd_resource=None: name
    NeutronClientPlugin.has_extension = lambda self, name: True
    openstacksdk.OpenStackSDKPlugin.find_network_segment = lambda self, name: name
    messaging.setup("fake://", optional=True)


def parse(name, text, files, parameters, surroundings={}):
    ctx = context.RequestContext(project_id="p", user_id="u", is_admin=False, roles=["member"], auth_token="t")
    env = environment.Environment(dict(surroundings, parameters=parameters))
    return stack.Stack(ctx, name, template.Template(template_format.parse(text), files=files, env=env))


def services_of(types):
    names = {"Neutron": "neutron", "Nova": "nova", "Cinder": "cinder", "Octavia": "octavia"}
    families = {kind.split("::")[1] for kind in types if "::" in kind}
    return {names[family] for family in families if family in names}


def sample_value(kind):
    samples = {"number": 1, "boolean": True, "comma_delimited_list": "10.0.0.5,10.0.0.6", "json": {}}
    return samples.get(kind, "sample")


def parts_of(mime):
    """The parts of a MultipartMime: subtype (None for one that is itself of many parts) and text."""
    parts = mime.properties["parts"]
    parts = json.loads(parts) if isinstance(parts, str) else parts
    return [(part["subtype"] if part.get("type", "text") == "text" else None, part["config"]) for part in parts]


UNPACKS_ITSELF = r'^eval "\$\(base64 --decode <<<(H4sI\S+) \| gzip --decompress\)"$'


def unpacked(text):
    """A script as nodes get it: each line, or what a line evaluates, a part that is compressed and in base64."""

    def unpack(part):
        return gzip.decompress(base64.b64decode(part)).decode()

    if text.startswith("H4sI"):
        return "\n".join(unpack(line) for line in text.split())
    return re.sub(UNPACKS_ITSELF, lambda found: unpack(found[1]), text, flags=re.M)


def own_parts_of(files, surroundings):
    """What each kind of node is told by its own template, with a sample for each parameter of that template."""
    for name, text in files.items():
        if not name.endswith(".yaml") or not text.startswith("heat_template_version"):
            continue
        declared = template_format.parse(text)["parameters"]
        parameters = {key: sample_value(one["type"]) for key, one in declared.items()}
        node = parse("node", text, files, parameters, surroundings)
        if "user_data" in node:
            yield name, [part for part in parts_of(node["user_data"]) if part[0] is not None]


def program(name):
    """A checker: problems in a file, as the program of that name says them."""

    def check_file(path):
        done = subprocess.run([name, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return [] if done.returncode == 0 else [done.stdout.strip()]

    return check_file


shellcheck = program("shellcheck")
ignition_validate = program("ignition-validate")
cloud_config_schema = cloud_config.get_schema()


def cloud_init(path):
    """What `cloud-init schema` does, whose start costs more than all that it looks at."""
    try:
        cloud_config.validate_cloudconfig_file(path, cloud_config_schema)
    except (cloud_config.SchemaValidationError, RuntimeError) as error:
        return [str(error)]
    return []


def check_text(suffix, text, check_file, seen={}):
    """Runs a checker over a text; a text that another variant had is not checked again."""
    if (check_file, text) not in seen:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / ("part" + suffix)
            path.write_text(text)
            seen[(check_file, text)] = check_file(str(path))
    return seen[(check_file, text)]


# What would take from somewhere what nobody checked. The cloud's own endpoints in a laboratory (call_cloud) and sockets on
# the node itself may be plain.
UNSAFE = re.compile(
    r"--insecure(?![-\w])|(?:curl|wget)\b.*\s-k\b|--no-check-certificate|--allow-unauthenticated|--trusted=yes|\[trusted=yes\]"
    r"|insecure_skip_tls_verify|discovery\.etcd\.io|(?:curl|wget|deb)\b.*\bhttp://(?!127\.0\.0\.1|\$)"
)


def unsafe_lines(subtype, text):
    return [line.strip() for line in text.splitlines() if subtype == "x-shellscript" and UNSAFE.search(line)]


def check_part(name, subtype, text):
    text = unpacked(text)
    left = re.findall(r"@[A-Z_]+@", text)
    problems = ["%s leaves %s" % (name, ", ".join(left))] if left else []
    problems += ["%s: %s" % (name, line) for line in unsafe_lines(subtype, text)]
    if not text.isascii():
        problems.append("%s is not ASCII: Heat cannot join it" % name)
    if subtype == "cloud-config":
        return problems + check_text(".yaml", text, cloud_init)
    return problems + check_text(".sh", text, shellcheck)


def check_first_boot(top, files, surroundings):
    """Problems in what nodes are told and run, and the size of the largest user data in base64."""
    shared = {
        name: parts_of(one) for name, one in top.items() if one.type() == "Jeroboam::BootConfig"
    }
    own = dict(own_parts_of(files, surroundings))
    problems = []
    for name, parts in list(shared.items()) + list(own.items()):
        for subtype, text in parts:
            problems += check_part(name, subtype, text)
    if surroundings["resource_registry"]["Jeroboam::UserData"].endswith(".yaml"):
        documents = [ignition(files, one, other) for one in shared.values() for other in own.values()]
        problems += [found for text in documents for found in check_text(".ign", text, ignition_validate)]
        size = max(map(len, documents))
    else:
        messages = {name: len(message(parts)) for name, parts in list(shared.items()) + list(own.items())}
        size = max(messages[name] for name in shared) + max(messages[name] for name in own)
    encoded = (size + 2) // 3 * 4
    if encoded > USER_DATA_BYTES:
        problems.append("user data of %d bytes in base64 is more than Nova takes" % encoded)
    return problems, encoded


def ignition(files, shared, own):
    """The document of a node, by the templates that stand in for MultipartMime."""
    boot = part_list(shared)
    told = parse("boot", files["node/ignition-boot.yaml"], files, {"parts": boot})
    parts = part_list(own) + [{"config": told.outputs["OS::stack_id"].get_value()}]
    node = parse("node", files["node/ignition-user-data.yaml"], files, {"parts": parts})
    return node["ignition"].properties["config"]


def part_list(parts):
    return [{"subtype": kind, "config": text} for kind, text in parts]


def message(parts):
    return "".join(str(multi_part.MultipartMime._create_message(text, kind, "part")) for kind, text in parts)


def check(definition):
    used_types.clear()
    files, surroundings = definition["files"], definition["environment"]
    top = parse(definition["name"], definition["template"], files, definition["parameters"], surroundings)
    top.validate()
    services = services_of(used_types)
    count = len(top.resources)
    problems, size = check_first_boot(top, files, surroundings)
    return problems, "%2d resources, %5d bytes of user data, %s" % (count, size, " ".join(sorted(services)))


def main():
    answer_for_other_services()
    resources.global_env()
    failed = 0
    definitions = json.load(sys.stdin)
    for definition in definitions:
        try:
            problems, summary = check(definition)
        except Exception as error:  # whatever Heat throws is the finding
            problems, summary = ["%s: %s" % (type(error).__name__, error)], ""
        failed += bool(problems)
        print("%-24s %-44s %s %s" % (definition["bayType"], definition["variant"], "FAIL" if problems else "ok", summary))
        for problem in problems:
            print("    " + problem.replace("\n", "\n    "))
    print("templates: %d checked, %d with problems" % (len(definitions), failed))
    sys.exit(1 if failed else 0)


main()
