package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

// readPassword reads a password from where it does not show: a terminal without echo,
// twice; else the first line of --password-file or of standard input.
func (k keeper) readPassword(ctx *cli.Context) (string, error) {
	if file := ctx.String("password-file"); file != "" {
		f, err := os.Open(file) //nolint:gosec // the file the user named
		if err != nil {
			return "", badInput("--password-file: %w", err)
		}
		defer func() { _ = f.Close() }()
		return firstLine(f)
	}
	if f, ok := k.env.Stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return k.askPassword(f)
	}
	return firstLine(k.env.Stdin)
}

func (k keeper) askPassword(f *os.File) (string, error) {
	var typed [2]string
	for i, question := range []string{"Password: ", "Again: "} {
		fmt.Fprint(k.env.Stderr, question)
		text, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(k.env.Stderr)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		typed[i] = string(text)
	}
	if typed[0] != typed[1] {
		return "", badInput("the two passwords differ: nothing was changed")
	}
	return typed[0], nil
}

// maxPasswordLine bounds what is read for a password.
const maxPasswordLine = 64 << 10

func firstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, maxPasswordLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}
