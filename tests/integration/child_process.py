"""A process that a test starts and that does not outlive it, however the test ends.

  server = subprocess.Popen([...], preexec_fn=die_with_parent())
"""

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1


def die_with_parent():
    """What a child runs before it becomes its program: the kernel kills it when the thread that started it ends.

    Call it in the parent, in a thread that lives as long as the child shall.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def bind():
        if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0 or os.getppid() != parent:
            os._exit(127)

    return bind
