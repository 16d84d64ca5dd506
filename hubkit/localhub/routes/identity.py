"""Who am I."""

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubkit.localhub.call import Call, plain


def whoami(call: Call) -> Response:
    caller = call.account
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
            "orgs": [{"type": "org", "name": org, "fullname": org, "roleInOrg": "write"} for org in caller.orgs],
            "auth": {"type": "access_token", "accessToken": token},
        }
    )


def health(call: Call) -> Response:
    """Which store is served here, and to whom: `ensure` asks before it starts another server."""
    return JSONResponse({"store": call.hub.store.id, "user": call.caller.user})


ROUTES = [
    Route("/_hub", plain(health)),
    Route("/api/whoami-v2", plain(whoami)),
]
