"""`dfilter completion SHELL`: the script that teaches a shell to complete `dfilter` and the filters behind it.

In: the name of a shell.  Out: its script.
Always: a filter is completed by `dfilter complete`, so the script knows nothing of the language.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from dfilter.cli.arguments import VERSIONS
from dfilter.cli.guard import Exit

_BASH = r"""# dfilter completion for bash: eval "$(dfilter completion bash)"
_dfilter_names() {  # a profile may come from others: what its names hold is never expanded
    local name word=${2//\\/} quote= profile= i IFS=$' \t\n'
    for ((i = 2; i < COMP_CWORD - 1; i++)); do
        [[ ${COMP_WORDS[i]} == --profile ]] && profile=${COMP_WORDS[i + 1]}
    done
    [[ $word == [\'\"]* ]] && quote=${word:0:1} word=${word:1}
    while IFS= read -r name; do
        [[ $name == "$word"* ]] || continue
        [[ -n $quote ]] && COMPREPLY+=("$name") || COMPREPLY+=("$(printf %q "$name")")
    done < <(if [[ $1 == --profile ]]; then dfilter buttons profiles --format names 2>/dev/null
             else dfilter buttons list --format names ${profile:+--profile "$profile"} 2>/dev/null; fi)
}
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
    --button | --profile) _dfilter_names "${COMP_WORDS[COMP_CWORD - 1]}" "$word"; return ;;
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
    --profile)
        found=(${(f)"$(dfilter buttons profiles --format names 2>/dev/null)"})
        compadd -a found
        return ;;
    --button)
        local profile=${(Q)words[${words[(I)--profile]}+1]}
        (( words[(I)--profile] )) || profile=
        found=(${(f)"$(dfilter buttons list --format names ${profile:+--profile} ${profile:+"$profile"} 2>/dev/null)"})
        compadd -a found
        return ;;
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
function __dfilter_buttons
    set -l words (commandline -opc)
    if set -l at (contains -i -- --profile $words); and set -q words[(math $at + 1)]
        dfilter buttons list --format names --profile $words[(math $at + 1)] 2>/dev/null
    else
        dfilter buttons list --format names 2>/dev/null
    end
end
complete -c dfilter -n "__fish_use_subcommand" -f -a "@PLAIN_WORDS@"
complete -c dfilter -n "__fish_seen_subcommand_from completion" -f -a "bash zsh fish"
complete -c dfilter -n "__fish_seen_subcommand_from @FILTER_COMMANDS@" -a "(__dfilter_filter)"
complete -c dfilter -l target -x -a "@PLAIN_VERSIONS@"
complete -c dfilter -l from -x -a "@PLAIN_VERSIONS@"
complete -c dfilter -l to -x -a "@PLAIN_VERSIONS@"
complete -c dfilter -l color -x -a "auto always never"
complete -c dfilter -l button -x -a "(__dfilter_buttons)"
complete -c dfilter -l profile -x -a "(dfilter buttons profiles --format names 2>/dev/null)"
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
