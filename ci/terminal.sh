# shellcheck shell=bash
# What the scripts in ci/ say to people: sourced, never run. Colours only where somebody is looking.

if [[ -t 2 && -z "${NO_COLOR:-}" ]]; then
  bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' yellow=$'\e[33m' plain=$'\e[0m'
else
  bold='' dim='' red='' yellow='' plain=''
fi

# One stage of the work begins.
step() { printf '%s==> %s%s\n' "$bold" "$*" "$plain" >&2; }
# Something good to know.
note() { printf '%s    %s%s\n' "$dim" "$*" "$plain" >&2; }
# The work goes on, but somebody should read this.
warn() { printf '%swarning: %s%s\n' "$yellow" "$*" "$plain" >&2; }
# The work ends here: what is wrong, then what to do.
fail() {
  printf '%serror: %s%s\n' "$red" "$*" "$plain" >&2
  exit 1
}

# usage_of FILE: the comment at the head of a script, which is its --help.
usage_of() { sed -n '2{/^#/!q}; 2,${/^#/!q; s/^# \{0,1\}//p}' "$1"; }

# minutes SECONDS: "3.4 min".
minutes() { awk -v seconds="$1" 'BEGIN { printf "%.1f min", seconds / 60 }'; }
