"""Who am I."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubkit.localhub.call import Call, plain
from hubkit.localhub.errors import HubError


def whoami(call: Call) -> Response:
    caller = call.caller
    if caller.is_anonymous:
        raise HubError(401, "Invalid username or password.")
    token = {"displayName": "local", "role": caller.role, "createdAt": "2026-01-01T00:00:00.000Z"}
    return JSONResponse(
        {
            "type": "user",
            "id": caller.user,
            "name": caller.user,
            "fullname": caller.user,
            "email": f"{caller.user}@localhub.invalid",
            "emailVerified": True,
            "canPay": False,
            "isPro": False,
            "avatarUrl": "",
            "orgs": [{"type": "org", "name": org, "fullname": org, "roleInOrg": "admin"} for org in caller.orgs],
            "auth": {"type": "access_token", "accessToken": token},
        }
    )


async def health(request: Request) -> Response:
    """Which store is served here: `ensure` asks before it starts another server."""
    return JSONResponse({"store": request.app.state.hub.store.id})


ROUTES = [
    Route("/_hub", health),
    Route("/api/whoami-v2", plain(whoami)),
]
