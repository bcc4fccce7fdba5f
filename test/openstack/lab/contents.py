#!/usr/bin/python3
"""What the cloud holds before its first tenant, the same as the sandbox's: made where it is missing.

  contents.py identity     roles, domains, projects, users, catalog: as soon as Keystone is there
  contents.py resources    images, flavors, networks, key pairs: when all services are there
"""
import os
import sys

import openstack

E = os.environ
PASSWORD = E["PASSWORD"]
SERVICES = ("heat", "glance", "nova", "placement", "neutron", "octavia", "cinder", "barbican", "jeroboam")
PEOPLE = (
    # user, project, roles
    ("admin", "admin", ("admin", "heat_stack_owner")),
    ("admin", "demo", ("admin",)),
    ("demo", "demo", ("member", "heat_stack_owner")),
    ("alt_demo", "alt_demo", ("member", "heat_stack_owner")),
    ("demo_reader", "demo", ("reader",)),
    *((name, "service", ("admin", "service")) for name in SERVICES),
)
CATALOG = (
    # name, type, URL
    ("heat", "orchestration", "http://%s:%s/v1/%%(tenant_id)s" % (E["HOST"], E["HEAT_PORT"])),
    ("glance", "image", "http://%s:%s" % (E["HOST"], E["GLANCE_PORT"])),
    ("nova", "compute", "http://%s:%s/v2.1" % (E["HOST"], E["NOVA_PORT"])),
    ("placement", "placement", "http://%s:%s" % (E["HOST"], E["PLACEMENT_PORT"])),
    ("neutron", "network", "http://%s:%s" % (E["HOST"], E["NEUTRON_PORT"])),
    ("octavia", "load-balancer", "http://%s:%s" % (E["HOST"], E["OCTAVIA_PORT"])),
    ("cinder", "volumev3", "http://%s:%s/v3/%%(tenant_id)s" % (E["HOST"], E["CINDER_PORT"])),
    ("barbican", "key-manager", "http://%s:%s" % (E["HOST"], E["BARBICAN_PORT"])),
    ("magnum", "container-infra", "http://%s:%s/v1" % (E["HOST"], E["JEROBOAM_PORT"])),
)
IMAGES = (
    # name, os_distro
    ("fedora-21-atomic-3", "fedora-atomic"),
    ("coreos-stable", "coreos"),
    ("ubuntu-14.04-mesos", "ubuntu"),
    ("fedora-coreos-latest", "fedora-coreos"),
    ("flatcar-stable", "flatcar"),
    ("ubuntu-24.04", "ubuntu"),
    ("cirros-0.3.4-x86_64-uec", None),
)
FLAVORS = (
    # id, name, vcpus, ram in MB, disk in GB
    ("1", "m1.tiny", 1, 512, 1),
    ("2", "m1.small", 1, 2048, 20),
    ("3", "m1.medium", 2, 4096, 40),
    ("4", "m1.large", 4, 8192, 80),
    # More than any host has.
    ("9", "m1.giant", 4000, 2048, 20),
)


def connect(user, project):
    return openstack.connect(
        auth_url=E["AUTH_URL"],
        username=user,
        password=PASSWORD,
        project_name=project,
        user_domain_name="Default",
        project_domain_name="Default",
        region_name=E["REGION"],
        load_yaml_config=False,
        load_envvars=False,
    )


def fill_identity():
    identity = connect("admin", "admin").identity
    default = identity.find_domain("Default")
    roles = {role.name: role for role in identity.roles()}
    for name in ("admin", "member", "reader", "service", "heat_stack_owner", "heat_stack_user"):
        roles[name] = roles.get(name) or identity.create_role(name=name)
    projects = {project.name: project for project in identity.projects(domain_id=default.id)}
    users = {user.name: user for user in identity.users(domain_id=default.id)}
    for name, project, granted in PEOPLE:
        projects[project] = projects.get(project) or identity.create_project(name=project, domain_id=default.id)
        users[name] = users.get(name) or identity.create_user(name=name, domain_id=default.id, password=PASSWORD)
        for role in granted:
            identity.assign_project_role_to_user(projects[project], users[name], roles[role])
    identity.assign_domain_role_to_user(default, users["admin"], roles["admin"])
    heat = identity.find_domain("heat") or identity.create_domain(name="heat")
    found = [user for user in identity.users(domain_id=heat.id) if user.name == "heat_domain_admin"]
    administrator = found[0] if found else identity.create_user(
        name="heat_domain_admin", domain_id=heat.id, password=PASSWORD
    )
    identity.assign_domain_role_to_user(heat, administrator, roles["admin"])
    fill_catalog(identity)


def fill_catalog(identity):
    services = {service.type: service for service in identity.services()}
    endpoints = {(endpoint.service_id, endpoint.interface): endpoint for endpoint in identity.endpoints()}
    for name, kind, url in CATALOG:
        service = services.get(kind) or identity.create_service(name=name, type=kind)
        for interface in ("public", "internal", "admin"):
            endpoint = endpoints.get((service.id, interface))
            if endpoint is None:
                identity.create_endpoint(
                    service_id=service.id, interface=interface, url=url, region_id=E["REGION"]
                )
            elif endpoint.url != url:
                identity.update_endpoint(endpoint, url=url)


def fill_resources():
    admin = connect("admin", "admin")
    images = {image.name for image in admin.image.images()}
    for name, distro in IMAGES:
        if name not in images:
            properties = {"os_distro": distro} if distro else {}
            admin.create_image(
                name, data=b"nothing boots here", disk_format="qcow2", container_format="bare", visibility="public",
                wait=True, validate_checksum=False, **properties
            )
    flavors = {flavor.name for flavor in admin.compute.flavors()}
    for number, name, vcpus, ram, disk in FLAVORS:
        if name not in flavors:
            admin.compute.create_flavor(id=number, name=name, vcpus=vcpus, ram=ram, disk=disk)
    ensure_network(
        admin, "public", "172.24.0.0/16", False,
        is_router_external=True, provider_network_type="flat", provider_physical_network="public"
    )
    for user in ("admin", "demo", "alt_demo"):
        own = connect(user, user)
        if user != "admin":
            ensure_network(own, "private", "10.20.0.0/24", True)
        if own.compute.find_keypair("default") is None:
            own.compute.create_keypair(name="default")


def ensure_network(cloud, name, cidr, dhcp, **attributes):
    project = cloud.current_project_id
    found = list(cloud.network.networks(name=name, project_id=project))
    network = found[0] if found else cloud.network.create_network(name=name, **attributes)
    if not list(cloud.network.subnets(network_id=network.id)):
        cloud.network.create_subnet(
            network_id=network.id, name=name + "-subnet", ip_version=4, cidr=cidr, enable_dhcp=dhcp
        )


{"identity": fill_identity, "resources": fill_resources}[sys.argv[1]]()
