package cli

import (
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"
)

// The scripts ask the binary itself what may come next, so they never go out of date.
// SHELL tells it in which form to answer: names only, or names with descriptions.
const (
	bashCompletion = `# bash completion for holdfast
_holdfast() {
  local cur="${COMP_WORDS[COMP_CWORD]}" line=("${COMP_WORDS[@]:0:COMP_CWORD}")
  if [[ "$cur" == -* ]]; then line+=("$cur"); fi
  COMPREPLY=($(compgen -W "$(SHELL=/bin/bash "${line[@]}" --generate-bash-completion 2>/dev/null)" -- "$cur"))
}
complete -o bashdefault -o default -F _holdfast holdfast
`
	zshCompletion = `#compdef holdfast
_holdfast() {
  local -a line found
  line=("${(@)words[1,CURRENT-1]}")
  if [[ "${words[CURRENT]}" == -* ]]; then line+=("${words[CURRENT]}"); fi
  found=("${(@f)$(SHELL=/bin/zsh "${line[@]}" --generate-bash-completion 2>/dev/null)}")
  if [[ -n "$found" ]]; then _describe holdfast found; else _files; fi
}
compdef _holdfast holdfast
`
)

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
