#!/usr/bin/env python3
"""The same seed is the same run, in another process too: the hashes of the traces agree.

  replay_test.py PROGRAM
"""

import subprocess
import sys

RUNS = 60


def hashes(program):
    command = [program, '--seed', '1', '--runs', str(RUNS), '--hashes', '--jobs', '1']
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    return [line for line in result.stdout.splitlines() if ' trace ' in line]


def main():
    first, second = hashes(sys.argv[1]), hashes(sys.argv[1])
    if not first:
        sys.exit('no run printed a trace hash')
    different = [f'{a}, then {b}' for a, b in zip(first, second) if a != b]
    if different or len(first) != len(second):
        sys.exit('a seed did not give the same run twice:\n' + '\n'.join(different))
    # Different seeds are different runs, or the hash says nothing.
    if len({line.split()[-1] for line in first}) != len(first):
        sys.exit('two seeds gave the same trace')
    print(f'{len(first)} seeds gave the same trace twice')


if __name__ == '__main__':
    main()
