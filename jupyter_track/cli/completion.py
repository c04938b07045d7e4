"""Completion in bash, zsh and fish, of ``jupyter-track`` and of ``jupyter track``.

The shell hands over the line that is being typed; the words are told apart here, where they can be tested. click's own
scripts know neither ``jupyter track`` (to a shell that is the command ``jupyter``) nor that bash takes ``best:loss``
for three words.
"""

from __future__ import annotations

import os
import re
import shlex
from typing import Any, ClassVar

import click
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class

VARIABLE = "_JUPYTER_TRACK_COMPLETE"
LINE_VARIABLE = "JUPYTER_TRACK_LINE"

_BASH = """\
# Completion of jupyter-track and 'jupyter track' in bash.
_jupyter_track() {
    local item kind
    COMPREPLY=()
    while IFS=$'\\t' read -r kind item; do
        case "$kind" in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("$item") ;;
        esac
    done < <(_JUPYTER_TRACK_COMPLETE=bash_complete JUPYTER_TRACK_LINE="${COMP_LINE:0:$COMP_POINT}" \\
        JUPYTER_TRACK_BREAKS="$COMP_WORDBREAKS" jupyter-track 2>/dev/null)
}
_jupyter_with_track() {
    if [[ ${COMP_WORDS[1]} == track && $COMP_CWORD -gt 1 ]]; then
        _jupyter_track
    elif [[ -n $_jupyter_track_before ]]; then
        "$_jupyter_track_before" "$@"
    else
        COMPREPLY=($(compgen -c -- "jupyter-${COMP_WORDS[1]}" | sed 's/^jupyter-//' | sort -u))
    fi
}
_jupyter_track_before=$(complete -p jupyter 2>/dev/null | sed -n 's/.*-F \\([^ ]*\\) .*/\\1/p')
if [[ $_jupyter_track_before == _jupyter_with_track ]]; then _jupyter_track_before=; fi
complete -o nosort -F _jupyter_track jupyter-track
complete -o nosort -F _jupyter_with_track jupyter
"""

_ZSH = """\
#compdef jupyter-track
# Completion of jupyter-track and 'jupyter track' in zsh.
_jupyter_track() {
    local -a values described
    local kind value about
    while IFS=$'\\t' read -r kind value about; do
        case "$kind" in
            dir) _path_files -/ ;;
            file) _path_files -f ;;
            plain) values+=("$value"); described+=("${value}${about:+  -- $about}") ;;
        esac
    done < <(_JUPYTER_TRACK_COMPLETE=zsh_complete JUPYTER_TRACK_LINE="${(j: :)words[1,CURRENT]}" \\
        jupyter-track 2>/dev/null)
    if (( ${#values} )); then
        compadd -U -V jupyter-track -l -d described -a values
    fi
}
_jupyter_with_track() {
    if [[ ${words[2]} == track ]] && (( CURRENT > 2 )); then
        _jupyter_track
    elif [[ -n $_jupyter_track_before ]]; then
        $_jupyter_track_before "$@"
    else
        compadd -- ${${(M)${(k)commands}:#jupyter-*}#jupyter-}
    fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _jupyter_track "$@"
else
    if [[ ${_comps[jupyter]:-} != _jupyter_with_track ]]; then
        _jupyter_track_before=${_comps[jupyter]:-}
    fi
    compdef _jupyter_track jupyter-track
    compdef _jupyter_with_track jupyter
fi
"""

_FISH = """\
# Completion of jupyter-track and 'jupyter track' in fish.
function _jupyter_track
    set -l line (commandline -cp)
    for reply in (env _JUPYTER_TRACK_COMPLETE=fish_complete JUPYTER_TRACK_LINE="$line" jupyter-track 2>/dev/null)
        set -l parts (string split -m 1 \\t -- $reply)
        switch $parts[1]
            case dir
                __fish_complete_directories (commandline -ct)
            case file
                __fish_complete_path (commandline -ct)
            case plain
                echo $parts[2]
        end
    end
end
complete --no-files --command jupyter-track --arguments '(_jupyter_track)'
complete --no-files --command jupyter --condition '__fish_seen_subcommand_from track' --arguments '(_jupyter_track)'
complete --no-files --command jupyter --condition 'not __fish_seen_subcommand_from track' --arguments track \\
    --description 'Look at runs, and tidy them'
"""

