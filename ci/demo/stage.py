"""What stories and tests with real processes stand on: a server of their own, phones, an office, a narrator.

  with Stage(build, directory, Narrator(), root) as stage:
      stage.clear()
      stage.start_server()
      phone = stage.phone('siti', actor='devices/siti', scope='15.01.06')
      phone.run('sync')
      stage.office('requests', 'list')

Nothing here knows Tikar's rules. Everything goes through the programs that people use: tikard, tikar, tikar-field.
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import textwrap
import time

# A debug build under a sanitizer on a busy machine is slow; a hung one is worth no more.
COMMAND_SECONDS_MAX = 120
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 60
# Only a folder with this file in it is emptied.
MARKER = '.tikar-stage'
REF = re.compile(r'\b[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]\b')


def spoken(ref):
    """The citizen's number as people write it: 7ZK4Q-X9M2H-P."""
    return f'{ref[:5]}-{ref[5:10]}-{ref[10:]}'


class Failure(Exception):
    """The story did not go as it is told. The text says what was wanted and what was there."""


class Narrator:
    """Tells the story: headings, sentences, commands and what they answered. Colours only on a terminal."""

    WIDTH = 100

    def __init__(self, out=sys.stdout):
        self.out = out
        self.color = out.isatty() and not os.environ.get('NO_COLOR')
        self.checks = 0

    def _styled(self, code, text):
        return f'\x1b[{code}m{text}\x1b[0m' if self.color else text

    def _print(self, text=''):
        print(text, file=self.out, flush=True)

    def chapter(self, title):
        self._print()
        self._print(self._styled('1', f'── {title} ' + '─' * max(0, self.WIDTH - len(title) - 4)))

    def say(self, text):
        self._print()
        self._print(textwrap.fill(' '.join(text.split()), self.WIDTH))

    def command(self, line, output=''):
        self._print()
        for number, text in enumerate(self._lines(line)):
            self._print(self._styled('36', ('      ' if number else '  $ ') + text))
        for text in output.rstrip('\n').splitlines():
            self._print(f'    {text}'.rstrip())

    def _lines(self, line):
        """The words of a command on as few lines as fit, joined as a shell joins them."""
        lines, words = [], ''
        for part in re.findall(r'--[a-z-]+(?: (?!--)(?:\'[^\']*\'|\S)+)?|(?:\'[^\']*\'|\S)+', line):
            if words and len(words) + len(part) > self.WIDTH - 10:
                lines.append(words + ' \\')
                words = ''
            words += (' ' if words else '') + part
        return [*lines, words]

    def good(self, text):
        self.checks += 1
        self._print(self._styled('32', f'  ✓ {text}'))

    def bad(self, text):
        self._print(self._styled('31', f'  ✗ {text}'))

    def plain(self, text):
        self._print(text)


class Silent(Narrator):
    """For tests: only what was checked."""

    def chapter(self, title):
        self._print(title)

    def say(self, text):
        pass

    def command(self, line, output=''):
        pass


class Phone:
    """One SQLite file and the officer who holds it. Without a signal unless `run('sync')` is called."""

    def __init__(self, stage, name, actor, scope, clock_offset=''):
        self.stage = stage
        self.name = name
        self.database = stage.directory / f'{name}.sqlite'
        self.first = ['--actor', actor, '--scope', scope]
        self.always = ['--clock-offset', clock_offset] if clock_offset else []

    def _arguments(self, arguments):
        # The file remembers who it is, so only the first line is long.
        first = [] if self.database.exists() else self.first
        return ['tikar-field', '--db', self.stage.shown(self.database), *self.always, *first, *arguments]

    def run(self, *arguments, expect=0, show=True):
        return self.stage.run(self._arguments(arguments), expect, show)

    def read(self, *arguments):
        return self.stage.read(self._arguments(arguments))

    def ref_of(self, output):
        found = REF.findall(output)
        if not found:
            raise Failure(f'{self.name}: no number for the citizen in the answer:\n{output}')
        return found[0]

    def requests(self):
        return {spoken(request['ref']): request for request in self.read('list', '--all')['requests']}

    def status(self):
        return self.read('status')


