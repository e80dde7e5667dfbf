"""`python -m talkmill.providers.sandbox`: serve the sandbox until interrupted."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys

from talkmill.providers.sandbox import services
from talkmill.providers.sandbox.server import Sandbox


def main() -> int:
    """Serve; says where, and which settings lead there."""
    parser = argparse.ArgumentParser(prog="python -m talkmill.providers.sandbox", description="Stand-ins for paid providers.")
    parser.add_argument("--port", type=int, default=8700, help="port on 127.0.0.1 (0: any free one; default 8700)")
    parser.add_argument(
        "--scale", type=float, default=0.05, help="how long one of the providers' seconds lasts here (default 0.05)"
    )
    given = parser.parse_args()
    return serve(given.port, given.scale)


def serve(port: int, scale: float) -> int:
    """Serve on 127.0.0.1 until interrupted; a second of the providers' lasts `scale` seconds."""
    box = Sandbox(*services(), scale=scale, port=port)
    print(f"The sandbox is at {box.url()}; its bill is at {box.url()}/bill. Ctrl-C ends it. These lead there:")
    print(json.dumps({"providers": box.settings(), "environment": box.environ()}, indent=2))
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        box.serve()
    box.stop()
    print(f"It would have cost {box.bill.total()} USD.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
