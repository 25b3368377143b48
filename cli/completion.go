package cli

import (
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"
)

// bashCompletion asks the binary itself what may come next.
const bashCompletion = `# bash completion for holdfast: source this file, or put it into
# /etc/bash_completion.d/holdfast.
_holdfast() {
  local cur="${COMP_WORDS[COMP_CWORD]}" words
  if [[ "$cur" == -* ]]; then
    words=$("${COMP_WORDS[@]:0:COMP_CWORD}" "$cur" --generate-bash-completion 2>/dev/null)
  else
    words=$("${COMP_WORDS[@]:0:COMP_CWORD}" --generate-bash-completion 2>/dev/null)
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o bashdefault -o default -F _holdfast holdfast
`

// zshCompletion does the same for zsh.
const zshCompletion = `#compdef holdfast
# zsh completion for holdfast: put this file as _holdfast into a directory of $fpath.
_holdfast() {
  local -a words_so_far opts
  local cur=${words[-1]}
  words_so_far=(${words[1,-2]})
  if [[ "$cur" == -* ]]; then
    opts=(${(f)"$(${words_so_far} "$cur" --generate-bash-completion 2>/dev/null)"})
  else
    opts=(${(f)"$(${words_so_far} --generate-bash-completion 2>/dev/null)"})
  fi
  opts=(${opts%%:*})
  if (( ${#opts} )); then
    compadd -a opts
  else
    _files
  fi
}
compdef _holdfast holdfast
`

// shells are the shells there is a completion script for.
var shells = []string{"bash", "zsh", "fish"}

// completionCommand prints the script that lets a shell complete command lines.
func completionCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "completion", Usage: "print the completion script of a shell",
		ArgsUsage: "bash|zsh|fish",
		Description: "Examples:\n\n   holdfast completion bash > /etc/bash_completion.d/holdfast\n" +
			"   holdfast completion zsh > ~/.zfunc/_holdfast\n   holdfast completion fish > ~/.config/fish/completions/holdfast.fish",
		Action: func(ctx *cli.Context) error {
			script, err := completionScript(ctx.App, ctx.Args().Slice())
			if err != nil {
				return err
			}
			if jsonWanted(ctx) {
				return printJSON(env.Stdout, map[string]string{"shell": ctx.Args().First(), "script": script})
			}
			_, err = io.WriteString(env.Stdout, script)
			return err
		},
	}
}

// completionScript returns the script of the one shell named.
func completionScript(app *cli.App, args []string) (string, error) {
	if len(args) != 1 || !slices.Contains(shells, args[0]) {
		return "", badInput("name one shell: %s", joined(shells))
	}
	switch args[0] {
	case "bash":
		return bashCompletion, nil
	case "zsh":
		return zshCompletion, nil
	default:
		script, err := app.ToFishCompletion()
		if err != nil {
			return "", fmt.Errorf("write the fish completion: %w", err)
		}
		return script, nil
	}
}