class Stage:
    """A folder, a server in it and everybody who talks to it. Paths are shown from `root`, where commands run.

    `in_server`, if any, is called in the server's process before it becomes tikard.
    """

    def __init__(self, build, directory, narrator, root, in_server=None):
        self.build = pathlib.Path(build).resolve()
        self.directory = pathlib.Path(directory).resolve()
        self.narrator = narrator
        self.root = pathlib.Path(root).resolve()
        self.in_server = in_server
        self.port = None
        self.server = None
        self.log = self.directory / 'tikard.log'
        self.pid_file = self.directory / 'tikard.pid'

    # --- the folder

    def shown(self, path):
        path = pathlib.Path(path)
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)

    def clear(self):
        """Makes the folder, empty. A server that a former run left there is stopped."""
        for program in ('server/tikard', 'clients/cli/tikar', 'clients/field/tikar-field'):
            if not (self.build / program).exists():
                raise Failure(f'{self.shown(self.build / program)} is not built. First: ci/build')
        if self.directory.exists() and any(self.directory.iterdir()):
            if not (self.directory / MARKER).exists():
                raise Failure(f'{self.shown(self.directory)} holds something else; it is left as it is. '
                              'Name another folder with --data-dir, or move it away.')
            self._end_former_server()
            shutil.rmtree(self.directory)
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.directory / MARKER).write_text('Made by a story or a test; the next one empties this folder.\n')

    def _end_former_server(self):
        if not self.pid_file.exists():
            return
        pid = int(self.pid_file.read_text())
        try:
            # Process ids are used again by others: it must be a tikard, on this very folder.
            command = pathlib.Path(f'/proc/{pid}/cmdline').read_bytes().decode().split('\0')
        except FileNotFoundError:
            return
        if not command[0].endswith('/tikard') or str(self.directory / 'server') not in command:
            return
        os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS_MAX
        while pathlib.Path(f'/proc/{pid}').exists():
            if time.monotonic() > until:
                raise Failure(f'the server of a former run (process {pid}) does not stop')
            time.sleep(0.05)

    # --- the server

    def start_server(self):
        port_file = self.directory / 'port'
        port_file.unlink(missing_ok=True)
        # The same port after a restart, as far as the phones are concerned.
        listen = f'127.0.0.1:{self.port or 0}'
        with self.log.open('ab') as log:
            # A session of its own: Ctrl-C in the terminal ends the story, which then ends the server in order.
            self.server = subprocess.Popen(
                [str(self.build / 'server/tikard'), '--listen', listen, '--port-file', str(port_file),
                 '--data-dir', str(self.directory / 'server'), '--catalog', str(self.root / 'catalog')],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=self.in_server)
        self.pid_file.write_text(f'{self.server.pid}\n')
        until = time.monotonic() + START_SECONDS_MAX
        while not port_file.exists():
            if self.server.poll() is not None:
                raise Failure(f'tikard ended before it listened:\n{self.log.read_text()}')
            if time.monotonic() > until:
                raise Failure(f'tikard does not listen after {START_SECONDS_MAX} s:\n{self.log.read_text()}')
            time.sleep(0.02)
        self.port = int(port_file.read_text())

    def stop_server(self):
        """In order. Fails if it did not end well."""
        if self.server is None:
            return
        self.server.send_signal(signal.SIGTERM)
        try:
            code = self.server.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()
            raise Failure(f'tikard had not stopped after {STOP_SECONDS_MAX} s; it was killed') from None
        finally:
            self.server = None
            self.pid_file.unlink(missing_ok=True)
        if code != 0:
            raise Failure(f'tikard ended with {code}:\n{self.log.read_text()}')

    def leave_server(self):
        """It stays when the story is over. Returns its process id."""
        pid, self.server = self.server.pid, None
        return pid

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        if kind is None:
            self.stop_server()
        elif self.server is not None:
            # Something went wrong already; that is what is to be read.
            self.server.terminate()
            try:
                self.server.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.server.kill()
            self.pid_file.unlink(missing_ok=True)

    # --- everybody else

    def exports(self):
        """What a person types so that the commands can be repeated as they are printed."""
        path = ':'.join(self.shown(self.build / folder) for folder in ('clients/cli', 'clients/field'))
        return f'export PATH="{path}:$PATH" TIKAR_SERVER=127.0.0.1:{self.port} TZ=Asia/Jakarta'

    def _start(self, arguments):
        environment = {name: value for name, value in os.environ.items() if not name.startswith('TIKAR_')}
        environment['TIKAR_SERVER'] = f'127.0.0.1:{self.port}'
        environment['TZ'] = 'Asia/Jakarta'  # Kerinci's
        folder = {'tikar': 'clients/cli', 'tikar-field': 'clients/field'}[arguments[0]]
        return subprocess.run([str(self.build / folder / arguments[0]), *arguments[1:]], cwd=self.root,
                              env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=COMMAND_SECONDS_MAX, check=False)

    def run(self, arguments, expect=0, show=True):
        """Runs one command, tells it and what it answered (both streams), and returns the answer.

        `show` may be 'command', without the answer, or False.
        """
        result = self._start(arguments)
        output = result.stdout + result.stderr
        if show or result.returncode != expect:
            quiet = show == 'command' and result.returncode == expect
            self.narrator.command(shlex.join(arguments), '' if quiet else output)
        if result.returncode != expect:
            raise Failure(f'{shlex.join(arguments)}\nended with {result.returncode} and not with {expect}:\n{output}')
        return output

    def read(self, arguments):
        """The same as data, for checks; not told."""
        result = self._start([*arguments, '--output', 'json'])
        if result.returncode != 0:
            raise Failure(f'{shlex.join(arguments)} ended with {result.returncode}:\n{result.stderr}')
        return json.loads(result.stdout)

    def phone(self, name, **options):
        return Phone(self, name, **options)

    def office(self, *arguments, actor='', role='', expect=0, show=True):
        who = (['--actor', actor] if actor else []) + (['--role', role] if role else [])
        return self.run(['tikar', *who, *arguments], expect, show)

    def office_read(self, *arguments):
        return self.read(['tikar', *arguments])

    def requests(self, *filters):
        """All requests of the server by their numbers."""
        listed = self.office_read('requests', 'list', '--all', '--retracted', *filters)['requests']
        return {spoken(request['ref']): request for request in listed}

    # --- checks

    def check(self, holds, claim, instead=''):
        """Tells that `claim` holds, or fails with what there is instead."""
        if not holds:
            self.narrator.bad(claim)
            raise Failure(f'not true: {claim}' + (f'\nInstead: {instead}' if instead != '' else ''))
        self.narrator.good(claim)

    def check_converged(self, phones, server):
        """Every phone holds what `server` (requests by number) holds, byte for byte, and owes nothing."""
        for phone in phones:
            status = phone.status()
            self.check(status['unsent'] == 0 and status['needs_attention'] == 0 and status['synced'],
                       f'{phone.name}: nothing unsent, nothing that needs attention', json.dumps(status, indent=2))
            held = phone.requests()
            differing = sorted(set(server) ^ set(held)) + sorted(
                ref for ref in set(server) & set(held)
                if not server[ref]['state_digest'] or held[ref]['state_digest'] != server[ref]['state_digest'])
            self.check(not differing and server, f'{phone.name}: {len(held)} requests, and the digest of every state '
                       'is the server\'s', f'these differ or are missing: {", ".join(differing) or "all"}')
