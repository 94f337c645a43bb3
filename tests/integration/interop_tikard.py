"""A real tikard for the tests that talk to it with tools made by others."""

import contextlib
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from child_process import die_with_parent

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# A server reads its catalogue of 90,000 areas before it listens; under a sanitizer that takes seconds.
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30


class Failure(Exception):
    """Something is not as it must be."""


def must(condition, what):
    if not condition:
        raise Failure(what)


def must_equal(found, wanted, what):
    must(found == wanted, f'{what} is {found!r}, not {wanted!r}')


@contextlib.contextmanager
def tikard(program):
    """Runs `program` on a free port with an empty store, gives "127.0.0.1:port", and stops it as an admin would."""
    with tempfile.TemporaryDirectory(prefix='tikar-interop-') as directory:
        place = pathlib.Path(directory)
        port_file = place / 'port'
        with open(place / 'log', 'wb') as log:
            server = subprocess.Popen(
                [program, '--listen', '127.0.0.1:0', '--port-file', port_file, '--data-dir', place / 'data',
                 '--catalog', ROOT / 'catalog'], stdout=log, stderr=log, preexec_fn=die_with_parent())
        try:
            deadline = time.monotonic() + START_SECONDS_MAX
            # The file is there whole or not at all.
            while not port_file.exists():
                must(server.poll() is None, 'tikard ended before it listened')
                must(time.monotonic() < deadline, f'tikard does not listen after {START_SECONDS_MAX} s')
                time.sleep(0.02)
            yield f'127.0.0.1:{port_file.read_text().strip()}'
            server.send_signal(signal.SIGTERM)
            must_equal(server.wait(STOP_SECONDS_MAX), 0, "tikard's exit code")
        except BaseException:
            sys.stderr.write((place / 'log').read_text(errors='replace'))
            raise
        finally:
            server.kill()
            server.wait()


def run(test):
    """Runs `test` and ends the process: 0, or 1 with what failed."""
    try:
        test()
    except Failure as failure:
        sys.exit(f'FAILED: {failure}')
    print('passed')
