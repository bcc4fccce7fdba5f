"""Volumes that are rows of Cinder's alone: made, attached and taken away at once, with nothing behind them."""
from cinder.common import constants
from cinder.volume import driver


class RowsAlone(driver.VolumeDriver):
    VERSION = "1"

    def check_for_setup_error(self):
        pass

    def get_volume_stats(self, refresh=False):
        return {
            "volume_backend_name": "lab",
            "vendor_name": "lab",
            "driver_version": self.VERSION,
            "storage_protocol": constants.ISCSI,
            "total_capacity_gb": "infinite",
            "free_capacity_gb": "infinite",
            "multiattach": False,
        }

    def create_volume(self, volume):
        pass

    def clone_image(self, context, volume, image_location, image_meta, image_service):
        return {}, True

    def extend_volume(self, volume, new_size):
        pass

    def delete_volume(self, volume):
        pass

    def ensure_export(self, context, volume):
        pass

    def create_export(self, context, volume, connector):
        pass

    def remove_export(self, context, volume):
        pass

    def initialize_connection(self, volume, connector):
        return {"driver_volume_type": "iscsi", "data": {}}

    def terminate_connection(self, volume, connector, **kwargs):
        pass