_INSTALL = {
    "bash": '# To install, put this line into ~/.bashrc:\n#   eval "$(jupyter-track completion bash)"\n',
    "zsh": '# To install, put this line into ~/.zshrc, below compinit:\n#   eval "$(jupyter-track completion zsh)"\n',
    "fish": "# To install, run this once:\n"
    "#   jupyter-track completion fish > ~/.config/fish/completions/jupyter-track.fish\n"
    "# and, for 'jupyter track', in ~/.config/fish/config.fish:\n"
    "#   source ~/.config/fish/completions/jupyter-track.fish\n",
}
_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def words_of(line: str) -> tuple[list[str], str]:
    """Return the words of a line behind the command's name, and the word that is being typed.

    Examples
    --------
    >>> words_of("jupyter track show best:lo")
    (['show'], 'best:lo')
    >>> words_of("jupyter-track runs -e ")
    (['runs', '-e'], '')
    """
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters = True, ""
    words: list[str] = []
    begun = ""
    try:
        words.extend(lexer)
    except ValueError:  # an open quote: what stands in it is the word that is being typed
        begun = lexer.token
    else:
        if words and not line[-1:].isspace():
            begun = words.pop()
    named = 2 if words[:1] and words[0].rpartition("/")[2] == "jupyter" and words[1:2] == ["track"] else 1
    return words[named:], begun


class _Complete(ShellComplete):
    """Answers a shell: a line a word, its type, a tab, and the word."""

    def get_completion_args(self) -> tuple[list[str], str]:
        return words_of(os.environ.get(LINE_VARIABLE, ""))

    def source(self) -> str:
        return _INSTALL[self.name] + _SCRIPTS[self.name]

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        self._begun = incomplete
        return super().get_completions(args, incomplete)


class _Bash(_Complete):
    name: ClassVar[str] = "bash"
    source_template: ClassVar[str] = _BASH

    def format_completion(self, item: CompletionItem) -> str:
        line = os.environ.get(LINE_VARIABLE, "")
        value = str(item.value)
        typed = re.search(r"\S*\Z", line)
        if item.type == "plain" and not re.search(r"['\"]\S*\Z", line):  # in quotes readline quotes by itself
            value = re.sub(r"([^\w@%+=:,./~^\-])", r"\\\1", value)
        # readline replaces only what follows the last of these characters.
        breaks = [char for char in ":=" if char in os.environ.get("JUPYTER_TRACK_BREAKS", ":=")]
        at = max((typed.group().rfind(char) for char in breaks), default=-1) if typed else -1
        return f"{item.type}\t{value[at + 1 :] if item.type == 'plain' else value}"


class _Zsh(_Complete):
    name: ClassVar[str] = "zsh"
    source_template: ClassVar[str] = _ZSH

    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.type}\t{item.value}\t{_short(item)}"


class _Fish(_Complete):
    name: ClassVar[str] = "fish"
    source_template: ClassVar[str] = _FISH

    def format_completion(self, item: CompletionItem) -> str:
        about = _short(item)
        return f"{item.type}\t{item.value}\t{about}" if about else f"{item.type}\t{item.value}"


def _short(item: Any) -> str:
    return " ".join(str(item.help or "").split())[:80]


def register() -> None:
    """Let click answer shells by these classes."""
    for cls in (_Bash, _Zsh, _Fish):
        add_completion_class(cls)


@click.command(
    epilog="""\b
Examples:
  eval "$(jupyter-track completion bash)"     in ~/.bashrc
  eval "$(jupyter-track completion zsh)"      in ~/.zshrc, below compinit
  jupyter-track completion fish > ~/.config/fish/completions/jupyter-track.fish
"""
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes words in a shell.

    Commands, options, runs and experiments are completed, behind 'jupyter-track' and behind 'jupyter track'. The
    first lines of the script say how to install it.
    """
    from .output import write

    write(_INSTALL[shell] + _SCRIPTS[shell])
