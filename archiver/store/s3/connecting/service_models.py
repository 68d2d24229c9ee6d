"""What botocore knows of services, found without looking through all of it.

To see that there is an S3, botocore looks into the folders of all 400 services for a model of the
kind that it wants, twice for each client.
"""

import os
from pathlib import Path

from botocore.loaders import Loader
from botocore.session import Session


class ServiceModels(Loader):
    """Loads models as botocore does; the folders' names are enough to it."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - of any kind
        """Return the services that have a folder."""
        places = [place for place in map(Path, self.search_paths) if place.is_dir()]
        return [each.name for place in places for each in place.iterdir()]


def service_models(data_path: str | None) -> ServiceModels:
    """Return what loads them, also from the places that AWS's own setting ``data_path`` names."""
    places = [] if data_path is None else data_path.split(os.pathsep)
    return ServiceModels(extra_search_paths=[str(Path(each).expanduser()) for each in places])


def find_services_by_name(session: Session) -> None:
    """Let a session find its services so."""
    models = service_models(session.get_config_variable("data_path"))
    session.register_component("data_loader", models)
