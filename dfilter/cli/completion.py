"""`dfilter completion SHELL`: the script that teaches a shell to complete `dfilter` and the filters behind it.

In: the name of a shell.  Out: its script.
Always: a filter is completed by `dfilter complete`, so the script knows nothing of the language.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from dfilter.cli.arguments import VERSIONS
from dfilter.cli.guard import Exit

_BASH = r"""# dfilter completion for bash: eval "$(dfilter completion bash)"
_dfilter() {
    local word=${COMP_WORDS[COMP_CWORD]} quote= IFS=$'\n'
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W $'@WORDS@' -- "$word"))
        return
    fi
    if [[ ${COMP_WORDS[1]} == completion ]]; then
        COMPREPLY=($(compgen -W $'bash\nzsh\nfish' -- "$word"))
        return
    fi
    case ${COMP_WORDS[COMP_CWORD - 1]} in
    -T) COMPREPLY=($(compgen -W $'@FORMS@' -- "$word")); return ;;
    --target | --from | --to) COMPREPLY=($(compgen -W $'@VERSIONS@' -- "$word")); return ;;
    -t | --time-format) COMPREPLY=($(compgen -W $'@TIMES@' -- "$word")); return ;;
    --color) COMPREPLY=($(compgen -W $'auto\nalways\nnever' -- "$word")); return ;;
    -w | --write | -f | --file | --macros | --indicators | --png | --save)
        COMPREPLY=($(compgen -f -- "$word")); return ;;
    esac
    case $word in
    --*)
        local options=$(dfilter "${COMP_WORDS[1]}" --help 2>/dev/null | grep -o -e '--[a-z-]*')
        COMPREPLY=($(compgen -W "$options" -- "$word"))
        return ;;
    -*) return ;;
    \'* | \"*) quote=${word:0:1} word=${word:1} ;;
    esac
    mapfile -t COMPREPLY < <(dfilter complete --format whole -- "$word" 2>/dev/null)
    [[ -n $quote ]] || COMPREPLY+=($(compgen -f -- "$word"))
}
complete -F _dfilter dfilter
"""

_ZSH = r"""#compdef dfilter
# dfilter completion for zsh: dfilter completion zsh > a folder of $fpath/_dfilter
_dfilter() {
    local -a found
    if (( CURRENT == 2 )); then
        found=(${(f)"$(print -l @PLAIN_WORDS@)"})
        compadd -a found
        return
    fi
    if [[ $words[2] == completion ]]; then
        compadd bash zsh fish
        return
    fi
    case $words[CURRENT-1] in
    -T) compadd @PLAIN_FORMS@; return ;;
    --target|--from|--to) compadd @PLAIN_VERSIONS@; return ;;
    -t|--time-format) compadd @PLAIN_TIMES@; return ;;
    --color) compadd auto always never; return ;;
    -w|--write|-f|--file|--macros|--indicators|--png|--save) _files; return ;;
    esac
    if [[ $PREFIX == --* ]]; then
        found=(${(f)"$(dfilter $words[2] --help 2>/dev/null | grep -o -e '--[a-z-]*')"})
        compadd -a found
        return
    fi
    found=(${(f)"$(dfilter complete --format whole -- "${(Q)PREFIX}" 2>/dev/null)"})
    compadd -U -a found
    _files
}
compdef _dfilter dfilter
"""

_FISH = r"""# dfilter completion for fish: dfilter completion fish > ~/.config/fish/completions/dfilter.fish
function __dfilter_filter
    set -l word (commandline -ct | string trim --left --chars "'\"")
    dfilter complete --format whole -- $word 2>/dev/null
end
complete -c dfilter -n "__fish_use_subcommand" -f -a "@PLAIN_WORDS@"
complete -c dfilter -n "__fish_seen_subcommand_from completion" -f -a "bash zsh fish"
complete -c dfilter -n "__fish_seen_subcommand_from @FILTER_COMMANDS@" -a "(__dfilter_filter)"
complete -c dfilter -l target -x -a "@PLAIN_VERSIONS@"
complete -c dfilter -l from -x -a "@PLAIN_VERSIONS@"
complete -c dfilter -l to -x -a "@PLAIN_VERSIONS@"
complete -c dfilter -l color -x -a "auto always never"
complete -c dfilter -n "__fish_seen_subcommand_from run" -s T -x -a "@PLAIN_FORMS@"
complete -c dfilter -n "__fish_seen_subcommand_from run" -s t -l time-format -x -a "@PLAIN_TIMES@"
"""

_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
_NO_FILTERS = ("completion", "fields")


def arguments(parser: ArgumentParser) -> None:
    """The command line of `completion`."""
    parser.add_argument("shell", choices=tuple(_SCRIPTS), metavar="SHELL", help="bash, zsh or fish")


def command(options: Namespace) -> int:
    """Print the script."""
    from dfilter.cli.main import COMMANDS
    from dfilter.cli.output import FORMS
    from dfilter.timeforms import TIME_FORMATS

    script = _SCRIPTS[options.shell]
    filters = [name for name in COMMANDS if name not in _NO_FILTERS]
    lists = {"WORDS": COMMANDS, "FORMS": FORMS, "VERSIONS": VERSIONS, "TIMES": TIME_FORMATS}
    for mark, words in lists.items():
        script = script.replace(f"@{mark}@", "\\n".join(words)).replace(f"@PLAIN_{mark}@", " ".join(words))
    script = script.replace("@FILTER_COMMANDS@", " ".join(filters))
    print(script, end="")
    return Exit.OK
