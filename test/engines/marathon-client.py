"""Debian's python3-marathon, a client that is nobody's double, against a Marathon: an app's life, told as one JSON object."""
import json
import sys
import time

from marathon import MarathonClient
from marathon.exceptions import MarathonHttpError
from marathon.models import MarathonApp

client = MarathonClient(sys.argv[1])
told = {"ping": client.ping().decode(), "info": client.get_info().name}


def until(is_so):
    for _ in range(200):
        if is_so():
            return True
        time.sleep(0.05)
    return False


app = client.create_app("life", MarathonApp(cmd="sleep 1000", mem=64, cpus=0.1, instances=1, labels={"tier": "front"}))
told["created"] = [app.id, len(app.deployments)]
told["runs"] = until(lambda: client.get_app("life").tasks_running == 1)
told["listed"] = [one.id for one in client.list_apps(label="tier==front")]
told["scaled"] = bool(client.scale_app("life", instances=3))
told["tasks"] = until(lambda: len([t for t in client.list_tasks("life") if t.started_at]) == 3)
killed = client.kill_given_tasks([client.list_tasks("life")[0].id])
told["replaced"] = until(lambda: client.get_app("life").tasks_running == 3)
told["idle"] = until(lambda: client.list_deployments() == [])
try:
    client.create_app("life", MarathonApp(cmd="true"))
except MarathonHttpError as error:
    told["again"] = [error.status_code, error.error_message]
client.delete_app("life")
told["gone"] = until(lambda: client.list_apps() == [])
try:
    client.get_app("life")
except MarathonHttpError as error:
    told["missing"] = [error.status_code, error.error_message]
print(json.dumps(told))
