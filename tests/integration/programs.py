"""What tests share that run the programs together, on the stage of the demo (ci/demo/stage.py).

  from programs import ROOT, run_on_stage

  def play(stage):
      stage.clear()
      stage.start_server()

  if __name__ == '__main__':
      run_on_stage(play, __doc__)
"""

import argparse
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'ci' / 'demo'))
sys.dont_write_bytecode = True

from child_process import die_with_parent  # noqa: E402
from stage import Failure, Silent, Stage, spoken  # noqa: E402


def parser_of(description):
    """The arguments that tests/integration/CMakeLists.txt gives."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', type=pathlib.Path, required=True)
    parser.add_argument('--data-dir', type=pathlib.Path, required=True)
    return parser


def run_on_stage(play, description):
    """Plays on a stage of its own and ends the process: 0, or 1 with what was not true."""
    arguments = parser_of(description).parse_args()
    try:
        with Stage(arguments.build, arguments.data_dir, Silent(), ROOT, in_server=die_with_parent()) as stage:
            play(stage)
    except Failure as failure:
        print(f'error: {failure}', file=sys.stderr)
        sys.exit(1)
