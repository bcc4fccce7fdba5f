"""Octavia's network driver for load balancers that balance nothing: the port of the virtual address is Neutron's, as are
the networks; of the machines that would balance, nothing is."""
from octavia.network import base
from octavia.network.drivers.neutron.allowed_address_pairs import AllowedAddressPairsDriver
from octavia.network.drivers.noop_driver.driver import NoopNetworkDriver


class AddressAlone(NoopNetworkDriver):
    def __init__(self):
        super().__init__()
        self.neutron = AllowedAddressPairsDriver()

    def allocate_vip(self, loadbalancer):
        return self.neutron.allocate_vip(loadbalancer)

    def deallocate_vip(self, vip):
        self.neutron.deallocate_vip(vip)

    def get_network(self, network_id, context=None):
        return self.neutron.get_network(network_id, context=context)

    def get_subnet(self, subnet_id, context=None):
        return self.neutron.get_subnet(subnet_id, context=context)

    def get_port(self, port_id, context=None):
        try:
            return self.neutron.get_port(port_id, context=context)
        except base.PortNotFound:
            # Of a machine that is not there.
            return super().get_port(port_id, context=context)
