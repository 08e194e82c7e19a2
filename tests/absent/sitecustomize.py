"""Makes the packages in PACKAGER_TEST_ABSENT impossible to import, as on a machine for which they have no wheels.

Python imports this where its folder is on PYTHONPATH, in child processes too. `find_spec` and `import` both know the
None for what Python has looked for and not found.
"""

import os
import sys

sys.modules.update(dict.fromkeys(os.environ.get("PACKAGER_TEST_ABSENT", "").split()))  # type: ignore[arg-type]
