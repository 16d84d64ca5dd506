"""Trusted publishing: the exchange of a job's identity for a token, the repositories' publishers, the test issuer."""

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubkit.localhub import oidc
from hubkit.localhub.accounts import job_token
from hubkit.localhub.call import Call, plain
from hubkit.localhub.errors import HubError, invalid_credentials
from hubkit.localhub.repository import Repository
from hubkit.localhub.routes.paths import API_REPO

_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 - the name of a kind of token
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105


def exchange(call: Call) -> Response:
    """Trade an identity token for a token that may write to one repository (RFC 8693).

    As on the real Hub, a refusal does not say which check failed.
    """
    try:
        kind, subject, resource = map(call.fields.text, ("subject_token_type", "subject_token", "resource"))
    except HubError as error:
        raise _refusal("invalid_request", error.message) from error
    if call.fields.text("grant_type", "") != _EXCHANGE:
        raise _refusal("unsupported_grant_type", f"Only {_EXCHANGE} is known here")
    if kind != _ID_TOKEN or not resource:
        raise _refusal("invalid_request", f"A resource, and a subject_token_type of {_ID_TOKEN}, are needed")
    repo = _trusting_repo(call, resource, subject)
    if repo is None:
        raise _refusal("invalid_grant", f"No trusted publisher of {resource} matches this token")
    seconds = call.hub.limits.job_token_seconds
    token = job_token(call.hub.store.signer, repo, seconds=seconds)
    answer = {"access_token": token, "token_type": "bearer", "expires_in": seconds, "issued_token_type": _ACCESS_TOKEN}
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})


def _trusting_repo(call: Call, resource: str, subject: str) -> Repository | None:
    claims = call.hub.issuer.read(subject, origin=call.origin) if call.hub.issuer else None
    if claims is None:
        return None
    try:
        repo = oidc.repo_of_resource(call.hub.store, resource)
    except HubError:
        return None
    return repo if any(oidc.trusts(publisher["claims"], claims) for publisher in repo.settings.publishers) else None


def _refusal(code: str, words: str) -> HubError:
    return HubError(400, words, body={"error": code, "error_description": words})


def publishers(call: Call) -> Response:
    return JSONResponse(list(call.manageable().settings.publishers))


def add_publisher(call: Call) -> Response:
    repo, asked = call.manageable(), call.fields.object("claims")
    claims = {name: asked.text(name) for name in asked.values}
    return JSONResponse(oidc.add_publisher(call.hub.store, repo, claims))


def remove_publisher(call: Call) -> Response:
    repo = call.manageable()
    with call.hub.store.changing(repo):
        known = repo.settings.publishers
        left = [publisher for publisher in known if publisher["id"] != call.param("publisher")]
        if len(left) == len(known):
            raise HubError(404, "No such publisher")
        repo.change_settings(publishers=left)
    return JSONResponse({})


# The test issuer, which answers as GitHub's does; not there unless the server was asked for it.


def id_token(call: Call) -> Response:
    """A job's identity, for the request token that the job was given. Without an audience it is for the Hub itself."""
    request = call.request.headers.get("authorization", "").partition(" ")[2]
    claim = call.hub.store.signer.read(request)
    if claim is None or claim.get("use") != oidc.REQUEST_USE:
        raise invalid_credentials()
    audience = call.request.query_params.get("audience") or call.origin
    token = _issuer(call).id_token(oidc.Job(**claim["job"]), origin=call.origin, audience=audience)
    return JSONResponse({"count": len(token), "value": token})


def public_keys(call: Call) -> Response:
    return JSONResponse(_issuer(call).public_keys())


def discovery(call: Call) -> Response:
    _issuer(call)
    issuer = call.origin + oidc.PATH
    return JSONResponse(
        {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/.well-known/jwks",
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
        }
    )


def _issuer(call: Call) -> oidc.Issuer:
    if call.hub.issuer is None:
        raise HubError(404, "This server was not asked for a test issuer")
    return call.hub.issuer


_PUBLISHERS = API_REPO + "/settings/trusted-publishers"
ROUTES = [
    Route("/oauth/token", plain(exchange), methods=["POST"]),
    Route(_PUBLISHERS, plain(publishers)),
    Route(_PUBLISHERS, plain(add_publisher), methods=["POST"]),
    Route(_PUBLISHERS + "/{publisher}", plain(remove_publisher), methods=["DELETE"]),
    Route(oidc.PATH + "/token", plain(id_token)),
    Route(oidc.PATH + "/.well-known/jwks", plain(public_keys)),
    Route(oidc.PATH + "/.well-known/openid-configuration", plain(discovery)),
]
