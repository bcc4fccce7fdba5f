"""An ML2 mechanism driver that binds every port at once, on any host: a network whose agents are not there."""
from neutron_lib import constants
from neutron_lib.api.definitions import portbindings
from neutron_lib.plugins.ml2 import api
from sqlalchemy.orm import relationships, strategies

# Neutron composes each "subquery" statement anew, which is half of all that it does; "selectin" loads the same rows.
relationships.RelationshipProperty.strategy_for(lazy="subquery")(strategies.SelectInLoader)


class BindAtOnce(api.MechanismDriver):
    def initialize(self):
        pass

    @property
    def connectivity(self):
        return portbindings.CONNECTIVITY_L2

    def bind_port(self, context):
        for segment in context.segments_to_bind:
            context.set_binding(
                segment[api.ID],
                portbindings.VIF_TYPE_OVS,
                {portbindings.CAP_PORT_FILTER: True},
                status=constants.PORT_STATUS_ACTIVE,
            )
            return
