"""What clients read from their environment, for tests that speak to a Hub."""

import os

os.environ["NO_PROXY"] = "127.0.0.1,localhost"  # proxy variables would apply to loopback too
