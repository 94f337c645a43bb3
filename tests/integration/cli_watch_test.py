#!/usr/bin/env python3
"""`tikar requests watch` as people use it: lines as things happen, over a server that is stopped and killed, to Ctrl-C.

Every wait is for a line of the program that is tested, with a limit that only a hung one reaches.
"""

import json
import os
import signal
import subprocess
import threading
import time

from child_process import die_with_parent
from programs import Failure, run_on_stage

PATIENCE_SECONDS = 120


class Watch:
    """One running `tikar requests watch`. Its lines and what it says on standard error are read as they come."""

    def __init__(self, stage, *arguments):
        self.errors = []
        self._said = threading.Condition()
        environment = {name: value for name, value in os.environ.items() if not name.startswith('TIKAR_')}
        self.process = subprocess.Popen(
            [str(stage.build / 'clients/cli/tikar'), '--server', f'127.0.0.1:{stage.port}', 'requests', 'watch',
             *arguments],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent())
        # Ends a read that would never end, and the test with it.
        self._guard = threading.Timer(PATIENCE_SECONDS, self.process.kill)
        self._guard.start()
        self._reader = threading.Thread(target=self._read_errors, daemon=True)
        self._reader.start()

    def _read_errors(self):
        for line in self.process.stderr:
            with self._said:
                self.errors.append(line)
                self._said.notify_all()

    def line(self):
        return self.process.stdout.readline()

    def object(self):
        line = self.line()
        return json.loads(line) if line else None

    def wait_for_error(self, words):
        """Whether these words were said on standard error."""
        with self._said:
            return self._said.wait_for(lambda: any(words in line for line in self.errors), PATIENCE_SECONDS)

    def end(self, with_signal=None):
        """What is left of its lines, and its exit code."""
        if with_signal is not None:
            self.process.send_signal(with_signal)
        rest = self.process.stdout.read()
        code = self.process.wait()
        self._guard.cancel()
        self._reader.join()
        return rest, code


def await_watch(stage):
    """Until the server knows of the watch. There is no head in JSON, and what came before is none of its business."""
    until = time.monotonic() + PATIENCE_SECONDS
    while stage.office_read('status')['live_streams'] == 0:
        if time.monotonic() > until:
            raise Failure(f'the watch has not begun after {PATIENCE_SECONDS} s')


def complain(stage, title, area='15.01.06'):
    made = stage.office_read('requests', 'create', '--service', 'pengaduan', '--area', area, '--set', f'judul={title}',
                             '--set', 'kategori=jalan_jembatan', '--set', 'lokasi=-1.8113,101.2951', '--set',
                             'deskripsi=Dilihat warga')
    return made['ref']


def people(stage):
    complain(stage, 'Sudah lama')
    watch = Watch(stage, '--area', 'Gunung Kerinci', '--lang', 'en')
    stage.check(watch.line().split() == ['TIME', 'REF', 'SERVICE', 'AREA', 'STATUS', 'CHANGE'],
                'the columns have names, and the watch has begun')
    elsewhere = complain(stage, 'Di tempat lain', area='15.01.09')
    ref = complain(stage, 'Jembatan putus')
    line = watch.line()
    spoken = f'{ref[:5]}-{ref[5:10]}-{ref[10:]}'
    stage.check(spoken in line and 'new: Jembatan putus' in line and 'Gunung Kerinci' in line,
                'a new request is told with its title; not the old one, nor one of another kecamatan', line)
    stage.office('requests', 'edit', ref, '--status', 'diverifikasi', '--comment', 'Sudah dicek', actor='admin/ani')
    line = watch.line()
    stage.check('Status: Verified' in line and 'Sudah dicek' in line and '(admin/ani)' in line,
                'an edit is told with what it wrote and who', line)
    rest, code = watch.end(signal.SIGINT)
    stage.check(code == 0 and rest == '', 'Ctrl-C ends it, with exit code 0 and not a word more', (code, rest))
    stage.check(elsewhere not in line, 'the filter holds')


def programs(stage):
    watch = Watch(stage, '--service', 'pengaduan', '--count', '4', '--output', 'json')
    await_watch(stage)
    ref = complain(stage, 'Sebelum mati lampu')
    first = watch.object()
    stage.check(first['request']['ref'] == ref and first['new'] and 'judul' in first['changed'],
                'one object a line, each at once', first)

    stage.stop_server()
    stage.check(watch.wait_for_error('connection was lost'), 'a server that stops is told on standard error',
                watch.errors)
    stage.start_server()
    # While nobody can know whether it is back already: nothing may be left out.
    second_ref = complain(stage, 'Selagi terputus')
    second = watch.object()
    stage.check(second['request']['ref'] == second_ref, 'what changed meanwhile follows', second)
    stage.check(watch.wait_for_error('Connected again'), 'and so is that it is back', watch.errors)

    stage.server.kill()
    stage.server.wait()
    stage.start_server()
    third_ref = complain(stage, 'Setelah listrik padam')
    third = watch.object()
    stage.check(third['request']['ref'] == third_ref, 'also when the server was killed; nothing comes twice', third)
    stage.office('requests', 'edit', third_ref, '--status', 'diverifikasi')
    fourth = watch.object()
    stage.check(fourth['request']['status'] == 'diverifikasi' and fourth['changed'] == ['status'] and not fourth['new'],
                'it stays live', fourth)
    rest, code = watch.end()
    stage.check(code == 0 and rest == '', '--count ends it', (code, rest))


def limits(stage):
    rest, code = Watch(stage, '--for', '300ms', '--output', 'json').end()
    stage.check(code == 0 and rest == '', '--for ends it', (code, rest))
    answer = stage.office('requests', 'watch', '--for', 'besok', expect=2)
    stage.check('90s' in answer, 'a duration that is none is a wrong command line', answer)
    answer = stage.office('requests', 'watch', '--service', 'tiada', expect=2)
    stage.check('pengaduan' in answer, 'so is a service that is not there', answer)
    stage.stop_server()
    answer = stage.office('requests', 'watch', expect=4)
    stage.check('ci/serve' in answer, 'a server that never answered is no lost connection', answer)


def play(stage):
    stage.clear()
    stage.start_server()
    people(stage)
    programs(stage)
    limits(stage)


if __name__ == '__main__':
    run_on_stage(play, __doc__)
