package cli

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// completionFlag is what shell completion appends to a half-typed line.
const completionFlag = "--generate-bash-completion"

// flagsFirst moves the flags of a command line in front of its arguments, because people
// write `jobs show ID --output json` and the parser stops at the first argument. What
// follows "--" stays where it is.
func flagsFirst(commands []*cli.Command, args []string) []string {
	if len(args) == 0 || args[len(args)-1] == completionFlag {
		return args
	}
	leaf, start := leafCommand(commands, args)
	if leaf == nil {
		return args
	}
	var flags, rest []string
	for i := start; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "--":
			rest = append(rest, args[i:]...)
			i = len(args)
		case !strings.HasPrefix(arg, "-") || arg == "-":
			rest = append(rest, arg)
		default:
			flags = append(flags, arg)
			if takesValue(leaf, arg) && i+1 < len(args) {
				i++
				flags = append(flags, args[i])
			}
		}
	}
	return slices.Concat(args[:start], flags, rest)
}

// leafCommand follows the names at the beginning of args down the tree; start is where
// the command's own arguments begin. nil when they name a group or nothing at all.
func leafCommand(commands []*cli.Command, args []string) (leaf *cli.Command, start int) {
	for i := 1; i < len(args); i++ {
		at := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(args[i]) })
		if at < 0 {
			return nil, 0
		}
		if len(commands[at].Subcommands) == 0 {
			return commands[at], i + 1
		}
		commands = commands[at].Subcommands
	}
	return nil, 0
}

// takesValue reports whether the flag written as arg is followed by its value.
func takesValue(c *cli.Command, arg string) bool {
	name := strings.TrimLeft(arg, "-")
	if strings.Contains(name, "=") {
		return false
	}
	for _, f := range c.Flags {
		if !slices.Contains(f.Names(), name) {
			continue
		}
		documented, ok := f.(cli.DocGenerationFlag)
		return ok && documented.TakesValue()
	}
	return false
}
