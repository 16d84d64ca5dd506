"""How addresses name repositories: by a plural in the API, by a prefix (none for models) everywhere else."""

from starlette.convertors import Convertor, register_url_convertor


class _Kinds(Convertor[str]):
    """The plural by which the API calls a kind of repository."""

    regex = "models|datasets|spaces"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class _Prefix(_Kinds):
    """The prefix of files and pages; models have none."""

    regex = "datasets|spaces"


register_url_convertor("kinds", _Kinds())
register_url_convertor("prefix", _Prefix())

API_REPO = "/api/{kinds:kinds}/{namespace}/{name}"
MODEL = "/{namespace}/{name}"
DATASET_OR_SPACE = "/{kinds:prefix}/{namespace}/{name}"
