#!/usr/bin/env python3
"""What `cmake --install` leaves runs from wherever it lies, without a flag that says where.

Installs this build into a directory of its own, then uses it from another one: server, CLI and catalogue.
"""

import os
import pathlib
import signal
import subprocess
import tempfile
import time

from child_process import die_with_parent
from programs import Failure, parser_of

PROGRAMS = ('tikard', 'tikar', 'tikar-field', 'tikar-fieldsim')
# A server reads its catalogue of 90,000 areas before it listens; under a sanitizer that takes seconds.
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30


def must(condition, what):
    if not condition:
        raise Failure(what)


def said_by(command, directory):
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, env={**os.environ, 'HOME': directory})
    must(done.returncode == 0, f'{command} ended with {done.returncode}: {done.stdout}{done.stderr}')
    return done.stdout


def use(tree, elsewhere):
    share = tree / 'share' / 'tikar'
    for wanted in ('catalog/services/pengaduan.textproto', 'catalog/areas/villages.csv',
                   'proto/tikar/v1/sync_service.proto'):
        must((share / wanted).is_file(), f'no {wanted} was installed')
    for program in PROGRAMS:
        said = said_by([tree / 'bin' / program, '--version'], elsewhere)
        must(program in said, f'{program} --version says {said!r}')

    port_file = pathlib.Path(elsewhere) / 'port'
    log = pathlib.Path(elsewhere) / 'log'
    with open(log, 'wb') as stderr:
        server = subprocess.Popen([tree / 'bin' / 'tikard', '--listen', '127.0.0.1:0', '--port-file', port_file],
                                  cwd=elsewhere, stderr=stderr, preexec_fn=die_with_parent())
    try:
        deadline = time.monotonic() + START_SECONDS_MAX
        while not port_file.exists():  # whole or not at all
            must(server.poll() is None, f'tikard ended before it listened: {log.read_text()}')
            must(time.monotonic() < deadline, f'tikard does not listen after {START_SECONDS_MAX} s')
            time.sleep(0.02)
        address = f'127.0.0.1:{port_file.read_text().strip()}'
        found = said_by([tree / 'bin' / 'tikar', '--server', address, 'areas', 'search', 'Gunung Kerinci'], elsewhere)
        must('15.01.06' in found, f'the installed catalogue does not know Gunung Kerinci: {found!r}')
        sound = said_by([tree / 'bin' / 'tikar', '--server', address, '--lang', 'en', 'check'], elsewhere)
        must(sound.startswith('Sound: '), f'a new store is not whole: {sound!r}')
        server.send_signal(signal.SIGTERM)
        must(server.wait(STOP_SECONDS_MAX) == 0, 'tikard did not stop as it should')
    finally:
        server.kill()
        server.wait()
    # By the tikard that lies beside it.
    sound = said_by([tree / 'bin' / 'tikar', 'check', '--data-dir', 'data'], elsewhere)
    must(sound.startswith('sound: '), f'a store that was closed is not whole: {sound!r}')
    must((pathlib.Path(elsewhere) / 'data' / 'FORMAT').is_file(), 'the store is not where tikard was started')


def main():
    arguments = parser_of(__doc__).parse_args()
    with tempfile.TemporaryDirectory(prefix='tikar-install-') as place:
        tree, elsewhere = pathlib.Path(place) / 'tree', pathlib.Path(place) / 'elsewhere'
        elsewhere.mkdir()
        said_by(['cmake', '--install', arguments.build.resolve(), '--prefix', tree], str(elsewhere))
        try:
            use(tree, str(elsewhere))
            # It may also be moved afterwards.
            moved = tree.rename(tree.with_name('moved'))
            (elsewhere / 'port').unlink()
            use(moved, str(elsewhere))
        except Failure as failure:
            raise SystemExit(f'error: {failure}') from failure


if __name__ == '__main__':
    main()
