"""Exit status 0 where the server in this container answers: the image's HEALTHCHECK, without a shell.

With PYTHON_UTILS_RELEASE set, it has to serve that release.
"""

import json
import os
import sys
import urllib.error
import urllib.request


def main() -> int:
    port = os.environ.get("PYTHON_UTILS_PORT", "8110")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            served = json.load(answer)["release"]
            wanted = os.environ.get("PYTHON_UTILS_RELEASE", served)
            if served != wanted:
                print(f"release {served} is served, not {wanted}", file=sys.stderr)
            return 0 if answer.status == 200 and served == wanted else 1
    except (OSError, urllib.error.URLError) as error:
        print(f"no answer on port {port}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
