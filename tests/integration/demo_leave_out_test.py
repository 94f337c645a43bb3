#!/usr/bin/env python3
"""The demo's checks bite: played without one of its steps, the story ends with exit code 1 and says what is not true."""

import subprocess
import sys

from programs import ROOT, parser_of

# Step that is left out, and what the story must then find not to be true.
WANTED = {
    'office-text': "the text has the office's correction and Siti's addition",
    'siti-address': "the address is Siti's, who wrote last: Budi did not win by his clock",
    'settle': 'nothing waits for a person',
    'last-sync': "budi: 4 requests, and the digest of every state is the server's",
}


def main():
    arguments = parser_of(__doc__).parse_args()
    failed = 0
    for step, claim in WANTED.items():
        run = subprocess.run([str(ROOT / 'ci/demo/run'), '--build', arguments.build, '--data-dir', arguments.data_dir,
                              '--leave-out', step], capture_output=True, text=True, check=False)
        if run.returncode == 1 and f'error: not true: {claim}' in run.stderr:
            print(f'without {step}: found that it is not true that {claim}')
            continue
        failed += 1
        print(f'without {step}: ended with {run.returncode}, wanted 1 and "{claim}"\n{run.stdout}\n{run.stderr}',
              file=sys.stderr)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
