"""Signs that something which is not audited stands before a server: a proxy, a balancer, a tunnel, a platform's router.

One is enough to keep rules quiet that are about the edge, so a sign may be weak; `terminates_tls` says whether TLS may end
there. Which deployment it concerns is asked later.
"""

from serveaudit.launch.outside.files import may_tell, of_files
from serveaudit.launch.outside.machines import of_group, of_machine

__all__ = ["may_tell", "of_files", "of_group", "of_machine"]
