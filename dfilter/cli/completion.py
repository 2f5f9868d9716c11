"""`dfilter completion SHELL`: the script that teaches a shell to complete `dfilter` and the filters behind it.

In: the name of a shell.  Out: its script.
Always: a filter is completed by `dfilter complete`, so the script knows nothing of the language.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

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
        found=(${(f)"$(print -l @ZSH_WORDS@)"})
        compadd -a found
        return
    fi
    if [[ $words[2] == completion ]]; then
        compadd bash zsh fish
        return
    fi
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
complete -c dfilter -n "__fish_use_subcommand" -f -a "@FISH_WORDS@"
complete -c dfilter -n "__fish_seen_subcommand_from completion" -f -a "bash zsh fish"
complete -c dfilter -n "__fish_seen_subcommand_from @FILTER_COMMANDS@" -a "(__dfilter_filter)"
complete -c dfilter -l target -x -a "3.4 4.0 4.4 4.6"
"""

_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
_NO_FILTERS = ("completion", "fields")


def arguments(parser: ArgumentParser) -> None:
    """The command line of `completion`."""
    parser.add_argument("shell", choices=tuple(_SCRIPTS), metavar="SHELL", help="bash, zsh or fish")


def command(options: Namespace) -> int:
    """Print the script."""
    from dfilter.cli.main import COMMANDS

    script = _SCRIPTS[options.shell]
    filters = [name for name in COMMANDS if name not in _NO_FILTERS]
    for mark, words in (
        ("@WORDS@", "\\n".join(COMMANDS)),
        ("@ZSH_WORDS@", " ".join(COMMANDS)),
        ("@FISH_WORDS@", " ".join(COMMANDS)),
        ("@FILTER_COMMANDS@", " ".join(filters)),
    ):
        script = script.replace(mark, words)
    print(script, end="")
    return Exit.OK
