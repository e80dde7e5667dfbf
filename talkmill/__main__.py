"""`python -m talkmill`: as `talkmill`."""

import sys

from talkmill.cli import main

sys.exit(main())
